"""Evidence items: the same fact has the same id, each counts once, faint ones are left out."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.diagnosis.clues import FAINT, Candidate, clue, gather, metric_clue
from sre_copilot.domain.diagnosis.scoring import COMPONENTS, Feature, polarity
from sre_copilot.domain.hypotheses import CandidateKind, Evidence, EvidenceKind
from sre_copilot.testing.snapshots import ONSET
from tests.unit.domain.diagnosis.measured import make_shift


def item(
    feature: Feature = Feature.SYMPTOM, value: float = 0.5, subject: str = "pay", refers_to: str = "pay/p99"
) -> list[Evidence]:
    return clue(
        feature, value, subject=subject, kind=EvidenceKind.METRIC, refers_to=refers_to, summary=f"{value}", at=ONSET
    )


@given(st.sampled_from(Feature), st.floats(FAINT, 5, exclude_min=True))
def test_an_item_belongs_to_the_component_of_its_feature_and_speaks_its_way(feature: Feature, value: float) -> None:
    (found,) = item(feature, value)
    assert (found.component, found.polarity, found.feature) == (COMPONENTS[feature], polarity(feature), feature.value)
    assert found.strength == min(1.0, value)
    assert (found.refers_to, found.summary, found.at) == ("pay/p99", f"{value}", ONSET)


@pytest.mark.parametrize("value", [FAINT, 0.0, -1.0, math.nan])
def test_what_is_too_faint_to_show_is_no_item(value: float) -> None:
    assert item(value=value) == []


def test_the_same_fact_has_the_same_id_however_strong_and_any_other_fact_another() -> None:
    (one,), (again,) = item(value=0.2), item(value=0.9)
    assert one.id == again.id
    others = [item(Feature.TRAIL), item(subject="db"), item(refers_to="pay/p50"), item(subject="pay\0x")]
    ids = {one.id, *(found.id for (found,) in others)}
    assert len(ids) == 5
    assert all(len(each) == 16 for each in ids)


def test_an_item_about_a_series_says_what_it_did_or_why_that_matters() -> None:
    shift = make_shift("pay", 0.2, 1.9)
    (plain,) = metric_clue(Feature.SYMPTOM, 0.5, shift, subject="pay")
    (noted,) = metric_clue(Feature.TRAIL, 0.5, shift, subject="pay", note="Look here")
    assert plain.summary == "latency of pay rose from 0.2 s to 1.9 s, 200 spreads, at 12:15:00"
    assert noted.summary == "Look here (latency of pay 0.2 s -> 1.9 s)"
    assert (plain.kind, plain.refers_to, plain.at) == (EvidenceKind.METRIC, "pay/latency", ONSET)


def test_items_are_gathered_once_each_the_first_of_an_id_stays() -> None:
    found = gather(item(value=0.2), item(value=0.9), item(Feature.TRAIL))
    assert [(each.feature, each.strength) for each in found] == [("symptom", 0.2), ("trail", 0.5)]


def test_a_candidate_takes_in_only_what_it_does_not_have_yet() -> None:
    candidate = Candidate(kind=CandidateKind.SERVICE, subject="pay", evidence=tuple(item(value=0.2)))
    more = candidate.with_evidence(*item(value=0.9), *item(Feature.TRAIL))
    assert [(each.feature, each.strength) for each in more.evidence] == [("symptom", 0.2), ("trail", 0.5)]
    assert candidate.with_evidence() == candidate
