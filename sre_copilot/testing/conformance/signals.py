"""Signals: what is stored is what is read."""

from datetime import timedelta

import attrs
import pytest

from sre_copilot.application.ports.series import SignalFilter, StoredDecision
from sre_copilot.domain.correlation import CandidateScore, CorrelationDecision, Factor
from sre_copilot.domain.decisions import CorrelationOutcome, Decision
from sre_copilot.domain.errors import NotFound
from sre_copilot.domain.series import SeriesUpdate
from sre_copilot.domain.signals import ChangeDetails, Environment, Severity, Signal, SignalStatus, SignalType
from sre_copilot.testing.builders import make_draft, make_signal
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.conformance.house import Conformance, House
from sre_copilot.testing.conformance.recording import NAME, stored_series

MINUTE = timedelta(minutes=1)


class SignalsConformance(Conformance):
    """What `Signals` reads."""

    def test_every_field_of_a_signal_comes_back_as_it_was(self, house: House) -> None:
        """Its draft and the vendor's own words among them."""
        draft = make_draft(
            signal_type=SignalType.CONFIG_CHANGE,
            status=SignalStatus.MOMENT,
            vendor_key="key",
            vendor_fingerprint="theirs",
            severity_word="P1",
            environment_word="prd",
            episode_started_at=BEGINNING - MINUTE,
            expires_at=BEGINNING + MINUTE,
            occurred_at=BEGINNING + MINUTE,
            change=ChangeDetails(kind="flag", summary="on", version="2", paths=("a.py", "b.py"), links=("x",)),
            links=("https://example.com/1",),
            raw={"text": "ünï \U0001f600 ' \\ \" \n", "big": 2**53, "float": 0.1, "deep": [{"a": None}, True]},
        )
        signal = make_signal(
            house.integration,
            draft=draft,
            timestamp=BEGINNING + timedelta(microseconds=1),
            received_at=BEGINNING + timedelta(microseconds=2),
            decision=Decision.CHANGE,
            vendor_id="event-7",
            vendor_position=3,
        )
        with house.changing() as uow:
            uow.series.save([], [signal])
        with house.reading() as uow:
            assert uow.signals.get(signal.id) == signal
            with pytest.raises(NotFound):
                uow.signals.get(house.tenant.id)

    def test_signals_and_episodes_of_an_incident_come_by_time(self, house: House) -> None:
        """And only those of that incident."""
        home = house.with_incident()
        later = stored_series(house, make_draft(occurred_at=BEGINNING + MINUTE), incident_id=home.id)
        sooner = stored_series(house, fingerprint="b" * 64, incident_id=home.id)
        stored_series(house, fingerprint="c" * 64)
        with house.reading() as uow:
            assert list(uow.signals.of_incident(home.id)) == [sooner.signal, later.signal]
            assert list(uow.signals.episodes_of(home.id)) == [sooner.episode, later.episode]

    def test_pages_by_keyset_give_each_signal_once_newest_first(self, house: House) -> None:
        """Also where several are of one instant."""
        drafts = [make_draft(occurred_at=BEGINNING + (place // 3) * MINUTE) for place in range(8)]
        kept = [make_signal(house.integration, draft=draft, ordinal=n) for n, draft in enumerate(drafts, 1)]
        found: list[Signal] = []
        with house.changing() as uow:
            uow.series.save([], kept)
            page = list(uow.signals.list(SignalFilter(limit=3)))
            while page:
                assert len(page) <= 3
                found += page
                before = (page[-1].timestamp, page[-1].id)
                page = list(uow.signals.list(SignalFilter(limit=3, before=before)))
        assert found == sorted(kept, key=lambda signal: (signal.timestamp, signal.id), reverse=True)

    def test_each_filter_narrows_the_list_of_signals(self, house: House) -> None:
        """Together they narrow it further."""
        home = house.with_incident()
        plain = make_signal(house.integration, draft=make_draft(occurred_at=BEGINNING), ordinal=1)
        draft = make_draft(
            signal_type=SignalType.LOG_PATTERN,
            severity=Severity.LOW,
            service="search",
            environment=Environment.STAGING,
            occurred_at=BEGINNING + MINUTE,
        )
        special = make_signal(house.integration, draft=draft, ordinal=2, incident_id=home.id, waiting=True)
        narrowings = (
            SignalFilter(types=frozenset({SignalType.LOG_PATTERN, SignalType.TRACE_ANOMALY})),
            SignalFilter(severities=frozenset({Severity.LOW})),
            SignalFilter(service="search"),
            SignalFilter(environment=Environment.STAGING),
            SignalFilter(incident_id=home.id),
            SignalFilter(waiting=True),
            SignalFilter(since=BEGINNING + MINUTE, until=BEGINNING + MINUTE + timedelta(microseconds=1)),
            SignalFilter(service="search", integration_id=house.integration.id),
        )
        with house.changing() as uow:
            uow.series.save([], [plain, special])
            for narrowed in narrowings:
                assert list(uow.signals.list(narrowed)) == [special], narrowed
            assert list(uow.signals.list(SignalFilter(until=BEGINNING + MINUTE))) == [plain]
            assert list(uow.signals.list(SignalFilter(waiting=False))) == [plain]
            assert not list(uow.signals.list(SignalFilter(integration_id=home.id)))
            assert len(uow.signals.list(SignalFilter())) == 2

    def test_an_episode_that_moves_takes_its_signals_along(self, house: House) -> None:
        """Those that were stored long before."""
        home = house.with_incident()
        firing, more = make_draft(), make_draft(occurred_at=BEGINNING + MINUTE)
        stored = stored_series(house, firing, more, waiting=True)
        with house.changing() as uow:
            assert list(uow.signals.waiting()) == [stored.episode]
            assert [signal.id for signal in uow.signals.waiting_originals(5)] == [stored.signals[0].id]
            assert not list(uow.signals.waiting_originals(0))
            history = uow.series.load([NAME])[NAME]
            update = SeriesUpdate(history=history).homed(stored.episode.id, home.id)
            uow.series.save([update], [])
        with house.reading() as uow:
            assert not list(uow.signals.waiting())
            assert not list(uow.signals.waiting_originals(5))
            found = list(uow.signals.of_incident(home.id))
            assert [signal.id for signal in found] == [signal.id for signal in stored.signals]
            assert [signal.is_duplicate for signal in found] == [False, True]
            assert not any(signal.waiting for signal in found)
            (episode,) = uow.signals.episodes_of(home.id)
        assert episode == attrs.evolve(stored.episode, incident_id=home.id, waiting=False)

    def test_changes_come_by_time_between_both_ends(self, house: House) -> None:
        """Deploys and configuration, not alerts; the ends count."""
        kinds = (SignalType.DEPLOY_EVENT, SignalType.CONFIG_CHANGE, SignalType.DEPLOY_EVENT, SignalType.ALERT)
        signals = [
            make_signal(
                house.integration,
                draft=make_draft(
                    signal_type=kind, status=SignalStatus.MOMENT, occurred_at=BEGINNING + 2 * place * MINUTE
                ),
                ordinal=place + 1,
            )
            for place, kind in enumerate(kinds)
        ]
        flag = make_draft(
            signal_type=SignalType.DEPLOY_EVENT,
            status=SignalStatus.MOMENT,
            occurred_at=BEGINNING + MINUTE,
            change=ChangeDetails(kind="flag", summary="new cart on", version="7", author="Ada", text="diff"),
        )
        signals.append(make_signal(house.integration, draft=flag, ordinal=9))
        with house.changing() as uow:
            uow.series.save([], signals)
        with house.reading() as uow:
            found = list(uow.signals.changes(BEGINNING, BEGINNING + 2 * MINUTE))
            assert len(uow.signals.changes(BEGINNING, BEGINNING + 9 * MINUTE)) == 4
        assert [change.id for change in found] == [signals[0].id, signals[4].id, signals[1].id]
        assert [change.kind for change in found] == ["deploy", "flag", "config"]
        assert (found[1].summary, found[1].version, found[1].author, found[1].text) == (
            "new cart on",
            "7",
            "Ada",
            "diff",
        )

    def test_a_decision_is_found_by_the_signal_that_asked_for_it(self, house: House) -> None:
        """With every candidate, score and factor."""
        home, stored = house.with_incident(), stored_series(house)
        factors = (Factor(name="time", value=0.5, weight=0.1), Factor(name="text", value=None, weight=0.15))
        score = CandidateScore(incident_id=home.id, score=0.75, factors=factors)
        decision = CorrelationDecision(
            outcome=CorrelationOutcome.JOINED, incident_id=home.id, threshold=0.5, scores=(score,), ruled_out=7
        )
        row = StoredDecision(episode_id=stored.episode.id, signal_id=stored.signal.id, decision=decision, at=BEGINNING)
        with house.changing() as uow:
            uow.series.save([], [], [row])
        with house.reading() as uow:
            assert uow.signals.decision(stored.signal.id) == row
            assert uow.signals.decision(house.tenant.id) is None
