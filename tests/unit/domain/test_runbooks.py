"""Runbooks keep their counts, warn about their riskiest action, and are found by symptoms."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.actions import ACTIONS, ActionType, RiskLevel
from sre_copilot.domain.outcomes import OutcomeResult
from sre_copilot.domain.runbook_words import MAX_QUERY_WORDS, NOISE, search_words, symptom_query
from sre_copilot.domain.runbooks import Runbook, RunbookAction

CREATED = datetime(2026, 1, 1, tzinfo=UTC)
RUNBOOK = Runbook(
    id=UUID(int=1),
    slug="disk-full",
    title="Disk full",
    description="A volume runs out of room.",
    created_at=CREATED,
    updated_at=CREATED,
)


def with_actions(*action_types: ActionType, risk: RiskLevel = RiskLevel.LOW) -> Runbook:
    actions = tuple(RunbookAction(action_type=action_type, description="Do it.") for action_type in action_types)
    return attrs.evolve(RUNBOOK, actions=actions, risk_level=risk)


def test_a_runbook_that_was_never_used_has_no_success_rate() -> None:
    assert RUNBOOK.success_rate is None


def test_an_unclear_outcome_is_a_use_but_neither_success_nor_failure() -> None:
    used = RUNBOOK.used(OutcomeResult.UNCLEAR, CREATED + timedelta(days=1))
    assert (used.usage_count, used.success_count, used.failure_count) == (1, 0, 0)
    assert used.updated_at == CREATED + timedelta(days=1)


def test_an_outcome_that_arrives_late_does_not_turn_the_clock_back() -> None:
    assert RUNBOOK.used(OutcomeResult.WORKED, CREATED - timedelta(days=1)).updated_at == CREATED


@given(st.lists(st.sampled_from(OutcomeResult)))
def test_counts_always_add_up_to_the_recorded_outcomes(results: list[OutcomeResult]) -> None:
    runbook = RUNBOOK
    for result in results:
        runbook = runbook.used(result, CREATED)
    assert runbook.usage_count == len(results)
    assert runbook.success_count == results.count(OutcomeResult.WORKED)
    assert runbook.failure_count == results.count(OutcomeResult.FAILED)
    if results:
        assert runbook.success_rate == results.count(OutcomeResult.WORKED) / len(results)
    assert runbook.version == RUNBOOK.version


def test_a_runbook_without_actions_is_recommended_as_a_whole_at_its_own_risk() -> None:
    runbook = with_actions(risk=RiskLevel.HIGH)
    (action,) = runbook.applicable_actions()
    assert action.action_type is ActionType.FOLLOW_RUNBOOK
    assert action.description == runbook.description
    assert runbook.risk_of(ActionType.FOLLOW_RUNBOOK) is RiskLevel.HIGH


def test_a_runbook_warns_about_its_riskiest_action_only() -> None:
    runbook = with_actions(ActionType.SCALE_OUT, ActionType.RESTART, risk=RiskLevel.CRITICAL)
    assert runbook.risk_of(ActionType.SCALE_OUT) is RiskLevel.LOW
    assert runbook.risk_of(ActionType.RESTART) is RiskLevel.CRITICAL


@given(st.lists(st.sampled_from(ActionType), min_size=1), st.sampled_from(RiskLevel))
def test_a_runbook_never_makes_an_action_look_safer_than_the_table_says(
    action_types: list[ActionType], risk: RiskLevel
) -> None:
    runbook = with_actions(*action_types, risk=risk)
    for action_type in action_types:
        assert runbook.risk_of(action_type).severity >= ACTIONS[action_type].risk_level.severity


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CPUThrottlingHigh", "cpu throttling high"),
        ("HighLatencyP99", "high latency p99"),
        ("KubeDeploymentReplicasMismatch", "kube deployment replicas mismatch"),
        ("OOMKilled", "oom killed"),
        ("HTTP5xxRate", "http 5xx rate"),
        ("answers with 503 for 12 minutes", "answers 503 minutes"),
        ("db_connections/idle-in-transaction", "db connections idle transaction"),
        ("Über-Last: Störung", "über last störung"),
        ("3 a m", ""),
    ],
)
def test_alert_names_fall_apart_into_the_words_that_people_write(text: str, expected: str) -> None:
    assert symptom_query([text]) == expected


def test_names_of_services_and_hosts_are_left_out_whole() -> None:
    query = symptom_query(
        ["Queries on payments-db are slow", "payments-db-1 of payments-db is down", "Payments answers with 5xx"],
        names=["payments", "payments-db", "payments-db-1", ""],
    )
    assert query == "queries slow down answers 5xx"


def test_a_name_inside_another_word_stays() -> None:
    assert symptom_query(["prepayments and payments-api fail"], names=["payments"]) == "prepayments payments api fail"


def test_words_come_as_often_and_in_the_order_in_which_different_texts_say_them() -> None:
    assert symptom_query(["disk full", "Full disk", "inode", "disk full"]) == "disk full full disk inode"


def test_nothing_but_names_leaves_nothing_to_search_by() -> None:
    assert symptom_query(["redis"], names=["redis"]) == ""


def test_a_query_stays_short_enough_for_a_search() -> None:
    words = [f"word{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(200)]
    assert len(symptom_query(words).split()) == MAX_QUERY_WORDS


@given(st.lists(st.text()), st.lists(st.text(), max_size=3))
def test_a_query_holds_only_words_that_say_something(texts: list[str], names: list[str]) -> None:
    words = symptom_query(texts, names=names).split()
    assert len(words) <= MAX_QUERY_WORDS
    assert not NOISE.intersection(words)
    assert all(len(word) > 1 for word in words)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CPUThrottlingHigh of a CPU", ("cpu", "throttling", "high", "of", "cpu")),
        ("p99 of 5xx and 503, not 17", ("p99", "of", "5xx", "and", "503", "not")),
        ("", ()),
    ],
)
def test_a_search_sees_every_word_of_a_text_noise_included(text: str, expected: tuple[str, ...]) -> None:
    assert search_words(text) == expected
