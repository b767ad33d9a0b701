"""Zabbix: what a webhook media type sends, its parameters as one JSON object.

The media type to import is docs/reference/integrations/zabbix-media-type.yaml. A field is found by the name of the macro
that it holds, however it is spelt: `EVENT.ID` and `event_id` are one. Macros without a value arrive empty, as they were
typed, or as `*UNKNOWN*`; all count as missing.

A problem is one series and one run of it, told by `{EVENT.ID}`: its recovery carries the id of the problem and not one
of its own. Updates are acknowledgements, new severities, or nothing. `{EVENT.DATE}` and `{EVENT.TIME}` are in a zone that
nobody tells, so only `{EVENT.TIMESTAMP}` is read, which older versions don't know. Zabbix signs nothing.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs

from sre_copilot.domain.deliveries import Acknowledgement, Delivery, Parsed, Sample
from sre_copilot.domain.errors import MalformedDelivery
from sre_copilot.domain.integrations import Integration
from sre_copilot.domain.payloads import SECONDS, Fields, web_links, wrong
from sre_copilot.domain.signals import UNKNOWN_SERVICE, Severity, SignalDraft, SignalStatus
from sre_copilot.domain.strict_json import read_form_or_json, read_json
from sre_copilot.domain.variables import Variables
from sre_copilot.hookspecs import IntegrationPlugin, hookimpl

SEVERITIES: Mapping[str, Severity] = {
    "5": Severity.CRITICAL,
    "4": Severity.HIGH,
    "3": Severity.MEDIUM,
    "2": Severity.LOW,
    "1": Severity.INFO,
    "0": Severity.MEDIUM,
    "disaster": Severity.CRITICAL,
    "high": Severity.HIGH,
    "average": Severity.MEDIUM,
    "warning": Severity.LOW,
    "information": Severity.INFO,
}
"""`{EVENT.NSEVERITY}`, or its name where the number is missing (names can be changed) -> ours. Not classified, 0, and
every other word are medium."""
STATES: Mapping[str, SignalStatus] = {"1": SignalStatus.FIRING, "0": SignalStatus.RESOLVED}
"""`{EVENT.VALUE}`."""
WITHOUT_PROBLEMS = frozenset({"1", "2"})
"""Values of `{EVENT.SOURCE}`: network discovery and autoregistration, which find things and report no problems."""
SERVICE_TAGS = ("service", "application", "app")
ENVIRONMENT_TAGS = ("environment", "env")
MOST_TAGS = 200
UNNAMED = "Zabbix problem"

_UNSET = re.compile(r"\{\$?[A-Z][A-Z0-9_.]*\}|\*UNKNOWN\*", re.ASCII)
_ACKNOWLEDGED = re.compile(r"\backnowledged\b", re.IGNORECASE)
_CHANGED_SEVERITY = re.compile(r"\bchanged severity\b", re.IGNORECASE)


@attrs.frozen
class Zabbix:
    """Reads problems, recoveries and updates."""

    type: str = "zabbix"
    title: str = "Zabbix"

    def read(self, delivery: Delivery) -> Any:
        """JSON, or a form where a script sends one."""
        return read_form_or_json(delivery)

    def samples(self, now: datetime) -> Sequence[Sample]:
        """A problem, its acknowledgement and recovery, and a problem of a version that knows no timestamps."""
        problem = {
            "event_id": "5120388",
            "event_source": "0",
            "event_value": "1",
            "event_name": "MySQL: too many connections",
            "event_nseverity": "4",
            "event_severity": "High",
            "event_timestamp": str(int((now - timedelta(minutes=10)).timestamp())),
            "event_tagsjson": '[{"tag":"service","value":"orders"},{"tag":"environment","value":"production"}]',
            "event_opdata": "Connections: 498",
            "event_update_status": "0",
            "host_name": "db-1",
            "trigger_id": "23817",
        }
        update = {"event_update_status": "1", "event_update_action": "acknowledged", "user_username": "ana@example.com"}
        over = {"event_value": "0", "event_recovery_timestamp": str(int((now - timedelta(minutes=1)).timestamp()))}
        unset = {"event_id": "5120399", "event_timestamp": "{EVENT.TIMESTAMP}", "event_tagsjson": "[]"}
        return (
            Sample(name="firing", body=json.dumps(problem).encode()),
            Sample(name="acknowledged", body=json.dumps({**problem, **update}).encode()),
            Sample(name="resolved", body=json.dumps({**problem, **over}).encode(), resolves="firing"),
            Sample(name="unset macros", body=json.dumps({**problem, **unset}).encode()),
        )

    def parse(self, integration: Integration, payload: Any, delivery: Delivery) -> Parsed:
        """Return the signal or acknowledgement. Raises UnreadableDelivery that names the field."""
        event = Variables.of(Fields.of(payload), unset=_UNSET)
        if event.text("EVENT.SOURCE") in WITHOUT_PROBLEMS:
            return Parsed()
        status = STATES.get(event.required("EVENT.VALUE"))
        if status is None:
            raise wrong(event.at("EVENT.VALUE"), "must be 1 or 0")
        draft = _draft(event, status, integration, delivery.received_at)
        if event.text("EVENT.UPDATE.STATUS") == "1":
            return _update(event, draft, delivery.received_at)
        return Parsed(drafts=(draft,))


def _update(event: Variables, draft: SignalDraft, received_at: datetime) -> Parsed:
    """An acknowledgement and a new severity mean something here; comments, closing and suppressing don't."""
    action = event.text("EVENT.UPDATE.ACTION")
    by = event.loose("USER.USERNAME")
    taken_over = (Acknowledgement(vendor_key=draft.vendor_key or "", by=by),) if _ACKNOWLEDGED.search(action) else ()
    if not _CHANGED_SEVERITY.search(action) or draft.status is SignalStatus.RESOLVED:
        return Parsed(acknowledgements=taken_over)
    # It counts from the change, because the same problem at the same time would only be a repeat.
    changed_at = event.epoch("EVENT.UPDATE.TIMESTAMP", received_at, per_second=SECONDS)
    return Parsed(drafts=(attrs.evolve(draft, occurred_at=changed_at),), acknowledgements=taken_over)


def _draft(event: Variables, status: SignalStatus, integration: Integration, received_at: datetime) -> SignalDraft:
    tags = _tags(event)
    host = event.loose("HOST.NAME") or event.loose("HOST.HOST")
    group = event.loose("TRIGGER.HOSTGROUP.NAME")
    word = event.text("EVENT.SEVERITY")
    environment_word = _first(tags, ENVIRONMENT_TAGS)
    title = event.loose("EVENT.NAME") or event.loose("TRIGGER.NAME")
    started_at = event.epoch("EVENT.TIMESTAMP", received_at, per_second=SECONDS)
    ended_at = event.epoch("EVENT.RECOVERY.TIMESTAMP", received_at, per_second=SECONDS)
    return SignalDraft(
        status=status,
        severity=SEVERITIES.get(event.text("EVENT.NSEVERITY") or word.lower(), Severity.MEDIUM),
        severity_word=word or event.text("EVENT.NSEVERITY"),
        service=_first(tags, SERVICE_TAGS) or host or UNKNOWN_SERVICE,
        environment=integration.environment_of(environment_word),
        environment_word=environment_word,
        name=title or UNNAMED,
        title=title,
        description="\n".join(filter(None, (event.loose("TRIGGER.DESCRIPTION"), event.loose("EVENT.OPDATA")))),
        labels={**({"host": host} if host else {}), **({"hostgroup": group} if group else {}), **tags},
        vendor_key=event.required("EVENT.ID"),
        vendor_fingerprint=event.key("TRIGGER.ID"),
        occurred_at=ended_at if status is SignalStatus.RESOLVED else started_at,
        episode_started_at=started_at,
        links=web_links(event.loose("EVENT.URL"), event.loose("TRIGGER.URL")),
        raw=event.fields.values,
    )


def _tags(event: Variables) -> dict[str, str]:
    """Tags come as JSON in a text, or as JSON itself. What can't be read decides nothing and is left out."""
    value = event.value("EVENT.TAGSJSON")
    if isinstance(value, str):
        try:
            value = read_json(value.encode())
        except MalformedDelivery:
            return {}
    tags: dict[str, str] = {}
    for item in value[:MOST_TAGS] if isinstance(value, list) else []:
        name, text = (item.get("tag"), item.get("value")) if isinstance(item, dict) else (None, None)
        if isinstance(name, str) and name and isinstance(text, str):
            tags.setdefault(name, text)
    return tags


def _first(tags: Mapping[str, str], names: Sequence[str]) -> str:
    return next((tags[name].strip() for name in names if tags.get(name, "").strip()), "")


@hookimpl
def sre_copilot_integrations() -> list[IntegrationPlugin]:
    """Register the integration type `zabbix`."""
    return [Zabbix()]
