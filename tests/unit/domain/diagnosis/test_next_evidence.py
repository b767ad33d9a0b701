"""The checks that would most change the ranking."""

from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.diagnosis.clues import Candidate, clue
from sre_copilot.domain.diagnosis.next_evidence import LOOKED_AT, next_evidence
from sre_copilot.domain.diagnosis.scoring import Feature, Weights
from sre_copilot.domain.hypotheses import CandidateKind, EvidenceKind

WEIGHTS = Weights(
    version="1", features={Feature.SYMPTOM: 4.0, Feature.RESOURCE: 3.0, Feature.CHANGE_TEXT: 2.0, Feature.EDGE_GAP: 1.0}
)


def candidate(subject: str, *known: Feature, kind: CandidateKind = CandidateKind.SERVICE) -> Candidate:
    items = [
        clue(feature, 0.5, subject=subject, kind=EvidenceKind.METRIC, refers_to="x", summary="x") for feature in known
    ]
    return Candidate(kind=kind, subject=subject, evidence=tuple(found for group in items for found in group))


def checks(*ranked: Candidate, count: int = 2) -> list[tuple[str, str]]:
    return [(found.subject, found.check.split()[2]) for found in next_evidence(ranked, WEIGHTS, count)]


def test_the_checks_with_the_most_weight_still_unknown_come_first() -> None:
    assert checks(candidate("pay")) == [("pay", "latency"), ("pay", "CPU,")]
    assert checks(candidate("pay", Feature.SYMPTOM)) == [("pay", "CPU,"), ("pay", "deploys,")]


def test_each_kind_of_check_is_named_once_for_the_candidate_where_it_tells_most() -> None:
    ranked = (candidate("pay", Feature.SYMPTOM, Feature.CHANGE_TEXT), candidate("db"))
    assert checks(*ranked) == [("pay", "CPU,"), ("db", "latency")]


def test_a_leading_candidate_comes_before_the_next_where_both_tell_the_same() -> None:
    even = Weights(version="1", features={Feature.RESOURCE: 1.0, Feature.SYMPTOM: 2.0})
    found = next_evidence([candidate("pay", Feature.SYMPTOM), candidate("db")], even, 4)
    assert [each.subject for each in found] == ["pay", "db", "pay", "pay"]


def test_nothing_is_asked_of_what_has_no_name_or_lies_outside() -> None:
    none = candidate("", kind=CandidateKind.NONE_OF_THESE)
    assert checks(none) == checks() == []
    assert checks(none, candidate("pay"))[0][0] == "pay"


def test_a_component_and_its_change_are_one_and_only_the_first_four_are_looked_at() -> None:
    twice = [candidate("pay", *Feature), candidate("pay", kind=CandidateKind.CHANGE)]
    everything = [candidate(f"s{n}", *Feature) for n in range(LOOKED_AT - 1)]
    assert {subject for subject, _ in checks(*twice, *everything, candidate("far"))} == {"pay"}
    assert ("near", "latency") in checks(*twice, *everything[:-1], candidate("near"))


@given(st.lists(st.builds(candidate, st.sampled_from(["pay", "db", ""]), st.sampled_from(Feature))), st.integers(0, 6))
def test_checks_are_as_many_as_asked_for_and_no_two_of_one_kind(ranked: list[Candidate], count: int) -> None:
    found = next_evidence(ranked, WEIGHTS, count)
    named = any(each.subject for each in ranked)
    assert len(found) == (min(count, 4) if named else 0)
    assert len({each.why for each in found}) == len(found)
    assert all(each.subject in each.check for each in found)
