"""Datadog's webhooks: bodies as the published template makes them, and as other people's templates do."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from sre_copilot.domain.errors import UnreadableDelivery
from sre_copilot.domain.signals import Environment, Severity, SignalStatus, SignalType
from tests.unit.adapters.integrations.door import Door

DOOR = Door(type="datadog", environments={"prod": Environment.PRODUCTION})
TRIGGERED = {
    "id": "6512345678901234567",
    "event_title": "[P2] [Triggered on {host:ip-10-0-3-17}] High load of checkout",
    "event_msg": "%%%\nThe load is high. @webhook-copilot\n%%%",
    "text_only_msg": "The load is high.",
    "event_type": "metric_alert_monitor",
    "alert_id": "1234",
    "alert_cycle_key": "4012665830123",
    "alert_transition": "Triggered",
    "alert_type": "error",
    "alert_priority": "P2",
    "alert_scope": "host:ip-10-0-3-17,role:web",
    "alert_metric": "system.load.1",
    "aggreg_key": "9bd4ac313a4d1e8fae2482df7b77628",
    "hostname": "ip-10-0-3-17",
    "tags": "env:prod,host:ip-10-0-3-17,monitor,service:checkout",
    "date": "1772366400000",
    "last_updated": "1772366401000",
    "link": "https://app.datadoghq.com/event/event?id=6512345678901234567",
    "org_id": "2",
}
RECOVERED = {
    **TRIGGERED,
    "id": "6512345678901239999",
    "event_title": "[P2] [Recovered on {host:ip-10-0-3-17}] High load of checkout",
    "alert_transition": "Recovered",
    "alert_type": "success",
    "date": "1772366940000",
}
NO_DATA = {
    "id": "7",
    "alert_id": "1234",
    "alert_cycle_key": "$ALERT_CYCLE_KEY",
    "alert_transition": "No Data",
    "alert_type": "error",
    "alert_priority": "",
    "alert_scope": "role:web, host:ip-10-0-3-17",
    "hostname": "$HOSTNAME",
    "tags": "$TAGS",
    "date": "$DATE",
}
UNSET_VALUES = ["", "$ALERT_CYCLE_KEY", "null", "None", None]


def test_a_monitor_that_triggers_is_an_alert() -> None:
    draft = DOOR.signal(TRIGGERED)
    assert draft.signal_type is SignalType.ALERT
    assert draft.status is SignalStatus.FIRING
    assert (draft.severity, draft.severity_word) == (Severity.HIGH, "P2")
    assert draft.service == "checkout"
    assert (draft.environment, draft.environment_word) == (Environment.PRODUCTION, "prod")
    assert draft.vendor_key == "4012665830123"
    assert (draft.vendor_id, draft.vendor_fingerprint) == ("6512345678901234567", "1234")
    assert draft.occurred_at == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert draft.episode_started_at is None
    assert draft.name == "High load of checkout"
    assert draft.title == "[P2] [Triggered on {host:ip-10-0-3-17}] High load of checkout"
    assert draft.description == "The load is high."
    assert draft.labels == {"host": "ip-10-0-3-17", "env": "prod", "monitor": "", "service": "checkout"}
    assert draft.links == ("https://app.datadoghq.com/event/event?id=6512345678901234567",)
    assert draft.raw == TRIGGERED


def test_its_recovery_ends_the_same_series() -> None:
    draft = DOOR.signal(RECOVERED)
    assert draft.status is SignalStatus.RESOLVED
    assert draft.occurred_at == datetime(2026, 3, 1, 12, 9, tzinfo=UTC)
    assert draft.name == "High load of checkout"
    assert draft.vendor_id != DOOR.signal(TRIGGERED).vendor_id
    assert DOOR.series(RECOVERED) == DOOR.series(TRIGGERED)


def test_without_data_and_with_unset_variables_nothing_is_invented() -> None:
    draft = DOOR.signal(NO_DATA)
    assert draft.status is SignalStatus.FIRING
    assert (draft.severity, draft.severity_word) == (Severity.HIGH, "error")
    assert draft.service == "unknown"
    assert (draft.environment, draft.environment_word) == (Environment.DEVELOPMENT, "")
    assert draft.labels == {"role": "web", "host": "ip-10-0-3-17"}
    assert draft.occurred_at is None
    assert draft.name == "Datadog event"


@pytest.mark.parametrize("unset", UNSET_VALUES)
def test_without_a_cycle_the_monitor_and_its_scope_are_the_series(unset: str | None) -> None:
    triggered, recovered = {**TRIGGERED, "alert_cycle_key": unset}, {**RECOVERED, "alert_cycle_key": unset}
    assert DOOR.signal(triggered).vendor_key == "monitor/1234/host:ip-10-0-3-17/role:web"
    assert DOOR.series(triggered) == DOOR.series(recovered)
    # The order of the scope's tags says nothing.
    assert DOOR.series(NO_DATA) == DOOR.series(triggered)
    assert DOOR.series({**triggered, "alert_scope": "role:db"}) != DOOR.series(triggered)


def test_without_a_monitor_the_aggregation_key_is_the_series_and_else_the_body() -> None:
    plain = {**TRIGGERED, "alert_cycle_key": "", "alert_id": "$ALERT_ID"}
    assert DOOR.signal(plain).vendor_key == "9bd4ac313a4d1e8fae2482df7b77628"
    without = {**plain, "aggreg_key": "$AGGREG_KEY"}
    assert DOOR.signal(without).vendor_key is None
    assert DOOR.series(without) != DOOR.series({**without, "id": "8"})


@pytest.mark.parametrize(
    ("transition", "kind", "status"),
    [
        ("Triggered", "error", SignalStatus.FIRING),
        ("Re-Triggered", "error", SignalStatus.FIRING),
        ("Warn", "warning", SignalStatus.FIRING),
        ("Re-Warn", "warning", SignalStatus.FIRING),
        ("No Data", "error", SignalStatus.FIRING),
        ("Re-No Data", "error", SignalStatus.FIRING),
        ("Renotify", "error", SignalStatus.FIRING),
        ("Recovered", "success", SignalStatus.RESOLVED),
        ("recovered", "", SignalStatus.RESOLVED),
        ("Null", "error", SignalStatus.FIRING),
        ("$ALERT_TRANSITION", "warning", SignalStatus.FIRING),
        ("", "success", SignalStatus.RESOLVED),
    ],
)
def test_the_transition_says_the_state_and_without_one_the_alert_type(
    transition: str, kind: str, status: SignalStatus
) -> None:
    assert DOOR.signal({**TRIGGERED, "alert_transition": transition, "alert_type": kind}).status is status


@pytest.mark.parametrize(
    ("priority", "kind", "severity", "word"),
    [
        ("P1", "error", Severity.CRITICAL, "P1"),
        ("P2", "error", Severity.HIGH, "P2"),
        ("P3", "error", Severity.MEDIUM, "P3"),
        ("P4", "error", Severity.LOW, "P4"),
        ("p5", "error", Severity.INFO, "p5"),
        ("P9", "error", Severity.MEDIUM, "P9"),
        ("", "error", Severity.HIGH, "error"),
        ("$ALERT_PRIORITY", "warning", Severity.MEDIUM, "warning"),
        (None, "info", Severity.INFO, "info"),
        (None, "weird", Severity.MEDIUM, "weird"),
        (None, None, Severity.MEDIUM, ""),
    ],
)
def test_the_priority_is_the_severity_and_without_one_the_alert_type(
    priority: str | None, kind: str | None, severity: Severity, word: str
) -> None:
    draft = DOOR.signal({**TRIGGERED, "alert_priority": priority, "alert_type": kind})
    assert (draft.severity, draft.severity_word) == (severity, word)


@pytest.mark.parametrize(("priority", "severity"), [("P1", Severity.MEDIUM), ("P4", Severity.LOW)])
def test_a_warning_is_medium_at_most_whatever_the_monitors_priority(priority: str, severity: Severity) -> None:
    draft = DOOR.signal({**TRIGGERED, "alert_transition": "Warn", "alert_priority": priority})
    assert (draft.severity, draft.severity_word) == (severity, priority)


@pytest.mark.parametrize(
    "spelt",
    [
        {name.upper(): value for name, value in TRIGGERED.items()},
        {name.title().replace("_", ""): value for name, value in TRIGGERED.items()},
        {name.replace("_", "-"): value for name, value in TRIGGERED.items()},
        {**TRIGGERED, "date": 1772366400000, "alert_id": 1234, "id": 6512345678901234567},
    ],
)
def test_fields_are_found_however_they_are_spelt(spelt: dict[str, Any]) -> None:
    draft, usual = DOOR.signal(spelt), DOOR.signal(TRIGGERED)
    assert (draft.vendor_key, draft.vendor_id, draft.occurred_at) == (
        usual.vendor_key,
        usual.vendor_id,
        usual.occurred_at,
    )
    assert (draft.service, draft.severity, draft.title) == (usual.service, usual.severity, usual.title)


def test_the_names_of_datadogs_own_template_are_read() -> None:
    draft = DOOR.signal({"title": "[Triggered] Disk", "body": "full", "alert_type": "error", "date": 1772366400000})
    assert (draft.title, draft.name, draft.description) == ("[Triggered] Disk", "Disk", "full")


def test_a_form_is_read_like_json() -> None:
    body = urlencode(TRIGGERED).encode()
    assert DOOR.signal(body, {"content-type": "application/x-www-form-urlencoded"}) == DOOR.signal(TRIGGERED)


def test_of_a_tag_that_comes_twice_the_first_is_the_service() -> None:
    draft = DOOR.signal({**TRIGGERED, "tags": "service:checkout, service:cart ,env:staging"})
    assert draft.service == "checkout"
    assert draft.labels["service"] == "checkout,cart"
    assert draft.environment is Environment.STAGING


def test_of_many_tags_the_first_are_read() -> None:
    tags = ",".join(["service:checkout", *(f"t{number}:x" for number in range(300))])
    draft = DOOR.signal({**TRIGGERED, "tags": tags})
    assert (draft.service, len(draft.labels)) == ("checkout", 201)


def test_without_a_date_the_time_of_the_last_update_counts() -> None:
    assert DOOR.signal({**TRIGGERED, "date": ""}).occurred_at == datetime(2026, 3, 1, 12, 0, 1, tzinfo=UTC)


@pytest.mark.parametrize("unknown", [{"more": {"deep": [1, None]}}, {"$NEW_VARIABLE": "$NEW_VARIABLE"}])
def test_an_unknown_field_changes_nothing(unknown: dict[str, Any]) -> None:
    draft = DOOR.signal({**TRIGGERED, **unknown})
    assert draft.raw == {**TRIGGERED, **unknown}
    assert (draft.vendor_key, draft.severity, draft.labels) == (
        "4012665830123",
        Severity.HIGH,
        DOOR.signal(TRIGGERED).labels,
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"alert_cycle_key": ["a"]}, "alert_cycle_key must be a string"),
        ({"alert_cycle_key": "k" * 256}, "alert_cycle_key is longer than 255"),
        ({"alert_transition": 1.5}, "alert_transition must be a string"),
        ({"alert_priority": {}}, "alert_priority must be a string"),
        ({"date": "yesterday"}, "date must be a time as a number"),
        ({"date": "86400000"}, "date lies before the year 2000"),
        ({"alert_transition": "", "alert_type": ""}, "alert_transition says nothing"),
        ({"alert_transition": "Exploded", "alert_type": "?"}, "alert_transition says nothing"),
    ],
)
def test_a_wrong_field_is_named(change: dict[str, Any], words: str) -> None:
    with pytest.raises(UnreadableDelivery, match=f"^{words}"):
        DOOR.read({**TRIGGERED, **change})


def test_what_isnt_json_is_kept_because_the_template_is_the_users() -> None:
    with pytest.raises(UnreadableDelivery, match="not JSON"):
        DOOR.read(b'{"title": $EVENT_TITLE}')
