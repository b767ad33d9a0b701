"""CloudEvents as their SDK for Python makes them, in all three modes of HTTP."""

import json
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from sre_copilot.domain.deliveries import Acknowledgement, Parsed
from sre_copilot.domain.signals import Environment, Severity, SignalStatus, SignalType
from tests.unit.adapters.integrations.door import Door

DOOR = Door(type="cloudevents")
AT = datetime(2026, 3, 1, 11, 50, tzinfo=UTC)
ALERT = {"title": "Checkout answers slowly", "service": "checkout", "severity": "high", "environment": "production"}
BATCH = {"content-type": "application/cloudevents-batch+json; charset=utf-8"}


def event(event_type: str = "com.example.alert.triggered", data: Any = None, **attributes: Any) -> CloudEvent:
    told = {
        "id": "A234-1234",
        "source": "/checks/7",
        "type": event_type,
        "specversion": "1.0",
        "time": AT,
        **attributes,
    }
    return CloudEvent(attributes=told, data=ALERT if data is None else data)


def read(sent: CloudEvent) -> Parsed:
    message = to_structured_event(sent)
    return DOOR.read(message.body, message.headers)


def signal(event_type: str = "com.example.alert.triggered", data: Any = None, **attributes: Any) -> Any:
    (draft,) = read(event(event_type, data, **attributes)).drafts
    return draft


def plain(sent: CloudEvent) -> Any:
    return json.loads(JSONFormat().write(sent))


@pytest.mark.parametrize("to_message", [to_structured_event, to_binary_event])
def test_an_alert_that_the_sdk_made_is_read(to_message: Any) -> None:
    message = to_message(event(datacontenttype="application/json", subject="cart/ü", severitytext="ignored"))
    draft = DOOR.signal(message.body, message.headers)
    assert draft.signal_type is SignalType.ALERT
    assert draft.status is SignalStatus.FIRING
    assert (draft.severity, draft.severity_word) == (Severity.HIGH, "high")
    assert draft.service == "checkout"
    assert (draft.environment, draft.environment_word) == (Environment.PRODUCTION, "production")
    assert draft.occurred_at == AT
    assert draft.vendor_id == "%2Fchecks%2F7/A234-1234"
    assert draft.vendor_key is None
    assert draft.identity == {
        "source": "/checks/7",
        "subject": "cart/ü",
        "title": "Checkout answers slowly",
        "service": "checkout",
        "type": "com.example.alert",
    }
    assert draft.raw["data"] == ALERT
    assert (draft.raw["specversion"], draft.raw["subject"]) == ("1.0", "cart/ü")


def test_binary_and_structured_mode_say_the_same_of_the_same_event() -> None:
    sent = event(datacontenttype="application/json", subject='a b%20"c" é')
    binary, structured = to_binary_event(sent), to_structured_event(sent)
    assert DOOR.read(binary.body, binary.headers) == DOOR.read(structured.body, structured.headers)


def test_a_batch_is_a_signal_each() -> None:
    sent = [event(), event("com.example.alert.resolved", id="2"), event("com.example.deployment", id="3")]
    body = b"[" + b",".join(JSONFormat().write(one) for one in sent) + b"]"
    drafts = DOOR.read(body, BATCH).drafts
    assert [draft.status.value for draft in drafts] == ["firing", "resolved", "moment"]
    assert drafts[0] == signal()
    assert DOOR.read(b"[]", BATCH) == Parsed()
    assert len(DOOR.read([plain(event()), plain(event())], BATCH).drafts) == 1


def test_without_a_content_type_of_events_plain_json_is_read_as_events_too() -> None:
    body = JSONFormat().write(event())
    assert DOOR.signal(body, {"content-type": "application/json"}) == signal()
    assert DOOR.signal(b"[" + body + b"]") == signal()


def test_the_end_of_an_alert_ends_its_series() -> None:
    series = [
        DOOR.series(JSONFormat().write(event(kind, id=kind)))
        for kind in ("com.example.alert.triggered", "com.example.alert.resolved", "com.example.AlertCleared")
    ]
    assert series[0] == series[1] == series[2]
    by_key = [
        DOOR.series(plain(event(kind, {"dedup_key": "k", "status": "firing"}))) for kind in ("a.alert", "b.alert")
    ]
    assert by_key[0] == by_key[1]


def test_alerts_of_one_source_are_told_apart_by_subject_title_service_and_labels() -> None:
    several = [
        event(),
        event(subject="a"),
        event(source="/checks/8"),
        event(data={**ALERT, "title": "other"}),
        event(data={**ALERT, "service": "cart"}),
        event(data={**ALERT, "labels": {"host": "web-1"}}),
        event("com.example.disk.alert.triggered"),
        event(data={}),
        event(data={}, id="2"),
    ]
    assert len({DOOR.series(plain(one)) for one in several}) == len(several)


@pytest.mark.parametrize(
    ("event_type", "expected"),
    [
        ("com.example.alert", SignalStatus.FIRING),
        ("com.example.Alert.v1.Fired", SignalStatus.FIRING),
        ("com.example.IncidentOpened", SignalStatus.FIRING),
        ("dev.cdevents.incident.detected.0.3.0", SignalStatus.FIRING),
        ("dev.cdevents.incident.resolved.0.3.0", SignalStatus.RESOLVED),
        ("com.example.alarm.cleared", SignalStatus.RESOLVED),
        ("com.example.incident.commented", None),
        ("com.example.deployment.alert", SignalStatus.FIRING),
        ("com.example.deploy.finished", SignalType.DEPLOY_EVENT),
        ("dev.cdevents.service.rolledback.0.2.0", SignalType.DEPLOY_EVENT),
        ("com.example.deployment.queued", None),
        ("com.example.feature.flag.updated", SignalType.CONFIG_CHANGE),
        ("io.flagger.something", None),
        ("com.example.order.created", None),
    ],
)
def test_the_words_of_the_type_decide_and_what_nothing_places_means_nothing(event_type: str, expected: Any) -> None:
    drafts = read(event(event_type, {"order": 4711})).drafts
    if expected is None:
        assert drafts == ()
    else:
        assert expected in (drafts[0].status, drafts[0].signal_type)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"title": "a", "severity": "low"}, SignalStatus.FIRING),
        ({"title": "a", "status": "resolved"}, SignalStatus.RESOLVED),
        ({"title": "a", "dedup_key": "k"}, SignalStatus.FIRING),
        ({"title": "a", "type": "deploy_event"}, SignalType.DEPLOY_EVENT),
        ({"type": "config_change"}, SignalType.CONFIG_CHANGE),
        ({"title": "a", "type": "metric_deviation"}, SignalType.METRIC_DEVIATION),
        ({"title": "a", "type": "bug", "status": "open", "severity": "s3"}, None),
        ({"title": " ", "severity": "low"}, None),
        ({"severity": "low"}, None),
    ],
)
def test_data_in_the_form_of_our_generic_signal_decides_where_the_type_says_nothing(data: Any, expected: Any) -> None:
    drafts = read(event("com.example.thing.happened", data)).drafts
    if expected is None:
        assert drafts == ()
    else:
        assert expected in (drafts[0].status, drafts[0].signal_type)


def test_the_status_in_the_data_counts_more_than_the_words_of_the_type() -> None:
    assert signal("com.example.alert.triggered", {**ALERT, "status": "resolved"}).status is SignalStatus.RESOLVED
    assert signal("com.example.alert.updated", {**ALERT, "status": "firing"}).status is SignalStatus.FIRING


@pytest.mark.parametrize(
    ("setting", "listed", "expected"),
    [
        ("alert_types", "com.example.order.created", SignalStatus.FIRING),
        ("alert_types", "com.example.*", SignalStatus.FIRING),
        ("resolved_types", "com.example.order.*", SignalStatus.RESOLVED),
        ("deploy_types", "com.example.order.created", SignalType.DEPLOY_EVENT),
        ("config_types", "*", SignalType.CONFIG_CHANGE),
        ("alert_types", "com.example.order", None),
        ("ignored_types", "com.example.order.created", None),
    ],
)
def test_a_listed_type_is_what_the_setting_says(setting: str, listed: str, expected: Any) -> None:
    door = attrs.evolve(DOOR, settings={setting: ["other", listed]})
    drafts = door.read(plain(event("com.example.order.created", {"order": 1}))).drafts
    if expected is None:
        assert drafts == ()
    else:
        assert expected in (drafts[0].status, drafts[0].signal_type)


def test_a_listed_type_overrules_words_and_data() -> None:
    ignoring = attrs.evolve(DOOR, settings={"ignored_types": ("com.example.alert.*",)})
    assert ignoring.read(plain(event())) == Parsed()
    listing = attrs.evolve(DOOR, settings={"alert_types": ("com.example.*",)})
    assert listing.signal(plain(event("com.example.deployment"))).status is SignalStatus.FIRING
    assert listing.signal(plain(event("com.example.bad.ended"))).status is SignalStatus.RESOLVED


def test_an_acknowledged_alert_with_a_key_is_an_acknowledgement() -> None:
    acknowledged = event("com.example.incident.acknowledged", {"dedup_key": "k", "by": "ana@example.com"})
    assert read(acknowledged).acknowledgements == (Acknowledgement(vendor_key="k", by="ana@example.com"),)
    assert read(event("com.example.incident.acknowledged")) == Parsed()


def test_a_deploy_has_its_details_and_a_failed_one_says_so() -> None:
    data = {
        "title": "Deploy checkout 2",
        "version": "2",
        "labels": {"author": "ana", "commit": "5be2a07"},
        "links": ["https://ci"],
    }
    draft = signal("com.example.deployment.finished", data)
    assert (draft.status, draft.severity) == (SignalStatus.MOMENT, Severity.INFO)
    assert draft.change is not None
    assert (draft.change.kind, draft.change.summary, draft.change.version) == ("deploy", "Deploy checkout 2", "2")
    assert (draft.change.author, draft.change.commit, draft.change.links) == ("ana", "5be2a07", ("https://ci",))
    failed = signal("com.example.deployment.failed", data)
    assert (failed.severity, failed.change.summary) == (Severity.LOW, "Deploy checkout 2 (failed)")
    assert (
        signal("com.example.config.changed", {}, subject="limits").change.summary == "com.example.config.changed limits"
    )


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("critical", Severity.CRITICAL),
        ("Fatal", Severity.CRITICAL),
        ("error", Severity.HIGH),
        ("warning", Severity.MEDIUM),
        ("low", Severity.LOW),
        ("info", Severity.INFO),
        ("dire", Severity.MEDIUM),
        ("", Severity.MEDIUM),
    ],
)
def test_the_datas_severity_is_mapped_and_the_extension_stands_in(word: str, severity: Severity) -> None:
    assert (
        signal(data={**ALERT, "severity": word}).severity,
        signal(data={**ALERT, "severity": word}).severity_word,
    ) == (severity, word)
    extended = event(data={"title": "a"}, severitytext=word) if word else event(data={"title": "a"})
    assert read(extended).drafts[0].severity is severity
