"""Alertmanager's webhook, on shortened real bodies."""

import copy
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.adapters.integrations.builtin.prometheus import Prometheus
from sre_copilot.domain.deliveries import Delivery, Parsed
from sre_copilot.domain.errors import UnreadableDelivery
from sre_copilot.domain.fingerprint import fingerprint
from sre_copilot.domain.integrations import Integration
from sre_copilot.domain.signals import Environment, Severity, SignalDraft, SignalStatus, SignalType

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
INTEGRATION = Integration(id=UUID(int=1), tenant_id=UUID(int=2), type="prometheus", name="am", created_at=NOW)

ALERT: dict[str, Any] = {
    "status": "firing",
    "labels": {
        "alertname": "HighErrorRate",
        "environment": "production",
        "namespace": "shop",
        "service": "checkout",
        "severity": "critical",
    },
    "annotations": {
        "summary": "checkout answers with 5xx",
        "description": "30.16% of the requests failed.",
        "runbook_url": "https://runbooks.example/HighErrorRate",
    },
    "startsAt": "2026-03-01T11:58:05.108Z",
    "endsAt": "0001-01-01T00:00:00Z",
    "generatorURL": "http://prometheus.example/graph?g0.expr=up",
    "fingerprint": "b1b5c2819639b6f4",
}


def parse(*alerts: Any, integration: Integration = INTEGRATION, **group: Any) -> Parsed:
    payload = {"version": "4", "status": "firing", "truncatedAlerts": 0, "alerts": list(alerts), **group}
    return Prometheus().parse(integration, payload, Delivery(body=b"", received_at=NOW))


def one(integration: Integration = INTEGRATION, **changes: Any) -> SignalDraft:
    (draft,) = parse({**ALERT, **changes}, integration=integration).drafts
    return draft


def labelled(**labels: str) -> SignalDraft:
    return one(labels={"alertname": "A", **labels})


def test_a_firing_alert_is_read_in_our_words() -> None:
    draft = one()
    assert draft.signal_type is SignalType.ALERT
    assert draft.status is SignalStatus.FIRING
    assert (draft.name, draft.title) == ("HighErrorRate", "checkout answers with 5xx")
    assert draft.description == "30.16% of the requests failed."
    assert draft.service == "checkout"
    assert (draft.environment, draft.environment_word) == (Environment.PRODUCTION, "production")
    assert (draft.severity, draft.severity_word) == (Severity.CRITICAL, "critical")
    assert draft.identity == draft.labels == ALERT["labels"]
    assert draft.vendor_fingerprint == "b1b5c2819639b6f4"
    assert draft.vendor_key is None
    assert draft.vendor_id is None
    assert draft.links == (ALERT["generatorURL"], "https://runbooks.example/HighErrorRate")
    assert draft.raw == ALERT
    assert not draft.is_heartbeat


def test_a_firing_alert_began_at_its_start_and_has_no_end() -> None:
    start = datetime(2026, 3, 1, 11, 58, 5, 108_000, tzinfo=UTC)
    draft = one()
    assert draft.occurred_at == draft.episode_started_at == start
    assert draft.expires_at is None


def test_a_resolved_alert_happened_at_its_end_and_names_the_start_of_its_episode() -> None:
    draft = one(status="resolved", endsAt="2026-03-01T11:59:00Z")
    assert draft.status is SignalStatus.RESOLVED
    assert draft.occurred_at == datetime(2026, 3, 1, 11, 59, tzinfo=UTC)
    assert draft.episode_started_at == datetime(2026, 3, 1, 11, 58, 5, 108_000, tzinfo=UTC)


def test_a_resolve_without_an_end_has_no_time() -> None:
    assert one(status="resolved").occurred_at is None


def test_the_end_of_a_firing_alert_is_never_read() -> None:
    assert one(endsAt="9999-01-01T00:00:00Z").occurred_at == one().occurred_at


def test_each_alert_has_its_own_status_whatever_the_group_says() -> None:
    resolved = {**ALERT, "status": "resolved", "endsAt": "2026-03-01T11:59:00Z"}
    parsed = parse(ALERT, resolved, status="firing", truncatedAlerts=7)
    assert [draft.status for draft in parsed.drafts] == [SignalStatus.FIRING, SignalStatus.RESOLVED]
    assert parsed.vendor_id is None


def test_no_alerts_are_no_signals() -> None:
    assert parse() == Parsed()


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("critical", Severity.CRITICAL),
        ("page", Severity.CRITICAL),
        ("Critical ", Severity.CRITICAL),
        ("error", Severity.HIGH),
        ("high", Severity.HIGH),
        ("warning", Severity.MEDIUM),
        ("medium", Severity.MEDIUM),
        ("low", Severity.LOW),
        ("notice", Severity.LOW),
        ("info", Severity.INFO),
        ("none", Severity.INFO),
        ("ticket", Severity.MEDIUM),
        ("P1", Severity.MEDIUM),
        ("", Severity.MEDIUM),
    ],
)
def test_severity_is_mapped_and_an_unknown_word_is_medium_and_kept(word: str, severity: Severity) -> None:
    draft = labelled(severity=word)
    assert (draft.severity, draft.severity_word) == (severity, word)


@pytest.mark.parametrize("labels", [{"alertname": "Watchdog"}, {"alertname": "InfoInhibitor"}, {"severity": "none"}])
def test_a_watchdog_is_a_heartbeat(labels: dict[str, str]) -> None:
    assert labelled(**labels).is_heartbeat


@pytest.mark.parametrize(
    ("labels", "service"),
    [
        ({"service": "a", "app": "b"}, "a"),
        ({"service": " ", "app": "b", "app_kubernetes_io_name": "c"}, "b"),
        ({"app_kubernetes_io_name": "c", "job": "d"}, "c"),
        ({"job": "d", "instance": "e"}, "unknown"),
    ],
)
def test_the_service_is_what_a_label_says_or_unknown(labels: dict[str, str], service: str) -> None:
    assert labelled(**labels).service == service


def test_the_environment_is_never_guessed_but_mapped_by_the_integration() -> None:
    table = Integration(
        id=UUID(int=1),
        tenant_id=UUID(int=2),
        type="prometheus",
        name="am",
        created_at=NOW,
        environments={"prod": Environment.PRODUCTION},
    )
    labels = {"alertname": "A", "env": "prod"}
    assert one(labels=labels).environment is Environment.DEVELOPMENT
    assert one(labels=labels).environment_word == "prod"
    assert one(labels=labels, integration=table).environment is Environment.PRODUCTION


def test_annotations_values_and_times_are_no_identity_but_every_label_is() -> None:
    def name(draft: SignalDraft) -> str:
        return fingerprint(INTEGRATION.id, draft)

    other = one(annotations={"summary": "31 %"}, startsAt="2026-03-01T11:59:00Z", values={"A": 3}, generatorURL="")
    assert name(other) == name(one())
    assert name(one(labels={**ALERT["labels"], "pod": "a"})) != name(one())


def test_an_empty_label_is_no_label() -> None:
    assert one(labels={**ALERT["labels"], "pod": ""}).identity == one().identity


def test_what_is_missing_is_borne() -> None:
    draft = parse({"status": "firing", "labels": {"severity": "info"}}).drafts[0]
    assert draft.name == draft.title == "unnamed alert"
    assert draft.occurred_at is None
    assert draft.vendor_fingerprint is None
    assert draft.links == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"status": None}, r"alerts\[0\].status is missing"),
        ({"status": 1}, r"alerts\[0\].status must be a string, not a number"),
        ({"status": "suppressed"}, r'alerts\[0\].status must be "firing" or "resolved"'),
        ({"labels": None}, r"alerts\[0\].labels must have at least one label"),
        ({"labels": {"service": ""}}, r"alerts\[0\].labels must have at least one label that is not empty"),
        ({"labels": []}, r"alerts\[0\].labels must be an object, not a list"),
        ({"labels": {"severity": 1}}, r"alerts\[0\].labels.severity must be a string, not a number"),
        ({"labels": {"service": None}}, r"alerts\[0\].labels.service must be a string, not nothing"),
        ({"annotations": "none"}, r"alerts\[0\].annotations must be an object, not a string"),
        ({"startsAt": "2026-03-01T11:58:05"}, r"alerts\[0\].startsAt must be a time with a zone"),
        ({"startsAt": 5}, r"alerts\[0\].startsAt must be a string, not a number"),
        ({"startsAt": "2026-03-05T00:00:00Z"}, r"alerts\[0\].startsAt lies more than 24 hours"),
        ({"status": "resolved", "endsAt": "soon"}, r"alerts\[0\].endsAt must be an RFC 3339 time"),
    ],
)
def test_a_wrong_field_of_identity_severity_or_state_is_named(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(UnreadableDelivery, match=f"^{words}"):
        one(**changes)


@pytest.mark.parametrize("payload", [None, "alerts", 5, {}, {"alerts": None}, {"alerts": [5]}, {"alerts": [[]]}])
def test_a_body_of_another_shape_is_unreadable(payload: Any) -> None:
    with pytest.raises(UnreadableDelivery):
        Prometheus().parse(INTEGRATION, payload, Delivery(body=b"", received_at=NOW))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from([*ALERT, "extra"])


@given(st.dictionaries(FIELDS, JSON, max_size=4))
def test_any_alert_is_read_or_refused_and_always_in_the_same_way(changes: dict[str, Any]) -> None:
    alert = {**ALERT, **changes}
    before = copy.deepcopy(alert)
    outcomes = []
    for _ in range(2):
        try:
            outcomes.append(repr(parse(alert)))
        except UnreadableDelivery as error:
            outcomes.append(str(error))
    assert outcomes[0] == outcomes[1]
    assert alert == before


def test_a_start_in_the_next_hours_is_kept_as_it_is() -> None:
    ahead = NOW + timedelta(hours=23)
    assert one(startsAt=ahead.isoformat()).occurred_at == ahead
