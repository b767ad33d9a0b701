"""The Events API v2: triggers, acknowledgements and resolves, and change events."""

import hashlib
from collections.abc import Mapping

import attrs

from sre_copilot.domain.deliveries import Acknowledgement, Delivery, Parsed
from sre_copilot.domain.integrations import Integration
from sre_copilot.domain.payloads import Fields, web_links, wrong
from sre_copilot.domain.signals import (
    UNKNOWN_SERVICE,
    ChangeDetails,
    Severity,
    SignalDraft,
    SignalStatus,
    SignalType,
)

SEVERITIES: Mapping[str, Severity] = {
    "critical": Severity.CRITICAL,
    "error": Severity.HIGH,
    "warning": Severity.MEDIUM,
    "info": Severity.INFO,
}
"""The four words of an event -> ours. Every other word is medium."""
CONFIG_KINDS = frozenset({"config", "config_change", "configuration", "feature_flag", "flag"})
CHANGE_DOOR = "/v2/change/enqueue"
EVENT_DOOR = "/v2/enqueue"
CREDENTIALS = frozenset({"routing_key", "service_key"})
UNNAMED = "PagerDuty event"


def read_event(event: Fields, integration: Integration, delivery: Delivery) -> Parsed:
    """Return the signal, change or acknowledgement of one event. Raises UnreadableDelivery that names the field."""
    if _is_change(event, delivery.path):
        return Parsed(drafts=(_change(event, integration, delivery),))
    action = event.required("event_action")
    if action == "trigger":
        return _triggered(event, integration, delivery)
    key = event.key("dedup_key")
    if action not in ("resolve", "acknowledge"):
        raise wrong("event_action", 'must be "trigger", "acknowledge" or "resolve"')
    if key is None:
        raise wrong("dedup_key", f'is missing; "{action}" needs it')
    if action == "acknowledge":
        return Parsed(acknowledgements=(Acknowledgement(vendor_key=key),))
    return Parsed(drafts=(_resolved(event, key, integration),))


def _is_change(event: Fields, path: str) -> bool:
    if path in (CHANGE_DOOR, EVENT_DOOR):
        return path == CHANGE_DOOR
    return event.values.get("event_action") is None


def _triggered(event: Fields, integration: Integration, delivery: Delivery) -> Parsed:
    if event.values.get("payload") is None:
        raise wrong("payload", 'is missing; "trigger" needs it')
    given = event.key("dedup_key")
    key = given or delivery.assigned_key or _made_up_key(integration, delivery)
    draft = attrs.evolve(
        _described(event, integration),
        vendor_key=key,
        occurred_at=event.object("payload").time("timestamp", delivery.received_at),
    )
    return Parsed(drafts=(draft,), assigned_key=None if given else key)


def _made_up_key(integration: Integration, delivery: Delivery) -> str:
    """Deterministic, so that a sender that tries again is told the same key and counts once."""
    return hashlib.sha256(f"{integration.id}:{delivery.body_hash}".encode()).hexdigest()[:32]


def _resolved(event: Fields, key: str, integration: Integration) -> SignalDraft:
    draft = _described(event, integration)
    # PagerDuty's resolve tells no time. A time in its payload, where there is one, is that of the trigger.
    return attrs.evolve(
        draft,
        status=SignalStatus.RESOLVED,
        vendor_key=key,
        name=key if draft.name == UNNAMED else draft.name,
        title=draft.title or key,
    )


def _described(event: Fields, integration: Integration) -> SignalDraft:
    """What a trigger and a change have in common: who is concerned, where, how badly, and in which words."""
    payload = event.object("payload")
    details = _details(payload)
    severity_word = payload.text("severity")
    environment_word = details.loose("environment") or details.loose("env")
    summary = payload.text("summary")
    parts = {name: payload.loose(name) for name in ("component", "group", "class", "source")}
    text = payload.loose("custom_details") or details.loose("description")
    return SignalDraft(
        severity=SEVERITIES.get(severity_word.strip().lower(), Severity.MEDIUM),
        severity_word=severity_word,
        service=details.loose("service").strip() or parts["component"].strip() or UNKNOWN_SERVICE,
        environment=integration.environment_of(environment_word),
        environment_word=environment_word,
        name=parts["class"] or summary or UNNAMED,
        title=summary,
        description=text,
        labels={**details.scalars(), **{name: value for name, value in parts.items() if value}},
        links=_links(event),
        raw={name: value for name, value in event.values.items() if name not in CREDENTIALS},
    )


def _change(event: Fields, integration: Integration, delivery: Delivery) -> SignalDraft:
    payload = event.object("payload")
    details = _details(payload)
    summary = payload.required("summary")
    draft = _described(event, integration)
    word = details.loose("kind").strip().lower() or "deploy"
    change = ChangeDetails(
        kind=word,
        summary=summary,
        version=details.loose("version"),
        previous_version=details.loose("previous_version"),
        author=details.loose("author"),
        commit=details.loose("commit"),
        text=details.loose("message") or draft.description,
        paths=_paths(details),
        links=draft.links,
    )
    return attrs.evolve(
        draft,
        signal_type=SignalType.CONFIG_CHANGE if word in CONFIG_KINDS else SignalType.DEPLOY_EVENT,
        status=SignalStatus.MOMENT,
        severity=Severity.INFO,
        name=summary,
        description=change.text,
        identity={
            "source": payload.loose("source"),
            "service": draft.service,
            "summary": summary,
            "version": change.version,
        },
        occurred_at=payload.time("timestamp", delivery.received_at),
        change=change,
    )


def _details(payload: Fields) -> Fields:
    # PagerDuty takes anything here, a bare string included; only an object says more than a description.
    details = payload.values.get("custom_details")
    return Fields(details if isinstance(details, dict) else {}, payload.at("custom_details"))


def _paths(details: Fields) -> tuple[str, ...]:
    paths = details.values.get("paths")
    return tuple(path for path in paths if isinstance(path, str)) if isinstance(paths, list) else ()


def _links(event: Fields) -> tuple[str, ...]:
    links = event.values.get("links")
    listed = [link.get("href") for link in links if isinstance(link, dict)] if isinstance(links, list) else []
    return web_links(*listed, event.values.get("client_url"))
