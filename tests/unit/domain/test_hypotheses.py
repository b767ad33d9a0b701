"""Hypotheses: evidence that points at something, confidences in order, and people's word on them."""

from datetime import UTC, datetime
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.errors import UnfoundedEvidence
from sre_copilot.domain.hypotheses import (
    CandidateKind,
    Component,
    Confidence,
    Evidence,
    EvidenceKind,
    Feedback,
    Hypothesis,
    Polarity,
    RankedCause,
)

NOW = datetime(2026, 5, 1, tzinfo=UTC)
numbers = st.floats(-2, 2) | st.sampled_from([0.0, 1.0, float("nan"), float("inf")])


def evidence(strength: float = 0.5, refers_to: str = "shop/latency") -> Evidence:
    return Evidence(
        id="e1",
        kind=EvidenceKind.METRIC,
        polarity=Polarity.SUPPORTS,
        component=Component.SIGNAL_STRENGTH,
        strength=strength,
        refers_to=refers_to,
        summary="it rose",
    )


HYPOTHESIS = Hypothesis(
    id=UUID(int=1),
    incident_id=UUID(int=2),
    diagnosis_id=UUID(int=3),
    rank=1,
    cause=RankedCause(
        kind=CandidateKind.SERVICE,
        subject="shop",
        claim="shop",
        description="",
        score=0.0,
        confidence=Confidence(lower=0.0, primary=0.5, upper=1.0),
        components={},
    ),
    created_at=NOW,
)


def test_evidence_that_points_at_nothing_stored_is_refused_by_its_id() -> None:
    with pytest.raises(UnfoundedEvidence) as refused:
        evidence(refers_to="")
    assert refused.value.data == {"evidence": "e1"}


@given(numbers)
def test_a_strength_lies_between_nought_and_one_or_is_refused(strength: float) -> None:
    if 0 <= strength <= 1:
        assert evidence(strength).strength == strength
    else:
        with pytest.raises(ValueError, match="strength"):
            evidence(strength)


@given(numbers, numbers, numbers)
def test_a_confidence_is_in_order_and_in_bounds_or_refused(lower: float, primary: float, upper: float) -> None:
    if 0 <= lower <= primary <= upper <= 1:
        assert Confidence(lower=lower, primary=primary, upper=upper).calibrated_on == 0
    else:
        with pytest.raises(ValueError, match="lower <= primary <= upper"):
            Confidence(lower=lower, primary=primary, upper=upper)


@pytest.mark.parametrize(
    ("lower", "primary", "upper"), [(-0.1, 0.5, 1.0), (0.0, 0.5, 1.1), (0.6, 0.5, 1.0), (0.0, 0.5, 0.4)]
)
def test_a_confidence_out_of_order_says_what_it_was(lower: float, primary: float, upper: float) -> None:
    with pytest.raises(ValueError, match=rf"^a confidence needs .* not Confidence\(lower={lower}, primary={primary}, "):
        Confidence(lower=lower, primary=primary, upper=upper)


def test_only_the_contradiction_component_is_not_about_support() -> None:
    assert [component for component in Component if "contra" in component] == [Component.CONTRADICTION]
    assert len(Component) == 8


def test_a_hypothesis_of_the_engine_names_no_model_and_has_no_feedback() -> None:
    assert (HYPOTHESIS.llm_model, HYPOTHESIS.feedback, HYPOTHESIS.feedback_notes) == ("none", None, "")


@given(st.sampled_from(Feedback), st.sampled_from(Feedback), st.text())
def test_a_persons_latest_word_takes_the_place_of_the_one_before_and_changes_nothing_else(
    first: Feedback, second: Feedback, notes: str
) -> None:
    before = HYPOTHESIS.judged(first, user_id=UUID(int=8), at=NOW, notes="old")
    assert (before.feedback, before.feedback_user_id, before.feedback_notes) == (first, UUID(int=8), "old")
    after = before.judged(second, user_id=UUID(int=9), at=NOW.replace(hour=5), notes=notes)
    assert after == attrs.evolve(
        HYPOTHESIS,
        feedback=second,
        feedback_user_id=UUID(int=9),
        feedback_at=NOW.replace(hour=5),
        feedback_notes=notes,
    )


def test_feedback_without_notes_leaves_none_of_an_earlier_word() -> None:
    before = HYPOTHESIS.judged(Feedback.REJECTED, user_id=UUID(int=8), at=NOW, notes="old")
    assert before.judged(Feedback.ACCEPTED, user_id=UUID(int=8), at=NOW).feedback_notes == ""
