"""Locking series: what is known of each, and repeats that are noted on the way."""

from datetime import datetime, timedelta
from uuid import UUID

import attrs

from sre_copilot.application.ports.series import Heard
from sre_copilot.domain.signals import SignalDraft, SignalStatus
from sre_copilot.testing.builders import make_draft
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.conformance.house import Conformance, House
from sre_copilot.testing.conformance.recording import NAME, stored_series

MINUTE = timedelta(minutes=1)
OTHER = "b" * 64


def heard(draft: SignalDraft, received_at: datetime, *, seen_at: datetime | None = None, name: str = NAME) -> Heard:
    """Return what a store is told of equal messages without a vendor id."""
    return Heard(
        fingerprint=name,
        status=draft.status,
        occurred_at=draft.occurred_at,
        episode_started_at=draft.episode_started_at,
        received_at=received_at,
        seen_at=seen_at or received_at,
        expires_at=draft.expires_at,
    )


def last_seen(house: House, incident_id: UUID) -> list[datetime]:
    """Return when the incident's episodes were last seen, as people read it."""
    with house.reading() as uow:
        return [episode.last_seen_at for episode in uow.signals.episodes_of(incident_id)]


class LockingConformance(Conformance):
    """What `SeriesStore.lock` does."""

    def test_a_series_without_a_past_is_new(self, house: House) -> None:
        """Whatever was heard; nothing asked, nothing answered."""
        with house.reading() as uow:
            locked = uow.series.lock([heard(make_draft(), BEGINNING), Heard(fingerprint=OTHER)])
            assert uow.series.lock([]) == {}
        assert {name: (one.is_new, one.repeated, one.head) for name, one in locked.items()} == {
            NAME: (True, False, None),
            OTHER: (True, False, None),
        }

    def test_another_message_gets_the_head_of_its_series(self, house: House) -> None:
        """With the signal recorded last, and the episode that is open."""
        stored = stored_series(house)
        later = make_draft(occurred_at=BEGINNING + MINUTE)
        with house.changing() as uow:
            locked = uow.series.lock([heard(later, BEGINNING + MINUTE), heard(later, BEGINNING, name=OTHER)])
        assert (locked[NAME].is_new, locked[NAME].repeated, locked[OTHER].is_new) == (False, False, True)
        head = locked[NAME].head
        assert head is not None
        assert (head.ordinal, head.newest, head.episode) == (1, stored.update.history.facts[0], stored.episode)

    def test_a_repeat_of_the_newest_signal_is_noted(self, house: House) -> None:
        """With the latest time of all that came, and read wherever the episode is."""
        incident, draft = house.with_incident(), make_draft(expires_at=BEGINNING + 5 * MINUTE)
        stored_series(house, draft, incident_id=incident.id)
        again = attrs.evolve(draft, expires_at=BEGINNING + 9 * MINUTE)
        with house.changing() as uow:
            told = heard(again, BEGINNING + MINUTE, seen_at=BEGINNING + 3 * MINUTE)
            assert uow.series.lock([told])[NAME].repeated
        assert last_seen(house, incident.id) == [BEGINNING + 3 * MINUTE]
        with house.reading() as uow:
            (fact,) = uow.series.histories([NAME])[NAME].facts
        assert (fact.last_seen_at, fact.expires_at) == (BEGINNING + 3 * MINUTE, BEGINNING + 9 * MINUTE)

    def test_a_repeat_that_is_rolled_back_was_never_noted(self, house: House) -> None:
        """As anything else."""
        incident = house.with_incident()
        stored_series(house, incident_id=incident.id)
        with house.reading() as uow:
            assert uow.series.lock([heard(make_draft(), BEGINNING + MINUTE)])[NAME].repeated
        assert last_seen(house, incident.id) == [BEGINNING]

    def test_the_same_of_two_series_is_noted_of_each(self, house: House) -> None:
        """One repeated, one not."""
        stored_series(house)
        stored_series(house, make_draft(occurred_at=BEGINNING - MINUTE), fingerprint=OTHER)
        with house.changing() as uow:
            told = [heard(make_draft(), BEGINNING + MINUTE, name=name) for name in (OTHER, NAME)]
            locked = uow.series.lock(told)
        assert (locked[NAME].repeated, locked[OTHER].repeated) == (True, False)

    def test_of_two_that_say_the_same_neither_is_repeated_unseen(self, house: House) -> None:
        """Which of them is meant is decided by who reads both."""
        draft = make_draft()
        stored_series(house, make_draft(occurred_at=BEGINNING + MINUTE), draft, received_at=BEGINNING + 2 * MINUTE)
        with house.changing() as uow:
            locked = uow.series.lock([heard(draft, BEGINNING + 3 * MINUTE)])[NAME]
        assert not locked.repeated

    def test_what_was_received_before_the_newest_signal_is_no_mere_repeat(self, house: House) -> None:
        """When something was first heard of may decide something."""
        stored_series(house, received_at=BEGINNING + MINUTE)
        with house.changing() as uow:
            assert not uow.series.lock([heard(make_draft(), BEGINNING)])[NAME].repeated

    def test_a_resolve_is_repeated_too_and_moves_no_episode(self, house: House) -> None:
        """What is over was last seen when it ended."""
        incident = house.with_incident()
        end = make_draft(status=SignalStatus.RESOLVED, occurred_at=BEGINNING + MINUTE)
        stored_series(house, make_draft(), end, incident_id=incident.id, received_at=BEGINNING + MINUTE)
        before = last_seen(house, incident.id)
        with house.changing() as uow:
            assert uow.series.lock([heard(end, BEGINNING + 5 * MINUTE)])[NAME].repeated
        assert last_seen(house, incident.id) == before

    def test_what_was_repeated_is_not_lost_when_the_next_signal_comes(self, house: House) -> None:
        """The signal that was repeated keeps its times, whether the next one is recorded on the head or on all."""
        draft = make_draft(expires_at=BEGINNING + 5 * MINUTE)
        stored_series(house, draft)
        with house.changing() as uow:
            again = attrs.evolve(draft, expires_at=BEGINNING + 30 * MINUTE)
            assert uow.series.lock([heard(again, BEGINNING + 4 * MINUTE)])[NAME].repeated
        stored_series(house, make_draft(occurred_at=BEGINNING + 6 * MINUTE), received_at=BEGINNING + 6 * MINUTE)
        stored_series(house, make_draft(occurred_at=BEGINNING + 7 * MINUTE), received_at=BEGINNING + 7 * MINUTE)
        with house.reading() as uow:
            history = uow.series.histories([NAME])[NAME]
        first = min(history.facts, key=lambda fact: fact.ordinal)
        assert (first.last_seen_at, first.expires_at) == (BEGINNING + 4 * MINUTE, BEGINNING + 30 * MINUTE)
        assert len(history.episodes) == 1
