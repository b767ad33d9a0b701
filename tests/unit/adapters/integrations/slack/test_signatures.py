"""Slack's signatures: ours and slack_sdk's agree, and everything that is not fresh, whole and ours is refused."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from slack_sdk.signature import Clock, SignatureVerifier

from sre_copilot.domain.deliveries import Delivery
from sre_copilot.domain.errors import NotAuthentic
from sre_copilot.domain.integrations import Secrets
from tests.unit.adapters.integrations.door import MANAGER, NOW, Door

SECRET, OTHER = "8f742231b10e8888abcd99yyyzzz85a5", "planted-other-secret"
BODY = b"token=x&command=%2Fincident&text=list&user_id=U1"
STAMP = str(int(NOW.timestamp()))


class FixedClock(Clock):
    def now(self) -> float:
        return NOW.timestamp()


def signed(secret: str = SECRET, stamp: str = STAMP, body: bytes = BODY) -> dict[str, str]:
    value = SignatureVerifier(secret).generate_signature(timestamp=stamp, body=body)
    assert isinstance(value, str)
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": value}


def door(*secrets: str) -> Door:
    return Door(type="slack", secrets={"signing_secret": secrets or (SECRET,)})


def test_what_slack_sdk_signs_is_authentic() -> None:
    assert door().verify(BODY, signed()) is True


def test_what_we_sign_slack_sdk_verifies() -> None:
    plugin = MANAGER.plugins["slack"]
    delivery = Delivery(body=BODY, received_at=NOW)
    ours = plugin.sign(Secrets({"signing_secret": (SECRET,)}), delivery, NOW)  # type: ignore[attr-defined]
    verifier = SignatureVerifier(SECRET, clock=FixedClock())
    assert verifier.is_valid_request(ours.body, dict(ours.headers))
    assert not SignatureVerifier(OTHER, clock=FixedClock()).is_valid_request(ours.body, dict(ours.headers))


def shifted(seconds: int) -> dict[str, str]:
    return signed(stamp=str(int((NOW + timedelta(seconds=seconds)).timestamp())))


REFUSED: list[tuple[str, bytes, Mapping[str, str], str]] = [
    ("missing", BODY, {}, "missing"),
    ("without its time", BODY, {"X-Slack-Signature": signed()["X-Slack-Signature"]}, "wrong"),
    ("of another secret", BODY, signed(OTHER), "wrong"),
    ("of another body", BODY[:-1] + b"2", signed(), "wrong"),
    ("of another time", BODY, {**signed(), "X-Slack-Request-Timestamp": str(int(STAMP) + 1)}, "wrong"),
    ("too short", BODY, {**signed(), "X-Slack-Signature": signed()["X-Slack-Signature"][:-2]}, "wrong"),
    ("without its version", BODY, {**signed(), "X-Slack-Signature": signed()["X-Slack-Signature"][3:]}, "wrong"),
    ("not ASCII", BODY, {**signed(), "X-Slack-Signature": "v0=é\ud800"}, "wrong"),
    ("with a time that is none", BODY, signed(stamp="soon"), "wrong"),
    ("stale", BODY, shifted(-301), "stale"),
    ("of the future", BODY, shifted(301), "stale"),
    ("of another century", BODY, signed(stamp="999999999999"), "stale"),
]


@pytest.mark.parametrize(
    ("what", "body", "headers", "reason"), REFUSED, ids=lambda part: part if isinstance(part, str) else ""
)
def test_a_signature_is_refused_that_is(what: str, body: bytes, headers: Mapping[str, str], reason: str) -> None:
    with pytest.raises(NotAuthentic) as refused:
        door().verify(body, headers)
    assert refused.value.reason == reason
    assert SECRET not in repr(refused.value)


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_five_minutes_are_fresh(seconds: int) -> None:
    assert door().verify(BODY, shifted(seconds)) is True


def test_during_a_rotation_both_secrets_verify_and_afterwards_only_the_new_one() -> None:
    for secret in (SECRET, OTHER):
        assert door(SECRET, OTHER).verify(BODY, signed(secret)) is True
    with pytest.raises(NotAuthentic):
        door(SECRET).verify(BODY, signed(OTHER))


def test_without_a_secret_nothing_is_believed_not_even_the_integrations_key() -> None:
    with pytest.raises(NotAuthentic):
        Door(type="slack").verify(BODY, {**signed(), "authorization": "Bearer key"})
