"""Azure Monitor's common alert schema."""

from datetime import UTC, datetime
from typing import Any

import pytest

from sre_copilot.domain.errors import UnreadableDelivery
from sre_copilot.domain.signals import Environment, Severity, SignalDraft, SignalStatus, SignalType
from tests.unit.adapters.integrations.door import Door

DOOR = Door(type="azure_monitor")
SUBSCRIPTION = "/subscriptions/11111111-1111-1111-1111-111111111111"
TARGET = f"{SUBSCRIPTION}/resourcegroups/pipelinealertrg/providers/microsoft.compute/virtualmachines/wcus-r2-gen2"
ESSENTIALS: dict[str, Any] = {
    "alertId": f"{SUBSCRIPTION}/providers/Microsoft.AlertsManagement/alerts/b9569717-bc32-442f-add5-83a997729330",
    "alertRule": "WCUS-R2-Gen2",
    "severity": "Sev3",
    "signalType": "Metric",
    "monitorCondition": "Fired",
    "monitoringService": "Platform",
    "alertTargetIDs": [TARGET],
    "configurationItems": ["wcus-r2-gen2"],
    "originAlertId": "3f2d4487-b0fc-4125-8bd5-7ad17384221e_PipeLineAlertRG_metricAlerts_WCUS-R2-Gen2_-117781227",
    "firedDateTime": "2026-03-01T11:48:24.3713213Z",
    "resolvedDateTime": "",
    "description": "CPU is high",
    "essentialsVersion": "1.0",
    "alertContextVersion": "1.0",
}
FIRED = datetime(2026, 3, 1, 11, 48, 24, 371_321, tzinfo=UTC)
PROPERTIES = {"service": "pipeline", "environment": "production", "runbook": "https://runbooks.example/cpu"}


def body(properties: Any = PROPERTIES, **essentials: Any) -> dict[str, Any]:
    return {
        "schemaId": "azureMonitorCommonAlertSchema",
        "data": {
            "essentials": {**ESSENTIALS, **essentials},
            "alertContext": {"properties": None, "conditionType": "SingleResourceMultipleMetricCriteria"},
            "customProperties": properties,
        },
    }


def one(properties: Any = PROPERTIES, **essentials: Any) -> SignalDraft:
    return DOOR.signal(body(properties, **essentials))


RESOLVED = {"monitorCondition": "Resolved", "resolvedDateTime": "2026-03-01T11:53:16.2246313Z"}


def test_a_fired_alert_is_read_in_our_words() -> None:
    draft = one()
    assert (draft.signal_type, draft.status) == (SignalType.ALERT, SignalStatus.FIRING)
    assert (draft.severity, draft.severity_word) == (Severity.LOW, "Sev3")
    assert draft.service == "pipeline"
    assert (draft.environment, draft.environment_word) == (Environment.PRODUCTION, "production")
    assert draft.vendor_key == ESSENTIALS["alertId"].lower()
    assert draft.occurred_at == draft.episode_started_at == FIRED
    assert (draft.name, draft.title, draft.description) == ("WCUS-R2-Gen2", "WCUS-R2-Gen2", "CPU is high")
    assert draft.labels == {"resource": TARGET, **PROPERTIES}
    assert draft.links == ("https://runbooks.example/cpu",)
    assert draft.raw == body()


def test_a_resolved_alert_ends_when_azure_says_and_names_when_it_fired() -> None:
    draft = one(**RESOLVED)
    assert draft.status is SignalStatus.RESOLVED
    assert draft.occurred_at == datetime(2026, 3, 1, 11, 53, 16, 224_631, tzinfo=UTC)
    assert draft.episode_started_at == FIRED
    assert DOOR.series(body(**RESOLVED)) == DOOR.series(body())


def test_a_service_health_alert_has_neither_properties_nor_resources() -> None:
    told = {"signalType": "Activity Log", "monitoringService": "ServiceHealth", "severity": "Sev4"}
    draft = one(None, **told, alertTargetIDs=None, configurationItems=[], description=None, alertRule="")
    assert (draft.service, draft.severity) == ("unknown", Severity.INFO)
    assert (draft.environment, draft.environment_word) == (Environment.DEVELOPMENT, "")
    assert draft.title == "Azure Monitor alert"
    assert (draft.labels, draft.links) == ({}, ())


def test_alerts_of_one_rule_are_different_series() -> None:
    other = ESSENTIALS["alertId"].replace("b9569717", "c9569717")
    assert DOOR.series(body(alertId=other)) != DOOR.series(body())
    assert DOOR.series(body(alertId=ESSENTIALS["alertId"].upper())) == DOOR.series(body())


def test_without_an_alert_id_the_origins_is_taken_and_a_long_id_still_pairs_up() -> None:
    assert one(alertId=None).vendor_key == ESSENTIALS["originAlertId"].lower()
    long = ESSENTIALS["alertId"] + "x" * 300
    assert DOOR.series(body(alertId=long)) == DOOR.series(body(alertId=long, **RESOLVED))
    assert DOOR.series(body(alertId=long)) != DOOR.series(body(alertId=long + "x"))


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("Sev0", Severity.CRITICAL),
        ("Sev1", Severity.HIGH),
        ("Sev2", Severity.MEDIUM),
        ("sev3", Severity.LOW),
        ("Sev4", Severity.INFO),
        ("Sev5", Severity.MEDIUM),
        ("", Severity.MEDIUM),
        (None, Severity.MEDIUM),
    ],
)
def test_severity_is_mapped_and_an_unknown_word_is_medium_and_kept(word: str | None, severity: Severity) -> None:
    draft = one(severity=word)
    assert (draft.severity, draft.severity_word) == (severity, word or "")


@pytest.mark.parametrize(
    ("properties", "essentials", "service"),
    [
        ({"app": "shop"}, {}, "shop"),
        ({}, {}, "wcus-r2-gen2"),
        (None, {"configurationItems": [" ", "web-2"]}, "web-2"),
        ("x", {"configurationItems": None}, "wcus-r2-gen2"),
        ({}, {"configurationItems": None, "alertTargetIDs": [f"{TARGET}/"]}, "wcus-r2-gen2"),
        ({}, {"configurationItems": [5], "alertTargetIDs": ["/"]}, "unknown"),
    ],
)
def test_the_service_is_a_property_else_the_resource(properties: Any, essentials: Any, service: str) -> None:
    assert one(properties, **essentials).service == service


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ([], "the body must be an object, not a list"),
        ({}, "schemaId must be"),
        ({"schemaId": "AzureMonitorMetricAlert", "data": {}}, "schemaId must be .*; enable the common alert schema"),
        ({"schemaId": 5}, "schemaId must be a string, not a number"),
        ({"schemaId": "azureMonitorCommonAlertSchema"}, "data.essentials.alertId is missing"),
        ({**body(), "data": []}, "data must be an object, not a list"),
        (body(alertId=5), "data.essentials.alertId must be a string, not a number"),
        (body(alertId=" ", originAlertId=None), "data.essentials.alertId is missing"),
        (body(monitorCondition=None), "data.essentials.monitorCondition is missing"),
        (body(monitorCondition="Closed"), 'data.essentials.monitorCondition must be "Fired" or "Resolved"'),
        (body(severity=3), "data.essentials.severity must be a string, not a number"),
        (body(firedDateTime="x"), "data.essentials.firedDateTime must be an RFC 3339 time"),
        (body(**{**RESOLVED, "resolvedDateTime": 5}), "data.essentials.resolvedDateTime must be a string"),
    ],
)
def test_a_wrong_field_is_named(payload: Any, words: str) -> None:
    with pytest.raises(UnreadableDelivery, match=f"^{words}"):
        DOOR.read(payload)


@pytest.mark.parametrize("place", ["top", "data", "essentials", "properties"])
def test_an_unknown_field_changes_nothing(place: str) -> None:
    more: dict[str, Any] = {"new": {"deep": [1]}}
    changed = {
        "top": {**body(), **more},
        "data": {**body(), "data": {**body()["data"], **more}},
        "essentials": body(**more),
        "properties": body({**PROPERTIES, **more}),
    }
    draft, plain = DOOR.signal(changed[place]), one()
    for name in ("status", "occurred_at", "vendor_key", "severity", "service", "environment", "title", "labels"):
        assert getattr(draft, name) == getattr(plain, name)


def test_nothing_is_signed_so_the_key_decides() -> None:
    assert not DOOR.verify(body())
