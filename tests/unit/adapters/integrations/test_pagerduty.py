"""PagerDuty's Events API v2, on shortened real bodies."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.adapters.integrations.builtin.pagerduty import PagerDuty
from sre_copilot.domain.deliveries import Acknowledgement, Delivery, Parsed
from sre_copilot.domain.errors import UnreadableDelivery
from sre_copilot.domain.fingerprint import fingerprint
from sre_copilot.domain.integrations import Integration
from sre_copilot.domain.signals import Environment, Severity, SignalDraft, SignalStatus, SignalType

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
INTEGRATION = Integration(id=UUID(int=1), tenant_id=UUID(int=2), type="pagerduty", name="pd", created_at=NOW)
KEY = "r0000000000000000000000000000001"

TRIGGER: dict[str, Any] = {
    "event_action": "trigger",
    "payload": {
        "summary": "Check 'guest checkout' fails",
        "source": "synthetics-eu-west-1",
        "severity": "critical",
        "timestamp": "2026-03-01T11:59:33.820Z",
        "component": "storefront",
        "group": "synthetics",
        "class": "journey",
        "custom_details": {
            "service": "shop",
            "environment": "production",
            "status": 503,
            "elapsed": 2.5,
            "final": True,
            "steps": ["/checkout"],
        },
    },
    "links": [{"href": "https://synthetics.example/checks", "text": "History"}],
    "dedup_key": "synthetic/checkout",
    "routing_key": KEY,
}
CHANGE: dict[str, Any] = {
    "payload": {
        "summary": "Deploy cart 1.19.3 to production",
        "source": "argo-rollouts",
        "timestamp": "2026-03-01T11:22:23.815Z",
        "custom_details": {
            "service": "cart",
            "environment": "production",
            "version": "1.19.3",
            "previous_version": "1.19.2",
            "kind": "deploy",
            "commit": "5be2a07",
            "author": "m.ortiz",
            "message": "bump base image",
            "paths": ["Dockerfile", 5],
        },
    },
    "links": [{"href": "https://git.example/compare", "text": "Diff"}],
    "routing_key": KEY,
}


def parse(event: Any, path: str = "/v2/enqueue", assigned_key: str | None = None) -> Parsed:
    delivery = Delivery(body=json.dumps(event).encode(), received_at=NOW, path=path, assigned_key=assigned_key)
    return PagerDuty().parse(INTEGRATION, event, delivery)


def without(event: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name not in names}


def triggered(**payload: Any) -> SignalDraft:
    (draft,) = parse({**TRIGGER, "payload": {**TRIGGER["payload"], **payload}}).drafts
    return draft


def changed(**details: Any) -> SignalDraft:
    payload = {**CHANGE["payload"], "custom_details": {**CHANGE["payload"]["custom_details"], **details}}
    (draft,) = parse({**CHANGE, "payload": payload}, "/v2/change/enqueue").drafts
    return draft


def test_a_trigger_is_read_in_our_words() -> None:
    parsed = parse(TRIGGER)
    (draft,) = parsed.drafts
    assert draft.status is SignalStatus.FIRING
    assert draft.vendor_key == "synthetic/checkout"
    assert draft.identity is None
    assert draft.occurred_at == datetime(2026, 3, 1, 11, 59, 33, 820_000, tzinfo=UTC)
    assert draft.episode_started_at is None
    assert (draft.name, draft.title) == ("journey", "Check 'guest checkout' fails")
    assert draft.service == "shop"
    assert (draft.environment, draft.environment_word) == (Environment.PRODUCTION, "production")
    assert (draft.severity, draft.severity_word) == (Severity.CRITICAL, "critical")
    assert draft.links == ("https://synthetics.example/checks",)
    assert draft.labels == {
        "component": "storefront",
        "group": "synthetics",
        "class": "journey",
        "source": "synthetics-eu-west-1",
        "service": "shop",
        "environment": "production",
        "status": "503",
        "elapsed": "2.5",
        "final": "true",
    }
    assert parsed.assigned_key is None
    assert parsed.vendor_id is None


@pytest.mark.parametrize("event", [TRIGGER, CHANGE, without(TRIGGER, "payload") | {"event_action": "resolve"}])
def test_the_routing_key_is_never_kept_with_a_signal(event: dict[str, Any]) -> None:
    (draft,) = parse(event, path="").drafts
    assert KEY not in repr(draft)
    assert draft.raw == without(event, "routing_key")


def test_a_resolve_carries_only_its_key_and_no_time() -> None:
    (draft,) = parse({"event_action": "resolve", "dedup_key": "synthetic/checkout", "routing_key": KEY}).drafts
    assert draft.status is SignalStatus.RESOLVED
    assert draft.occurred_at is None
    assert draft.name == draft.title == "synthetic/checkout"
    assert fingerprint(INTEGRATION.id, draft) == fingerprint(INTEGRATION.id, parse(TRIGGER).drafts[0])


def test_a_time_in_the_payload_of_a_resolve_is_the_triggers_and_not_read() -> None:
    (draft,) = parse({**TRIGGER, "event_action": "resolve"}).drafts
    assert draft.occurred_at is None
    assert draft.name == "journey"


def test_an_acknowledgement_is_no_signal() -> None:
    parsed = parse({"event_action": "acknowledge", "dedup_key": "k", "routing_key": KEY})
    assert parsed == Parsed(acknowledgements=(Acknowledgement(vendor_key="k"),))


@pytest.mark.parametrize("given_key", ["", None])
def test_a_trigger_without_a_key_gets_one_that_is_the_same_for_the_same_body(given_key: str | None) -> None:
    event = {**TRIGGER, "dedup_key": given_key}
    first, again = parse(event), parse(event)
    other = parse({**event, "client": "x"})
    assert first == again
    assert first.assigned_key is not None
    assert len(first.assigned_key) == 32
    assert first.drafts[0].vendor_key == first.assigned_key
    assert other.assigned_key != first.assigned_key


def test_the_key_that_a_recorded_sender_was_told_is_taken_only_where_it_gave_none() -> None:
    assert parse(without(TRIGGER, "dedup_key"), assigned_key="told").drafts[0].vendor_key == "told"
    assert parse(without(TRIGGER, "dedup_key"), assigned_key="told").assigned_key == "told"
    assert parse(TRIGGER, assigned_key="told").drafts[0].vendor_key == "synthetic/checkout"


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("critical", Severity.CRITICAL),
        ("error", Severity.HIGH),
        ("warning", Severity.MEDIUM),
        ("info", Severity.INFO),
        ("Error", Severity.HIGH),
        ("disaster", Severity.MEDIUM),
        (None, Severity.MEDIUM),
    ],
)
def test_severity_is_mapped_and_an_unknown_word_is_medium_and_kept(word: str | None, severity: Severity) -> None:
    draft = triggered(severity=word)
    assert (draft.severity, draft.severity_word) == (severity, word or "")


@pytest.mark.parametrize(
    ("payload", "service"),
    [
        ({}, "shop"),
        ({"custom_details": {"service": 5}}, "storefront"),
        ({"custom_details": "just text"}, "storefront"),
        ({"custom_details": None, "component": " "}, "unknown"),
        ({"custom_details": {}, "component": None}, "unknown"),
    ],
)
def test_the_service_is_the_details_word_then_the_component_else_unknown(payload: Any, service: str) -> None:
    assert triggered(**payload).service == service


def test_details_that_are_a_bare_text_are_the_description() -> None:
    assert triggered(custom_details="just text").description == "just text"


def test_without_class_and_summary_an_event_still_has_a_name() -> None:
    assert triggered(**{"class": None}).name == "Check 'guest checkout' fails"
    assert triggered(**{"class": None, "summary": None}).name == "PagerDuty event"


def test_a_change_event_is_a_deploy_with_its_details() -> None:
    draft = changed()
    assert draft.signal_type is SignalType.DEPLOY_EVENT
    assert draft.status is SignalStatus.MOMENT
    assert draft.severity is Severity.INFO
    assert draft.occurred_at == datetime(2026, 3, 1, 11, 22, 23, 815_000, tzinfo=UTC)
    assert draft.service == "cart"
    assert draft.vendor_key is None
    assert draft.change is not None
    assert draft.change.summary == draft.name == "Deploy cart 1.19.3 to production"
    assert (draft.change.version, draft.change.previous_version) == ("1.19.3", "1.19.2")
    assert (draft.change.kind, draft.change.author, draft.change.commit) == ("deploy", "m.ortiz", "5be2a07")
    assert (draft.change.text, draft.change.paths) == ("bump base image", ("Dockerfile",))
    assert draft.change.links == ("https://git.example/compare",)


@pytest.mark.parametrize(
    ("word", "signal_type"),
    [
        ("deploy", SignalType.DEPLOY_EVENT),
        ("rollback", SignalType.DEPLOY_EVENT),
        (None, SignalType.DEPLOY_EVENT),
        ("config", SignalType.CONFIG_CHANGE),
        ("Feature_Flag", SignalType.CONFIG_CHANGE),
    ],
)
def test_the_kind_of_a_change_decides_its_type(word: str | None, signal_type: SignalType) -> None:
    assert changed(kind=word).signal_type is signal_type


def test_the_same_change_again_is_the_same_series_at_the_same_time_and_another_version_is_not() -> None:
    assert fingerprint(INTEGRATION.id, changed()) == fingerprint(INTEGRATION.id, changed(author="somebody else"))
    assert fingerprint(INTEGRATION.id, changed()) != fingerprint(INTEGRATION.id, changed(version="2"))


def test_the_door_decides_what_is_a_change_and_elsewhere_the_shape() -> None:
    assert parse(TRIGGER, "/v2/change/enqueue").drafts[0].status is SignalStatus.MOMENT
    assert parse(CHANGE, "").drafts[0].status is SignalStatus.MOMENT
    assert parse(TRIGGER, "").drafts[0].status is SignalStatus.FIRING
    with pytest.raises(UnreadableDelivery, match="event_action is missing"):
        parse(CHANGE, "/v2/enqueue")


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({**TRIGGER, "event_action": "explode"}, "event_action must be"),
        ({**TRIGGER, "event_action": 1}, "event_action must be a string, not a number"),
        ({**TRIGGER, "dedup_key": 5}, "dedup_key must be a string, not a number"),
        ({**TRIGGER, "dedup_key": "k" * 256}, "dedup_key is longer than 255"),
        (without(TRIGGER, "payload"), 'payload is missing; "trigger" needs it'),
        ({**TRIGGER, "payload": []}, "payload must be an object, not a list"),
        ({**TRIGGER, "payload": {"severity": 1}}, "payload.severity must be a string"),
        ({**TRIGGER, "payload": {"timestamp": "now"}}, "payload.timestamp must be an RFC 3339 time"),
        ({"event_action": "resolve"}, 'dedup_key is missing; "resolve" needs it'),
        ({"event_action": "acknowledge", "dedup_key": ""}, 'dedup_key is missing; "acknowledge" needs it'),
        ([TRIGGER], "the body must be an object, not a list"),
    ],
)
def test_a_wrong_field_is_named(event: Any, words: str) -> None:
    with pytest.raises(UnreadableDelivery, match=f"^{words}"):
        parse(event)


def test_a_change_needs_a_summary() -> None:
    with pytest.raises(UnreadableDelivery, match=r"^payload\.summary is missing"):
        parse({"payload": {}}, "/v2/change/enqueue")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.sampled_from(["", "/v2/enqueue", "/v2/change/enqueue"]),
    st.dictionaries(st.sampled_from([*TRIGGER, "client_url"]), JSON, max_size=3),
    st.dictionaries(st.sampled_from([*TRIGGER["payload"]]), JSON, max_size=3),
)
def test_any_event_is_read_or_refused_and_always_in_the_same_way(path: str, top: Any, payload: Any) -> None:
    event = {**TRIGGER, "payload": {**TRIGGER["payload"], **payload}, **top}
    outcomes = []
    for _ in range(2):
        try:
            outcomes.append(repr(parse(event, path)))
        except UnreadableDelivery as error:
            outcomes.append(str(error))
    assert outcomes[0] == outcomes[1]
    assert KEY not in outcomes[0]
