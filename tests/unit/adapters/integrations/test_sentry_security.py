"""Who may speak as Sentry, and which credentials are taken out of what it says."""

import hashlib
import hmac
import json
from typing import Any

import attrs
import pytest

from sre_copilot.adapters.integrations.builtin.sentry import Sentry
from sre_copilot.domain.errors import NotAuthentic
from sre_copilot.domain.integrations import Secrets
from tests.unit.adapters.integrations.door import NOW, Door

CURRENT, PREVIOUS = "current-client-secret", "previous-client-secret"
DOOR = Door(type="sentry", secrets={"client_secret": (CURRENT, PREVIOUS)})
BODY = b'{"action": "created", "data": {"issue": {"id": "1"}}}'


def signed(secret: str, stamp: str = "") -> dict[str, str]:
    signature = hmac.new(secret.encode(), BODY, hashlib.sha256).hexdigest()
    return {"Sentry-Hook-Signature": signature, "Sentry-Hook-Timestamp": stamp}


@pytest.mark.parametrize(
    "headers",
    [
        signed(CURRENT),
        signed(PREVIOUS),
        {"SENTRY-HOOK-SIGNATURE": signed(CURRENT)["Sentry-Hook-Signature"]},
        # The time is not part of what is signed, so nothing can be concluded from it.
        signed(CURRENT, "946684800"),
        signed(CURRENT, "4102444800"),
    ],
)
def test_a_right_signature_proves_the_sender(headers: dict[str, str]) -> None:
    assert DOOR.verify(BODY, headers)


@pytest.mark.parametrize(
    ("headers", "body", "reason"),
    [
        ({}, BODY, "missing"),
        ({"Sentry-Hook-Signature": ""}, BODY, "missing"),
        (signed("other-secret"), BODY, "wrong"),
        (signed(CURRENT), BODY.replace(b"1", b"2"), "wrong"),
        (signed(CURRENT), BODY + b" ", "wrong"),
        ({"Sentry-Hook-Signature": signed(CURRENT)["Sentry-Hook-Signature"][:-1]}, BODY, "wrong"),
        ({"Sentry-Hook-Signature": signed(CURRENT)["Sentry-Hook-Signature"] + "0"}, BODY, "wrong"),
        ({"Sentry-Hook-Signature": "ü" * 64}, BODY, "wrong"),
        ({"Sentry-Hook-Signature": "\udcff" * 64}, BODY, "wrong"),
        ({"Sentry-Hook-Signature": ",".join((signed("x")["Sentry-Hook-Signature"],) * 2)}, BODY, "wrong"),
    ],
)
def test_a_missing_or_wrong_signature_is_refused(headers: dict[str, str], body: bytes, reason: str) -> None:
    with pytest.raises(NotAuthentic) as refused:
        DOOR.verify(body, headers)
    assert refused.value.reason == reason


def test_a_secret_that_was_rotated_out_proves_nothing_any_more() -> None:
    door = attrs.evolve(DOOR, secrets={"client_secret": (CURRENT,)})
    with pytest.raises(NotAuthentic):
        door.verify(BODY, signed(PREVIOUS))


def test_where_no_secret_is_set_the_key_decides() -> None:
    assert Door(type="sentry").verify(BODY, signed(CURRENT)) is False


def test_a_signed_sample_is_taken() -> None:
    for sample in Sentry().samples(NOW):
        delivery = Sentry().sign(Secrets(DOOR.secrets), sample.delivery(NOW), NOW)
        assert DOOR.verify(delivery.body, delivery.headers)


def test_the_code_of_an_installation_is_not_kept() -> None:
    body = {"action": "created", "data": {"installation": {"status": "pending", "code": "canary-code", "uuid": "a8e5"}}}
    kept = DOOR.gateway.strip(DOOR.integration, DOOR.delivery(body))
    assert json.loads(kept.body)["data"] == {"installation": {"status": "pending", "uuid": "a8e5"}}
    assert b"canary" not in kept.body


@pytest.mark.parametrize("name", ["event", "error"])
def test_cookies_and_credentials_of_the_failed_request_are_not_kept(name: str) -> None:
    headers: list[Any] = [["Authorization", "canary-1"], ["cookie", "canary-2"], ["Host", "shop"], "odd"]
    request = {"url": "https://shop.example", "cookies": [["session", "canary-3"]], "headers": headers}
    body = {"action": "triggered", "data": {name: {"issue_id": "1", "title": "ü", "request": request}}}
    kept = DOOR.gateway.strip(DOOR.integration, DOOR.delivery(body))
    assert b"canary" not in kept.body
    event = json.loads(kept.body)["data"][name]
    assert event["request"] == {"url": "https://shop.example", "headers": [["Host", "shop"], "odd"]}
    assert "canary" not in repr(DOOR.read(body))


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe", b"[", b"[]", b"{}", b'{"data": 5}', b'{"data":  {"event": {"request": 1}}}', BODY]
)
def test_other_bodies_stay_byte_for_byte_as_they_are(body: bytes) -> None:
    assert DOOR.gateway.strip(DOOR.integration, DOOR.delivery(body)).body == body
