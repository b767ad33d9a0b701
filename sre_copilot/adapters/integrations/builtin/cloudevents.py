"""CloudEvents 1.0 over HTTP: binary, structured and batch mode, with JSON as the format.

`source` and `id` together name an event, so the same event again is a redelivery. What an event is, is decided by the
first of these that says something: the types listed in the settings; a `type` of ours in the data; the words of the
event's type; data in the form of our generic signal. Where an alert has no `dedup_key`, it is told by source, subject, service and
title, and by its type without the words of state. An event that nothing can place is kept and means nothing; once its
type is listed it can be replayed. CloudEvents knows no signature.
"""

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import Any
from urllib.parse import unquote

import attrs

from sre_copilot.domain.deliveries import MAX_SIGNALS, Acknowledgement, Delivery, Parsed, Sample
from sre_copilot.domain.errors import MalformedDelivery
from sre_copilot.domain.integrations import Integration, Setting, SettingKind
from sre_copilot.domain.patterns import name_matches
from sre_copilot.domain.payloads import Fields, joined_key, web_links, wrong
from sre_copilot.domain.signals import (
    UNKNOWN_SERVICE,
    ChangeDetails,
    Severity,
    SignalDraft,
    SignalStatus,
    SignalType,
)
from sre_copilot.domain.strict_json import MAX_STRING_BYTES, REPLACEMENT, read_json
from sre_copilot.hookspecs import IntegrationPlugin, hookimpl

SEVERITIES: Mapping[str, Severity] = {
    **{ours.value: ours for ours in Severity},
    "fatal": Severity.CRITICAL,
    "error": Severity.HIGH,
    "warning": Severity.MEDIUM,
    "debug": Severity.INFO,
}
"""The data's severity, or the extension `severitytext` -> ours. Every other word is medium."""
ALERT_WORDS = frozenset({"alert", "alarm", "incident", "problem", "outage", "anomaly"})
BEGIN_WORDS = frozenset({"created", "detected", "fired", "firing", "opened", "reported", "started", "triggered"})
END_WORDS = frozenset({"resolved", "recovered", "closed", "cleared", "ended", "ok"})
DEPLOY_WORDS = frozenset(
    {"deploy", "deployed", "deployment", "release", "released", "rollback", "rolledback", "rollout"}
)
CONFIG_WORDS = frozenset({"config", "configuration", "configmap", "settings", "flag"})
NOT_YET_WORDS = frozenset({"queued", "pending", "scheduled", "requested", "waiting"})
FAILURE_WORDS = frozenset({"failed", "failure", "error"})
STATE_WORDS = BEGIN_WORDS | END_WORDS | {"acknowledged"}
BINARY_HEADER, STRUCTURED, BATCH = "ce-", "application/cloudevents", "application/cloudevents-batch"

_JSON_TYPE = re.compile(r"(?:application|text)/(?:[\w.-]+\+)?json", re.ASCII | re.IGNORECASE)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", re.ASCII)


class Kind(Enum):
    """What an event can be, and the setting that lists its types."""

    FIRING = "alert_types"
    RESOLVED = "resolved_types"
    DEPLOY = "deploy_types"
    CONFIG = "config_types"
    NOTHING = "ignored_types"
    ACKNOWLEDGED = ""


SETTINGS: Mapping[Kind, Setting] = {
    kind: Setting(name=kind.value, kind=SettingKind.LIST, default=(), help=f"{text} `*` in one is any text.")
    for kind, text in (
        (Kind.FIRING, "Event types that are alerts, which end where their data says so."),
        (Kind.RESOLVED, "Event types that end an alert."),
        (Kind.DEPLOY, "Event types that are deploys."),
        (Kind.CONFIG, "Event types that are changes of configuration."),
        (Kind.NOTHING, "Event types that mean nothing here, whatever their words."),
    )
}
CHANGES: Mapping[str, Kind] = {SignalType.DEPLOY_EVENT: Kind.DEPLOY, SignalType.CONFIG_CHANGE: Kind.CONFIG}


@attrs.frozen
class CloudEvents:
    """Reads events in any of the three modes."""

    type: str = "cloudevents"
    title: str = "CloudEvents"
    kept_headers: tuple[str, ...] = (f"{BINARY_HEADER}*",)
    settings: tuple[Setting, ...] = tuple(SETTINGS.values())

    def read(self, delivery: Delivery) -> Any:
        """The event as an object, a batch as a list of them. Raises MalformedDelivery for formats other than JSON."""
        media_type = delivery.header("content-type").partition(";")[0].strip().lower()
        if media_type.startswith(STRUCTURED) and not media_type.endswith("+json"):
            raise MalformedDelivery("Of the formats of events only JSON is read; send application/cloudevents+json.")
        if media_type.startswith(STRUCTURED) or not _attributes(delivery):
            payload = read_json(delivery.body)
            if isinstance(payload, list) and len(payload) > MAX_SIGNALS:
                raise MalformedDelivery(f"The batch has more than {MAX_SIGNALS} events; send it in parts.")
            return payload
        return {**_attributes(delivery), **_binary_data(delivery, media_type)}

    def samples(self, now: datetime) -> Sequence[Sample]:
        """An alert and its end in binary mode, a batch with a deploy, and an event that is neither."""
        alert = {"title": "Checkout answers slowly", "service": "checkout", "severity": "high"}
        deploy = {"title": "Deploy checkout 1.42.0", "service": "checkout", "version": "1.42.0"}
        began = _sample_event(now - timedelta(minutes=10), "com.example.alert.triggered", alert)
        over = _sample_event(now - timedelta(minutes=1), "com.example.alert.resolved", alert)
        headers = {f"{BINARY_HEADER}{name}": str(value) for name, value in over.items() if name != "data"}
        return (
            _sample("firing", began, STRUCTURED),
            Sample(name="resolved", body=json.dumps(alert).encode(), headers=headers, resolves="firing"),
            _sample("change", [_sample_event(now - timedelta(minutes=15), "com.example.deployment", deploy)], BATCH),
            _sample("neither", _sample_event(now, "com.example.order.shipped", {"order": 4711}), STRUCTURED),
        )

    def parse(self, integration: Integration, payload: Any, delivery: Delivery) -> Parsed:
        """Return the signals and acknowledgements. Raises UnreadableDelivery that names the event and its field."""
        items = payload if isinstance(payload, list) else [payload]
        paths = (f"[{place}]" if isinstance(payload, list) else "" for place in range(len(items)))
        events = zip(items, paths, strict=True)
        parts = [_read(Fields.of(item, path), integration, delivery.received_at) for item, path in events]
        return Parsed(
            drafts=tuple(part for part in parts if isinstance(part, SignalDraft)),
            acknowledgements=tuple(part for part in parts if isinstance(part, Acknowledgement)),
        )


def _read(event: Fields, integration: Integration, received_at: datetime) -> SignalDraft | Acknowledgement | None:
    if not event.required("specversion").startswith("1."):
        raise wrong(event.at("specversion"), "must be 1.0")
    event_id, source, event_type = event.required("id"), event.required("source"), event.required("type")
    data = _data(event)
    kind, stem = _kind(event_type, data, integration)
    key = data.key("dedup_key")
    if kind in (Kind.ACKNOWLEDGED, Kind.NOTHING):
        return Acknowledgement(vendor_key=key, by=data.loose("by")) if key and kind is Kind.ACKNOWLEDGED else None
    draft = attrs.evolve(
        _draft(event, data, stem, integration),
        status=SignalStatus.RESOLVED if kind is Kind.RESOLVED else SignalStatus.FIRING,
        vendor_key=key,
        vendor_id=joined_key(source, event_id),
        occurred_at=data.time("occurred_at", received_at) or event.time("time", received_at),
        raw=event.values,
    )
    return _change(draft, data, kind, _words(event_type)) if kind in (Kind.DEPLOY, Kind.CONFIG) else draft


def _kind(event_type: str, data: Fields, integration: Integration) -> tuple[Kind, str]:
    """What an event is, and the part of its type that belongs to its identity."""
    words = _words(event_type)
    said, state = data.loose("type"), data.loose("status")
    is_over = state == SignalStatus.RESOLVED or (state != SignalStatus.FIRING and bool(END_WORDS & set(words)))
    alert = Kind.RESOLVED if is_over else Kind.FIRING
    known = {kind: integration.listed(setting) for kind, setting in SETTINGS.items()}
    listed = next((kind for kind, types in known.items() if name_matches(types, event_type)), None)
    if listed is not None:
        return (alert if listed is Kind.FIRING else listed), ""
    if said in list(SignalType):
        return CHANGES.get(said, alert), ""
    has_state = state in (SignalStatus.FIRING, SignalStatus.RESOLVED)
    if ALERT_WORDS & set(words):
        stem = ".".join(word for word in words if word not in STATE_WORDS)
        return (alert if has_state else _kind_of_alert(words, alert)), stem
    if NOT_YET_WORDS & set(words):
        return Kind.NOTHING, ""
    for kind, telling in ((Kind.DEPLOY, DEPLOY_WORDS), (Kind.CONFIG, CONFIG_WORDS)):
        if telling & set(words):
            return kind, ""
    is_ours = has_state or "dedup_key" in data.values or data.loose("severity").lower() in SEVERITIES
    return (alert if is_ours and data.loose("title").strip() else Kind.NOTHING), ""


def _kind_of_alert(words: Sequence[str], alert: Kind) -> Kind:
    """An alert's events are more than begin and end: comments and assignments mean nothing here."""
    if "acknowledged" in words:
        return Kind.ACKNOWLEDGED
    tells = alert is Kind.RESOLVED or BEGIN_WORDS & set(words) or words[-1] in ALERT_WORDS
    return alert if tells else Kind.NOTHING


def _draft(event: Fields, data: Fields, stem: str, integration: Integration) -> SignalDraft:
    subject, title, service = event.text("subject"), data.loose("title").strip(), data.loose("service").strip()
    severity_word = data.loose("severity") or event.loose("severitytext")
    environment_word = data.loose("environment")
    links = data.values.get("links")
    labels = Fields(data.values["labels"]).scalars() if isinstance(data.values.get("labels"), dict) else {}
    told = {"source": event.text("source"), "subject": subject, "title": title, "service": service, "type": stem}
    told |= {f"label:{name}": value for name, value in labels.items()}
    return SignalDraft(
        signal_type=SignalType(data.loose("type")) if data.loose("type") in list(SignalType) else SignalType.ALERT,
        severity=SEVERITIES.get(severity_word.strip().lower(), Severity.MEDIUM),
        severity_word=severity_word,
        service=service or UNKNOWN_SERVICE,
        environment=integration.environment_of(environment_word),
        environment_word=environment_word,
        name=title or event.text("type"),
        title=title or f"{event.text('type')} {subject}".strip(),
        description=data.loose("description") or event.loose("data"),
        labels=labels,
        # A source and a type alone would merge strangers.
        identity={name: value for name, value in told.items() if value} if subject or title else None,
        links=web_links(*links) if isinstance(links, list) else (),
    )


def _change(draft: SignalDraft, data: Fields, kind: Kind, words: Sequence[str]) -> SignalDraft:
    has_failed = bool(FAILURE_WORDS & set(words))
    summary = f"{draft.title} (failed)" if has_failed else draft.title
    details = {**draft.labels, **data.scalars()}
    return attrs.evolve(
        draft,
        signal_type=SignalType.CONFIG_CHANGE if kind is Kind.CONFIG else SignalType.DEPLOY_EVENT,
        status=SignalStatus.MOMENT,
        severity=Severity.LOW if has_failed else Severity.INFO,
        title=summary,
        change=ChangeDetails(
            kind=kind.name.lower(),
            summary=summary,
            version=details.get("version", ""),
            previous_version=details.get("previous_version", ""),
            author=details.get("author", ""),
            commit=details.get("commit", ""),
            text=draft.description,
            links=draft.links,
        ),
    )


def _words(event_type: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(event_type)]


def _data(event: Fields) -> Fields:
    """The data where it is a JSON object, however it is wrapped. Other data decides nothing."""
    value = event.values.get("data")
    encoded = event.loose("data_base64")
    if encoded and _JSON_TYPE.match(event.loose("datacontenttype") or "application/json"):
        try:
            value = read_json(b64decode(encoded, validate=True))
        except (ValueError, MalformedDelivery) as error:
            raise wrong(event.at("data_base64"), "holds no readable JSON, as its content type promises") from error
    return Fields(value if isinstance(value, dict) else {}, event.at("data"))


def _attributes(delivery: Delivery) -> dict[str, str]:
    named = {name.lower(): value for name, value in delivery.headers.items() if name.lower().startswith(BINARY_HEADER)}
    return {name.removeprefix(BINARY_HEADER): _storable(unquote(_unquoted(value))) for name, value in named.items()}


def _unquoted(value: str) -> str:
    """A header's value, which older senders put into double quotes."""
    text = value.strip()
    is_quoted = len(text) > 1 and text.startswith('"') and text.endswith('"')
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if is_quoted else text


def _binary_data(delivery: Delivery, media_type: str) -> dict[str, Any]:
    told: dict[str, Any] = {"datacontenttype": media_type} if media_type else {}
    if not delivery.body:
        return told
    if not media_type or _JSON_TYPE.fullmatch(media_type):
        return {**told, "data": read_json(delivery.body)}
    if len(delivery.body) > MAX_STRING_BYTES:
        raise MalformedDelivery(f"Data that isn't JSON may have {MAX_STRING_BYTES} bytes at most.")
    try:
        return {**told, "data": _storable(delivery.body.decode())}
    except UnicodeDecodeError:
        return {**told, "data_base64": b64encode(delivery.body).decode()}


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\x00", REPLACEMENT)


def _sample_event(at: datetime, event_type: str, data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"{int(at.timestamp())}-{event_type}",
        "source": "https://monitoring.example.com/checks",
        "type": event_type,
        "time": at.isoformat(),
        "subject": "checkout",
        "data": data,
    }


def _sample(name: str, payload: Any, media_type: str) -> Sample:
    return Sample(name=name, body=json.dumps(payload).encode(), headers={"content-type": f"{media_type}+json"})


@hookimpl
def sre_copilot_integrations() -> list[IntegrationPlugin]:
    """Register the integration type `cloudevents`."""
    return [CloudEvents()]
