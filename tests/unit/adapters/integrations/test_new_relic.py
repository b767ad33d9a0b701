"""New Relic's workflows and older channels, on bodies as their templates make them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from sre_copilot.domain.deliveries import Acknowledgement, Parsed
from sre_copilot.domain.errors import UnreadableDelivery
from sre_copilot.domain.signals import Environment, Severity, SignalStatus, SignalType
from tests.unit.adapters.integrations.door import Door

DOOR = Door(type="new_relic")
ISSUE_ID = "0ea2df1c-adab-45d2-aae0-042b609d2322"
CREATED, UPDATED, CLOSED = 1772365800000, 1772366100000, 1772366340000
ACTIVATED: dict[str, Any] = {
    "id": ISSUE_ID,
    "issueUrl": f"https://radar-api.example/accounts/1/issues/{ISSUE_ID}?notifier=WEBHOOK",
    "title": "Memory Used % > 90 for at least 2 minutes on 'checkout'",
    "priority": "CRITICAL",
    "impactedEntities": ["checkout"],
    "totalIncidents": 1,
    "state": "ACTIVATED",
    "trigger": "STATE_CHANGE",
    "isCorrelated": False,
    "createdAt": CREATED,
    "updatedAt": CREATED,
    "sources": ["newrelic"],
    "alertPolicyNames": ["Checkout policy"],
    "alertConditionNames": ["High memory"],
    "workflowName": "to the copilot",
    "environment": ["production"],
    "description": ["Memory is short."],
}
CLOSED_ISSUE = {**ACTIVATED, "state": "CLOSED", "trigger": "INCIDENT_CLOSED", "updatedAt": UPDATED, "closedAt": CLOSED}
# A template of one's own: texts in place of lists, and variables that New Relic left as they were.
OWN_TEMPLATE = {
    "id": ISSUE_ID,
    "state": "CREATED",
    "priority": "{{ priority }}",
    "createdAt": "1772365800000",
    "updatedAt": "{{updatedAt}}",
    "alertConditionNames": "High memory",
    "impactedEntities": "{{ json entitiesData.names }}",
}
OLDER: dict[str, Any] = {
    "account_id": 1,
    "condition_name": "Response time",
    "current_state": "open",
    "details": "Response time > 2 seconds for at least 5 minutes",
    "event_type": "INCIDENT",
    "incident_id": 81234567,
    "incident_url": "https://alerts.example/accounts/1/incidents/81234567",
    "owner": "",
    "policy_name": "Checkout policy",
    "runbook_url": None,
    "severity": "CRITICAL",
    "targets": [
        {"id": "1", "name": "checkout", "type": "Application", "labels": {"environment": "staging", "team": "a"}}
    ],
    "timestamp": CREATED,
}


def test_an_activated_issue_is_an_alert() -> None:
    draft = DOOR.signal(ACTIVATED)
    started = datetime(2026, 3, 1, 11, 50, tzinfo=UTC)
    assert draft.signal_type is SignalType.ALERT
    assert draft.status is SignalStatus.FIRING
    assert (draft.severity, draft.severity_word) == (Severity.CRITICAL, "CRITICAL")
    assert draft.service == "checkout"
    assert (draft.environment, draft.environment_word) == (Environment.PRODUCTION, "production")
    assert draft.vendor_key == f"issue/{ISSUE_ID}"
    assert (draft.occurred_at, draft.episode_started_at) == (started, started)
    assert (draft.name, draft.title) == ("High memory", "Memory Used % > 90 for at least 2 minutes on 'checkout'")
    assert draft.description == "Memory is short."
    assert draft.labels == {"policy": "Checkout policy"}
    assert draft.links == (ACTIVATED["issueUrl"],)
    assert draft.raw == ACTIVATED


def test_its_closing_ends_the_same_run() -> None:
    draft = DOOR.signal(CLOSED_ISSUE)
    assert draft.status is SignalStatus.RESOLVED
    assert draft.occurred_at == datetime(2026, 3, 1, 11, 59, tzinfo=UTC)
    assert draft.episode_started_at == DOOR.signal(ACTIVATED).episode_started_at
    assert DOOR.series(CLOSED_ISSUE) == DOOR.series(ACTIVATED)
    without = {**CLOSED_ISSUE, "closedAt": None}
    assert DOOR.signal(without).occurred_at == datetime(2026, 3, 1, 11, 55, tzinfo=UTC)


def test_a_template_of_ones_own_is_read_and_nothing_is_invented() -> None:
    draft = DOOR.signal(OWN_TEMPLATE)
    assert draft.status is SignalStatus.FIRING
    assert (draft.severity, draft.severity_word) == (Severity.MEDIUM, "")
    assert (draft.service, draft.environment_word) == ("unknown", "")
    assert (draft.name, draft.title) == ("High memory", "High memory")
    assert draft.occurred_at == datetime(2026, 3, 1, 11, 50, tzinfo=UTC)
    assert draft.raw == OWN_TEMPLATE
    assert DOOR.series(OWN_TEMPLATE) == DOOR.series(CLOSED_ISSUE)


def test_an_update_is_a_repeat_and_a_new_priority_counts_from_its_change() -> None:
    updated = DOOR.signal({**ACTIVATED, "trigger": "INCIDENT_ADDED", "updatedAt": UPDATED})
    assert updated.occurred_at == DOOR.signal(ACTIVATED).occurred_at
    raised = DOOR.signal({**ACTIVATED, "priority": "CRITICAL", "trigger": "PRIORITY_CHANGED", "updatedAt": UPDATED})
    assert raised.occurred_at == datetime(2026, 3, 1, 11, 55, tzinfo=UTC)
    assert raised.episode_started_at == DOOR.signal(ACTIVATED).episode_started_at


def test_an_acknowledged_issue_is_an_acknowledgement() -> None:
    acknowledged = {**ACTIVATED, "state": "ACKNOWLEDGED", "acknowledgedBy": "ana@example.com"}
    word = Acknowledgement(vendor_key=f"issue/{ISSUE_ID}", by="ana@example.com")
    assert DOOR.read(acknowledged) == Parsed(acknowledgements=(word,))
    assert DOOR.read({**acknowledged, "acknowledgedBy": None, "owner": "ana@example.com"}) == Parsed(
        acknowledgements=(word,)
    )
    flagged = DOOR.read({**ACTIVATED, "isAcknowledged": True, "acknowledgedBy": "ana@example.com"})
    assert (len(flagged.drafts), flagged.acknowledgements) == (1, (word,))
    raised = DOOR.read({**acknowledged, "trigger": "PRIORITY_CHANGED"})
    assert (raised.drafts[0].status, raised.acknowledgements) == (SignalStatus.FIRING, (word,))
    assert DOOR.read({**CLOSED_ISSUE, "isAcknowledged": True}).acknowledgements == ()


@pytest.mark.parametrize("state", ["CREATED", "ACTIVATED", "activated", "INVESTIGATING", "active"])
def test_a_state_of_an_open_issue_fires(state: str) -> None:
    assert DOOR.signal({**ACTIVATED, "state": state}).status is SignalStatus.FIRING


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("CRITICAL", Severity.CRITICAL),
        ("HIGH", Severity.HIGH),
        ("MEDIUM", Severity.MEDIUM),
        ("LOW", Severity.LOW),
        ("Warning", Severity.MEDIUM),
        ("INFO", Severity.INFO),
        ("TERRIBLE", Severity.MEDIUM),
        (None, Severity.MEDIUM),
    ],
)
def test_the_priority_or_severity_is_mapped(word: str | None, severity: Severity) -> None:
    issue, incident = DOOR.signal({**ACTIVATED, "priority": word}), DOOR.signal({**OLDER, "severity": word})
    assert (issue.severity, issue.severity_word) == (severity, word or "")
    assert (incident.severity, incident.severity_word) == (severity, word or "")


@pytest.mark.parametrize(
    ("change", "service"),
    [
        ({"service": ["payments"]}, "payments"),
        ({"service": "payments"}, "payments"),
        ({"impactedEntities": ["a", "b"]}, "unknown"),
        ({"impactedEntities": []}, "unknown"),
        ({"impactedEntities": [5]}, "unknown"),
        ({"impactedEntities": "checkout"}, "checkout"),
    ],
)
def test_the_service_is_a_tag_or_the_only_entity(change: dict[str, Any], service: str) -> None:
    assert DOOR.signal({**ACTIVATED, **change}).service == service


def test_an_incident_of_an_older_channel_opens_and_closes() -> None:
    draft = DOOR.signal(OLDER)
    assert (draft.status, draft.severity) == (SignalStatus.FIRING, Severity.CRITICAL)
    assert (draft.service, draft.environment) == ("checkout", Environment.STAGING)
    assert draft.vendor_key == "incident/81234567"
    assert draft.occurred_at == datetime(2026, 3, 1, 11, 50, tzinfo=UTC)
    assert draft.episode_started_at is None
    assert (draft.name, draft.title) == ("Response time", OLDER["details"])
    assert draft.labels == {"policy": "Checkout policy", "environment": "staging", "team": "a"}
    assert draft.links == (OLDER["incident_url"],)
    closed = {**OLDER, "current_state": "closed", "incident_id": "81234567", "timestamp": CLOSED}
    assert DOOR.signal(closed).status is SignalStatus.RESOLVED
    assert DOOR.signal(closed).occurred_at == datetime(2026, 3, 1, 11, 59, tzinfo=UTC)
    assert DOOR.series(closed) == DOOR.series(OLDER)
    word = Acknowledgement(vendor_key="incident/81234567", by="ana@example.com")
    assert DOOR.read({**OLDER, "current_state": "acknowledged", "owner": "ana@example.com"}).acknowledgements == (word,)


@pytest.mark.parametrize("targets", [None, [], "x", [{"name": "a"}, {"name": "b"}], [5]])
def test_without_exactly_one_target_an_older_incident_has_no_service(targets: Any) -> None:
    assert DOOR.signal({**OLDER, "targets": targets}).service == "unknown"


def test_a_test_of_an_older_channel_means_nothing() -> None:
    assert DOOR.read({"current_state": "test", "event_type": "NOTIFICATION"}) == Parsed()


@pytest.mark.parametrize("body", [ACTIVATED, OLDER])
def test_an_unknown_field_changes_nothing(body: dict[str, Any]) -> None:
    changed = {**body, "newField": {"deep": [1]}}
    assert DOOR.signal(changed).raw == changed
    assert DOOR.series(changed) == DOOR.series(body)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({**ACTIVATED, "id": None}, "id is missing"),
        ({**ACTIVATED, "id": "{{ json issueId }}"}, "id is missing"),
        ({**ACTIVATED, "id": ["a"]}, "id must be a string"),
        ({**ACTIVATED, "id": "k" * 256}, "id is longer than 255"),
        ({**ACTIVATED, "state": None}, "state is missing"),
        ({**ACTIVATED, "state": "MELTED"}, "state must be one of acknowledged,"),
        ({**ACTIVATED, "state": 1}, "state must be a string"),
        ({**ACTIVATED, "priority": 1}, "priority must be a string"),
        ({**ACTIVATED, "createdAt": "today"}, "createdAt must be a time as a number"),
        ({**ACTIVATED, "createdAt": 1e300}, "createdAt is not a time that exists"),
        ({**OLDER, "incident_id": None}, "incident_id is missing"),
        ({**OLDER, "current_state": "melted"}, "current_state must be one of"),
        ([], "the body must be an object"),
    ],
)
def test_a_wrong_field_is_named(body: Any, words: str) -> None:
    with pytest.raises(UnreadableDelivery, match=f"^{words}"):
        DOOR.read(body)


def test_what_isnt_json_is_kept_because_the_template_is_the_users() -> None:
    with pytest.raises(UnreadableDelivery, match="not JSON"):
        DOOR.read(b'{"id": , "state": "CREATED"}')
