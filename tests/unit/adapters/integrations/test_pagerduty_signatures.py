"""How PagerDuty's webhooks prove where they come from."""

import hashlib
import hmac

import pytest

from sre_copilot.adapters.integrations.builtin.pagerduty import PagerDuty
from sre_copilot.domain.deliveries import Delivery
from sre_copilot.domain.errors import NotAuthentic
from sre_copilot.domain.integrations import Secrets
from tests.unit.adapters.integrations.door import NOW, Door

SECRETS = {"signing_secret": ("new-secret", "old-secret")}
DOOR = Door(type="pagerduty", secrets=SECRETS)
BODY = '{"event": {"id": "1", "event_type": "incident.triggered", "data": {"title": "ü"}}}'.encode()


def signed(body: bytes = BODY, secret: str = "new-secret", version: str = "v1") -> str:
    return f"{version}={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def header(text: str) -> dict[str, str]:
    return {"x-pagerduty-signature": text}


def test_without_a_secret_the_key_decides() -> None:
    assert not Door(type="pagerduty").verify(BODY, header("v1=whatever"))


@pytest.mark.parametrize("path", ["/v2/enqueue", "/v2/change/enqueue"])
def test_at_the_doors_of_the_events_api_the_key_decides_whatever_is_set(path: str) -> None:
    assert not DOOR.verify(BODY, header(signed()), path=path)


@pytest.mark.parametrize(
    "text",
    [
        signed(),
        signed(secret="old-secret"),
        f"{signed(secret='other')},{signed()}",
        f"{signed()}, {signed(secret='other')}",
        f"{signed(version='v2')},{signed()}",
        f",,{signed()},",
    ],
    ids=[
        "one",
        "the secret of before",
        "the second of two",
        "the first of two",
        "beside a newer version",
        "odd commas",
    ],
)
def test_one_right_signature_is_enough(text: str) -> None:
    assert DOOR.verify(BODY, header(text))


REFUSED = {
    "missing": ({}, "missing"),
    "empty": (header(""), "missing"),
    "only commas": (header(" , ,"), "missing"),
    "wrong": (header(signed(b"other")), "wrong"),
    "several, none right": (header(f"{signed(b'other')},{signed(secret='other')}"), "wrong"),
    "a secret that was rotated away": (header(signed(secret="oldest-secret")), "wrong"),
    "too short": (header(signed()[:-1]), "wrong"),
    "too long": (header(signed() + "0"), "wrong"),
    "another version": (header(signed(version="v2")), "wrong"),
    "no version": (header(signed().removeprefix("v1=")), "wrong"),
    "not ASCII": (header("v1=" + "ü" * 64), "wrong"),
    "half a surrogate pair": (header("v1=\ud800"), "wrong"),
    "one byte of the body changed": (header(signed(BODY.replace(b"1", b"2", 1))), "wrong"),
    "the right one after too many": (header(",".join([signed(b"other")] * 10 + [signed()])), "wrong"),
}


@pytest.mark.parametrize(("headers", "reason"), REFUSED.values(), ids=REFUSED)
def test_anything_else_is_refused_with_its_reason(headers: dict[str, str], reason: str) -> None:
    with pytest.raises(NotAuthentic) as refused:
        DOOR.verify(BODY, headers)
    assert refused.value.reason == reason
    assert not any(secret in repr(refused.value) for secret in SECRETS["signing_secret"])


def test_a_signed_sample_is_taken() -> None:
    delivery = PagerDuty().sign(Secrets(SECRETS), Delivery(body=BODY, received_at=NOW), NOW)
    assert DOOR.verify(delivery.body, delivery.headers)
