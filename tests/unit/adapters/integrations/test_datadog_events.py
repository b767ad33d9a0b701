"""Datadog's events as its API lists them; the monitor's has the form of one that was seen in an answer."""

from datetime import UTC, datetime
from typing import Any

import pytest

from sre_copilot.adapters.integrations.builtin.datadog.events import EVENTS_DOOR
from sre_copilot.domain.errors import UnreadableDelivery
from sre_copilot.domain.signals import Environment, Severity, SignalDraft, SignalStatus, SignalType
from tests.unit.adapters.integrations.door import Door
from tests.unit.adapters.integrations.test_datadog import DOOR, RECOVERED, TRIGGERED, UNSET_VALUES

AT = 1772366400000
MONITOR = {
    "alert_cycle_key_txt": "4012665830123",
    "groups": ["host:ip-10-0-3-17,role:web"],
    "id": 1234,
    "name": "High load of checkout",
    "priority": 2,
    "result": {"alert_url": "/monitors/1234?group=host%3Aip-10-0-3-17"},
    "transition": {"destination_state": "Alert", "source_state": "OK", "transition_type": "alert"},
    "type": "query alert",
}
TOLD = {
    "aggregation_key": "0f8cbfc9256885b77e398623ae1dd861",
    "evt": {"id": "8481292148889028556", "type": "query_alert_monitor", "uid": "AZwPiq3GAACIVXX7CdH5KgAA"},
    "hostname": "ip-10-0-3-17",
    "monitor": MONITOR,
    "monitor_groups": MONITOR["groups"],
    "monitor_id": 1234,
    "priority": "normal",
    "service": "undefined",
    "sourcecategory": "monitor_alert",
    "status": "error",
    "timestamp": AT,
    "title": "[P2] [Triggered on {host:ip-10-0-3-17}] High load of checkout",
}
TAGS = ["env:prod", "host:ip-10-0-3-17", "monitor", "service:checkout", "source:alert"]
CHANGE = {
    "author": {"name": "ada@example.com", "type": "user"},
    "change_metadata": {"resource_link": "https://flags.example/fallback"},
    "changed_resource": {"name": "fallback", "type": "feature_flag"},
    "evt": {"category": "change", "uid": "AZchange"},
    "impacted_resources": [{"name": "payments", "type": "service"}, {"name": "checkout", "type": "service"}],
    "new_value": {"percentage": 50},
    "prev_value": {"percentage": 10},
    "timestamp": AT,
    "title": "fallback was rolled out",
}


def event(told: dict[str, Any], tags: Any = TAGS, **outer: Any) -> dict[str, Any]:
    attributes = {"attributes": told, "message": "%%%\nThe load is high.\n%%%", "tags": tags, **outer}
    return {"id": "AwAAAZ", "type": "event", "attributes": attributes}


def monitor(**changed: Any) -> dict[str, Any]:
    return event({**TOLD, "monitor": {**MONITOR, **changed}})


def came_to(state: str, status: str) -> dict[str, Any]:
    return event({**TOLD, "status": status, "monitor": {**MONITOR, "transition": {"destination_state": state}}})


def signal(body: Any, door: Door = DOOR) -> SignalDraft:
    return door.signal(body, path=EVENTS_DOOR)


def series(body: Any) -> str:
    return DOOR.series(body, path=EVENTS_DOOR)


def test_an_event_says_what_the_webhook_says_of_the_same_monitor_and_group() -> None:
    pulled, sent = signal(event(TOLD)), DOOR.signal(TRIGGERED)
    assert (pulled.status, pulled.severity, pulled.severity_word) == (sent.status, sent.severity, sent.severity_word)
    assert (pulled.service, pulled.environment, pulled.environment_word) == ("checkout", Environment.PRODUCTION, "prod")
    assert (pulled.name, pulled.title, pulled.description) == (sent.name, sent.title, sent.description)
    assert (pulled.labels, pulled.occurred_at) == (sent.labels, sent.occurred_at)
    assert (pulled.vendor_key, pulled.vendor_fingerprint) == (sent.vendor_key, sent.vendor_fingerprint)
    assert series(event(TOLD)) == DOOR.series(TRIGGERED)
    assert series(came_to("OK", "success")) == DOOR.series(RECOVERED)
    assert pulled.raw == event(TOLD)


@pytest.mark.parametrize("unset", UNSET_VALUES)
def test_without_a_cycle_the_monitor_and_its_groups_are_the_series_at_both_doors(unset: str | None) -> None:
    sent = {**TRIGGERED, "alert_cycle_key": unset}
    groups = ["role:web", "host:ip-10-0-3-17"]
    assert series(monitor(alert_cycle_key_txt=None)) == DOOR.series(sent)
    assert series(monitor(alert_cycle_key_txt=None, groups=groups)) == DOOR.series(sent)
    assert series(monitor(alert_cycle_key_txt=None, groups=["host:other"])) != DOOR.series(sent)


def test_it_has_an_id_of_its_own_so_that_a_webhook_is_no_other_content_of_the_same_event() -> None:
    assert DOOR.read(event(TOLD), path=EVENTS_DOOR).vendor_id == "AZwPiq3GAACIVXX7CdH5KgAA"
    assert signal(event(TOLD)).vendor_id is None
    without = {**TOLD, "evt": {}}
    assert DOOR.read(event(without), path=EVENTS_DOOR).vendor_id == "AwAAAZ"
    assert DOOR.read(TRIGGERED).vendor_id is None


@pytest.mark.parametrize(
    ("state", "status", "means", "severity"),
    [
        ("Alert", "error", SignalStatus.FIRING, Severity.HIGH),
        ("Warn", "warning", SignalStatus.FIRING, Severity.MEDIUM),
        ("No Data", "error", SignalStatus.FIRING, Severity.HIGH),
        ("OK", "success", SignalStatus.RESOLVED, Severity.HIGH),
        ("OK", "error", SignalStatus.RESOLVED, Severity.HIGH),
        ("", "failure", SignalStatus.FIRING, Severity.HIGH),
        ("Skipped", "success", SignalStatus.RESOLVED, Severity.HIGH),
    ],
)
def test_the_state_that_a_monitor_came_to_decides_and_else_the_status(
    state: str, status: str, means: SignalStatus, severity: Severity
) -> None:
    draft = signal(came_to(state, status))
    assert (draft.status, draft.severity) == (means, severity)


@pytest.mark.parametrize(
    "told",
    [
        {**TOLD, "monitor": {**MONITOR, "transition": {}}, "status": "info"},
        {**TOLD, "monitor": {**MONITOR, "transition": {}}, "status": "user_update"},
        {**TOLD, "monitor": None, "monitor_id": None},
        {"title": "A host was started", "status": "error", "evt": {"category": ""}},
        {},
    ],
)
def test_what_is_neither_an_alert_nor_a_change_says_nothing(told: dict[str, Any]) -> None:
    assert DOOR.read(event(told), path=EVENTS_DOOR).drafts == ()
    assert DOOR.read({}, path=EVENTS_DOOR).drafts == ()


def test_an_alert_that_no_monitor_made_is_known_by_its_aggregation_key() -> None:
    told = {"status": "warn", "priority": "1", "evt": {"category": "alert"}, "aggregation_key": "disk", "title": "Disk"}
    draft = signal(event(told))
    assert (draft.status, draft.severity, draft.vendor_key) == (SignalStatus.FIRING, Severity.CRITICAL, "disk")
    assert signal(event({**told, "status": "ok"})).status is SignalStatus.RESOLVED


def test_a_change_is_one_for_each_service_that_it_concerns() -> None:
    payments, checkout = DOOR.read(event(CHANGE), path=EVENTS_DOOR).drafts
    assert (payments.service, checkout.service) == ("payments", "checkout")
    assert (checkout.signal_type, checkout.status) == (SignalType.CONFIG_CHANGE, SignalStatus.MOMENT)
    assert checkout.severity is Severity.INFO
    assert checkout.occurred_at == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert checkout.change is not None
    assert (checkout.change.kind, checkout.change.author) == ("flag", "ada@example.com")
    assert checkout.change.text == 'The load is high.\nprev_value: {"percentage": 10}\nnew_value: {"percentage": 50}'
    assert checkout.links == ("https://flags.example/fallback",)
    assert payments.vendor_key != checkout.vendor_key


@pytest.mark.parametrize("word", ["deployment", "Deployment", "DEPLOY"])
def test_a_deployment_names_its_service_and_version_by_tags(word: str) -> None:
    told = {"evt": {"category": "change", "type": word, "uid": "d"}, "timestamp": AT, "title": "checkout 1.2"}
    draft = signal(event(told, tags=["service:checkout", "version:1.2", "env:prod"]))
    assert (draft.signal_type, draft.service) == (SignalType.DEPLOY_EVENT, "checkout")
    assert draft.change is not None
    assert (draft.change.kind, draft.change.version) == ("deploy", "1.2")


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://api.datadoghq.com", "https://app.datadoghq.com/monitors/1234?group=host%3Aip-10-0-3-17"),
        ("https://api.datadoghq.eu/", "https://app.datadoghq.eu/monitors/1234?group=host%3Aip-10-0-3-17"),
        ("https://api.us3.datadoghq.com", "https://us3.datadoghq.com/monitors/1234?group=host%3Aip-10-0-3-17"),
        ("https://proxy.example", None),
        ("https://[", None),
    ],
)
def test_the_link_leads_to_the_site_that_was_asked(url: str, link: str | None) -> None:
    draft = signal(event(TOLD), Door(type="datadog", settings={"url": url}))
    assert draft.links == ((link,) if link else ())


def test_without_its_own_time_the_events_counts() -> None:
    told = {name: value for name, value in TOLD.items() if name != "timestamp"}
    assert signal(event(told, timestamp="2026-03-01T11:00:00.000Z")).occurred_at == datetime(2026, 3, 1, 11, tzinfo=UTC)


def test_the_service_that_datadog_names_counts_where_no_tag_does() -> None:
    assert signal(event({**TOLD, "service": "cart"}, tags=[])).service == "cart"
    assert signal(event({**TOLD, "service": "cart"})).service == "checkout"
    assert signal(event(TOLD, tags=None)).service == "unknown"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ([], "the body must be an object"),
        ({"attributes": 5}, "attributes must be an object"),
        (event({**TOLD, "monitor": "m"}), "attributes.attributes.monitor must be an object"),
        (event({**TOLD, "status": 5}), "attributes.attributes.status must be a string"),
        (event({**TOLD, "timestamp": "now"}), "attributes.attributes.timestamp must be a time"),
        (monitor(id=["x"]), "attributes.attributes.monitor.id must be a string"),
        (monitor(alert_cycle_key_txt="k" * 256), "attributes.attributes.monitor.alert_cycle_key_txt is longer"),
        (event({**CHANGE, "impacted_resources": 5}), "attributes.attributes.impacted_resources must be a list"),
    ],
)
def test_a_wrong_field_is_named(body: Any, words: str) -> None:
    with pytest.raises(UnreadableDelivery, match=f"^{words}"):
        DOOR.read(body, path=EVENTS_DOOR)
