"""What a monitor sends through the webhooks integration.

The body is the user's own template; ours is in docs/reference/integrations/datadog.md. A field is found by the name of
the variable that it holds, however it is spelt: `alert_id`, `ALERT_ID` and `alertId` are one. `title` and `body`, the
names of Datadog's own template, hold `$EVENT_TITLE` and `$EVENT_MSG`. Variables without a value arrive empty or as they
were typed (`$HOSTNAME`); both count as missing.

`$ALERT_CYCLE_KEY` joins everything from a trigger to its recovery and is the series; without it the monitor and its
scope are. `$ID` names the event, and a retry carries it again.
"""

import re
from collections.abc import Mapping
from datetime import datetime

from sre_copilot.domain.integrations import Integration
from sre_copilot.domain.payloads import MILLISECONDS, Fields, joined_key, web_links, wrong
from sre_copilot.domain.signals import UNKNOWN_SERVICE, Severity, SignalDraft, SignalStatus
from sre_copilot.domain.variables import Variables

SEVERITIES: Mapping[str, Severity] = {
    "p1": Severity.CRITICAL,
    "p2": Severity.HIGH,
    "p3": Severity.MEDIUM,
    "p4": Severity.LOW,
    "p5": Severity.INFO,
    "error": Severity.HIGH,
    "warning": Severity.MEDIUM,
    "success": Severity.INFO,
    "info": Severity.INFO,
}
"""The monitor's priority, and for those without one the alert type -> ours. Every other word is medium."""
TRANSITIONS: Mapping[str, SignalStatus] = {
    "triggered": SignalStatus.FIRING,
    "re-triggered": SignalStatus.FIRING,
    "warn": SignalStatus.FIRING,
    "re-warn": SignalStatus.FIRING,
    "no data": SignalStatus.FIRING,
    "re-no data": SignalStatus.FIRING,
    "renotify": SignalStatus.FIRING,
    "recovered": SignalStatus.RESOLVED,
}
"""What `$ALERT_TRANSITION` says of the monitor."""
ALERT_TYPES: Mapping[str, SignalStatus] = {
    "error": SignalStatus.FIRING,
    "warning": SignalStatus.FIRING,
    "info": SignalStatus.FIRING,
    "success": SignalStatus.RESOLVED,
}
"""What `$ALERT_TYPE` says where there is no transition, as of events that no monitor made."""
WARNINGS = frozenset({"warn", "re-warn"})
ALIASES: Mapping[str, str] = {"title": "EVENT_TITLE", "body": "EVENT_MSG"}
MOST_TAGS = 200
UNNAMED = "Datadog event"

_UNSET = re.compile(r"\$[a-z][a-z0-9_]*(?:\[[^\]]*\])?|null|none|n/a", re.ASCII | re.IGNORECASE)
_STATE_IN_TITLE = re.compile(r"(?:\[P[1-5]\]\s*)?\[(?:Re-)?(?:Triggered|Warn|No Data|Recovered|Renotify)[^\]]*\]\s*")


def told_by_notification(fields: Fields, integration: Integration, received_at: datetime) -> SignalDraft:
    """Return the signal. Raises UnreadableDelivery that names the field."""
    event = Variables.of(fields, unset=_UNSET, aliases=ALIASES)
    status = _status(event)
    tags = tags_of(event.loose("TAGS")) or tags_of(event.loose("ALERT_SCOPE"))
    host = event.loose("HOSTNAME")
    environment_word = environment_in(tags)
    title = event.loose("ALERT_TITLE") or event.loose("EVENT_TITLE")
    severity_word = event.text("ALERT_PRIORITY") or event.text("ALERT_TYPE")
    return SignalDraft(
        status=status,
        severity=_severity(severity_word, event.text("ALERT_TRANSITION")),
        severity_word=severity_word,
        service=first(tags, "service") or UNKNOWN_SERVICE,
        environment=integration.environment_of(environment_word),
        environment_word=environment_word,
        name=_STATE_IN_TITLE.sub("", title, count=1) or event.loose("ALERT_METRIC") or UNNAMED,
        title=title,
        description=event.loose("TEXT_ONLY_MSG") or event.loose("EVENT_MSG"),
        labels={**({"host": host} if host else {}), **tags},
        vendor_key=_key(event),
        vendor_id=event.key("ID"),
        vendor_fingerprint=event.key("ALERT_ID"),
        occurred_at=_time(event, "DATE", received_at) or _time(event, "LAST_UPDATED", received_at),
        links=web_links(event.loose("LINK"), event.loose("SNAPSHOT")),
        raw=event.fields.values,
    )


def _status(event: Variables) -> SignalStatus:
    transition, kind = event.text("ALERT_TRANSITION").lower(), event.text("ALERT_TYPE").lower()
    status = TRANSITIONS.get(transition) or ALERT_TYPES.get(kind)
    if status is None:
        raise wrong(
            event.at("alert_transition"),
            "says nothing that is known, and nor does the alert type; use the template of the documentation",
        )
    return status


def _severity(word: str, transition: str) -> Severity:
    severity = SEVERITIES.get(word.lower(), Severity.MEDIUM)
    # The priority is that of the monitor, whichever of its thresholds was crossed.
    is_warning = transition.lower() in WARNINGS and severity.weight > Severity.MEDIUM.weight
    return Severity.MEDIUM if is_warning else severity


def _time(event: Variables, variable: str, received_at: datetime) -> datetime | None:
    return event.epoch(variable, received_at, per_second=MILLISECONDS)


def tags_of(text: str) -> dict[str, str]:
    """`env:prod, service:web, urgent` -> tags by name; a name that comes twice has both values, a bare tag none."""
    tags: dict[str, str] = {}
    for item in text.split(",", MOST_TAGS)[:MOST_TAGS]:
        name, _, value = item.strip().partition(":")
        if name:
            tags[name] = value if name not in tags else f"{tags[name]},{value}"
    return tags


def environment_in(tags: Mapping[str, str]) -> str:
    """Datadog's own word for the environment, "" where no tag has one."""
    return first(tags, "env") or first(tags, "environment")


def first(tags: Mapping[str, str], name: str) -> str:
    """The first value of a tag, "" where there is none."""
    return tags.get(name, "").partition(",")[0].strip()


def _key(event: Variables) -> str | None:
    cycle, monitor = event.key("ALERT_CYCLE_KEY"), event.key("ALERT_ID")
    if cycle is not None:
        return cycle
    if monitor is None:
        return event.key("AGGREG_KEY")
    scope = sorted(item.strip() for item in event.text("ALERT_SCOPE").split(","))
    return joined_key("monitor", monitor, *scope)
