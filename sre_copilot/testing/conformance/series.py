"""Series and episodes: what is recorded is what is loaded."""

from collections.abc import Sequence
from datetime import timedelta

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sre_copilot.adapters.system import new_id
from sre_copilot.application.ports.series import KnownSignal
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.domain.errors import AlreadyExists
from sre_copilot.domain.series import SeriesHistory, SeriesUpdate
from sre_copilot.domain.signals import SignalDraft, SignalStatus
from sre_copilot.testing.builders import make_draft, make_signal
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.conformance.house import Conformance, House
from sre_copilot.testing.conformance.recording import NAME, in_order, stored_series

MINUTE = timedelta(minutes=1)


def told(draft: SignalDraft) -> tuple[object, ...]:
    """Return what makes two drafts without a vendor id the same message."""
    return (draft.status, draft.occurred_at, draft.episode_started_at)


moments = st.integers(0, 40).map(lambda number: BEGINNING + number * MINUTE)
drafts = st.builds(
    lambda status, at, start, expiry: make_draft(
        status=status,
        occurred_at=at,
        episode_started_at=start if status is not SignalStatus.MOMENT else None,
        expires_at=at + expiry * MINUTE if expiry and status is SignalStatus.FIRING else None,
    ),
    st.sampled_from(SignalStatus),
    moments,
    st.none() | moments,
    st.integers(0, 10),
)


class SeriesConformance(Conformance):
    """What `SeriesStore` does."""

    def test_a_new_series_is_empty(self, house: House) -> None:
        """Under each name that was asked for."""
        with house.reading() as uow:
            found = uow.series.load(["b" * 64, NAME, NAME])
            assert found == {name: SeriesHistory(fingerprint=name) for name in (NAME, "b" * 64)}
            assert uow.series.load([]) == {}

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors])
    @given(
        steps=st.lists(
            st.tuples(st.lists(drafts, min_size=1, max_size=3, unique_by=told), st.integers(0, 5)), max_size=6
        )
    )
    def test_whatever_was_recorded_is_loaded(
        self, units: UnitOfWorkFactory, steps: Sequence[tuple[list[SignalDraft], int]]
    ) -> None:
        """Facts, episodes and memberships, after every step."""
        house, received_at = House.build(units), BEGINNING
        for several, later in steps:
            received_at += later * MINUTE
            stored = stored_series(house, *several, received_at=received_at)
            with house.reading() as uow:
                assert in_order(uow.series.load([NAME])[NAME]) == in_order(stored.update.history)

    def test_what_was_seen_again_moves_times_only(self, house: House) -> None:
        """A repeat leaves no row but is not forgotten."""
        draft = make_draft(expires_at=BEGINNING + 5 * MINUTE)
        first = stored_series(house, draft)
        again = attrs.evolve(draft, expires_at=BEGINNING + 9 * MINUTE)
        second = stored_series(house, again, received_at=BEGINNING + 4 * MINUTE)
        assert second.signals == ()
        with house.reading() as uow:
            (fact,) = uow.series.load([NAME])[NAME].facts
            assert uow.signals.get(first.signal.id) == first.signal
        assert fact.last_seen_at == BEGINNING + 4 * MINUTE
        assert fact.expires_at == BEGINNING + 9 * MINUTE

    def test_time_that_passes_is_kept(self, house: House) -> None:
        """An episode that expired is closed for everybody."""
        stored_series(house, make_draft(expires_at=BEGINNING + 5 * MINUTE))
        with house.changing() as uow:
            history = uow.series.load([NAME])[NAME]
            update = history.advance(window=house.integration.dedup_window, now=BEGINNING + 6 * MINUTE)
            uow.series.save([update], [])
        with house.reading() as uow:
            assert in_order(uow.series.load([NAME])[NAME]) == in_order(update.history)
        assert not update.history.episodes[0].is_open

    def test_a_series_has_one_open_episode(self, house: House) -> None:
        """A second one is refused, whoever came to think of it."""
        stored = stored_series(house)
        second = attrs.evolve(stored.episode, id=new_id())
        update = SeriesUpdate(history=SeriesHistory(fingerprint=NAME), saved=(second,), begun=frozenset({second.id}))
        with pytest.raises(AlreadyExists), house.changing() as uow:
            uow.series.save([update], [])

    def test_due_are_series_whose_open_episode_time_may_have_ended(self, house: House) -> None:
        """With the window of their integration; the moment itself counts."""
        stored_series(house, make_draft(expires_at=BEGINNING + 5 * MINUTE), fingerprint="b" * 64)
        stored_series(house, make_draft(expires_at=BEGINNING + 7 * MINUTE))
        ended = make_draft(status=SignalStatus.RESOLVED, occurred_at=BEGINNING + MINUTE)
        stored_series(house, make_draft(expires_at=BEGINNING + 5 * MINUTE), ended, fingerprint="c" * 64)
        with house.reading() as uow:
            assert not list(uow.series.due(BEGINNING + 5 * MINUTE - timedelta(microseconds=1)))
            (due,) = uow.series.due(BEGINNING + 5 * MINUTE)
        assert (due.fingerprint, due.window) == ("b" * 64, house.integration.dedup_window)

    def test_a_vendor_id_leads_to_its_signal(self, house: House) -> None:
        """By id and position, within its integration."""
        signal = make_signal(house.integration, vendor_id="event-7", vendor_position=2)
        with house.changing() as uow:
            uow.series.save([], [signal])
        known = KnownSignal(signal_id=signal.id, fingerprint=signal.fingerprint, content_hash=signal.draft.content_hash)
        with house.reading() as uow:
            asked = [("event-7", 2), ("event-7", 0), ("event-8", 2)]
            assert uow.series.known(house.integration.id, asked) == {("event-7", 2): known}
            assert uow.series.known(house.tenant.id, asked) == {}
            assert uow.series.known(house.integration.id, []) == {}

    def test_a_vendor_id_is_stored_once(self, house: House) -> None:
        """At one position of one integration."""
        signals = [make_signal(house.integration, vendor_id="event-7", ordinal=place) for place in (1, 2)]
        with pytest.raises(AlreadyExists), house.changing() as uow:
            uow.series.save([], signals)
