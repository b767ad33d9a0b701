"""The candidates of a snapshot: everything that is known, every change that could be a cause, and none of these."""

from datetime import timedelta
from typing import Any

import attrs

from sre_copilot.domain.diagnosis.candidates import began, candidates, components_of, hosts_of, seen_graph
from sre_copilot.domain.diagnosis.clues import Candidate
from sre_copilot.domain.diagnosis.readings import read
from sre_copilot.domain.diagnosis.scoring import Feature
from sre_copilot.domain.hypotheses import CandidateKind
from sre_copilot.domain.snapshots import MetricKind
from sre_copilot.testing.snapshots import (
    ONSET,
    STEP,
    make_context,
    make_graph,
    make_observed_change,
    make_observed_signal,
    make_series,
    make_slow_dependency,
    make_values,
)


def test_components_come_from_graph_metrics_signals_and_the_alarm() -> None:
    context = make_context(
        "alarm",
        graph=make_graph([("caller", "callee")], [("placed", "host-1")]),
        metrics=(make_series("measured", ()), make_series("measured", (), callee="called")),
        signals=(make_observed_signal("complaining", hosts=("host-2",)), make_observed_signal("unknown")),
    )
    assert components_of(context) == {"alarm", "caller", "callee", "placed", "measured", "called", "complaining"}
    assert hosts_of(context) == {"host-1", "host-2"}
    assert components_of(make_context("")) == set()


def test_what_is_measured_exists_in_the_graph() -> None:
    edge = make_series("shop", (), callee="pay")
    context = make_context(metrics=(edge,), graph=make_graph([("web", "shop")]))
    assert seen_graph(context).callees("shop") == ("pay",)
    assert seen_graph(context).callers("shop") == ("web",)
    known = make_context(metrics=(edge,), graph=make_graph([("shop", "pay")]))
    assert seen_graph(known) is known.graph


def test_trouble_began_with_the_first_signal_or_with_the_alarms_own_metric_before_it() -> None:
    values = list(make_values(0.1, 0.9))
    values[55:60] = [0.9] * 5
    context = make_context(metrics=(make_series("shop", values),))
    assert began(context, read(context)) == ONSET - 5 * STEP
    late = make_context(onset=ONSET - 6 * STEP, metrics=(make_series("shop", values),))
    assert began(late, read(late)) == ONSET - 6 * STEP
    assert began(make_context(), read(make_context())) == ONSET


def found_in(**given: Any) -> tuple[Candidate, ...]:
    return candidates(attrs.evolve(make_slow_dependency(), **given))


def test_every_component_is_a_candidate_and_none_of_these_is_the_last() -> None:
    graph = make_graph([("shop", "orders"), ("far", "away")], [("shop", "host-1")])
    found = found_in(graph=graph)
    assert [(each.kind, each.subject) for each in found] == [
        (CandidateKind.SERVICE, "away"),
        (CandidateKind.SERVICE, "far"),
        (CandidateKind.HOST, "host-1"),
        *((CandidateKind.SERVICE, name) for name in ("orders", "search", "shop", "stock")),
        (CandidateKind.NONE_OF_THESE, ""),
    ]


def test_none_of_these_has_its_evidence_too() -> None:
    none = found_in()[-1]
    assert [item.feature for item in none.evidence] == [Feature.UNSEEN]


def test_calls_that_only_metrics_prove_count_as_the_graph_does() -> None:
    edge = make_series("shop", make_values(0.1, 0.1), callee="stock")
    metrics = (*make_slow_dependency().metrics, edge)
    stock = next(each for each in found_in(graph=make_graph(), metrics=metrics) if each.subject == "stock")
    assert Feature.TRAIL in {item.feature for item in stock.evidence}


def test_a_change_is_a_candidate_with_all_that_speaks_for_its_component() -> None:
    change = make_observed_change("stock", "smaller connection pool")
    found = {(each.kind, each.subject): each for each in found_in(changes=(change,))}
    component, candidate = found[CandidateKind.SERVICE, "stock"], found[CandidateKind.CHANGE, "stock"]
    assert candidate.change == change
    assert candidate.evidence[: len(component.evidence)] == component.evidence
    assert {item.refers_to for item in candidate.evidence[len(component.evidence) :]} == {str(change.id)}


def test_a_change_of_a_component_that_nobody_knows_is_a_candidate_of_its_own() -> None:
    (candidate,) = [
        each
        for each in found_in(changes=(make_observed_change("elsewhere", "slow queries"),))
        if each.kind is CandidateKind.CHANGE
    ]
    assert candidate.subject == "elsewhere"
    assert {item.component.value for item in candidate.evidence} <= {"change_correlation", "contradiction"}


def text_of(service: str, summary: str, **given: Any) -> float:
    found = found_in(changes=(make_observed_change(service, summary),), **given)
    change = next(each for each in found if each.kind is CandidateKind.CHANGE)
    return max((item.strength for item in change.evidence if item.feature == Feature.CHANGE_TEXT), default=0.0)


def test_the_words_of_a_change_are_held_against_the_symptoms_of_those_who_would_suffer_from_it() -> None:
    signals = (
        make_observed_signal("shop", "checkout basket broken"),
        make_observed_signal("orders", "giftcard broken"),
    )
    assert text_of("stock", "giftcard checkout", signals=signals) > text_of(
        "shop", "giftcard checkout", signals=signals
    )
    assert text_of("orders", "giftcard", signals=signals) > 0
    assert text_of("search", "giftcard", signals=signals) == 0
    assert text_of("stranger", "giftcard", signals=signals) > 0


def test_the_names_of_metrics_that_moved_are_symptoms_too_and_those_of_others_are_not() -> None:
    moved = make_series("shop", make_values(0.1, 0.9), name="basket_latency")
    still = make_series("shop", make_values(0.1, 0.1), name="giftcard_latency")
    signals = (make_observed_signal("shop", "odd"),)
    assert text_of("shop", "basket", metrics=(moved, still), signals=signals) > 0
    assert text_of("shop", "giftcard", metrics=(moved, still), signals=signals) == 0


def test_a_change_after_the_trouble_began_is_no_candidate() -> None:
    late = make_observed_change("stock", at=ONSET + timedelta(minutes=1))
    assert CandidateKind.CHANGE not in {each.kind for each in found_in(changes=(late,))}


def test_no_item_of_evidence_stands_twice_with_one_candidate() -> None:
    cpu = make_series("stock", make_values(0.2, 0.9), kind=MetricKind.CPU, unit="ratio", name="cpu_2")
    whole = make_slow_dependency()
    change = make_observed_change("stock", "smaller connection pool")
    for each in found_in(metrics=(*whole.metrics, cpu), changes=(change,)):
        ids = [item.id for item in each.evidence]
        assert len(ids) == len(set(ids))
