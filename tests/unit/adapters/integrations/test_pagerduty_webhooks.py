"""What PagerDuty's V3 webhooks say, how they prove it, and what is never kept of the Events API."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from sre_copilot.domain.deliveries import Acknowledgement, Parsed
from sre_copilot.domain.errors import DeliveryTooLarge, UnreadableDelivery
from sre_copilot.domain.signals import Environment, Severity, SignalDraft, SignalStatus, SignalType
from tests.unit.adapters.integrations.door import Door

DOOR = Door(type="pagerduty")
CREATED = datetime(2026, 3, 1, 10, 16, 27, tzinfo=UTC)
HAPPENED = datetime(2026, 3, 1, 11, 45, 22, 169_000, tzinfo=UTC)
DATA: dict[str, Any] = {
    "id": "PGR0VU2",
    "type": "incident",
    "self": "https://api.pagerduty.com/incidents/PGR0VU2",
    "html_url": "https://acme.pagerduty.com/incidents/PGR0VU2",
    "number": 2,
    "status": "triggered",
    "incident_key": "d3640fbd41094207a1c11e58e46b1662",
    "created_at": "2026-03-01T10:16:27Z",
    "title": "A little bump in the road",
    "service": {"id": "PF9KMXH", "summary": "API Service", "type": "service_reference"},
    "assignees": [{"id": "PTUXL6G", "summary": "User 123", "type": "user_reference"}],
    "escalation_policy": {"id": "PUS0KTE", "summary": "Default", "type": "escalation_policy_reference"},
    "teams": [{"id": "PFCVPS0", "summary": "Engineering", "type": "team_reference"}],
    "priority": {"id": "PSO75BM", "summary": "P1", "type": "priority_reference"},
    "urgency": "high",
    "conference_bridge": None,
    "resolve_reason": None,
}


def webhook(word: str = "triggered", event: dict[str, Any] | None = None, **data: Any) -> dict[str, Any]:
    return {
        "event": {
            "id": "5ac64822-4adc-4fda-ade0-410becf0de4f",
            "event_type": f"incident.{word}",
            "resource_type": "incident",
            "occurred_at": "2026-03-01T11:45:22.169Z",
            "agent": {"id": "PLH1HKV", "summary": "Tenex Engineer", "type": "user_reference"},
            "client": {"name": "PagerDuty"},
            "data": {**DATA, **data},
            **(event or {}),
        }
    }


def one(word: str = "triggered", **data: Any) -> SignalDraft:
    return DOOR.signal(webhook(word, **data))


def test_a_triggered_incident_is_read_in_our_words() -> None:
    draft = one()
    assert (draft.signal_type, draft.status) == (SignalType.ALERT, SignalStatus.FIRING)
    assert (draft.severity, draft.severity_word) == (Severity.CRITICAL, "P1")
    assert draft.service == "API Service"
    assert (draft.environment, draft.environment_word) == (Environment.DEVELOPMENT, "")
    assert draft.vendor_key == "d3640fbd41094207a1c11e58e46b1662"
    assert draft.occurred_at == draft.episode_started_at == CREATED
    assert draft.name == draft.title == "A little bump in the road"
    assert draft.labels == {"service": "API Service", "escalation_policy": "Default"}
    assert draft.links == (DATA["html_url"],)
    assert draft.raw == webhook()["event"]


def test_a_resolve_ends_the_run_that_there_is_when_it_happened() -> None:
    draft = one("resolved", status="resolved")
    assert (draft.status, draft.occurred_at, draft.episode_started_at) == (SignalStatus.RESOLVED, HAPPENED, None)
    assert DOOR.series(webhook("resolved")) == DOOR.series(webhook())


def test_a_reopened_incident_fires_anew_from_then_on() -> None:
    draft, second = one("reopened"), HAPPENED.replace(microsecond=0)
    assert (draft.status, draft.occurred_at, draft.episode_started_at) == (SignalStatus.FIRING, second, second)


def test_another_priority_is_the_same_run_with_another_severity() -> None:
    draft = one("priority_updated", priority={"summary": "P2"})
    assert (draft.status, draft.severity, draft.episode_started_at) == (SignalStatus.FIRING, Severity.HIGH, CREATED)
    assert DOOR.read(webhook("priority_updated", status="resolved")) == Parsed(vendor_id=webhook()["event"]["id"])


def test_an_acknowledgement_is_no_signal_and_names_who_did_it() -> None:
    parsed = DOOR.read(webhook("acknowledged", status="acknowledged"))
    assert parsed.drafts == ()
    assert parsed.acknowledgements == (Acknowledgement(vendor_key=DATA["incident_key"], by="Tenex Engineer"),)


@pytest.mark.parametrize(
    "word",
    ["unacknowledged", "escalated", "delegated", "reassigned", "annotated", "responder.added", "of_tomorrow"],
)
def test_what_changes_nothing_for_us_says_nothing(word: str) -> None:
    parsed = DOOR.read(webhook(word, event={"data": {"type": "incident_note", "content": "hello"}}))
    assert (parsed.drafts, parsed.acknowledgements) == ((), ())


def test_the_test_event_says_nothing() -> None:
    event = {"id": "01", "event_type": "pagey.ping", "agent": None, "data": {"message": "Hello!", "type": "ping"}}
    assert DOOR.read({"event": event}) == Parsed(vendor_id="01")


@pytest.mark.parametrize(
    ("priority", "urgency", "severity", "word"),
    [
        ("P1", "low", Severity.CRITICAL, "P1"),
        ("P2", "high", Severity.HIGH, "P2"),
        ("p3 ", "high", Severity.MEDIUM, "p3 "),
        ("P4", "high", Severity.LOW, "P4"),
        ("P5", "high", Severity.INFO, "P5"),
        ("SEV1", "high", Severity.CRITICAL, "SEV1"),
        ("SEV-2", "high", Severity.HIGH, "SEV-2"),
        ("Major", "high", Severity.MEDIUM, "Major"),
        ("", "high", Severity.HIGH, "high"),
        (None, "low", Severity.LOW, "low"),
        (None, "severe", Severity.MEDIUM, "severe"),
        (None, None, Severity.MEDIUM, ""),
    ],
)
def test_severity_is_the_priority_else_the_urgency(
    priority: str | None, urgency: str | None, severity: Severity, word: str
) -> None:
    draft = one(priority=None if priority is None else {"summary": priority}, urgency=urgency)
    assert (draft.severity, draft.severity_word) == (severity, word)


def test_an_incident_without_a_key_is_told_by_its_id_and_one_without_a_start_by_its_event() -> None:
    draft = one(incident_key=None, created_at=None, service=None, title=None)
    assert draft.vendor_key == "PGR0VU2"
    assert (draft.occurred_at, draft.episode_started_at) == (HAPPENED, None)
    assert (draft.service, draft.title) == ("unknown", "PagerDuty incident")


def test_the_id_of_the_event_names_the_delivery_and_events_of_clients_have_none() -> None:
    assert DOOR.read(webhook()).vendor_id == "5ac64822-4adc-4fda-ade0-410becf0de4f"
    assert DOOR.read({"event_action": "resolve", "dedup_key": "k", "event": {"id": "x"}}).vendor_id is None


EVENT = {"routing_key": "k", "event_action": "trigger", "dedup_key": "d", "payload": {"summary": "s"}}
CHANGE = {"routing_key": "k", "payload": {"summary": "s"}}


@pytest.mark.parametrize(
    ("body", "path", "said"),
    [
        (webhook(), "", (SignalStatus.FIRING, DATA["incident_key"])),
        ({**webhook(), **EVENT}, "", (SignalStatus.FIRING, "d")),
        ({**webhook(), **CHANGE}, "", (SignalStatus.MOMENT, None)),
        ({**webhook(), **EVENT}, "/v2/enqueue", (SignalStatus.FIRING, "d")),
        ({**webhook(), **CHANGE}, "/v2/change/enqueue", (SignalStatus.MOMENT, None)),
        ({**EVENT, "event": "text"}, "", (SignalStatus.FIRING, "d")),
    ],
)
def test_webhooks_and_events_are_told_apart(body: Any, path: str, said: tuple[SignalStatus, str | None]) -> None:
    draft = DOOR.signal(body, path=path)
    assert (draft.status, draft.vendor_key) == said


def test_a_webhook_is_no_event_at_the_doors_of_the_events_api() -> None:
    for path, words in (
        ("/v2/enqueue", "event_action is missing"),
        ("/v2/change/enqueue", "payload.summary is missing"),
    ):
        with pytest.raises(UnreadableDelivery, match=words):
            DOOR.read(webhook(), path=path)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (webhook(event={"event_type": None}), "event.event_type is missing"),
        (webhook(event={"event_type": 5}), "event.event_type must be a string, not a number"),
        (webhook(event={"id": 5}), "event.id must be a string, not a number"),
        (webhook(event={"occurred_at": "now"}), "event.occurred_at must be an RFC 3339 time"),
        (webhook(event={"data": None}), "event.data.id is missing"),
        (webhook(event={"data": "x"}), "event.data must be an object, not a string"),
        (webhook(incident_key=[]), "event.data.incident_key must be a string, not a list"),
        (webhook(created_at=5), "event.data.created_at must be a string, not a number"),
        (webhook(urgency=1), "event.data.urgency must be a string, not a number"),
        (webhook(priority={"summary": 1}), "event.data.priority.summary must be a string, not a number"),
        (webhook(service="x"), "event.data.service must be an object, not a string"),
    ],
)
def test_a_wrong_field_is_named(body: Any, words: str) -> None:
    with pytest.raises(UnreadableDelivery, match=f"^{words}"):
        DOOR.read(body)


@pytest.mark.parametrize("place", ["top", "event", "data", "service"])
def test_an_unknown_field_changes_nothing(place: str) -> None:
    more: dict[str, Any] = {"new": {"deep": [1]}}
    body = {
        "top": {**webhook(), **more},
        "event": webhook(event=more),
        "data": webhook(**more),
        "service": webhook(service={**DATA["service"], **more}),
    }[place]
    draft, plain = DOOR.signal(body), one()
    for name in ("status", "occurred_at", "vendor_key", "severity", "service", "title", "labels", "links"):
        assert getattr(draft, name) == getattr(plain, name)


KEY = "r0000000000000000000000000000001"


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({**EVENT, "routing_key": KEY}),
        json.dumps({**EVENT, "service_key": KEY}),
        json.dumps({**EVENT, "routing_key": KEY, "client_url": f"https://x.example/?key={KEY}"}),
        json.dumps({**EVENT, "payload": {"summary": "s", "custom_details": {"routing_key": KEY, "note": KEY}}}),
        json.dumps({**EVENT, "routing_key": KEY}).replace("routing_key", r"\u0072outing_key"),
        json.dumps({**EVENT, "routing_key": KEY}).replace('"routing_key":', '"routing_key"\n\t:\r\n'),
    ],
)
def test_the_routing_key_never_enters_what_is_kept(body: str) -> None:
    kept = DOOR.gateway.strip(DOOR.integration, DOOR.delivery(body.encode(), path="/v2/enqueue"))
    assert KEY not in kept.body.decode()
    draft = DOOR.signal(body.encode(), path="/v2/enqueue")
    assert KEY not in repr(draft)
    assert draft.vendor_key == "d"


def test_the_same_event_by_another_key_is_the_same_event() -> None:
    def assigned(key: str) -> str | None:
        return DOOR.read({"routing_key": key, "event_action": "trigger", "payload": {"summary": "s"}}).assigned_key

    assert assigned("a" * 32) == assigned("b" * 32) is not None


@pytest.mark.parametrize(
    ("path", "size"), [("/v2/enqueue", 512 * 1024), ("/v2/change/enqueue", 512 * 1024), ("", 2 * 1024 * 1024)]
)
def test_bodies_are_as_large_as_pagerduty_takes_or_sends_them(path: str, size: int) -> None:
    body = json.dumps({"event_action": "trigger", "payload": {"summary": "s"}}).encode()
    assert DOOR.read(body.ljust(size), path=path).drafts
    with pytest.raises(DeliveryTooLarge):
        DOOR.read(body.ljust(size + 1), path=path)
