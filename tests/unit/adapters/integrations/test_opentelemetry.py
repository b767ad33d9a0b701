"""OTLP/JSON logs, on requests as the specification shows them."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.adapters.integrations.builtin.opentelemetry import MOST_PATTERNS, MOST_RECORDS, template
from sre_copilot.domain.deliveries import Reply
from sre_copilot.domain.errors import MalformedDelivery, UnreadableDelivery
from sre_copilot.domain.fingerprint import fingerprint
from sre_copilot.domain.signals import Environment, Severity, SignalStatus, SignalType
from tests.unit.adapters.integrations.door import Door

DOOR = Door(type="opentelemetry")
ANSWER = Reply(body='{"partialSuccess":{}}')
START = 1772366400_000000000


def attributes(told: dict[str, str]) -> list[dict[str, Any]]:
    return [{"key": name, "value": {"stringValue": value}} for name, value in told.items()]


def record(text: Any = "user 17 not found", number: Any = 17, at: Any = str(START), **more: Any) -> dict[str, Any]:
    body = {"stringValue": text} if isinstance(text, str) else text
    told = {"timeUnixNano": at, "severityNumber": number, "severityText": "Error", "body": body}
    return {**told, "traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174", **more}


def export(*records: Any, scope: str = "my.library", **told: str) -> dict[str, Any]:
    named = {"service.name": "checkout", "deployment.environment.name": "production", "host.name": "web-1", **told}
    resource = {"attributes": attributes({name.replace("__", "."): value for name, value in named.items()})}
    return {
        "resourceLogs": [{"resource": resource, "scopeLogs": [{"scope": {"name": scope}, "logRecords": list(records)}]}]
    }


def patterns(body: Any, **settings: Any) -> list[str]:
    return [draft.name for draft in Door(type="opentelemetry", settings=settings).read(body).drafts]


def test_records_with_one_template_are_one_log_pattern() -> None:
    body = export(record(), record("user 4711 not found", at=str(START - 60 * 10**9)), record("user 5 not found"))
    parsed = DOOR.read(body)
    (draft,) = parsed.drafts
    assert draft.signal_type is SignalType.LOG_PATTERN
    assert draft.status is SignalStatus.FIRING
    assert (draft.severity, draft.severity_word) == (Severity.HIGH, "ERROR")
    assert draft.service == "checkout"
    assert (draft.environment, draft.environment_word) == (Environment.PRODUCTION, "production")
    assert (draft.name, draft.title) == ("user <*> not found", "user 17 not found")
    assert draft.description == "3 records like: user 17 not found"
    assert draft.occurred_at == datetime(2026, 3, 1, 11, 59, tzinfo=UTC)
    assert draft.labels == {"host": "web-1"}
    assert draft.vendor_key is None
    assert draft.identity == {
        "service": "checkout",
        "severity": "ERROR",
        "scope": "my.library",
        "template": "user <*> not found",
    }
    assert draft.raw["count"] == 3
    assert draft.raw["records"][0] == record()
    assert parsed.reply == ANSWER


def test_the_next_delivery_of_a_pattern_is_the_same_series() -> None:
    later = export(record("user 9 not found", at=str(START + 10**9)))
    assert DOOR.series(export(record())) == DOOR.series(later)


def test_service_environment_severity_and_scope_tell_patterns_apart() -> None:
    bodies = [
        export(record()),
        export(record(), service__name="cart"),
        export(record(), deployment__environment__name="staging"),
        export(record(number=13)),
        export(record(), scope="other"),
        export(record("user not found")),
    ]
    merged = {"resourceLogs": [one for body in bodies for one in body["resourceLogs"]]}
    drafts = DOOR.read(merged).drafts
    assert len({fingerprint(DOOR.integration.id, draft) for draft in drafts}) == len(bodies)


def test_without_a_resource_and_a_body_nothing_is_invented() -> None:
    draft = DOOR.signal({"resourceLogs": [{"scopeLogs": [{"logRecords": [{"severityNumber": 21}]}]}]})
    assert (draft.service, draft.environment_word, draft.severity) == ("unknown", "", Severity.CRITICAL)
    assert draft.occurred_at is None
    assert draft.name == draft.title == "log without text"


@pytest.mark.parametrize(
    ("number", "severity", "word"),
    [
        (24, Severity.CRITICAL, "FATAL"),
        (21, Severity.CRITICAL, "FATAL"),
        (20, Severity.HIGH, "ERROR"),
        (17, Severity.HIGH, "ERROR"),
        (16, Severity.MEDIUM, "WARN"),
        (13, Severity.MEDIUM, "WARN"),
        (12, Severity.INFO, "INFO"),
        (8, Severity.INFO, "DEBUG"),
        (1, Severity.INFO, "TRACE"),
    ],
)
def test_the_range_of_the_number_is_the_severity(number: int, severity: Severity, word: str) -> None:
    everything = Door(type="opentelemetry", settings={"minimum_severity": 1})
    draft = everything.signal(export(record(number=number)))
    assert (draft.severity, draft.severity_word) == (severity, word)


@pytest.mark.parametrize(
    ("text", "severity"), [("ERROR", Severity.HIGH), ("warning", Severity.MEDIUM), ("Critical", Severity.CRITICAL)]
)
def test_without_a_number_the_severitys_text_counts(text: str, severity: Severity) -> None:
    assert DOOR.signal(export(record(number=None, severityText=text))).severity is severity


def test_only_warnings_and_worse_are_read_unless_the_setting_says_otherwise() -> None:
    body = export(
        record("a", 12), record("b", 13), record("c", 17), record("d", 0, severityText="chatty"), record("e", -1)
    )
    assert patterns(body) == ["b", "c"]
    assert patterns(body, minimum_severity=17) == ["c"]
    assert patterns(body, minimum_severity=9) == ["a", "b", "c"]
    assert patterns(body, minimum_severity=0) == ["a", "b", "c"]
    assert patterns(body, minimum_severity="many") == ["b", "c"]


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"kvlistValue": {"values": attributes({"level": "error", "msg": "job 7 died"})}}, "job <*> died"),
        ({"kvlistValue": {"values": attributes({"b": "1", "a": "2"})}}, "a, b"),
        ({"intValue": "5"}, "PaymentFailed"),
        (None, "PaymentFailed"),
    ],
)
def test_a_structured_body_is_read_by_its_message_and_without_text_the_event_has_a_name(body: Any, name: str) -> None:
    told = {**record(), "body": body, "eventName": "PaymentFailed"}
    assert DOOR.signal(export(told)).name == name


def test_without_body_and_name_the_exception_says_what_it_is() -> None:
    told = {
        **record(),
        "body": None,
        "attributes": attributes({"exception.type": "KeyError", "exception.message": "id 5"}),
    }
    assert DOOR.signal(export(told)).name == "id <*>"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("order 0b1d7a42-93cf-4f0e-8a0e-6e5d4c3b2a19 lost", "order <*> lost"),
        ("connect to 10.0.3.17:5432 took 3.52 s", "connect to <*> took <*> s"),
        ("2026-03-01T11:59:59.123Z GET /users/17/cart?id=8 503", "<*> GET /users/<*>/cart?id=<*> <*>"),
        ("at 0xdeadbeef in frame DEADBEEF", "at <*> in frame <*>"),
        ("pod web-7f9c4d-x2x9k restarted", "pod web-<*> restarted"),
        ("\n  first line 1\nsecond line", "first line <*>"),
        ("no variables at all", "no variables at all"),
        ("", ""),
        ("é" * 700, "é" * 500),
    ],
)
def test_what_changes_from_record_to_record_is_taken_out(text: str, expected: str) -> None:
    assert template(text) == expected


@given(st.text(max_size=200))
def test_a_template_has_no_digit_and_is_its_own_template(text: str) -> None:
    found = template(text)
    assert not any(char in found for char in "0123456789")
    assert template(found) == found


def test_times_are_read_as_text_and_as_numbers_and_the_observed_time_stands_in() -> None:
    assert DOOR.signal(export(record(at=START))).occurred_at == datetime(2026, 3, 1, 12, tzinfo=UTC)
    observed = record(at="0", observedTimeUnixNano=str(START + 999))
    assert DOOR.signal(export(observed)).occurred_at == datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_an_empty_export_says_nothing_and_is_answered() -> None:
    bodies: list[Any] = [
        {},
        {"resourceLogs": []},
        {"resourceLogs": [{}]},
        {"resourceLogs": [{"scopeLogs": [{}]}]},
        export(),
    ]
    for body in bodies:
        parsed = DOOR.read(body)
        assert (parsed.drafts, parsed.reply) == ((), ANSWER)


@pytest.mark.parametrize("where", ["body", "resource", "scope", "record"])
def test_an_unknown_field_changes_nothing(where: str) -> None:
    body = export(record())
    logs = body["resourceLogs"][0]
    places = {"body": body, "resource": logs["resource"], "scope": logs["scopeLogs"][0]}
    places.get(where, logs["scopeLogs"][0]["logRecords"][0])["unknown"] = {"deep": [None]}
    assert DOOR.series(body) == DOOR.series(export(record()))


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"content-type": "application/x-protobuf"}, "Protobuf is not read; set the exporter's encoding to json"),
        ({"content-type": "application/json", "content-encoding": "gzip"}, "set the exporter's compression to none"),
    ],
)
def test_what_exporters_send_by_default_is_refused_with_what_to_set(headers: dict[str, str], words: str) -> None:
    with pytest.raises(MalformedDelivery, match=words):
        DOOR.read(b"\x0a\x00", headers)


@pytest.mark.parametrize("name", ["resourceSpans", "resourceMetrics"])
def test_traces_and_metrics_are_refused(name: str) -> None:
    with pytest.raises(MalformedDelivery, match="Only logs are read"):
        DOOR.read({name: []})


def test_texts_beyond_the_bound_are_one_pattern() -> None:
    letters = [
        f"{chr(97 + i // 676 % 26)}{chr(97 + i // 26 % 26)}{chr(97 + i % 26)}" for i in range(MOST_PATTERNS + 50)
    ]
    drafts = DOOR.read(export(*(record(text) for text in letters))).drafts
    assert len(drafts) == MOST_PATTERNS + 1
    assert (drafts[-1].name, drafts[-1].raw["count"]) == ("<*>", 50)


@pytest.mark.parametrize("body", [export(*[{}] * (MOST_RECORDS + 1)), {"resourceLogs": [{}] * (MOST_RECORDS + 1)}])
def test_more_records_than_can_be_read_in_time_are_refused(body: Any) -> None:
    with pytest.raises(MalformedDelivery, match="send it in parts"):
        DOOR.read(body)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"resourceLogs": {}}, "resourceLogs must be a list"),
        (
            export(record(number="17")),
            r"resourceLogs\[0\].scopeLogs\[0\].logRecords\[0\].severityNumber must be a number",
        ),
        (export(record(at="soon")), r"resourceLogs\[0\].scopeLogs\[0\].logRecords\[0\].timeUnixNano must be a time"),
        (
            export(record(), {**record(), "body": "text"}),
            r"resourceLogs\[0\].scopeLogs\[0\].logRecords\[1\].body must be an object",
        ),
        (export(5), r"resourceLogs\[0\].scopeLogs\[0\].logRecords\[0\] must be an object"),
        (json.loads("[]"), "the body must be an object"),
    ],
)
def test_a_wrong_field_is_named(body: Any, words: str) -> None:
    with pytest.raises(UnreadableDelivery, match=f"^{words}"):
        DOOR.read(body)
