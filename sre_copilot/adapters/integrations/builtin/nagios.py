"""Nagios and Icinga 2: what a notification command posts, as a form or as a JSON object of macros.

The commands to copy are in docs/reference/integrations/nagios.md. A field is found by the name of its macro, however it
is spelt, with `NAGIOS_` or `ICINGA_` before it or without. Macros without a value arrive empty or as they were typed.

A host is one series and each of its services another. Problems, recoveries and flapping are signals of the series, an
acknowledgement is somebody's word that they are on it, and the start of a downtime is a change: people do something there.
The end of a downtime and custom notifications say nothing that matters here. Neither vendor signs anything.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import attrs

from sre_copilot.domain.deliveries import Acknowledgement, Delivery, Parsed, Sample
from sre_copilot.domain.integrations import Integration
from sre_copilot.domain.payloads import SECONDS, Fields, checked_time, joined_key, web_links, wrong
from sre_copilot.domain.signals import (
    ChangeDetails,
    Severity,
    SignalDraft,
    SignalStatus,
    SignalType,
)
from sre_copilot.domain.strict_json import FORM, read_form_or_json
from sre_copilot.domain.variables import Variables
from sre_copilot.hookspecs import IntegrationPlugin, hookimpl

SEVERITIES: Mapping[str, Severity] = {
    "CRITICAL": Severity.CRITICAL,
    "DOWN": Severity.CRITICAL,
    "UNREACHABLE": Severity.HIGH,
    "WARNING": Severity.MEDIUM,
    "UNKNOWN": Severity.MEDIUM,
    "OK": Severity.INFO,
    "UP": Severity.INFO,
}
"""The state of the service, or of the host where it is about that -> ours. Every other word is medium."""
WELL = frozenset({"OK", "UP"})
FLAPPING_BEGINS = frozenset({"FLAPPINGSTART"})
FLAPPING_ENDS = frozenset({"FLAPPINGSTOP", "FLAPPINGEND", "FLAPPINGDISABLED"})
"""Nagios says STOP and DISABLED, Icinga END."""
SAYS_NOTHING = frozenset({"DOWNTIMEEND", "DOWNTIMECANCELLED", "DOWNTIMEREMOVED", "CUSTOM"})
PREFIXES = ("NAGIOS_", "ICINGA_")
ALIASES: Mapping[str, str] = {"SERVICENAME": "SERVICEDESC", "NOTIFICATIONAUTHORNAME": "NOTIFICATIONAUTHOR"}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_UNSET = re.compile(r"\$[A-Za-z0-9_.:]+\$", re.ASCII)
_NAGIOS_TIME = re.compile(r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) +(\d{1,2}) (\d\d:\d\d:\d\d) (?:UTC|GMT) (\d{4})", re.ASCII)
_ICINGA_TIME = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) ([+-]\d{4})", re.ASCII)


@attrs.frozen
class Nagios:
    """Reads notifications of hosts and services."""

    type: str = "nagios"
    title: str = "Nagios and Icinga 2"

    def read(self, delivery: Delivery) -> Any:
        """A form, as the published command sends it, or JSON."""
        return read_form_or_json(delivery)

    def samples(self, now: datetime) -> Sequence[Sample]:
        """A service that fails, is acknowledged and recovers, a downtime, and a host of Icinga."""
        problem = {
            "NOTIFICATIONTYPE": "PROBLEM",
            "HOSTNAME": "web-1",
            "SERVICEDESC": "HTTP",
            "SERVICESTATE": "CRITICAL",
            "SERVICEOUTPUT": "HTTP CRITICAL: HTTP/1.1 503 Service Unavailable",
            "ENVIRONMENT": "production",
            "LASTSERVICESTATECHANGE": _seconds(now - timedelta(minutes=10)),
            "TIMET": _seconds(now - timedelta(minutes=9)),
        }
        over = {"NOTIFICATIONTYPE": "RECOVERY", "SERVICESTATE": "OK", "SERVICEOUTPUT": "HTTP OK: HTTP/1.1 200 OK"}
        comment = {"NOTIFICATIONAUTHOR": "ana@example.com", "NOTIFICATIONCOMMENT": "on it"}
        icinga = {
            "NOTIFICATIONTYPE": "PROBLEM",
            "HOSTNAME": "db-1",
            "HOSTSTATE": "DOWN",
            "HOSTOUTPUT": "PING CRITICAL - Packet loss = 100%",
            "LONGDATETIME": f"{now - timedelta(minutes=5):%Y-%m-%d %H:%M:%S %z}",
        }
        ended = {**problem, **over, "LASTSERVICESTATECHANGE": _seconds(now - timedelta(minutes=1))}
        return (
            _sample("firing", problem),
            _sample("acknowledged", {**problem, **comment, "NOTIFICATIONTYPE": "ACKNOWLEDGEMENT"}),
            _sample("resolved", ended, resolves="firing"),
            _sample("change", {**problem, **comment, "NOTIFICATIONTYPE": "DOWNTIMESTART"}),
            _sample("host of Icinga", icinga),
        )

    def parse(self, integration: Integration, payload: Any, delivery: Delivery) -> Parsed:
        """Return the signal or acknowledgement. Raises UnreadableDelivery that names the field."""
        body = Fields.of(payload)
        event = Variables.of(Fields(_without_prefixes(body.values)), unset=_UNSET, aliases=ALIASES)
        kind = event.required("NOTIFICATIONTYPE").upper()
        subject = _Subject(host=event.required("HOSTNAME"), check=event.key("SERVICEDESC") or "")
        if kind == "ACKNOWLEDGEMENT":
            by = event.loose("NOTIFICATIONAUTHOR")
            return Parsed(acknowledgements=(Acknowledgement(vendor_key=subject.key, by=by),))
        if kind in SAYS_NOTHING:
            return Parsed()
        draft = attrs.evolve(_draft(event, subject, integration), raw=body.values)
        if kind == "DOWNTIMESTART":
            return Parsed(drafts=(_downtime(event, subject, draft, delivery.received_at),))
        return Parsed(drafts=(_told(event, subject, kind, draft, delivery.received_at),))


@attrs.frozen(kw_only=True)
class _Subject:
    """The host, or the service on it, that a notification is about; `check` is empty for the host itself."""

    host: str
    check: str

    @property
    def kind(self) -> str:
        return "SERVICE" if self.check else "HOST"

    @property
    def key(self) -> str:
        return joined_key("service", self.host, self.check) if self.check else joined_key("host", self.host)

    @property
    def name(self) -> str:
        return f"{self.check} on {self.host}" if self.check else f"Host {self.host}"


def _told(event: Variables, subject: _Subject, kind: str, draft: SignalDraft, received_at: datetime) -> SignalDraft:
    """What a notification of this kind says of the series."""
    sent_at = _sent_at(event, received_at)
    if kind in ("PROBLEM", "RECOVERY"):
        changed_at = event.epoch(f"LAST{subject.kind}STATECHANGE", received_at, per_second=SECONDS)
        status = SignalStatus.FIRING if kind == "PROBLEM" else SignalStatus.RESOLVED
        return attrs.evolve(draft, status=status, occurred_at=changed_at or sent_at)
    is_well = draft.severity_word.upper() in WELL
    if kind in FLAPPING_BEGINS:
        # What flaps is trouble, even where it happens to be well at this moment.
        severity = Severity.LOW if is_well else draft.severity
        return attrs.evolve(draft, severity=severity, title=f"{draft.title} (flapping)", occurred_at=sent_at)
    if kind in FLAPPING_ENDS:
        # While it flapped no recovery was told, so that this is the only word of one.
        status = SignalStatus.RESOLVED if is_well else SignalStatus.FIRING
        return attrs.evolve(draft, status=status, occurred_at=sent_at)
    raise wrong(event.at("NOTIFICATIONTYPE"), "is no type of notification that Nagios or Icinga documents")


def _draft(event: Variables, subject: _Subject, integration: Integration) -> SignalDraft:
    state = event.text(f"{subject.kind}STATE")
    environment_word = event.text("ENVIRONMENT")
    return SignalDraft(
        severity=SEVERITIES.get(state.upper(), Severity.MEDIUM),
        severity_word=state,
        service=event.text("SERVICE") or subject.check or subject.host,
        environment=integration.environment_of(environment_word),
        environment_word=environment_word,
        name=subject.check or "Host check",
        title=f"{subject.name} is {state}" if state else subject.name,
        description=event.loose(f"{subject.kind}OUTPUT"),
        labels={"host": subject.host},
        vendor_key=subject.key,
        links=web_links(event.loose("SERVICENOTESURL"), event.loose("HOSTNOTESURL")),
    )


def _downtime(event: Variables, subject: _Subject, draft: SignalDraft, received_at: datetime) -> SignalDraft:
    """A change of its own series: it must neither open nor end what the key of the checks stands for."""
    summary = f"Downtime of {subject.name} begins"
    author, comment = event.loose("NOTIFICATIONAUTHOR"), event.loose("NOTIFICATIONCOMMENT")
    return attrs.evolve(
        draft,
        signal_type=SignalType.CONFIG_CHANGE,
        status=SignalStatus.MOMENT,
        severity=Severity.INFO,
        severity_word="",
        name=summary,
        title=summary,
        description=comment,
        identity={"downtime": subject.key},
        vendor_key=None,
        occurred_at=_sent_at(event, received_at),
        change=ChangeDetails(kind="downtime", summary=summary, author=author, text=comment, links=draft.links),
    )


def _sent_at(event: Variables, received_at: datetime) -> datetime | None:
    """When the notification was made; None where its time is in a zone that an abbreviation doesn't tell."""
    told = event.epoch("TIMET", received_at, per_second=SECONDS)
    if told is not None:
        return told
    text, path = event.text("LONGDATETIME"), event.at("LONGDATETIME")
    written = ""
    if match := _NAGIOS_TIME.fullmatch(text):
        month = MONTHS.index(match[1]) + 1 if match[1] in MONTHS else 0
        written = f"{match[4]}-{month:02}-{int(match[2]):02}T{match[3]}+00:00"
    elif match := _ICINGA_TIME.fullmatch(text):
        written = f"{match[1]}T{match[2]}{match[3]}"
    if not written:
        return None
    try:
        return checked_time(path, datetime.fromisoformat(written).astimezone(UTC), received_at)
    except (ValueError, OverflowError) as error:
        raise wrong(path, "is not a time that exists") from error


def _without_prefixes(values: Mapping[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for name, value in values.items():
        prefix = next((known for known in PREFIXES if name.startswith(known)), "")
        plain.setdefault(name.removeprefix(prefix), value)
    return plain


def _seconds(moment: datetime) -> str:
    return str(int(moment.timestamp()))


def _sample(name: str, macros: Mapping[str, str], resolves: str = "") -> Sample:
    headers = {"content-type": FORM}
    return Sample(name=name, body=urlencode(macros).encode(), headers=headers, resolves=resolves)


@hookimpl
def sre_copilot_integrations() -> list[IntegrationPlugin]:
    """Register the integration type `nagios`."""
    return [Nagios()]
