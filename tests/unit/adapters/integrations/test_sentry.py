"""Sentry's webhooks, on shortened bodies of its documentation."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from sre_copilot.domain.deliveries import Acknowledgement, Parsed
from sre_copilot.domain.errors import UnreadableDelivery
from sre_copilot.domain.signals import Environment, Severity, SignalStatus, SignalType
from tests.unit.adapters.integrations.door import Door

DOOR = Door(type="sentry")
EVENT: dict[str, Any] = {
    "event_id": "e4874d664c3540c1a32eab185f12c5ab",
    "issue_id": "1117540176",
    "issue_url": "https://sentry.example/api/0/issues/1117540176/",
    "title": "ReferenceError: heck is not defined",
    "message": "",
    "culprit": "?(<anonymous>)",
    "level": "error",
    "datetime": "2026-03-01T11:06:17.677000Z",
    "environment": "production",
    "project": 1,
    "tags": [
        ["browser.name", "Chrome"],
        ["server_name", "web-1"],
        ["team", "shop"],
        ["user", "ip:203.0.113.7"],
        ["os", 7],
    ],
    "url": "https://sentry.example/api/0/projects/test-org/front-end/events/e4874d664c3540c1a32eab185f12c5ab/",
    "web_url": "https://sentry.example/organizations/test-org/issues/1117540176/",
}
ISSUE: dict[str, Any] = {
    "id": "1117540176",
    "shortId": "FRONT-END-2",
    "title": "ReferenceError: heck is not defined",
    "culprit": "?(<anonymous>)",
    "level": "error",
    "status": "resolved",
    "project": {"id": "1", "name": "front-end", "slug": "front-end"},
    "firstSeen": "2026-02-28T20:56:00.679000+00:00",
    "lastSeen": "2026-03-01T11:06:17.677000+00:00",
    "permalink": "https://sentry.example/issues/1117540176/",
    "assignedTo": None,
}
METRIC_ALERT: dict[str, Any] = {
    "description_title": "Critical: Too many errors",
    "description_text": "1000 events in the last 10 minutes",
    "metric_alert": {
        "id": "4",
        "identifier": "1",
        "date_started": "2026-03-01T11:26:40.000000Z",
        "date_closed": None,
        "projects": ["bar"],
        "alert_rule": {"id": "7", "name": "Too many errors", "environment": None, "projects": ["bar"], "triggers": []},
    },
    "web_url": "https://sentry.example/organizations/baz/alerts/1/",
}


def hook(action: str, data: Any, **more: Any) -> dict[str, Any]:
    actor = {"id": "sentry", "name": "Sentry", "type": "application"}
    return {"action": action, "actor": actor, "data": data, "installation": {"uuid": "a8e5d37a"}, **more}


def about(resource: str) -> dict[str, str]:
    return {"Sentry-Hook-Resource": resource, "Request-ID": "4c1f", "Sentry-Hook-Timestamp": "1772366400"}


TRIGGERED = hook("triggered", {"event": EVENT, "triggered_rule": "Very Important Alert Rule!"})
RESOLVED = hook("resolved", {"issue": ISSUE})


def test_an_issue_alert_fires() -> None:
    draft = DOOR.signal(TRIGGERED, about("event_alert"))
    assert draft.signal_type is SignalType.ALERT
    assert draft.status is SignalStatus.FIRING
    assert (draft.severity, draft.severity_word) == (Severity.HIGH, "error")
    assert draft.service == "front-end"
    assert (draft.environment, draft.environment_word) == (Environment.PRODUCTION, "production")
    assert draft.vendor_key == "issue/1117540176"
    assert draft.occurred_at == datetime(2026, 3, 1, 11, 6, 17, 677_000, tzinfo=UTC)
    assert draft.name == draft.title == "ReferenceError: heck is not defined"
    assert draft.description == "?(<anonymous>)\nAlert rule: Very Important Alert Rule!"
    # What describes one client joins nothing.
    assert draft.labels == {"host": "web-1", "team": "shop"}
    assert draft.links == ("https://sentry.example/organizations/test-org/issues/1117540176/",)
    assert draft.raw == EVENT


def test_the_issues_end_ends_the_same_series() -> None:
    draft = DOOR.signal(RESOLVED, about("issue"))
    assert draft.status is SignalStatus.RESOLVED
    assert (draft.service, draft.vendor_fingerprint) == ("front-end", "FRONT-END-2")
    assert draft.occurred_at is None
    assert DOOR.series(RESOLVED, about("issue")) == DOOR.series(TRIGGERED, about("event_alert"))


def test_a_new_issue_fires_from_when_it_was_first_seen_and_a_returning_one_from_now() -> None:
    created = DOOR.signal(hook("created", {"issue": ISSUE}), about("issue"))
    assert (created.status, created.occurred_at) == (
        SignalStatus.FIRING,
        datetime(2026, 2, 28, 20, 56, 0, 679_000, tzinfo=UTC),
    )
    back = DOOR.signal(hook("unresolved", {"issue": ISSUE}), about("issue"))
    assert (back.status, back.occurred_at) == (SignalStatus.FIRING, None)
    assert back.vendor_key == created.vendor_key == "issue/1117540176"


def test_an_error_is_a_log_pattern_of_its_issue() -> None:
    draft = DOOR.signal(hook("created", {"error": EVENT}), about("error"))
    assert draft.signal_type is SignalType.LOG_PATTERN
    assert (draft.vendor_key, draft.severity) == ("issue/1117540176", Severity.HIGH)


@pytest.mark.parametrize(
    ("action", "severity", "status"),
    [
        ("critical", Severity.CRITICAL, SignalStatus.FIRING),
        ("warning", Severity.MEDIUM, SignalStatus.FIRING),
        ("resolved", Severity.INFO, SignalStatus.RESOLVED),
    ],
)
def test_a_metric_alert_is_one_run_with_a_start(action: str, severity: Severity, status: SignalStatus) -> None:
    draft = DOOR.signal(hook(action, METRIC_ALERT), about("metric_alert"))
    started = datetime(2026, 3, 1, 11, 26, 40, tzinfo=UTC)
    assert (draft.severity, draft.severity_word, draft.status) == (severity, action, status)
    assert (draft.service, draft.environment_word) == ("bar", "")
    assert (draft.vendor_key, draft.vendor_fingerprint) == ("metric_alert/4", "1")
    assert draft.episode_started_at == started
    assert draft.occurred_at == (None if action == "resolved" else started)
    assert (draft.name, draft.title) == ("Too many errors", "Critical: Too many errors")
    assert draft.links == ("https://sentry.example/organizations/baz/alerts/1/",)


def test_a_metric_alert_ends_when_it_was_closed() -> None:
    closed = {**METRIC_ALERT, "metric_alert": {**METRIC_ALERT["metric_alert"], "date_closed": "2026-03-01T11:40:00Z"}}
    draft = DOOR.signal(hook("resolved", closed), about("metric_alert"))
    assert draft.occurred_at == datetime(2026, 3, 1, 11, 40, tzinfo=UTC)


@pytest.mark.parametrize("projects", [[], ["a", "b"], [5], "bar", None])
def test_of_several_projects_none_is_the_service(projects: Any) -> None:
    alert = {**METRIC_ALERT["metric_alert"], "projects": projects, "alert_rule": {"projects": projects}}
    draft = DOOR.signal(hook("critical", {**METRIC_ALERT, "metric_alert": alert}), about("metric_alert"))
    assert draft.service == "unknown"


@pytest.mark.parametrize(
    ("level", "severity"),
    [
        ("fatal", Severity.CRITICAL),
        ("error", Severity.HIGH),
        ("warning", Severity.MEDIUM),
        ("info", Severity.INFO),
        ("debug", Severity.INFO),
        ("dreadful", Severity.MEDIUM),
        (None, Severity.MEDIUM),
    ],
)
def test_the_level_is_the_severity(level: str | None, severity: Severity) -> None:
    draft = DOOR.signal(hook("triggered", {"event": {**EVENT, "level": level}}), about("event_alert"))
    assert (draft.severity, draft.severity_word) == (severity, level or "")


def test_of_many_tags_the_first_are_read() -> None:
    tags = [["service", "shop"], *([f"t{number}", "x"] for number in range(300)), ["late", "x"]]
    draft = DOOR.signal(hook("triggered", {"event": {**EVENT, "tags": tags}}), about("event_alert"))
    assert (draft.service, len(draft.labels)) == ("shop", 200)


def test_whoever_assigns_an_issue_to_themselves_acknowledges_it() -> None:
    person = {"type": "user", "id": "7", "name": "Ana", "email": "ana@example.com"}
    taken = hook("assigned", {"issue": {**ISSUE, "assignedTo": person}}, actor={"type": "user", "id": 7, "name": "Ana"})
    acknowledged = Acknowledgement(vendor_key="issue/1117540176", by="ana@example.com")
    assert DOOR.read(taken, about("issue")).acknowledgements == (acknowledged,)
    for actor in ({"type": "user", "id": 8}, {"type": "application", "id": "7"}, {}):
        assert DOOR.read({**taken, "actor": actor}, about("issue")).acknowledgements == ()


@pytest.mark.parametrize(
    ("resource", "body"),
    [
        ("issue", hook("archived", {"issue": ISSUE})),
        ("comment", hook("created", {"comment_id": "1", "comment": "look"})),
        ("installation", hook("created", {"installation": {"status": "installed"}})),
        ("seer", hook("root_cause_started", {"run_id": 1})),
    ],
)
def test_other_events_are_taken_and_mean_nothing(resource: str, body: Any) -> None:
    assert DOOR.read(body, about(resource)) == Parsed(vendor_id="4c1f")


def test_without_its_header_a_delivery_is_told_by_its_data() -> None:
    assert DOOR.signal(TRIGGERED).vendor_key == "issue/1117540176"
    assert DOOR.signal(hook("critical", METRIC_ALERT)).vendor_key == "metric_alert/4"
    with pytest.raises(UnreadableDelivery, match=r"^the header Sentry-Hook-Resource is missing"):
        DOOR.read(hook("created", {"something": 1}))


def test_the_request_names_the_delivery() -> None:
    assert DOOR.read(TRIGGERED, about("event_alert")).vendor_id == "4c1f"
    assert DOOR.read(TRIGGERED).vendor_id is None


@pytest.mark.parametrize("where", ["body", "data", "event"])
def test_an_unknown_field_changes_nothing(where: str) -> None:
    changed = json.loads(json.dumps(TRIGGERED))
    {"body": changed, "data": changed["data"], "event": changed["data"]["event"]}[where]["unknown"] = {"a": [None]}
    one, other = DOOR.signal(changed, about("event_alert")), DOOR.signal(TRIGGERED, about("event_alert"))
    assert (one.vendor_key, one.severity, one.labels, one.title) == (
        other.vendor_key,
        other.severity,
        other.labels,
        other.title,
    )


@pytest.mark.parametrize(
    ("resource", "body", "words"),
    [
        ("event_alert", hook("triggered", {"event": {**EVENT, "issue_id": None}}), "data.event.issue_id is missing"),
        (
            "event_alert",
            hook("triggered", {"event": {**EVENT, "issue_id": []}}),
            "data.event.issue_id must be a string",
        ),
        ("event_alert", hook("triggered", {"event": {**EVENT, "level": 40}}), "data.event.level must be a string"),
        (
            "event_alert",
            hook("triggered", {"event": {**EVENT, "datetime": "now"}}),
            "data.event.datetime must be an RFC",
        ),
        ("event_alert", hook("triggered", {"event": "x"}), "data.event must be an object"),
        ("issue", hook("resolved", {"issue": {}}), "data.issue.id is missing"),
        ("issue", {"data": {"issue": ISSUE}}, "action is missing"),
        ("metric_alert", hook("open", METRIC_ALERT), 'action must be "critical"'),
        ("metric_alert", hook("critical", {"metric_alert": {}}), "data.metric_alert.id is missing"),
        ("event_alert", [], "the body must be an object"),
    ],
)
def test_a_wrong_field_is_named(resource: str, body: Any, words: str) -> None:
    with pytest.raises(UnreadableDelivery, match=f"^{words}"):
        DOOR.read(body, about(resource))
