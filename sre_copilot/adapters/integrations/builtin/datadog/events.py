"""Events as Datadog's API v2 lists them.

A monitor's event has what the webhook's variables hold, in other places, and is read as if it had come that way: so both
say the same. Its `destination_state` is the transition, `alert_cycle_key_txt` the cycle; Datadog's reference names neither,
its answers have them, and without them the status, and the monitor with its groups, decide as they do in a webhook.

`evt.uid` names an event. It is not `$ID`: what came both ways is two signals of one series.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

import attrs

from sre_copilot.adapters.integrations.builtin.datadog.notifications import (
    environment_in,
    first,
    tags_of,
    told_by_notification,
)
from sre_copilot.adapters.integrations.builtin.datadog.settings import host_of
from sre_copilot.domain.integrations import Integration
from sre_copilot.domain.payloads import MILLISECONDS, Fields, joined_key, texts, web_links
from sre_copilot.domain.signals import (
    UNKNOWN_SERVICE,
    ChangeDetails,
    Severity,
    SignalDraft,
    SignalStatus,
    SignalType,
)

EVENTS_DOOR = "/api/v2/events"
TRANSITIONS: Mapping[str, str] = {"alert": "Triggered", "warn": "Warn", "no data": "No Data", "ok": "Recovered"}
"""The state that a monitor came to -> what `$ALERT_TRANSITION` says of it."""
ALERT_TYPES: Mapping[str, str] = {
    "error": "error",
    "failure": "error",
    "warning": "warning",
    "warn": "warning",
    "success": "success",
    "ok": "success",
}
"""The status of an event -> what `$ALERT_TYPE` says. Others, such as `user_update`, are no news of an alert."""
PRIORITIES = ("1", "2", "3", "4", "5")
NO_SERVICE = "undefined"
MOST_SERVICES = 100
LONGEST_VALUE = 2_000
"""Characters of a changed value that are kept besides the raw event."""


def event_id(payload: object) -> str | None:
    """Return what names an event, None where nothing does. Never raises."""
    event = payload if isinstance(payload, dict) else {}
    told = event.get("attributes", {})
    for name in ("attributes", "evt"):
        told = told.get(name) if isinstance(told, dict) else None
    uid = told.get("uid") if isinstance(told, dict) else None
    return next((one for one in (uid, event.get("id")) if isinstance(one, str) and 0 < len(one) <= 255), None)


def told_by_event(payload: object, integration: Integration, received_at: datetime) -> Sequence[SignalDraft]:
    """Return what an event says: an alert, a change per service, or nothing. Raises UnreadableDelivery."""
    event = _Event.of(payload)
    if event.told.object("evt").loose("category") == "change" or event.told.object("changed_resource").values:
        return _changes(event, integration, received_at)
    variables = _variables(event, integration)
    if variables is None:
        return ()
    draft = told_by_notification(Fields(variables), integration, received_at)
    return (attrs.evolve(draft, occurred_at=event.time(received_at), raw=event.fields.values),)


@attrs.frozen
class _Event:
    """An event, and its attributes in their two layers."""

    fields: Fields
    outer: Fields
    told: Fields

    @classmethod
    def of(cls, payload: object) -> "_Event":
        fields = Fields.of(payload)
        outer = fields.object("attributes")
        return cls(fields, outer, outer.object("attributes"))

    @property
    def message(self) -> str:
        """The text without the marks that Datadog puts around Markdown."""
        return self.outer.loose("message").strip().removeprefix("%%%").removesuffix("%%%").strip()

    @property
    def tags(self) -> list[str]:
        """The tags but for those that only say that Datadog made the event, and the service where no tag names it."""
        tags = [tag for tag in texts(self.outer.values.get("tags")) if not tag.startswith("source:")]
        service = self.told.loose("service")
        return [*tags, f"service:{service}"] if service not in ("", NO_SERVICE) else tags

    def time(self, received_at: datetime) -> datetime | None:
        """When it happened. Raises UnreadableDelivery."""
        happened = self.told.epoch("timestamp", received_at, per_second=MILLISECONDS)
        return happened or self.outer.time("timestamp", received_at)


def _variables(event: _Event, integration: Integration) -> dict[str, Any] | None:
    """Return what the webhook would have sent, None where this is no state of an alert."""
    told, monitor = event.told, event.told.object("monitor")
    number = monitor.number_or_key("id") or told.number_or_key("monitor_id")
    transition = TRANSITIONS.get(monitor.object("transition").text("destination_state").lower(), "")
    kind = ALERT_TYPES.get(told.text("status").lower(), "")
    is_alert = number is not None or told.object("evt").loose("category") == "alert"
    if not is_alert or not (transition or kind):
        return None
    priority = next((str(one.values.get("priority")) for one in (monitor, told) if _is_priority(one)), "")
    result = monitor.object("result").loose("alert_url")
    return {
        "EVENT_TITLE": told.loose("title") or monitor.loose("name"),
        "TEXT_ONLY_MSG": event.message,
        "ALERT_ID": number,
        "ALERT_CYCLE_KEY": monitor.key("alert_cycle_key_txt")
        or told.object("monitor-alert-event").key("alert_cycle_key"),
        "ALERT_TRANSITION": transition,
        "ALERT_TYPE": kind,
        "ALERT_PRIORITY": f"P{priority}" if priority else "",
        "ALERT_SCOPE": ",".join(texts(monitor.values.get("groups")) or texts(told.values.get("monitor_groups"))),
        "AGGREG_KEY": told.key("aggregation_key"),
        "HOSTNAME": told.loose("hostname"),
        "TAGS": ",".join(event.tags),
        "LINK": _page(integration, result) if result else "",
    }


def _is_priority(fields: Fields) -> bool:
    value = fields.values.get("priority")
    return not isinstance(value, bool) and str(value) in PRIORITIES


def _page(integration: Integration, path: str) -> str:
    """Where people see it: `api.datadoghq.eu` answers for `app.datadoghq.eu`, `api.us3.datadoghq.com` for `us3.datadoghq.com`."""
    host = host_of(integration)
    site = host.removeprefix("api.")
    app = site if site.count(".") > 1 else f"app.{site}"
    try:
        return urljoin(f"https://{app}/", path) if host != site else ""
    except ValueError:
        return ""


def _changes(event: _Event, integration: Integration, received_at: datetime) -> Sequence[SignalDraft]:
    """One change for each service that it is said to concern."""
    told, tags = event.told, tags_of(",".join(event.tags))
    resource = told.object("changed_resource")
    kind = _kind(resource.loose("type") or told.object("evt").loose("type"))
    title = told.loose("title") or f"{resource.loose('name') or 'something'} changed"
    environment_word = environment_in(tags)
    details = ChangeDetails(
        kind=kind,
        summary=title,
        version=first(tags, "version"),
        author=told.object("author").loose("name"),
        text="\n".join(filter(None, (event.message, _value(told, "prev_value"), _value(told, "new_value")))),
        links=web_links(told.object("change_metadata").values.get("resource_link")),
    )
    draft = SignalDraft(
        signal_type=SignalType.DEPLOY_EVENT if kind == "deploy" else SignalType.CONFIG_CHANGE,
        status=SignalStatus.MOMENT,
        severity=Severity.INFO,
        environment=integration.environment_of(environment_word),
        environment_word=environment_word,
        name=resource.loose("name") or title,
        title=title,
        description=event.message,
        labels=tags,
        occurred_at=event.time(received_at),
        change=details,
        links=details.links,
        raw=event.fields.values,
    )
    name = event_id(event.fields.values)
    return [
        attrs.evolve(draft, service=service, vendor_key=joined_key("change", name, service) if name else None)
        for service in _services(told, first(tags, "service"))
    ]


def _services(told: Fields, tagged: str) -> list[str]:
    concerned = told.objects("impacted_resources") if told.values.get("impacted_resources") is not None else []
    named = [one.loose("name").strip() for one in concerned if one.loose("type") == "service"]
    return list(dict.fromkeys(filter(None, named)))[:MOST_SERVICES] or [tagged or UNKNOWN_SERVICE]


def _kind(word: str) -> str:
    said = word.lower()
    if "flag" in said:
        return "flag"
    return "deploy" if "deploy" in said else "config"


def _value(told: Fields, name: str) -> str:
    value = told.values.get(name)
    return "" if value is None else f"{name}: {json.dumps(value, ensure_ascii=False, sort_keys=True)}"[:LONGEST_VALUE]
