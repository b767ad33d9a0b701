"""What Opsgenie's webhook posts about alerts."""

from datetime import UTC, datetime
from typing import Any

import pytest

from sre_copilot.domain.deliveries import Acknowledgement, Parsed
from sre_copilot.domain.errors import UnreadableDelivery
from sre_copilot.domain.signals import Environment, Severity, SignalDraft, SignalStatus, SignalType
from tests.unit.adapters.integrations.door import Door

DOOR = Door(type="opsgenie")
CREATED = datetime(2026, 3, 1, 11, 30, 11, 104_000, tzinfo=UTC)
CREATED_MS = 1772364611104
UPDATED_NS = 1772365384764002246
ALERT: dict[str, Any] = {
    "updatedAt": 1772364611104002000,
    "tags": ["service:payments", "env=production", "night"],
    "teams": ["team1", "team2"],
    "recipients": ["recipient1"],
    "message": "payments refuses cards",
    "username": "fili@example.com",
    "alertId": "052652ac-5d1c-464a-812a-7dd18bbfba8c",
    "source": "prober",
    "alias": "cards/payments",
    "tinyId": "23",
    "createdAt": CREATED_MS,
    "userId": "daed1180-0ce8-438b-8f8e-57e1a5920a2d",
    "entity": "payments-api",
    "priority": "P1",
    "description": "Every third card is refused.",
    "details": {"region": "eu", "failed": 31},
}


def body(action: str = "Create", **alert: Any) -> dict[str, Any]:
    return {
        "source": {"name": "web", "type": "API"},
        "alert": {**ALERT, **alert},
        "action": action,
        "integrationId": "37c8f316-17c6-49d7-899b-9c7e540c048d",
        "integrationName": "Integration1",
    }


def one(action: str = "Create", **alert: Any) -> SignalDraft:
    return DOOR.signal(body(action, **alert))


# Only a creation carries details and the description.
CLOSED = {name: value for name, value in ALERT.items() if name not in ("details", "description")} | {
    "updatedAt": UPDATED_NS
}


def test_a_created_alert_is_read_in_our_words() -> None:
    draft = one()
    assert (draft.signal_type, draft.status) == (SignalType.ALERT, SignalStatus.FIRING)
    assert (draft.severity, draft.severity_word) == (Severity.CRITICAL, "P1")
    assert draft.service == "payments"
    assert (draft.environment, draft.environment_word) == (Environment.PRODUCTION, "production")
    assert (draft.vendor_key, draft.vendor_fingerprint) == ("cards/payments", ALERT["alertId"])
    assert draft.occurred_at == draft.episode_started_at == CREATED
    assert draft.name == draft.title == "payments refuses cards"
    assert draft.description == "Every third card is refused."
    assert draft.labels == {
        "entity": "payments-api",
        "service": "payments",
        "env": "production",
        "night": "",
        "region": "eu",
        "failed": "31",
    }
    assert draft.raw == body()


@pytest.mark.parametrize("action", ["Close", "Delete", "close"])
def test_a_closed_or_deleted_alert_ends_the_run_that_its_creation_began(action: str) -> None:
    closed = {"action": action, "alert": CLOSED}
    draft = DOOR.signal(closed)
    assert draft.status is SignalStatus.RESOLVED
    assert draft.occurred_at == datetime(2026, 3, 1, 11, 43, 4, 764_002, tzinfo=UTC)
    assert draft.episode_started_at == CREATED
    assert DOOR.series(closed) == DOOR.series(body())


def test_the_next_alert_of_an_alias_is_the_same_series_with_another_start() -> None:
    later = body(alertId="other", createdAt=CREATED_MS + 60_000)
    assert DOOR.series(later) == DOOR.series(body())
    assert DOOR.signal(later).episode_started_at != CREATED
    assert DOOR.series(body(alias="other")) != DOOR.series(body())


def test_an_acknowledgement_is_no_signal_and_names_who_did_it() -> None:
    acknowledged = Acknowledgement(vendor_key="cards/payments", by="fili@example.com")
    assert DOOR.read(body("Acknowledge")) == Parsed(acknowledgements=(acknowledged,))


@pytest.mark.parametrize(
    "action",
    ["UnAcknowledge", "AddNote", "AddTags", "AssignOwnership", "Escalate", "Snooze", "UpdatePriority", "My own action"],
)
def test_what_else_people_do_says_nothing(action: str) -> None:
    assert DOOR.read(body(action)) == Parsed()
    assert DOOR.read({"action": action}) == Parsed()


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("P1", Severity.CRITICAL),
        ("P2", Severity.HIGH),
        ("P3", Severity.MEDIUM),
        ("p4 ", Severity.LOW),
        ("P5", Severity.INFO),
        ("P6", Severity.MEDIUM),
        ("", Severity.MEDIUM),
        (None, Severity.MEDIUM),
    ],
)
def test_severity_is_the_priority_and_an_unknown_word_is_medium_and_kept(word: str | None, severity: Severity) -> None:
    draft = one(priority=word)
    assert (draft.severity, draft.severity_word) == (severity, word or "")


@pytest.mark.parametrize(
    ("changes", "service"),
    [
        ({"details": {"service": "a"}}, "a"),
        ({"details": None, "tags": ["app:b:c"]}, "b:c"),
        ({"details": None, "tags": [5, " ", "loose"]}, "payments-api"),
        ({"details": None, "tags": "none", "entity": " "}, "unknown"),
        ({"details": None, "tags": None, "entity": None}, "unknown"),
    ],
)
def test_the_service_is_what_details_tags_or_the_entity_say(changes: dict[str, Any], service: str) -> None:
    assert one(**changes).service == service


def test_what_is_missing_is_borne() -> None:
    draft = DOOR.signal({"action": "Create", "alert": {"alertId": "id-1"}})
    assert (draft.vendor_key, draft.title) == ("id-1", "Opsgenie alert")
    assert (draft.occurred_at, draft.episode_started_at) == (None, None)
    assert DOOR.signal({"action": "Close", "alert": {"alias": "a"}}).occurred_at is None


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ([], "the body must be an object, not a list"),
        ({}, "action is missing"),
        (body(action=5), "action must be a string, not a number"),  # type: ignore[arg-type]
        ({"action": "Create"}, "alert.alias is missing, and alertId too"),
        ({"action": "Create", "alert": "x"}, "alert must be an object, not a string"),
        (body(alias=5), "alert.alias must be a string, not a number"),
        (body(alias="k" * 256), "alert.alias is longer than 255"),
        (body(priority=1), "alert.priority must be a string, not a number"),
        (body(createdAt="soon"), "alert.createdAt must be a time as a number"),
        (body(createdAt=UPDATED_NS), "alert.createdAt (is not a time|lies more than 24 hours)"),
        (body("Close", updatedAt=CREATED_MS), "alert.updatedAt lies before the year 2000"),
        (body(details=[]), "alert.details must be an object, not a list"),
    ],
)
def test_a_wrong_field_is_named(payload: Any, words: str) -> None:
    with pytest.raises(UnreadableDelivery, match=f"^{words}"):
        DOOR.read(payload)


@pytest.mark.parametrize("place", ["top", "alert", "details"])
def test_an_unknown_field_changes_nothing(place: str) -> None:
    more: dict[str, Any] = {"new": {"deep": [1]}}
    changed = {"top": {**body(), **more}, "alert": body(**more), "details": body(details={**ALERT["details"], **more})}
    draft, plain = DOOR.signal(changed[place]), one()
    for name in ("status", "occurred_at", "vendor_key", "severity", "service", "environment", "title", "labels"):
        assert getattr(draft, name) == getattr(plain, name)


def test_nothing_is_signed_so_the_key_decides() -> None:
    assert not DOOR.verify(body())
