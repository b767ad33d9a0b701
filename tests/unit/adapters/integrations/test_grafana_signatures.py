"""How Grafana's webhooks prove where they come from."""

import hashlib
import hmac
from datetime import timedelta

import pytest

from sre_copilot.adapters.integrations.builtin.grafana import Grafana
from sre_copilot.domain.deliveries import Delivery
from sre_copilot.domain.errors import NotAuthentic
from sre_copilot.domain.integrations import Secrets
from tests.unit.adapters.integrations.door import NOW, Door

SECRETS = {"signing_secret": ("new-secret", "old-secret")}
BODY = '{"alerts": [], "title": "ü"}'.encode()
HEADER = "X-Grafana-Alerting-Signature"
STAMP = str(int(NOW.timestamp()))
PLAIN = Door(type="grafana", secrets=SECRETS)
STAMPED = Door(type="grafana", secrets=SECRETS, settings={"timestamp_header": "X-Grafana-Time"})


def signed(message: bytes, secret: str = "new-secret") -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def at(seconds: int) -> str:
    return str(int((NOW + timedelta(seconds=seconds)).timestamp()))


def stamped(stamp: str, secret: str = "new-secret", body: bytes = BODY) -> dict[str, str]:
    return {HEADER: signed(f"{stamp}:".encode() + body, secret), "x-grafana-time": stamp}


def test_without_a_secret_the_key_decides() -> None:
    assert not Door(type="grafana").verify(BODY, {HEADER: "whatever"})


@pytest.mark.parametrize("secret", ["new-secret", "old-secret"])
def test_a_signature_by_any_valid_secret_is_taken(secret: str) -> None:
    assert PLAIN.verify(BODY, {HEADER: signed(BODY, secret)})
    assert STAMPED.verify(BODY, stamped(STAMP, secret))


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_a_signature_of_the_last_and_the_next_minutes_is_taken(seconds: int) -> None:
    assert STAMPED.verify(BODY, stamped(at(seconds)))


def test_the_headers_are_those_that_are_configured() -> None:
    door = Door(type="grafana", secrets=SECRETS, settings={"signature_header": "X-Mine", "timestamp_header": ""})
    assert door.verify(BODY, {"x-mine": signed(BODY)})
    with pytest.raises(NotAuthentic):
        door.verify(BODY, {HEADER: signed(BODY)})


REFUSED = {
    "missing": (PLAIN, {}, "missing"),
    "empty": (PLAIN, {HEADER: ""}, "missing"),
    "wrong": (PLAIN, {HEADER: signed(b"other")}, "wrong"),
    "one byte changed": (PLAIN, {HEADER: signed(BODY.replace(b"t", b"T"))}, "wrong"),
    "too short": (PLAIN, {HEADER: signed(BODY)[:-1]}, "wrong"),
    "too long": (PLAIN, {HEADER: signed(BODY) + "0"}, "wrong"),
    "two at once": (PLAIN, {HEADER: f"{signed(BODY)},{signed(BODY)}"}, "wrong"),
    "not ASCII": (PLAIN, {HEADER: "ü" * 64}, "wrong"),
    "half a surrogate pair": (PLAIN, {HEADER: "\ud800"}, "wrong"),
    "a secret that was rotated away": (PLAIN, {HEADER: signed(BODY, "oldest-secret")}, "wrong"),
    "the time left out": (STAMPED, {HEADER: signed(BODY)}, "missing"),
    "signed without its time": (STAMPED, {HEADER: signed(BODY), "X-Grafana-Time": STAMP}, "wrong"),
    "stale": (STAMPED, stamped(at(-301)), "stale"),
    "of the future": (STAMPED, stamped(at(301)), "stale"),
    "sent again with a new time": (STAMPED, {**stamped(at(-301)), "x-grafana-time": STAMP}, "wrong"),
    "a time that is none": (STAMPED, stamped("today"), "wrong"),
    "a time in other digits": (STAMPED, stamped("١٧"), "wrong"),
    "another body": (STAMPED, stamped(STAMP, body=BODY + b" "), "wrong"),
}


@pytest.mark.parametrize(("door", "headers", "reason"), REFUSED.values(), ids=REFUSED)
def test_anything_else_is_refused_with_its_reason(door: Door, headers: dict[str, str], reason: str) -> None:
    with pytest.raises(NotAuthentic) as refused:
        door.verify(BODY, headers)
    assert refused.value.reason == reason
    assert not any(secret in repr(refused.value) for secret in SECRETS["signing_secret"])


def test_a_signed_sample_is_taken() -> None:
    delivery = Grafana().sign(Secrets(SECRETS), Delivery(body=BODY, received_at=NOW), NOW)
    assert PLAIN.verify(delivery.body, delivery.headers)
