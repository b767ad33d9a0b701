"""How alike two incidents are, and what a confirmed cause says of another candidate."""

from datetime import timedelta
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.hypotheses import CandidateKind
from sre_copilot.domain.precedents import (
    LEAST_ALIKE,
    MOST_SEEN,
    OTHER_SIDE,
    SAME_PLACE,
    Cause,
    Place,
    Symptoms,
    TopologyRole,
    nearest_precedents,
    similarity,
)
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.precedents import make_judged, make_precedent, make_symptoms

PARTS = st.lists(st.sampled_from(["latency up alarm", "cpu up other", "slow", "timeout", "high"]), max_size=4).map(
    tuple
)
SYMPTOMS = st.builds(
    Symptoms, metrics=PARTS, words=PARTS, templates=PARTS, signals=PARTS, role=st.sampled_from(list(TopologyRole))
)
SERVICE, CHANGE, HOST, NONE = (
    CandidateKind.SERVICE,
    CandidateKind.CHANGE,
    CandidateKind.HOST,
    CandidateKind.NONE_OF_THESE,
)


@given(SYMPTOMS, SYMPTOMS)
def test_similarity_is_symmetric_and_a_share(one: Symptoms, other: Symptoms) -> None:
    assert 0.0 <= similarity(one, other) <= 1.0
    assert similarity(one, other) == similarity(other, one)
    assert similarity(one, other) <= similarity(one, one) or not similarity(one, one)


def test_the_same_symptoms_are_alike_in_any_order_and_however_often_said() -> None:
    one = make_symptoms(words=("slow", "timeout"))
    assert similarity(one, make_symptoms(words=("timeout", "slow", "timeout"))) == 1.0


def test_what_only_one_of_them_knows_is_left_out() -> None:
    one, other = make_symptoms(templates=("refused",)), make_symptoms(templates=())
    assert similarity(one, other) == 1.0


def test_severity_and_role_alone_make_nothing_alike() -> None:
    bare = Symptoms(signals=("high",), role=TopologyRole.ENTRY)
    assert similarity(bare, bare) < LEAST_ALIKE
    assert similarity(Symptoms(), Symptoms()) == 0.0


def test_other_metrics_and_words_are_less_alike() -> None:
    one = make_symptoms()
    other = make_symptoms(metrics=("error_rate up alarm",), words=("certificate",))
    assert similarity(one, other) < LEAST_ALIKE


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        (Cause(kind=SERVICE, subject="db"), Cause(kind=SERVICE, subject="db"), 1.0),
        (Cause(kind=SERVICE, subject="db"), Cause(kind=CHANGE, subject="db", change_kind="deploy"), OTHER_SIDE),
        (Cause(kind=CHANGE, subject="db", change_kind="flag"), Cause(kind=CHANGE, subject="db", change_kind="deploy"), OTHER_SIDE),
        (Cause(kind=SERVICE, subject="db"), Cause(kind=SERVICE, subject="web"), 0.0),
        (Cause(kind=NONE, subject=""), Cause(kind=NONE, subject=""), 1.0),
        (Cause(kind=NONE, subject=""), Cause(kind=SERVICE, subject="db"), 0.0),
    ],
)  # fmt: skip
def test_a_cause_says_most_of_itself_and_something_of_the_changes_of_its_component(
    one: Cause, other: Cause, said: float
) -> None:
    assert one.says_of(other) == other.says_of(one) == said


def test_across_components_a_cause_says_little_and_only_of_the_same_place() -> None:
    deploy = Cause(kind=CHANGE, subject="db", change_kind="deploy", place=Place.DOWNSTREAM)
    assert deploy.says_of(attrs.evolve(deploy, subject="web")) == SAME_PLACE
    assert deploy.says_of(attrs.evolve(deploy, subject="web", place=Place.ITSELF)) == 0.0
    assert deploy.says_of(attrs.evolve(deploy, subject="web", change_kind="flag")) == 0.0


def test_the_nearest_come_first_and_at_most_so_many() -> None:
    symptoms = make_symptoms()
    alike = [make_precedent(incident_id=UUID(int=number)) for number in range(MOST_SEEN)]
    less = make_precedent(symptoms=make_symptoms(words=("slow", "other")))
    stranger = make_precedent(symptoms=make_symptoms(metrics=("disk up other",), words=("disk",)))
    seen = nearest_precedents(symptoms, [stranger, less, *reversed(alike)])
    assert [one.incident_id for one in seen] == [one.incident_id for one in alike]
    assert [one.id for one in nearest_precedents(symptoms, [less, stranger, alike[0]])] == [alike[0].id, less.id]


def test_forgotten_ones_and_those_taken_back_say_nothing_until_they_are_restored() -> None:
    precedent = make_precedent()
    forgotten = precedent.forgotten(UUID(int=1), BEGINNING)
    empty = make_precedent(confirmed=None)
    assert nearest_precedents(make_symptoms(), [forgotten, empty]) == ()
    assert forgotten.forgotten(UUID(int=2), BEGINNING + timedelta(days=1)) == forgotten
    assert forgotten.restored() == precedent
    assert len(nearest_precedents(make_symptoms(), [forgotten.restored()])) == 1


def test_one_of_which_causes_were_only_rejected_is_seen_with_them() -> None:
    rejected = make_judged(cause=Cause(kind=SERVICE, subject="web"))
    (seen,) = nearest_precedents(make_symptoms(), [make_precedent(confirmed=None, rejected=(rejected,))])
    assert seen.cause is None
    assert seen.rejected == (rejected.cause,)
