"""What people see of incidents: the list, one whole, and its timeline."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from sre_copilot.application.ports.incidents import IncidentFilter
from sre_copilot.application.queries.incidents import IncidentView
from sre_copilot.domain.errors import NotFound
from sre_copilot.domain.lifecycle import State
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.stage import Stage, alert, deploy, recovery, stage
from tests.unit.application.scene import scene

MINUTE = timedelta(minutes=1)


def show(here: Stage, incident_id: UUID) -> IncidentView:
    return here.copilot.incidents.show(actor=here.engineer, incident_id=incident_id)


def told(view: IncidentView) -> list[tuple[float, str, str]]:
    """The timeline as minutes since the beginning, kind and text."""
    return [((entry.at - BEGINNING) / MINUTE, entry.kind, entry.text) for entry in view.timeline]


def test_the_list_has_the_newest_first_and_every_state() -> None:
    here = stage()
    (old,) = here.send(alert()).opened
    (new,) = here.send(alert("DiskFull", "billing"), at=BEGINNING + MINUTE).opened
    here.copilot.resolve(actor=here.engineer, incident_id=old)
    assert [row.id for row in here.copilot.incidents.list(actor=here.engineer)] == [new, old]


def test_the_list_is_narrowed_by_what_is_asked_for() -> None:
    here = stage()
    (old,) = here.send(alert()).opened
    (new,) = here.send(alert("DiskFull", "billing"), at=BEGINNING + MINUTE).opened
    here.copilot.resolve(actor=here.engineer, incident_id=old)

    def found(**narrowed: object) -> list[UUID]:
        rows = here.copilot.incidents.list(actor=here.engineer, narrowed=IncidentFilter(**narrowed))  # type: ignore[arg-type]
        return [row.id for row in rows]

    assert found(states=frozenset({State.RESOLVED})) == [old]
    assert found(service="billing") == [new]
    assert found(limit=1) == [new]


def test_an_incident_is_shown_with_everything_that_belongs_to_it_and_nothing_of_another() -> None:
    on = scene()
    here = on.stage
    here.copilot.note(actor=here.engineer, incident_id=on.incident, text="rolled back")
    here.copilot.note(actor=here.engineer, incident_id=on.declared, text="not this one")
    here.send(alert("DiskFull", "billing"))
    view = show(here, on.incident)
    (diagnosis,) = here.tables.diagnoses.values()
    assert view.incident == here.tables.incidents[on.incident]
    assert [signal.incident_id for signal in view.signals] == [on.incident] * 2
    assert {episode.original_id for episode in view.episodes} == {signal.id for signal in view.signals}
    assert [row.to_state for row in view.transitions] == ["detected"]
    assert [note.text for note in view.notes] == ["rolled back"]
    assert (view.diagnosis, list(view.hypotheses)) == (diagnosis, list(here.tables.hypotheses.values()))
    assert [row.rank for row in view.hypotheses] == [1, 2]
    assert set(view.recommendations) == set(here.tables.recommendations.values())


def test_an_incident_that_nobody_diagnosed_has_no_hypotheses() -> None:
    here = stage()
    declared = here.copilot.declare(actor=here.engineer, title="Search is empty", service="search")
    view = show(here, declared.id)
    assert (view.diagnosis, view.hypotheses, view.recommendations) == (None, (), ())
    assert (view.signals, view.episodes) == ((), ())


def test_an_unknown_incident_is_not_found() -> None:
    here = stage()
    with pytest.raises(NotFound):
        show(here, here.tenant.id)


def test_the_timeline_tells_everything_in_the_order_in_which_it_happened() -> None:
    here = stage()
    here.send(deploy(occurred_at=BEGINNING - 5 * MINUTE))
    (incident_id,) = here.send(alert()).opened
    here.clock.set(BEGINNING + 2 * MINUTE)
    here.copilot.acknowledge(actor=here.engineer, incident_id=incident_id, reason="mine")
    here.clock.set(BEGINNING + 3 * MINUTE)
    here.copilot.note(actor=here.engineer, incident_id=incident_id, text="rolled back")
    here.send(recovery(), at=BEGINNING + 4 * MINUTE)
    here.wait(minutes=10)
    assert told(show(here, incident_id)) == [
        (-5, "change", "Deploy of checkout 1.2.3"),
        (0, "signal", "HighLatency: HighLatency on checkout"),
        (0, "transition", "detected, automatically: HighLatency on checkout"),
        (2, "transition", "detected → acknowledged, by Engineer: mine"),
        (3, "note", "Engineer: rolled back"),
        (4, "resolve", "HighLatency: HighLatency on checkout"),
        (9, "transition", "acknowledged → resolved, automatically: all its signals have ended and stayed quiet"),
    ]


def test_an_end_that_carries_only_its_key_is_told_in_the_words_of_what_fired_first() -> None:
    here = stage()
    (incident_id,) = here.send(alert(title="Checkout is slow", vendor_key="key")).opened
    here.send(alert(title="Checkout is slower", vendor_key="key"), at=BEGINNING + MINUTE)
    here.send(recovery(name="", title="", service="unknown", vendor_key="key"), at=BEGINNING + 2 * MINUTE)
    end = show(here, incident_id).timeline[-1]
    assert (end.kind, end.text, end.service) == ("resolve", "HighLatency: Checkout is slow", "checkout")


def test_a_signal_without_a_title_and_a_step_without_a_reason_are_told_shortly() -> None:
    here = stage()
    (incident_id,) = here.send(alert(title="")).opened
    here.clock.advance(MINUTE)
    here.copilot.investigate(actor=here.engineer, incident_id=incident_id)
    texts = [entry.text for entry in show(here, incident_id).timeline]
    assert texts[0] == "HighLatency"
    assert texts[-1] == "detected → investigating, by Engineer"


def test_changes_are_shown_from_a_day_before_detection_until_the_end() -> None:
    here = stage()
    day = timedelta(hours=24)
    for service, minutes in (("before", -1), ("first", 0), ("last", 24 * 60 + 9), ("after", 24 * 60 + 11)):
        here.send(deploy(service, occurred_at=BEGINNING - day + minutes * MINUTE), at=BEGINNING - day)
    (incident_id,) = here.send(alert()).opened
    here.clock.advance(10 * MINUTE)
    here.copilot.resolve(actor=here.engineer, incident_id=incident_id)
    assert [change.service for change in show(here, incident_id).changes] == ["first", "last"]


def test_parts_of_an_incident_are_those_that_the_whole_shows() -> None:
    on = scene()
    here = on.stage
    asked: dict[str, Any] = {"actor": here.engineer, "incident_id": on.incident}
    view = show(here, on.incident)
    assert here.copilot.incidents.get(**asked) == view.incident
    assert tuple(here.copilot.incidents.transitions(**asked)) == view.transitions
    assert here.copilot.incidents.diagnosis(**asked) == (view.diagnosis, list(view.hypotheses))
    assert tuple(here.copilot.incidents.recommendations(**asked)) == view.recommendations
    taken = here.copilot.incidents.snapshot(**asked)
    assert (taken.id, taken.incident_id) == (view.incident.snapshot_id, on.incident)


def test_an_incident_that_no_signal_opened_has_no_snapshot_and_no_diagnosis() -> None:
    on = scene()
    asked: dict[str, Any] = {"actor": on.stage.engineer, "incident_id": on.declared}
    assert on.stage.copilot.incidents.diagnosis(**asked) is None
    with pytest.raises(NotFound):
        on.stage.copilot.incidents.snapshot(**asked)
