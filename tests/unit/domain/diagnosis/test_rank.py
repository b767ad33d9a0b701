"""Ranking candidates with made-up evidence: shares, rows of their own and the rest in one, ties."""

import math
from collections.abc import Iterable, Mapping

import attrs
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.adapters.diagnosis.training import load_calibration, load_weights
from sre_copilot.domain.diagnosis.clues import Candidate, clue
from sre_copilot.domain.diagnosis.engine import rank
from sre_copilot.domain.diagnosis.scoring import Feature, Weights, polarity
from sre_copilot.domain.hypotheses import CandidateKind, Evidence, EvidenceKind, Polarity, Verdict
from sre_copilot.domain.recalibration import Recalibration
from sre_copilot.testing.snapshots import make_observed_change

WEIGHTS, CALIBRATION = load_weights(), load_calibration()


def evidence_of(feature: Feature, strength: float, subject: str) -> list[Evidence]:
    return clue(
        feature, strength, subject=subject, kind=EvidenceKind.METRIC, refers_to=f"{subject}/{feature}", summary="x"
    )


candidate_features = st.dictionaries(st.sampled_from(list(Feature)), st.floats(0.01, 1.0), max_size=8)


def candidates_of(rows: Iterable[Mapping[Feature, float]]) -> list[Candidate]:
    return [
        Candidate(
            kind=CandidateKind.SERVICE,
            subject=f"service-{number}",
            evidence=tuple(item for f, v in row.items() for item in evidence_of(f, v, f"service-{number}")),
        )
        for number, row in enumerate(rows)
    ]


def primary_of(verdict: Verdict, subject: str) -> float:
    return math.fsum(cause.confidence.primary for cause in verdict.causes if cause.subject == subject)


slopes = st.floats(0.25, 4.0)


@given(
    st.lists(candidate_features, min_size=2, max_size=6), st.sampled_from(list(Feature)), st.floats(0.01, 1.0), slopes
)
def test_evidence_moves_its_hypothesis_only_the_way_that_it_speaks_against_the_same_rivals(
    rows: list[dict[Feature, float]], feature: Feature, strength: float, slope: float
) -> None:
    rivals = candidates_of(rows)
    item = clue(
        feature, strength, subject="service-0", kind=EvidenceKind.METRIC, refers_to="service-0/new", summary="new"
    )
    more = [rivals[0].with_evidence(*item), *rivals[1:]]
    own = Recalibration(slope=slope, cases=30)
    before = _share(rank(rivals, weights=WEIGHTS, calibration=CALIBRATION, own=own), rivals[0])
    after = _share(rank(more, weights=WEIGHTS, calibration=CALIBRATION, own=own), rivals[0])
    if polarity(feature) is Polarity.SUPPORTS:
        assert after >= before - 1e-12
    else:
        assert after <= before + 1e-12


@given(st.lists(candidate_features, min_size=1, max_size=6), slopes)
def test_a_tenants_own_slope_keeps_the_order_the_sum_and_the_scores(
    rows: list[dict[Feature, float]], slope: float
) -> None:
    own = Recalibration(slope=slope, cases=30)
    plain, sloped = (
        rank(candidates_of(rows), weights=WEIGHTS, calibration=CALIBRATION, own=one) for one in (Recalibration(), own)
    )
    assert math.isclose(math.fsum(cause.confidence.primary for cause in sloped.causes), 1.0)
    for cause in sloped.causes:
        assert 0.0 <= cause.confidence.lower <= cause.confidence.primary <= cause.confidence.upper <= 1.0
    scores = [cause.score for cause in sloped.causes if cause.kind is not CandidateKind.OTHERS]
    assert scores == sorted(scores, reverse=True)
    assert {cause.score for cause in sloped.causes} & {cause.score for cause in plain.causes}
    assert "slope" not in plain.calibration
    assert f"slope {slope:g} from 30 incidents" in sloped.calibration


def _share(verdict: Verdict, candidate: Candidate) -> float:
    """The candidate's primary, or where it fell into "others", an estimate below every row of its own."""
    rows = [cause for cause in verdict.causes if cause.subject == candidate.subject]
    return rows[0].confidence.primary if rows else 0.0


def test_a_component_and_its_change_convince_together() -> None:
    rows = candidates_of([{Feature.SYMPTOM: 1.0}, {}, {}])
    change = make_observed_change("service-0")
    pair = attrs.evolve(rows[0], kind=CandidateKind.CHANGE, change=change)
    weights = Weights(version="1", features={Feature.SYMPTOM: 1.0})
    assert primary_of(rank([*rows, pair], weights=weights, calibration=None), "service-0") > 0.5
    assert rank([*rows, pair], weights=weights, calibration=None).convincing
    assert not rank(rows + candidates_of([{}] * 9)[3:], weights=weights, calibration=None).convincing


def test_small_candidates_share_one_row() -> None:
    rows = candidates_of([{Feature.SYMPTOM: 1.0}, *({} for _ in range(8))])
    found = rank(rows, weights=Weights(version="1", features={Feature.SYMPTOM: 9.0}), calibration=None)
    assert [cause.kind for cause in found.causes] == [CandidateKind.SERVICE, CandidateKind.OTHERS]
    others = found.causes[1]
    assert others.claim == "One of the other candidates."
    assert others.description == (
        "8 candidates with less than 1 % each: service-1, service-2, service-3, service-4, service-5 ..."
    )
    assert (others.subject, others.score, others.supporting) == ("", 0.0, ())


def test_none_of_these_keeps_its_row_however_small() -> None:
    rows = [*candidates_of([{Feature.SYMPTOM: 1.0}]), Candidate(kind=CandidateKind.NONE_OF_THESE, subject="")]
    found = rank(rows, weights=Weights(version="1", features={Feature.SYMPTOM: 50.0}), calibration=None)
    assert [cause.kind for cause in found.causes] == [CandidateKind.SERVICE, CandidateKind.NONE_OF_THESE]
    assert found.causes[1].claim == "None of these: the cause lies outside of what is known here."


def test_ties_break_by_subject_then_change() -> None:
    found = rank(candidates_of([{}, {}, {}]), weights=WEIGHTS, calibration=None)
    assert [cause.subject for cause in found.causes] == ["service-0", "service-1", "service-2"]
