"""OpenTelemetry: logs in OTLP/JSON, as an SDK or a Collector exports them over HTTP.

The records of one delivery are grouped into patterns: same service, environment, severity, scope, and the same text once
everything that changes from record to record is taken out of it. A pattern is one signal, and its series ends by silence,
because logs never say that something is over. Records below the setting `minimum_severity`, and those without any
severity, are left out: most logs are no trouble.

Only uncompressed JSON is read. An exporter that tries again sends the same first time, and counts as a repeat.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs

from sre_copilot.domain.deliveries import Delivery, Parsed, Reply, Sample
from sre_copilot.domain.errors import MalformedDelivery
from sre_copilot.domain.integrations import Integration, Setting, SettingKind
from sre_copilot.domain.payloads import NANOSECONDS, Fields, kind, wrong
from sre_copilot.domain.signals import UNKNOWN_SERVICE, Severity, SignalDraft, SignalType
from sre_copilot.domain.strict_json import read_json
from sre_copilot.hookspecs import IntegrationPlugin, hookimpl

WARN = 13
SEVERITIES: Mapping[int, Severity] = {
    21: Severity.CRITICAL,
    17: Severity.HIGH,
    WARN: Severity.MEDIUM,
    9: Severity.INFO,
    5: Severity.INFO,
    1: Severity.INFO,
}
"""The lowest number of each of OpenTelemetry's six ranges, worst first -> ours."""
WORDS: Mapping[int, str] = {21: "FATAL", 17: "ERROR", WARN: "WARN", 9: "INFO", 5: "DEBUG", 1: "TRACE"}
NUMBERS: Mapping[str, int] = {
    **{word.lower(): number for number, word in WORDS.items()},
    "critical": 21,
    "warning": WARN,
}
"""What a severity's text means where the record has no number."""
MINIMUM = "minimum_severity"
ENVIRONMENTS = ("deployment.environment.name", "deployment.environment")
PLACES: Mapping[str, str] = {"host.name": "host", "k8s.pod.name": "pod", "k8s.namespace.name": "namespace"}
MESSAGE_FIELDS = ("message", "msg", "error", "event")
"""Fields of a structured body that hold its text."""
VARIES = "<*>"
MOST_RECORDS = 50_000
MOST_PATTERNS = 1_000
"""Texts beyond so many patterns in one delivery are one pattern: they are not told apart well enough to be many."""
EXAMPLES = 3
LONGEST_TEXT = 500

_VARIABLE = re.compile(
    r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b[0-9a-f]{8,}\b|\b[^\W\d]*+\d\w*",
    re.IGNORECASE,
)
_VARIABLES = re.compile(r"<\*>(?:[-.:,/+]?<\*>)+")


@attrs.frozen
class OpenTelemetry:
    """Reads exported logs."""

    type: str = "opentelemetry"
    title: str = "OpenTelemetry (OTLP/JSON logs)"
    kept_headers: tuple[str, ...] = ("content-encoding",)
    settings: tuple[Setting, ...] = (
        Setting(
            name=MINIMUM,
            help="The lowest severity number that is read, 1 to 24: 9 is INFO, 13 WARN, 17 ERROR, 21 FATAL.",
            kind=SettingKind.NUMBER,
            default=WARN,
        ),
    )

    def read(self, delivery: Delivery) -> Any:
        """JSON logs. Raises MalformedDelivery, which says what to set, for what else exporters send."""
        if delivery.header("content-encoding").strip().lower() not in ("", "identity"):
            raise MalformedDelivery("Compressed bodies are not read; set the exporter's compression to none.")
        if "protobuf" in delivery.header("content-type").lower():
            raise MalformedDelivery("Protobuf is not read; set the exporter's encoding to json (http/json).")
        payload = read_json(delivery.body)
        body = payload if isinstance(payload, dict) else {}
        if body.get("resourceLogs") is None and {"resourceSpans", "resourceMetrics"} & set(body):
            raise MalformedDelivery("Only logs are read, no traces and metrics; set the exporter's logs endpoint only.")
        if _size(body) > MOST_RECORDS:
            raise MalformedDelivery(f"The delivery has more than {MOST_RECORDS} records; send it in parts.")
        return payload

    def samples(self, now: datetime) -> Sequence[Sample]:
        """An error that was logged twice, and a record that is no trouble."""
        failed = "payment 8231 of order 7f9c2d11-0a4e-4c7e-9a55-1d2f3c4b5a69 failed: timeout after 3000 ms"
        again = "payment 8232 of order 0b1d7a42-93cf-4f0e-8a0e-6e5d4c3b2a19 failed: timeout after 3001 ms"
        began = now - timedelta(minutes=10)
        errors = [
            _sample_record(began, 17, "ERROR", failed),
            _sample_record(began + timedelta(seconds=1), 17, "ERROR", again),
        ]
        quiet = [_sample_record(began, 9, "INFO", "order accepted")]
        return (
            Sample(name="firing", body=_sample_body(errors), headers={"content-type": "application/json"}),
            Sample(name="no trouble", body=_sample_body(quiet), headers={"content-type": "application/json"}),
        )

    def parse(self, integration: Integration, payload: Any, delivery: Delivery) -> Parsed:
        """Return one signal per pattern, and the answer that exporters expect. Raises UnreadableDelivery."""
        body = Fields.of(payload)
        set_minimum = integration.settings.get(MINIMUM)
        minimum = set_minimum if type(set_minimum) is int else WARN
        patterns: dict[tuple[str, ...], _Pattern] = {}
        for resource, scope, record in _records(body):
            number = _number(record)
            if number < max(minimum, 1):
                continue
            lowest = next(low for low in SEVERITIES if number >= low)
            text = _text(record)
            origin = (resource.service, resource.environment, WORDS[lowest], scope)
            key = (*origin, template(text))
            if key not in patterns and len(patterns) >= MOST_PATTERNS:
                key = (*origin, VARIES)
            if key not in patterns:
                patterns[key] = _Pattern(resource=resource, scope=scope, lowest=lowest, template=key[-1], text=text)
            patterns[key].add(record, _time(record, delivery.received_at))
        drafts = tuple(pattern.draft(integration) for pattern in patterns.values())
        return Parsed(drafts=drafts, reply=Reply(body='{"partialSuccess":{}}'))


def template(text: str) -> str:
    """Return the first line of a text with `<*>` for UUIDs, hex and every word that has a digit in it."""
    line = next((line for line in text.splitlines() if line.strip()), "")
    return _VARIABLES.sub(VARIES, _VARIABLE.sub(VARIES, line.strip()[:LONGEST_TEXT]))


@attrs.frozen(kw_only=True)
class _Resource:
    """Who logged."""

    service: str
    environment: str
    labels: Mapping[str, str]
    values: Mapping[str, Any]

    @classmethod
    def of(cls, resource: Fields) -> "_Resource":
        attributes = _attributes(resource.values.get("attributes"))
        return cls(
            service=attributes.get("service.name", "").strip(),
            environment=next((attributes[name] for name in ENVIRONMENTS if attributes.get(name)), ""),
            labels={ours: attributes[theirs] for theirs, ours in PLACES.items() if attributes.get(theirs)},
            values=resource.values,
        )


@attrs.define(kw_only=True)
class _Pattern:
    """Records with one template, while they are being counted."""

    resource: _Resource
    scope: str
    lowest: int
    template: str
    text: str
    count: int = 0
    first_at: datetime | None = None
    examples: list[Mapping[str, Any]] = attrs.field(factory=list)

    def add(self, record: Fields, at: datetime | None) -> None:
        self.count += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(record.values)
        if at is not None:
            self.first_at = at if self.first_at is None else min(self.first_at, at)

    def draft(self, integration: Integration) -> SignalDraft:
        told = {
            "service": self.resource.service,
            "severity": WORDS[self.lowest],
            "scope": self.scope,
            "template": self.template,
        }
        title = next((line for line in self.text.splitlines() if line.strip()), "").strip()[:LONGEST_TEXT]
        return SignalDraft(
            signal_type=SignalType.LOG_PATTERN,
            severity=SEVERITIES[self.lowest],
            severity_word=WORDS[self.lowest],
            service=self.resource.service or UNKNOWN_SERVICE,
            environment=integration.environment_of(self.resource.environment),
            environment_word=self.resource.environment,
            name=self.template or "log without text",
            title=title or "log without text",
            description=f"{self.count} records like: {self.text}" if self.count > 1 else self.text,
            labels=self.resource.labels,
            identity={name: value for name, value in told.items() if value},
            occurred_at=self.first_at,
            raw={
                "resource": self.resource.values,
                "scope": self.scope,
                "template": self.template,
                "count": self.count,
                "records": self.examples,
            },
        )


def _size(body: Mapping[str, Any]) -> int:
    """How many things reading will look at. What has a wrong type counts as one, and is refused by its reader."""
    resources = _objects(body.get("resourceLogs"))
    scopes = [scope for resource in resources for scope in _objects(resource.get("scopeLogs"))]
    records = (scope.get("logRecords") for scope in scopes)
    return len(resources) + len(scopes) + sum(len(found) for found in records if isinstance(found, list))


def _objects(value: object) -> list[dict[str, Any]]:
    found = value if isinstance(value, list) else []
    return [item if isinstance(item, dict) else {} for item in found]


def _records(body: Fields) -> Iterator[tuple[_Resource, str, Fields]]:
    for resource_logs in _listed(body, "resourceLogs"):
        resource = _Resource.of(resource_logs.object("resource"))
        for scope_logs in _listed(resource_logs, "scopeLogs"):
            scope = scope_logs.object("scope").text("name")
            yield from ((resource, scope, record) for record in _listed(scope_logs, "logRecords"))


def _listed(holder: Fields, name: str) -> list[Fields]:
    return [] if holder.values.get(name) is None else holder.objects(name)


def _number(record: Fields) -> int:
    """The severity's number, that of its text where there is none; 0 where there is neither. Raises UnreadableDelivery."""
    number = record.values.get("severityNumber")
    if number is not None and (isinstance(number, bool) or not isinstance(number, int)):
        raise wrong(record.at("severityNumber"), f"must be a number, not {kind(number)}")
    return number or NUMBERS.get(record.text("severityText").strip().lower(), 0)


def _time(record: Fields, received_at: datetime) -> datetime | None:
    at = record.epoch("timeUnixNano", received_at, per_second=NANOSECONDS)
    return at or record.epoch("observedTimeUnixNano", received_at, per_second=NANOSECONDS)


def _text(record: Fields) -> str:
    """The body's text, the text within a structured body, or else the name of the event or exception."""
    body = record.object("body")
    text = body.loose("stringValue")
    if not text and "kvlistValue" in body.values:
        values = _attributes(body.object("kvlistValue").values.get("values"))
        text = next((values[name] for name in MESSAGE_FIELDS if values.get(name)), ", ".join(sorted(values)))
    if text.strip():
        return text
    attributes = _attributes(record.values.get("attributes"))
    return record.loose("eventName") or attributes.get("exception.message") or attributes.get("exception.type", "")


def _attributes(attributes: object) -> dict[str, str]:
    """Attributes whose value is a text; the others decide nothing here."""
    found: dict[str, str] = {}
    for item in attributes if isinstance(attributes, list) else []:
        value = item.get("value") if isinstance(item, dict) else None
        text = value.get("stringValue") if isinstance(value, dict) else None
        if isinstance(text, str) and isinstance(item.get("key"), str):
            found.setdefault(item["key"], text)
    return found


def _sample_record(at: datetime, number: int, word: str, text: str) -> dict[str, Any]:
    nanoseconds = str(int(at.timestamp()) * NANOSECONDS)
    return {"timeUnixNano": nanoseconds, "severityNumber": number, "severityText": word, "body": {"stringValue": text}}


def _sample_body(records: Sequence[Mapping[str, Any]]) -> bytes:
    told = {"service.name": "checkout", "deployment.environment.name": "production", "host.name": "web-1"}
    attributes = [{"key": name, "value": {"stringValue": value}} for name, value in told.items()]
    scope_logs = [{"scope": {"name": "checkout.payments"}, "logRecords": records}]
    return json.dumps({"resourceLogs": [{"resource": {"attributes": attributes}, "scopeLogs": scope_logs}]}).encode()


@hookimpl
def sre_copilot_integrations() -> list[IntegrationPlugin]:
    """Register the integration type `opentelemetry`."""
    return [OpenTelemetry()]
