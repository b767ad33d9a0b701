"""Grafana's webhooks: unified alerting, special alerts, and the legacy format."""

from datetime import UTC, datetime
from typing import Any

import pytest

from sre_copilot.domain.deliveries import Parsed
from sre_copilot.domain.errors import UnreadableDelivery
from sre_copilot.domain.signals import Environment, Severity, SignalDraft, SignalStatus, SignalType
from tests.unit.adapters.integrations.door import Door

DOOR = Door(type="grafana")
ALERT: dict[str, Any] = {
    "status": "firing",
    "labels": {
        "alertname": "High memory usage",
        "env": "production",
        "grafana_folder": "Platform",
        "service": "search",
        "severity": "critical",
        "zone": "us-1",
    },
    "annotations": {
        "description": "The system has high memory usage",
        "runbook_url": "https://runbooks.example/memory",
        "summary": "search in us-1 uses 93 % of its memory",
    },
    "startsAt": "2026-03-01T12:51:03.157076+01:00",
    "endsAt": "0001-01-01T00:00:00Z",
    "generatorURL": "https://play.grafana.example/alerting/1afz29v7z/edit",
    "fingerprint": "c6eadffa33fcdf37",
    "silenceURL": "https://play.grafana.example/alerting/silence/new?alertmanager=grafana",
    "dashboardURL": "",
    "panelURL": "",
    "values": {"B": 44.23943737541908, "C": 1},
    "valueString": "[ var='B' labels={zone=us-1} value=44.23 ]",
}
START = datetime(2026, 3, 1, 11, 51, 3, 157_076, tzinfo=UTC)
RESOLVED = {**ALERT, "status": "resolved", "endsAt": "2026-03-01T12:58:10.5+01:00"}
LEGACY: dict[str, Any] = {
    "dashboardId": 1,
    "evalMatches": [{"value": 1, "metric": "Count", "tags": {"name": "orders"}}],
    "imageUrl": "https://grafana.example/assets/img/blog/mixed_styles.png",
    "message": "The queue of orders is long",
    "orgId": 1,
    "panelId": 2,
    "ruleId": 7,
    "ruleName": "Queue length",
    "ruleUrl": "http://grafana.example/d/hZ7BuVbWz/queues?tab=alert",
    "state": "alerting",
    "tags": {"severity": "warning", "service": "orders", "env": "staging"},
    "title": "[Alerting] Queue length",
}


def group(*alerts: Any, **changes: Any) -> dict[str, Any]:
    return {
        "receiver": "My Super Webhook",
        "status": "firing",
        "orgId": 1,
        "alerts": list(alerts),
        "groupLabels": {},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "https://play.grafana.example/",
        "version": "1",
        "groupKey": "{}:{}",
        "truncatedAlerts": 0,
        "title": "[FIRING:2]  (blue)",
        "state": "alerting",
        "message": "**Firing**",
        **changes,
    }


def one(**changes: Any) -> SignalDraft:
    return DOOR.signal(group({**ALERT, **changes}))


def labelled(**labels: str) -> SignalDraft:
    return one(labels={"alertname": "A", **labels})


def legacy(**changes: Any) -> SignalDraft:
    return DOOR.signal({**LEGACY, **changes})


def test_a_firing_alert_is_read_in_our_words() -> None:
    draft = one()
    assert (draft.signal_type, draft.status) == (SignalType.ALERT, SignalStatus.FIRING)
    assert (draft.severity, draft.severity_word) == (Severity.CRITICAL, "critical")
    assert draft.service == "search"
    assert (draft.environment, draft.environment_word) == (Environment.PRODUCTION, "production")
    assert (draft.vendor_key, draft.vendor_fingerprint) == ("1/c6eadffa33fcdf37", "c6eadffa33fcdf37")
    assert (draft.name, draft.title) == ("High memory usage", "search in us-1 uses 93 % of its memory")
    assert draft.description == "The system has high memory usage"
    assert draft.occurred_at == draft.episode_started_at == START
    assert draft.expires_at is None
    assert draft.labels == ALERT["labels"]
    assert draft.links == (ALERT["generatorURL"], ALERT["silenceURL"], "https://runbooks.example/memory")
    assert draft.raw == ALERT
    assert not draft.is_heartbeat


def test_a_resolved_alert_ends_the_run_that_it_names() -> None:
    draft = DOOR.signal(group(RESOLVED))
    assert draft.status is SignalStatus.RESOLVED
    assert draft.occurred_at == datetime(2026, 3, 1, 11, 58, 10, 500_000, tzinfo=UTC)
    assert draft.episode_started_at == START
    assert DOOR.series(group(RESOLVED)) == DOOR.series(group(ALERT))


def test_each_alert_has_its_own_status_whatever_the_group_says() -> None:
    parsed = DOOR.read(group(ALERT, {**RESOLVED, "fingerprint": "bc97ff14869b13e3"}))
    assert [draft.status for draft in parsed.drafts] == [SignalStatus.FIRING, SignalStatus.RESOLVED]


@pytest.mark.parametrize(
    ("kind", "notes", "title", "description"),
    [
        ("DatasourceNoData", {"summary": "used 93 %"}, "No data for High memory usage", "the values"),
        (
            "DatasourceError",
            {"Error": "failed to build query 'A'"},
            "High memory usage can't be evaluated",
            "failed to",
        ),
    ],
)
def test_a_rule_without_data_is_an_alert_of_its_own_named_for_the_rule(
    kind: str, notes: dict[str, str], title: str, description: str
) -> None:
    labels = {**ALERT["labels"], "alertname": kind, "rulename": "High memory usage", "datasource_uid": "PBFA97"}
    draft = one(labels=labels, annotations=notes, values=None, valueString="the values", generatorURL="?orgId=1")
    assert (draft.name, draft.title) == ("High memory usage", title)
    assert draft.description.startswith(description)
    assert draft.severity is Severity.CRITICAL
    assert draft.labels["alertname"] == kind
    assert draft.links == (ALERT["silenceURL"],)


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("critical", Severity.CRITICAL),
        ("page", Severity.CRITICAL),
        ("High ", Severity.HIGH),
        ("major", Severity.HIGH),
        ("error", Severity.HIGH),
        ("warning", Severity.MEDIUM),
        ("medium", Severity.MEDIUM),
        ("minor", Severity.LOW),
        ("low", Severity.LOW),
        ("info", Severity.INFO),
        ("none", Severity.INFO),
        ("sev-1", Severity.MEDIUM),
        ("", Severity.MEDIUM),
    ],
)
def test_severity_is_mapped_and_an_unknown_word_is_medium_and_kept(word: str, severity: Severity) -> None:
    draft = labelled(severity=word)
    assert (draft.severity, draft.severity_word) == (severity, word)


@pytest.mark.parametrize(
    "labels",
    [{"alertname": "TestAlert", "instance": "Grafana"}, {"alertname": "Watchdog"}, {"severity": "none"}],
)
def test_the_test_button_and_a_watchdog_are_heartbeats(labels: dict[str, str]) -> None:
    assert labelled(**labels).is_heartbeat


def test_an_alert_that_is_only_called_like_the_test_is_none() -> None:
    assert not labelled(alertname="TestAlert", instance="db-1").is_heartbeat


@pytest.mark.parametrize(
    ("labels", "service"),
    [
        ({"service": "a", "app": "b"}, "a"),
        ({"service": " ", "service_name": "c"}, "c"),
        ({"app_kubernetes_io_name": "d"}, "d"),
        ({"job": "d"}, "unknown"),
    ],
)
def test_the_service_is_what_a_label_says_or_unknown(labels: dict[str, str], service: str) -> None:
    assert labelled(**labels).service == service


def test_the_same_labels_in_another_organisation_are_another_series() -> None:
    assert DOOR.series(group(ALERT, orgId=2)) != DOOR.series(group(ALERT))


def test_without_a_fingerprint_the_labels_tell_the_series() -> None:
    def name(**labels: str) -> str:
        return DOOR.series(group({**ALERT, "fingerprint": "", "labels": {**ALERT["labels"], **labels}}))

    assert name() == name(pod="")
    assert name() != name(zone="us-2")


def test_a_legacy_rule_fires_at_no_stated_time() -> None:
    draft = legacy()
    assert (draft.signal_type, draft.status) == (SignalType.ALERT, SignalStatus.FIRING)
    assert (draft.severity, draft.severity_word, draft.service) == (Severity.MEDIUM, "warning", "orders")
    assert (draft.environment, draft.environment_word) == (Environment.STAGING, "staging")
    assert (draft.name, draft.title, draft.description) == ("Queue length", "Queue length", LEGACY["message"])
    assert draft.vendor_key == "1/rule/7"
    assert (draft.occurred_at, draft.episode_started_at) == (None, None)
    assert draft.labels == {"name": "orders", **LEGACY["tags"]}
    assert draft.links == (LEGACY["ruleUrl"], LEGACY["imageUrl"])
    assert draft.raw == LEGACY


def test_a_legacy_rule_that_is_fine_again_ends_its_series() -> None:
    over = {**LEGACY, "state": "ok", "evalMatches": None, "message": ""}
    assert DOOR.signal(over).status is SignalStatus.RESOLVED
    assert DOOR.series(over) == DOOR.series(LEGACY)
    assert DOOR.series({**LEGACY, "ruleId": 8}) != DOOR.series(LEGACY)


@pytest.mark.parametrize(
    ("state", "status"),
    [("no_data", SignalStatus.FIRING), ("paused", SignalStatus.RESOLVED)],
)
def test_the_other_legacy_states_are_mapped(state: str, status: SignalStatus) -> None:
    assert legacy(state=state).status is status


def test_a_legacy_rule_without_data_says_so_and_a_pending_one_nothing() -> None:
    assert legacy(state="no_data").title == "No data for Queue length"
    assert DOOR.read({**LEGACY, "state": "pending"}) == Parsed()


def test_the_test_of_a_legacy_channel_is_a_heartbeat() -> None:
    assert legacy(ruleId=0, ruleName="Test notification").is_heartbeat


@pytest.mark.parametrize("matches", [None, "x", [], [None], [{"tags": None}], [{"tags": {"a": "b"}}, {"tags": {}}]])
def test_matches_of_any_shape_are_borne(matches: Any) -> None:
    assert legacy(evalMatches=matches).labels == LEGACY["tags"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"status": None}, r"alerts\[0\].status is missing"),
        ({"status": "pending"}, r'alerts\[0\].status must be "firing" or "resolved"'),
        ({"labels": {}, "fingerprint": None}, r"alerts\[0\].labels must have at least one label"),
        ({"labels": {"severity": 1}}, r"alerts\[0\].labels.severity must be a string, not a number"),
        ({"fingerprint": 5}, r"alerts\[0\].fingerprint must be a string, not a number"),
        ({"startsAt": "2026-03-01T11:58:05"}, r"alerts\[0\].startsAt must be a time with a zone"),
        ({"annotations": []}, r"alerts\[0\].annotations must be an object, not a list"),
    ],
)
def test_a_wrong_field_is_named(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(UnreadableDelivery, match=f"^{words}"):
        one(**changes)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ([], "the body must be an object, not a list"),
        ({}, "alerts must be a list, not nothing"),
        (group(orgId=[]), "orgId must be a string"),
        ({**LEGACY, "state": "burning"}, "state must be one of alerting, no_data, ok, paused, pending"),
        ({**LEGACY, "state": None}, "state is missing"),
        ({**LEGACY, "ruleId": None}, "ruleId is missing"),
        ({**LEGACY, "ruleId": True}, "ruleId must be a string, not a boolean"),
        ({**LEGACY, "tags": "x"}, "tags must be an object, not a string"),
    ],
)
def test_a_wrong_field_of_the_body_is_named(body: Any, words: str) -> None:
    with pytest.raises(UnreadableDelivery, match=f"^{words}"):
        DOOR.read(body)


@pytest.mark.parametrize("place", ["top", "alert", "annotations", "values"])
def test_an_unknown_field_changes_nothing(place: str) -> None:
    more: dict[str, Any] = {"new": {"deep": [1]}}
    body = {
        "top": group(ALERT, **more),
        "alert": group({**ALERT, **more}),
        "annotations": group({**ALERT, "annotations": {**ALERT["annotations"], **more}}),
        "values": group({**ALERT, "values": more}),
    }[place]
    draft, plain = DOOR.signal(body), one()
    for name in ("status", "occurred_at", "vendor_key", "severity", "service", "environment", "title", "links"):
        assert getattr(draft, name) == getattr(plain, name)
