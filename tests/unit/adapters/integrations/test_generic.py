"""The generic integration: our own words, one signal or a list."""

from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import attrs
import pytest
from standardwebhooks import Webhook

from sre_copilot.adapters.integrations.builtin.generic import Generic
from sre_copilot.domain.deliveries import Delivery, Parsed
from sre_copilot.domain.errors import NotAuthentic, UnreadableDelivery
from sre_copilot.domain.fingerprint import fingerprint
from sre_copilot.domain.integrations import Integration, Secrets
from sre_copilot.domain.signals import Environment, Severity, SignalDraft, SignalStatus, SignalType
from tests.unit.adapters.integrations.door import Door

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
INTEGRATION = Integration(id=UUID(int=1), tenant_id=UUID(int=2), type="generic", name="g", created_at=NOW)


def parse(payload: Any, **headers: str) -> Parsed:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Generic().parse(INTEGRATION, payload, Delivery(body=b"", received_at=NOW, headers=named))


def one(**fields: Any) -> SignalDraft:
    (draft,) = parse({"title": "Disk is full", **fields}).drafts
    return draft


def name(**fields: Any) -> str:
    return fingerprint(INTEGRATION.id, one(**fields))


def test_a_title_is_enough_and_nothing_is_invented() -> None:
    draft = one()
    assert (draft.name, draft.title, draft.description) == ("Disk is full", "Disk is full", "")
    assert draft.signal_type is SignalType.ALERT
    assert draft.status is SignalStatus.FIRING
    assert (draft.severity, draft.severity_word) == (Severity.MEDIUM, "")
    assert draft.service == "unknown"
    assert draft.environment is Environment.DEVELOPMENT
    assert draft.occurred_at is None
    assert draft.change is None


def test_every_field_finds_its_place() -> None:
    draft = one(
        dedup_key="disk/db-1",
        id="evt-1",
        description="97 %",
        type="metric_deviation",
        severity="critical",
        status="resolved",
        service="db",
        environment="production",
        occurred_at="2026-03-01T11:00:00Z",
        labels={"host": "db-1"},
        links=["https://graphs.example", "ftp://no"],
        source="cron",
        more={"kept": True},
    )
    assert (draft.vendor_key, draft.vendor_id) == ("disk/db-1", "evt-1")
    assert draft.signal_type is SignalType.METRIC_DEVIATION
    assert draft.status is SignalStatus.RESOLVED
    assert draft.severity is Severity.CRITICAL
    assert (draft.service, draft.environment) == ("db", Environment.PRODUCTION)
    assert draft.occurred_at == datetime(2026, 3, 1, 11, tzinfo=UTC)
    assert draft.labels == {"host": "db-1", "source": "cron"}
    assert draft.links == ("https://graphs.example",)
    assert draft.raw["more"] == {"kept": True}


def test_a_list_is_a_signal_each_and_the_header_names_the_delivery() -> None:
    parsed = parse([{"title": "a"}, {"title": "b"}], Webhook_Id="msg_1")
    assert [draft.name for draft in parsed.drafts] == ["a", "b"]
    assert parse([]) == Parsed()


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("critical", Severity.CRITICAL),
        ("HIGH", Severity.HIGH),
        ("error", Severity.HIGH),
        ("warning", Severity.MEDIUM),
        ("medium", Severity.MEDIUM),
        ("low", Severity.LOW),
        ("info", Severity.INFO),
        ("catastrophic", Severity.MEDIUM),
    ],
)
def test_severity_is_mapped_and_an_unknown_word_is_medium_and_kept(word: str, severity: Severity) -> None:
    draft = one(severity=word)
    assert (draft.severity, draft.severity_word) == (severity, word)


@pytest.mark.parametrize(("word", "kind"), [("deploy_event", "deploy"), ("config_change", "config")])
def test_a_change_happens_at_a_moment(word: str, kind: str) -> None:
    draft = one(type=word, labels={"version": "2", "author": "ana"}, description="why", paths=["db.go", 7, "x/y"])
    assert draft.status is SignalStatus.MOMENT
    assert draft.severity is Severity.INFO
    assert draft.change is not None
    assert (draft.change.kind, draft.change.summary, draft.change.text) == (kind, "Disk is full", "why")
    assert (draft.change.version, draft.change.author) == ("2", "ana")
    assert draft.change.paths == ("db.go", "x/y")


def test_without_a_key_title_service_source_and_labels_tell_the_series() -> None:
    assert name(status="resolved", description="x", severity="low") == name()
    series = [name(), name(service="db"), name(source="db"), name(labels={"service": "db"}), name(labels={"title": ""})]
    assert len(set(series)) == len(series)


def test_with_a_key_nothing_else_tells_the_series() -> None:
    assert name(dedup_key="k", service="a", environment="production") == name(dedup_key="k", title="other")


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ({}, "title is missing"),
        ({"title": 5}, "title must be a string, not a number"),
        ([{"title": "a"}, {"title": ""}], r"\[1\].title is missing"),
        ([{"title": "a"}, 5], r"\[1\] must be an object, not a number"),
        ("hello", "the body must be an object, not a string"),
        (None, "the body must be an object, not nothing"),
        ({"title": "a", "type": "alarm"}, "type must be one of alert,"),
        ({"title": "a", "status": "open"}, 'status must be "firing" or "resolved"'),
        ({"title": "a", "severity": 1}, "severity must be a string"),
        ({"title": "a", "labels": {"code": 503}}, "labels.code must be a string, not a number"),
        ({"title": "a", "occurred_at": "2026-03-01T11:00:00"}, "occurred_at must be a time with a zone"),
        ({"title": "a", "dedup_key": "k" * 256}, "dedup_key is longer than 255"),
    ],
)
def test_a_wrong_field_is_named(payload: Any, words: str) -> None:
    with pytest.raises(UnreadableDelivery, match=f"^{words}"):
        parse(payload)


DOOR = Door(type="generic", secrets={"signing_secret": (f"whsec_{b64encode(b'k' * 24).decode()}",)})


def test_the_header_names_the_delivery() -> None:
    assert DOOR.read({"title": "a"}, {"Webhook-Id": "msg_1"}).vendor_id == "msg_1"
    assert DOOR.read({"title": "a"}).vendor_id is None


def signed(body: bytes = b'{"title": "a"}', at: datetime = NOW) -> Delivery:
    return Generic().sign(Secrets(DOOR.secrets), Delivery(body=body, received_at=NOW), at)


def test_a_signature_by_the_standard_webhooks_library_fits() -> None:
    body = '{"title": "a"}'
    signature = Webhook(DOOR.secrets["signing_secret"][0]).sign("msg_1", NOW, body)
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(int(NOW.timestamp())), "webhook-signature": signature}
    assert DOOR.verify(body.encode(), headers)


def changed(**headers: str) -> Callable[[Delivery], Delivery]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda delivery: attrs.evolve(delivery, headers={**delivery.headers, **named})


FORGED: dict[str, tuple[Callable[[Delivery], Delivery], str]] = {
    "no signature": (changed(webhook_signature=""), "missing"),
    "no time": (changed(webhook_timestamp=""), "missing"),
    "another secret's": (changed(webhook_signature=f"v1,{b64encode(b'x' * 32).decode()}"), "wrong"),
    "one that is too short": (changed(webhook_signature="v1,AAAA"), "wrong"),
    "one that isn't ASCII": (changed(webhook_signature="v1,ü\udcff"), "wrong"),
    "another version's": (changed(webhook_signature="v1a,AAAA"), "wrong"),
    "another id": (changed(webhook_id="msg_2"), "wrong"),
    "a time that is no number": (changed(webhook_timestamp="now"), "wrong"),
    "a time that is one second off": (changed(webhook_timestamp=str(int(NOW.timestamp()) + 1)), "wrong"),
    "a body with one byte more": (lambda delivery: attrs.evolve(delivery, body=delivery.body + b" "), "wrong"),
    "one of six minutes ago": (lambda _: signed(at=NOW - timedelta(minutes=6)), "stale"),
    "one of six minutes ahead": (lambda _: signed(at=NOW + timedelta(minutes=6)), "stale"),
}


@pytest.mark.parametrize("case", FORGED)
def test_a_forged_delivery_is_not_authentic(case: str) -> None:
    forge, reason = FORGED[case]
    forged = forge(signed())
    with pytest.raises(NotAuthentic) as refused:
        DOOR.verify(forged.body, forged.headers)
    assert refused.value.reason == reason


def test_of_several_signatures_one_that_fits_is_enough() -> None:
    right = signed().headers["webhook-signature"]
    several = changed(webhook_signature=f"v1,AAAA {right} v1a,BBBB")(signed())
    assert DOOR.verify(several.body, several.headers)


def test_a_rotated_secret_fits_as_long_as_it_is_valid_and_no_longer() -> None:
    delivery, new = signed(), f"whsec_{b64encode(b'n' * 24).decode()}"
    overlapping = attrs.evolve(DOOR, secrets={"signing_secret": (new, *DOOR.secrets["signing_secret"])})
    assert overlapping.verify(delivery.body, delivery.headers)
    with pytest.raises(NotAuthentic):
        attrs.evolve(DOOR, secrets={"signing_secret": (new,)}).verify(delivery.body, delivery.headers)


def test_without_a_signature_the_key_decides_only_where_the_integration_accepts_it() -> None:
    assert not attrs.evolve(DOOR, settings={"accept_key": True}).verify(b"{}")
    with pytest.raises(NotAuthentic):
        DOOR.verify(b"{}")
