"""Silences, and the episodes that they hold."""

from datetime import timedelta
from uuid import UUID

import attrs
import pytest

from sre_copilot.adapters.system import new_id
from sre_copilot.application.ports.series import StoredDecision
from sre_copilot.application.ports.silences import SilenceFilter
from sre_copilot.application.ports.tenants import Directory
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.domain.correlation import CorrelationDecision, silenced
from sre_copilot.domain.decisions import CorrelationOutcome
from sre_copilot.domain.errors import ForeignReference, InvalidInput, NotFound
from sre_copilot.domain.signals import SignalStatus
from sre_copilot.domain.silences import Matcher, Operator, Silence, SilenceState
from sre_copilot.testing.builders import make_draft
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.conformance.house import Conformance, House
from sre_copilot.testing.conformance.recording import Stored, stored_series
from sre_copilot.testing.silences import HOUR, make_silence

MINUTE = timedelta(minutes=1)
OTHER = "b" * 64
ODD = '"\\ ünï \U0001f600 {}=~'


def stored(house: House, **given: object) -> Silence:
    """Store a silence and return it."""
    silence = make_silence(house.tenant.id, **given)
    with house.changing() as uow:
        uow.silences.add(silence)
    return silence


def held(house: House, silence: Silence, there: Stored, at: timedelta = timedelta(0)) -> None:
    """Decide that the silence holds the episode."""
    decide(house, there, silenced(silence.id), at)


def decide(house: House, there: Stored, decision: CorrelationDecision, at: timedelta) -> None:
    """Store a decision on the latest episode."""
    episode = there.episode
    row = StoredDecision(episode_id=episode.id, signal_id=episode.original_id, decision=decision, at=BEGINNING + at)
    with house.changing() as uow:
        uow.series.save([], [], [row])


class SilencesConformance(Conformance):
    """What `Silences` keeps."""

    def test_every_field_of_a_silence_comes_back_as_it_was(self, house: House) -> None:
        """Its matchers in their order."""
        matchers = tuple(Matcher(ODD, operator, ODD) for operator in Operator)
        full = stored(
            house,
            matchers=matchers,
            starts_at=BEGINNING + timedelta(microseconds=1),
            ends_at=BEGINNING + timedelta(days=900),
            comment=ODD,
            created_by=house.user.id,
            created_at=BEGINNING - MINUTE,
            ended_at=BEGINNING + MINUTE,
            ended_by=house.user.id,
        )
        plain = stored(house)
        with house.reading() as uow:
            assert uow.silences.get(full.id) == full
            assert uow.silences.get(plain.id, lock=True) == plain
            assert list(uow.silences.list(SilenceFilter(now=BEGINNING))) == [plain, full]
            with pytest.raises(NotFound):
                uow.silences.get(house.tenant.id)

    def test_nothing_of_a_silence_changes_but_its_end(self, house: House) -> None:
        """Who ended it, and when; what is not there can't be ended."""
        silence = stored(house)
        ended = silence.ended(house.user.id, BEGINNING + MINUTE)
        with house.changing() as uow:
            uow.silences.end(attrs.evolve(ended, comment="another"))
            with pytest.raises(NotFound):
                uow.silences.end(make_silence(house.tenant.id))
        with house.reading() as uow:
            assert uow.silences.get(silence.id) == ended

    def test_lists_and_counts_go_by_where_a_silence_stands(self, house: House) -> None:
        """It starts with its start, is over with its end, and with being called off."""
        active = stored(house, created_at=BEGINNING + MINUTE)
        pending = stored(house, starts_at=BEGINNING + timedelta(microseconds=1), ends_at=BEGINNING + HOUR)
        over = stored(house, starts_at=BEGINNING - HOUR, ends_at=BEGINNING)
        ended = stored(house, ended_at=BEGINNING - MINUTE, created_at=BEGINNING - HOUR)
        wanted = {
            None: [active, over, pending, ended],
            SilenceState.ACTIVE: [active],
            SilenceState.PENDING: [pending],
            SilenceState.EXPIRED: [over, ended],
        }
        with house.reading() as uow:
            for state, rows in wanted.items():
                found = list(uow.silences.list(SilenceFilter(state=state, now=BEGINNING)))
                by_creation = sorted(rows, key=lambda row: (row.created_at, row.id), reverse=True)
                assert found == by_creation, state
            assert list(uow.silences.active(BEGINNING)) == [active]
            assert list(uow.silences.over(BEGINNING)) == sorted([over.id, ended.id])
            assert uow.silences.standing(BEGINNING) == 2

    def test_pages_by_keyset_give_each_silence_once_newest_first(self, house: House) -> None:
        """Also where several are of one instant."""
        kept = [stored(house, created_at=BEGINNING + (place // 3) * MINUTE) for place in range(7)]
        found: list[Silence] = []
        with house.reading() as uow:
            page = list(uow.silences.list(SilenceFilter(now=BEGINNING, limit=3)))
            while page:
                found += page
                before = (page[-1].created_at, page[-1].id)
                page = list(uow.silences.list(SilenceFilter(now=BEGINNING, limit=3, before=before)))
        assert found == sorted(kept, key=lambda silence: (silence.created_at, silence.id), reverse=True)

    def test_what_was_lifted_is_neither_in_force_nor_due(self, house: House) -> None:
        """Not even for those whose clock is behind, who would leave an episode to it."""
        silence, other = stored(house), stored(house)
        late = BEGINNING + HOUR
        with house.changing() as uow:
            assert list(uow.silences.over(late)) == sorted([silence.id, other.id])
            uow.silences.lift([], late)
            uow.silences.lift([silence.id], late)
        with house.reading() as uow:
            assert list(uow.silences.over(late)) == [other.id]
            assert list(uow.silences.active(BEGINNING)) == [other]
            assert uow.silences.get(silence.id) == silence

    def test_a_tenant_is_due_when_a_silence_is_over_until_it_is_lifted(
        self, house: House, units: UnitOfWorkFactory, directory: Directory
    ) -> None:
        """By its time, or at once where it was ended early."""
        silence = stored(house)
        other = House.build(units)
        ended = stored(other, ended_at=BEGINNING)
        ours = {house.tenant.id, other.tenant.id}

        def due(at: timedelta) -> set[UUID]:
            return ours & set(directory.due_tenants(BEGINNING + at))

        assert due(timedelta(0)) == {other.tenant.id}
        assert due(HOUR) == ours
        for owner, one in ((house, silence), (other, ended)):
            with owner.changing() as uow:
                uow.silences.lift([one.id], BEGINNING + HOUR)
        assert due(2 * HOUR) == set()

    def test_a_silence_holds_the_open_episodes_that_were_left_to_it(self, house: House) -> None:
        """By start; not those of other silences, that have ended, or of which was decided again since."""
        silence, other = stored(house), stored(house)
        late = stored_series(house, make_draft(occurred_at=BEGINNING + MINUTE))
        early = stored_series(house, fingerprint=OTHER)
        foreign = stored_series(house, fingerprint="c" * 64)
        for there, holder in ((late, silence), (early, silence), (foreign, other)):
            held(house, holder, there)
        over = stored_series(house, make_draft(), make_draft(status=SignalStatus.RESOLVED), fingerprint="d" * 64)
        held(house, silence, over)
        with house.reading() as uow:
            assert list(uow.silences.held_by([silence.id])) == [early.episode, late.episode]
            assert set(uow.silences.held_by([silence.id, other.id])) == {early.episode, late.episode, foreign.episode}
            assert list(uow.silences.held_by([])) == []
        held(house, other, late, MINUTE)
        opened = CorrelationDecision(outcome=CorrelationOutcome.OPENED, incident_id=new_id(), threshold=0.5, scores=())
        decide(house, early, opened, MINUTE)
        with house.reading() as uow:
            assert list(uow.silences.held_by([silence.id])) == []
            assert set(uow.silences.held_by([other.id])) == {late.episode, foreign.episode}

    def test_what_is_in_an_incident_is_held_only_where_the_decision_was_its_own(self, house: House) -> None:
        """An episode that went on after its incident was closed may be silenced; another of its series is no concern."""
        silence, home = stored(house), house.with_incident()
        back = stored_series(house, incident_id=home.id)
        held(house, silence, back)
        ended = stored_series(house, make_draft(), make_draft(status=SignalStatus.RESOLVED), fingerprint=OTHER)
        held(house, silence, ended)
        later = BEGINNING + timedelta(days=1)
        again = stored_series(
            house, make_draft(occurred_at=later), fingerprint=OTHER, received_at=later, incident_id=home.id
        )
        assert again.episode.id != ended.episode.id
        with house.reading() as uow:
            assert list(uow.silences.held_by([silence.id])) == [back.episode]

    def test_the_open_part_of_an_episode_that_was_split_is_held_like_the_whole(self, house: House) -> None:
        """Its own original was never decided of."""
        silence = stored(house)
        whole = stored_series(house)
        held(house, silence, whole)
        at = BEGINNING + 10 * MINUTE
        stored_series(house, make_draft(occurred_at=at), received_at=at)
        end = make_draft(status=SignalStatus.RESOLVED, occurred_at=BEGINNING + 5 * MINUTE)
        split = stored_series(house, end, received_at=BEGINNING + 11 * MINUTE)
        assert split.episode.original_id != whole.episode.original_id
        with house.reading() as uow:
            assert list(uow.silences.held_by([silence.id])) == [split.episode]

    def test_open_episodes_come_with_their_originals_the_latest_first(self, house: House) -> None:
        """At most as many as are asked for, and none that has ended."""
        early = stored_series(house, make_draft(), make_draft(occurred_at=BEGINNING + 2 * MINUTE))
        late = stored_series(house, make_draft(occurred_at=BEGINNING + MINUTE), fingerprint=OTHER)
        stored_series(house, make_draft(), make_draft(status=SignalStatus.RESOLVED), fingerprint="c" * 64)
        with house.reading() as uow:
            found = list(uow.silences.open_episodes(5))
            assert found == [(late.episode, late.signal), (early.episode, early.signals[0])]
            assert list(uow.silences.open_episodes(1)) == found[:1]

    def test_a_decision_says_which_silence_it_was_left_to(self, house: House) -> None:
        """And names one of the tenant."""
        silence, there = stored(house), stored_series(house)
        held(house, silence, there)
        with house.reading() as uow:
            found = uow.signals.decision(there.signal.id)
        assert found is not None
        assert found.decision == silenced(silence.id)

    def test_no_tenant_has_to_do_with_anothers_silences(self, house: House, units: UnitOfWorkFactory) -> None:
        """Neither sees, ends or names them, nor has its people in them."""
        silence, other = stored(house), House.build(units)
        with other.reading() as uow:
            assert not list(uow.silences.list(SilenceFilter(now=BEGINNING)))
            assert not list(uow.silences.active(BEGINNING))
            assert not list(uow.silences.over(BEGINNING + HOUR))
            assert uow.silences.standing(BEGINNING) == 0
            with pytest.raises(NotFound):
                uow.silences.get(silence.id)
            with pytest.raises(NotFound):
                uow.silences.end(silence.ended(None, BEGINNING))
        with pytest.raises(ForeignReference):
            stored(other, created_by=house.user.id)
        with pytest.raises(ForeignReference):
            held(other, silence, stored_series(other))

    def test_a_silence_that_ends_before_it_begins_is_refused(self, house: House) -> None:
        """Whoever asks."""
        with pytest.raises(InvalidInput):
            stored(house, ends_at=BEGINNING)
