"""What past incidents change in a diagnosis: visible, small, and gone with the precedent."""

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from sre_copilot.adapters.diagnosis.training import load_calibration, load_weights
from sre_copilot.domain.diagnosis.engine import diagnose
from sre_copilot.domain.diagnosis.symptoms import symptoms_of
from sre_copilot.domain.hypotheses import CandidateKind, Component, EvidenceKind, RankedCause, Verdict
from sre_copilot.domain.precedents import Cause, Place, SeenPrecedent, TopologyRole, similarity
from sre_copilot.domain.snapshots import ContextSnapshot
from sre_copilot.testing.precedents import make_seen
from sre_copilot.testing.snapshots import (
    make_context,
    make_graph,
    make_observed_change,
    make_observed_signal,
    make_slow_dependency,
)

SERVICE, CHANGE = CandidateKind.SERVICE, CandidateKind.CHANGE


def verdict(snapshot: ContextSnapshot, *seen: SeenPrecedent) -> Verdict:
    told = attrs.evolve(snapshot, precedents=seen)
    return diagnose(told, weights=load_weights(), calibration=load_calibration())


def of(found: Verdict, subject: str, kind: CandidateKind = SERVICE) -> RankedCause:
    return next(cause for cause in found.causes if (cause.kind, cause.subject) == (kind, subject))


def two_alike() -> ContextSnapshot:
    """shop calls two of which nothing is known, so that nothing but a precedent tells them apart."""
    return make_context(graph=make_graph([("shop", "left"), ("shop", "right")]))


def test_a_confirmed_cause_is_proposed_before_its_equal_and_says_from_where() -> None:
    seen = make_seen(cause=Cause(kind=SERVICE, subject="right", place=Place.DOWNSTREAM))
    before, after = verdict(two_alike()), verdict(two_alike(), seen)
    assert of(before, "left").confidence.primary == of(before, "right").confidence.primary
    right = of(after, "right")
    assert right.confidence.primary > of(after, "left").confidence.primary
    (item,) = [item for item in right.supporting if item.kind is EvidenceKind.PRECEDENT]
    assert item.refers_to == str(seen.id)
    assert f"Learned from incident {str(seen.incident_id)[-8:]}" in item.summary
    assert right.components[Component.HISTORICAL_PRECEDENT].value == 1.0
    assert right.similar_incidents == (seen.incident_id,)


def test_a_rejected_cause_is_proposed_after_its_equal_and_says_from_where() -> None:
    seen = make_seen(cause=None, rejected=(Cause(kind=SERVICE, subject="right", place=Place.DOWNSTREAM),))
    found = verdict(two_alike(), seen)
    right = of(found, "right")
    assert right.confidence.primary < of(found, "left").confidence.primary
    (item,) = right.contradicting
    assert item.refers_to == str(seen.id)
    assert "rejected" in item.summary
    assert right.similar_incidents == ()


def test_a_precedent_elsewhere_is_a_weak_prior_for_the_same_place() -> None:
    seen = make_seen(cause=Cause(kind=SERVICE, subject="gone", place=Place.DOWNSTREAM))
    found = verdict(two_alike(), seen)
    left = of(found, "left").components[Component.HISTORICAL_PRECEDENT]
    assert 0.0 < left.value < 0.5
    assert of(found, "shop").components[Component.HISTORICAL_PRECEDENT].value == 0.0


def test_a_deploy_that_was_the_cause_makes_another_one_likelier_than_its_component() -> None:
    snapshot = attrs.evolve(two_alike(), changes=(make_observed_change("right", "Cut the timeout"),))
    seen = make_seen(cause=Cause(kind=CHANGE, subject="right", change_kind="deploy", place=Place.DOWNSTREAM))
    found = verdict(snapshot, seen)
    parts = [of(found, "right", kind).components[Component.HISTORICAL_PRECEDENT].value for kind in (CHANGE, SERVICE)]
    assert parts == [1.0, 0.5]


def test_without_precedents_nothing_is_different() -> None:
    assert verdict(make_slow_dependency()) == diagnose(
        make_slow_dependency(), weights=load_weights(), calibration=load_calibration()
    )
    assert all(
        cause.components[Component.HISTORICAL_PRECEDENT].contribution == 0.0
        for cause in verdict(make_slow_dependency()).causes
    )


def test_one_precedent_does_not_outweigh_what_is_measured() -> None:
    seen = make_seen(cause=Cause(kind=SERVICE, subject="search", place=Place.DOWNSTREAM))
    found = verdict(make_slow_dependency(), seen, make_seen(cause=seen.cause))
    assert found.causes[0].subject == "stock"


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.builds(
            make_seen,
            similarity=st.floats(0.5, 1.0),
            cause=st.sampled_from([None, Cause(kind=SERVICE, subject="left"), Cause(kind=SERVICE, subject="right")]),
            rejected=st.sampled_from([(), (Cause(kind=SERVICE, subject="right"),)]),
        ),
        max_size=4,
    )
)
def test_primaries_still_sum_to_one_and_order_does_not_matter(seen: list[SeenPrecedent]) -> None:
    found, turned = verdict(two_alike(), *seen), verdict(two_alike(), *reversed(seen))
    assert abs(sum(cause.confidence.primary for cause in found.causes) - 1.0) < 1e-9
    assert [cause.confidence for cause in found.causes] == [cause.confidence for cause in turned.causes]
    for cause in found.causes:
        if cause.kind is not CandidateKind.OTHERS:
            assert abs(sum(part.contribution for part in cause.components.values()) - cause.score) < 1e-9


def test_symptoms_name_no_service_and_no_host() -> None:
    one = make_slow_dependency()
    signals = (make_observed_signal("shop", "Latency of shop on node-7 is high", hosts=("node-7",)),)
    symptoms = symptoms_of(attrs.evolve(one, signals=signals))
    assert symptoms.words == ("high", "latenc")
    assert symptoms.role is TopologyRole.ENTRY
    assert symptoms.metrics == ("cpu up other", "latency up alarm", "latency up other")
    assert not {"shop", "orders", "stock", "search"} & {part for text in symptoms.metrics for part in text.split()}


def test_the_same_fault_of_another_service_looks_alike() -> None:
    other = make_context(
        "web", graph=make_graph([("web", "db")]), signals=(make_observed_signal("web", "web is slow"),)
    )
    one = make_context("shop", graph=make_graph([("shop", "stock")]))
    assert similarity(symptoms_of(one), symptoms_of(other)) >= 0.5


def test_a_snapshot_says_by_its_hash_which_precedents_it_saw() -> None:
    plain, seen = make_context(), make_seen()
    told = attrs.evolve(plain, precedents=(seen,))
    assert told.content_hash != plain.content_hash
    assert told.content_hash != attrs.evolve(plain, precedents=(attrs.evolve(seen, similarity=0.9),)).content_hash
