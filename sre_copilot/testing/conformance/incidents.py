"""Incidents, their log, notes and lists."""

from datetime import timedelta

import attrs
import pytest

from sre_copilot.adapters.system import new_id
from sre_copilot.application.ports.incidents import IncidentFilter
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.edits import Impact
from sre_copilot.domain.errors import ConcurrentTransition, ImmutableRecord, InvalidTransition, NotFound
from sre_copilot.domain.incidents import Incident, Resolution
from sre_copilot.domain.lifecycle import Action, State
from sre_copilot.domain.signals import Environment, Severity
from sre_copilot.domain.timeline import Note, Transition, replay
from sre_copilot.testing.builders import make_incident, make_snapshot
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.conformance.house import Conformance, House
from sre_copilot.testing.conformance.recording import stored_series

MINUTE = timedelta(minutes=1)


def full_incident(house: House) -> Incident:
    """Return an incident with every field set to something that is no default, but the links to other rows."""
    times = iter(BEGINNING + place * MINUTE + timedelta(microseconds=place) for place in range(1, 9))
    return make_incident(
        house.tenant.id,
        state=State.RESOLVED,
        description="All of it: ünïcødé, 'quotes', and\nlines",
        external_id="PD-7",
        acknowledged_at=next(times),
        acknowledged_by_person=True,
        investigating_started_at=next(times),
        mitigated_at=next(times),
        resolved_at=next(times),
        resolution=Resolution.FIXED,
        resolved_automatically=True,
        assigned_to=house.user.id,
        impact=Impact(description="no checkout", affected_user_count=12, slo_breached=True),
        root_cause="a deploy",
        resolution_summary="rolled back",
        tags=("checkout", "deploy"),
        metadata={"source": "test", "depth": {"list": [1, 2.5, None, True]}},
        severity_overridden=True,
        declared=True,
        version=7,
        transition_count=4,
        reopen_count=1,
        last_signal_at=next(times),
        settle_at=next(times),
        settle_suggested_at=next(times),
        recurrence_count=2,
    )


class IncidentsConformance(Conformance):
    """Incidents one by one."""

    def test_every_field_of_an_incident_comes_back_as_it_was(self, house: House) -> None:
        """To the microsecond."""
        incident = full_incident(house)
        again = attrs.evolve(incident, id=new_id(), recurrence_of=incident.id)
        with house.changing() as uow:
            uow.incidents.save(incident)
            uow.incidents.save(again)
        with house.reading() as uow:
            assert uow.incidents.get(incident.id) == incident
            assert uow.incidents.get(again.id, lock=True) == again

    def test_the_snapshot_of_the_detection_is_kept_once(self, house: House) -> None:
        """Saving the incident doesn't touch it, and nobody replaces it."""
        incident = house.with_incident()
        first, second = make_snapshot(incident), make_snapshot(incident)
        with house.changing() as uow:
            uow.diagnoses.add_snapshot(first)
            uow.diagnoses.add_snapshot(second)
            uow.incidents.keep_snapshot(first)
            uow.incidents.save(incident.assigned(house.user.id, at=BEGINNING))
        with pytest.raises(ImmutableRecord), house.changing() as uow:
            uow.incidents.keep_snapshot(second)
        with house.reading() as uow:
            assert uow.incidents.get(incident.id).snapshot_id == first.id

    def test_an_unknown_incident_is_not_found(self, house: House) -> None:
        """With and without a lock."""
        with house.reading() as uow:
            with pytest.raises(NotFound):
                uow.incidents.get(house.tenant.id)
            with pytest.raises(NotFound):
                uow.incidents.get(house.tenant.id, lock=True)

    def test_the_log_comes_back_by_sequence_and_leads_to_the_state(self, house: House) -> None:
        """Whatever the clock said."""
        actor = house.user.as_actor()
        opened = make_incident(house.tenant.id).opened(transition_id=new_id(), actor=actor)
        changes = [opened]
        for action in (Action.ACKNOWLEDGE, Action.INVESTIGATE, Action.RESOLVE):
            changes.append(changes[-1].incident.apply(action, actor=actor, at=BEGINNING, transition_id=new_id()))
        with house.changing() as uow:
            for changed in changes:
                uow.incidents.save(changed.incident)
                uow.incidents.log(changed.transition)
        with house.reading() as uow:
            log = list(uow.incidents.transitions(opened.incident.id))
            assert log == [changed.transition for changed in changes]
            assert replay(log) is uow.incidents.get(opened.incident.id).state

    def test_two_rows_of_a_log_never_have_one_sequence(self, house: House) -> None:
        """Whoever comes second has to look again."""
        incident = house.with_incident()
        with house.changing() as uow:
            uow.incidents.log(_transition(incident, "", "detected"))
        with pytest.raises(ConcurrentTransition), house.changing() as uow:
            uow.incidents.log(_transition(incident, "detected", "resolved"))

    def test_the_log_takes_no_step_that_the_lifecycle_has_not(self, house: House) -> None:
        """Rules hold where data is kept, too."""
        incident = house.with_incident()
        with pytest.raises(InvalidTransition), house.changing() as uow:
            uow.incidents.log(_transition(incident, "learned", "detected"))

    def test_notes_come_back_by_time(self, house: House) -> None:
        """Also those of the copilot itself."""
        incident = house.with_incident()
        notes = [
            Note(id=new_id(), incident_id=incident.id, user_id=None, text="first", at=BEGINNING),
            Note(id=new_id(), incident_id=incident.id, user_id=house.user.id, text="two", at=BEGINNING + MINUTE),
        ]
        with house.changing() as uow:
            for note in reversed(notes):
                uow.incidents.add_note(note)
        with house.reading() as uow:
            assert list(uow.incidents.notes(incident.id)) == notes


class IncidentListConformance(Conformance):
    """Incidents in lists."""

    def test_pages_by_keyset_give_each_incident_once_newest_first(self, house: House) -> None:
        """Also where several were detected at one instant."""
        kept = [house.with_incident(detected_at=BEGINNING + (place // 3) * MINUTE) for place in range(8)]
        found: list[Incident] = []
        with house.reading() as uow:
            page = list(uow.incidents.list(IncidentFilter(limit=3)))
            while page:
                assert len(page) <= 3
                found += page
                before = (page[-1].detected_at, page[-1].id)
                page = list(uow.incidents.list(IncidentFilter(limit=3, before=before)))
        assert found == sorted(kept, key=lambda incident: (incident.detected_at, incident.id), reverse=True)

    def test_each_filter_narrows_the_list(self, house: House) -> None:
        """Together they narrow it further."""
        plain = house.with_incident()
        special = house.with_incident(
            state=State.MITIGATED,
            severity=Severity.LOW,
            service="search",
            environment=Environment.STAGING,
            assigned_to=house.user.id,
            title="Search is SLOW at 100% of_cpu",
            description="backslash \\ and quote '",
            detected_at=BEGINNING + MINUTE,
        )
        narrowings = (
            IncidentFilter(states=frozenset({State.MITIGATED, State.LEARNED})),
            IncidentFilter(severities=frozenset({Severity.LOW})),
            IncidentFilter(service="search"),
            IncidentFilter(environment=Environment.STAGING),
            IncidentFilter(assigned_to=house.user.id),
            IncidentFilter(text="slow"),
            IncidentFilter(text="100% of_"),
            IncidentFilter(text="\\ and QUOTE '"),
            IncidentFilter(text="slow", service="search", states=frozenset({State.MITIGATED})),
            IncidentFilter(since=BEGINNING + MINUTE, until=BEGINNING + MINUTE + timedelta(microseconds=1)),
        )
        with house.reading() as uow:
            for narrowed in narrowings:
                assert list(uow.incidents.list(narrowed)) == [special], narrowed
            assert not list(uow.incidents.list(IncidentFilter(text="slow", service="checkout")))
            assert list(uow.incidents.list(IncidentFilter(until=BEGINNING + MINUTE))) == [plain]
            assert not list(uow.incidents.list(IncidentFilter(text="1__%")))
            assert {row.id for row in uow.incidents.list(IncidentFilter())} == {plain.id, special.id}

    def test_opened_incidents_are_counted_from_their_creation(self, house: House) -> None:
        """The start itself counts."""
        for place in range(3):
            house.with_incident(detected_at=BEGINNING + place * MINUTE)
        with house.reading() as uow:
            assert uow.incidents.opened_since(BEGINNING + MINUTE) == 2

    def test_without_a_snapshot_are_those_that_signals_opened_since(self, house: House) -> None:
        """The start itself counts; what people declared and what has its snapshot doesn't."""
        house.with_incident(detected_at=BEGINNING - timedelta(microseconds=1))
        house.with_incident(declared=True)
        kept = house.with_incident()
        opened = [house.with_incident().id for _ in range(2)]
        snapshot = make_snapshot(kept)
        with house.changing() as uow:
            uow.diagnoses.add_snapshot(snapshot)
            uow.incidents.keep_snapshot(snapshot)
        with house.reading() as uow:
            assert list(uow.incidents.without_snapshot(BEGINNING)) == sorted(opened)

    def test_settling_are_the_open_ones_whose_time_has_come(self, house: House) -> None:
        """The earliest first."""
        second = house.with_incident(settle_at=BEGINNING + 2 * MINUTE)
        first = house.with_incident(settle_at=BEGINNING + MINUTE)
        house.with_incident(settle_at=BEGINNING + 2 * MINUTE + timedelta(microseconds=1))
        house.with_incident(settle_at=BEGINNING, state=State.RESOLVED, resolved_at=BEGINNING)
        house.with_incident()
        with house.reading() as uow:
            assert list(uow.incidents.settling(BEGINNING + 2 * MINUTE)) == [first.id, second.id]

    def test_candidates_are_open_incidents_with_the_originals_of_their_episodes(self, house: House) -> None:
        """As correlation looks at them; one that people declared is known by its own words as well."""
        declared = house.with_incident(declared=True)
        home = house.with_incident(last_signal_at=BEGINNING + MINUTE)
        over = house.with_incident(state=State.RESOLVED, resolved_at=BEGINNING)
        stored = stored_series(house, incident_id=home.id)
        with house.reading() as uow:
            asked = [declared.id, home.id, over.id]
            found = {candidate.incident_id: candidate for candidate in uow.incidents.candidates(asked)}
        assert set(found) == {declared.id, home.id}
        (told,) = found[declared.id].members
        assert (told.service, told.text, told.environment) == (declared.service, declared.title, declared.environment)
        assert not found[declared.id].has_open_episode
        assert found[declared.id].last_signal_at == declared.created_at
        assert found[home.id].has_open_episode
        assert found[home.id].last_signal_at == home.last_signal_at
        (member,) = found[home.id].members
        draft = stored.signal.draft
        assert (member.service, member.severity, member.started_at) == (draft.service, draft.severity, BEGINNING)
        assert member.labels == draft.labels
        assert member.environment == (draft.environment if draft.environment_word else None)
        assert member.text == f"{draft.name} {draft.title}"


def _transition(incident: Incident, from_state: str, to_state: str) -> Transition:
    return Transition(
        id=new_id(),
        incident_id=incident.id,
        sequence=1,
        from_state=from_state,
        to_state=to_state,
        actor=Actor.system(incident.tenant_id).kind.value,
        user_id=None,
        reason="",
        automated=True,
        timestamp=BEGINNING,
    )
