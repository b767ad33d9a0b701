from uuid import uuid5

import attrs

from sre_copilot.adapters.diagnosis.training import load_calibration, load_weights
from sre_copilot.domain.diagnosis.engine import diagnose
from sre_copilot.domain.diagnosis.scoring import COMPONENTS, Feature, Weights
from sre_copilot.domain.hypotheses import CandidateKind, Component, Polarity, RankedCause, Verdict
from sre_copilot.domain.snapshots import ContextSnapshot
from sre_copilot.testing.snapshots import (
    END,
    ONSET,
    STEP,
    make_context,
    make_graph,
    make_observed_change,
    make_observed_signal,
    make_slow_dependency,
)

WEIGHTS, CALIBRATION = load_weights(), load_calibration()
ONSET_NAMESPACE = make_observed_signal("shop").id


def verdict_of(snapshot: ContextSnapshot) -> Verdict:
    return diagnose(snapshot, weights=WEIGHTS, calibration=CALIBRATION)


def test_a_slow_dependency_is_found_behind_the_callers_that_suffer_from_it() -> None:
    first = verdict_of(make_slow_dependency()).causes[0]
    assert (first.kind, first.subject) == (CandidateKind.SERVICE, "stock")


def test_a_slow_dependency_is_found_although_the_calls_to_it_are_unknown() -> None:
    given_ = make_slow_dependency()
    subjects = [c.subject for c in verdict_of(attrs.evolve(given_, graph=make_graph([("shop", "orders")]))).causes[:3]]
    assert "stock" in subjects


def test_the_claim_and_the_description_say_what_moved_and_when() -> None:
    first = verdict_of(make_slow_dependency()).causes[0]
    assert first.claim == "The trouble begins in stock itself."
    assert first.description == (
        "latency of stock rose from 50 ms to 1.05 s, 337 spreads, at 12:15:00. "
        "Delay begins in stock itself: 1 s per request of shop (latency of stock 50 ms -> 1.05 s). "
        "No other component's resources stand out like those of stock (cpu of stock 20 % -> 90 %)."
    )


def test_evidence_is_listed_weightiest_first_and_apart_by_polarity() -> None:
    given_ = make_slow_dependency()
    orders = next(cause for cause in _all_rows(given_) if cause.subject == "orders")
    assert {item.polarity for item in orders.supporting} == {Polarity.SUPPORTS}
    assert {item.feature for item in orders.contradicting} == {Feature.CALLEE_WORSE.value}
    worth = [abs(WEIGHTS.of(item)) for item in orders.supporting]
    assert worth == sorted(worth, reverse=True)


def _all_rows(snapshot: ContextSnapshot) -> tuple[RankedCause, ...]:
    flat = Weights(version="flat", features={feature: w / 5 for feature, w in WEIGHTS.features.items()})
    return diagnose(snapshot, weights=flat, calibration=None).causes


def test_an_own_change_before_the_onset_joins_the_component_in_the_first_hypothesis() -> None:
    change = make_observed_change("stock", "use a smaller connection pool", paths=("src/stock/pool.py",))
    first = verdict_of(attrs.evolve(make_slow_dependency(), changes=(change,))).causes[0]
    assert (first.kind, first.subject, first.change_id) == (CandidateKind.CHANGE, "stock", change.id)
    assert first.change_summary == "use a smaller connection pool"
    assert first.claim == "The change to stock at 12:10:00 caused it: use a smaller connection pool."


def test_the_latest_deploy_of_an_unmoved_component_is_not_first() -> None:
    decoy = make_observed_change("search", "new connection pool with a lower timeout", at=ONSET - STEP)
    assert verdict_of(attrs.evolve(make_slow_dependency(), changes=(decoy,))).causes[0].subject == "stock"


def test_a_change_after_the_onset_is_no_candidate() -> None:
    later = make_observed_change("stock", at=ONSET + 2 * STEP)
    causes = _all_rows(attrs.evolve(make_slow_dependency(), changes=(later,)))
    assert later.id not in {cause.change_id for cause in causes}


def test_a_host_under_many_failing_services_is_found() -> None:
    placements = [(name, "host-1") for name in ("shop", "orders", "stock")] + [
        (name, "host-2") for name in ("shop", "orders", "stock", "search")
    ]
    first = verdict_of(
        make_context(
            graph=make_graph([("shop", "orders"), ("orders", "stock")], placements),
            signals=tuple(
                make_observed_signal(name, f"a pod of {name} is down", hosts=("host-1",))
                for name in ("shop", "orders", "stock")
            ),
        )
    ).causes[0]
    assert (first.kind, first.subject) == (CandidateKind.HOST, "host-1")
    assert first.claim == "The trouble begins at the host host-1."


def test_an_empty_snapshot_says_that_nothing_is_convincing() -> None:
    found = verdict_of(make_context(alarm="", signals=()))
    assert not found.convincing
    assert [cause.kind for cause in found.causes] == [CandidateKind.NONE_OF_THESE]
    assert found.next_evidence == ()


def test_when_nothing_is_convincing_two_different_checks_are_named() -> None:
    found = verdict_of(make_context(graph=make_graph([("shop", "orders"), ("shop", "search")])))
    assert not found.convincing
    assert len(found.next_evidence) == 2
    assert len({check.check for check in found.next_evidence}) == 2


def test_a_convincing_verdict_needs_no_further_checks() -> None:
    found = verdict_of(make_slow_dependency())
    assert found.convincing
    assert found.next_evidence == ()


def test_without_calibration_every_interval_is_wide_and_says_so() -> None:
    for cause in diagnose(make_slow_dependency(), weights=WEIGHTS, calibration=None).causes:
        assert (cause.confidence.lower, cause.confidence.upper) == (0.0, 1.0)
        assert cause.confidence.calibrated_on == 0


def test_missing_evidence_widens_the_interval() -> None:
    whole = make_slow_dependency()
    least = attrs.evolve(whole, missing=("logs", "traces"))
    some, fewer = (verdict_of(each).causes[0].confidence for each in (whole, least))
    assert fewer.primary <= some.primary
    assert fewer.lower < some.lower or fewer.upper > some.upper


def test_the_engine_and_the_weights_are_named_in_the_verdict() -> None:
    assert verdict_of(make_slow_dependency()).engine_version == f"offline-1/{WEIGHTS.version}"


def test_components_of_features_are_shown_for_every_row() -> None:
    for cause in verdict_of(make_slow_dependency()).causes:
        assert set(cause.components) == set(Component)
        for item in (*cause.supporting, *cause.contradicting):
            assert COMPONENTS[Feature(item.feature)] is item.component


def test_the_same_fact_has_the_same_id_for_a_component_and_its_change() -> None:
    change = make_observed_change("stock")
    rows = _all_rows(attrs.evolve(make_slow_dependency(), changes=(change,)))
    alone = next(row for row in rows if row.subject == "stock" and row.change_id is None)
    joined = next(row for row in rows if row.change_id == change.id)
    assert {item.id for item in alone.supporting} <= {item.id for item in joined.supporting}


def test_a_snapshot_as_of_the_first_signal_uses_the_samples_before_it() -> None:
    early = attrs.evolve(
        make_slow_dependency(),
        onset=ONSET + 3 * STEP,
        window_end=ONSET + 3 * STEP,
        as_of=ONSET + 3 * STEP,
        signals=(make_observed_signal("shop", started_at=ONSET + 3 * STEP),),
        metrics=tuple(attrs.evolve(each, values=each.values[: 60 + 3]) for each in make_slow_dependency().metrics),
    )
    assert verdict_of(early).causes[0].subject == "stock"


def test_a_recovery_inside_the_window_does_not_hide_the_cause() -> None:
    whole = make_slow_dependency()
    recovered = attrs.evolve(
        whole,
        window_end=END,
        signals=tuple(attrs.evolve(signal, ended_at=ONSET + 6 * STEP) for signal in whole.signals),
        metrics=tuple(attrs.evolve(each, values=(*each.values[:66], *each.values[:14])) for each in whole.metrics),
    )
    assert verdict_of(recovered).causes[0].subject == "stock"


def test_diagnosing_twice_gives_the_same_verdict() -> None:
    assert verdict_of(make_slow_dependency()) == verdict_of(make_slow_dependency())


def test_ids_of_change_rows_are_those_of_the_stored_changes() -> None:
    change = make_observed_change("stock", "a", id=uuid5(ONSET_NAMESPACE, "a"))
    rows = _all_rows(attrs.evolve(make_slow_dependency(), changes=(change,)))
    assert change.id in {row.change_id for row in rows}
