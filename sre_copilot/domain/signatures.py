"""Checking vendors' signatures: on the raw bytes, in constant time, fresh, and with every key that is valid now.

A plugin works out what a right signature would be, with the functions here, and lets `require_match` compare.
"""

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from sre_copilot.domain.errors import NotAuthentic

TOLERANCE = timedelta(seconds=300)
"""How far the time of a signature may lie from now, in both directions."""
MOST_SIGNATURES = 10
"""More signatures than this on one delivery are not compared: no vendor rotates through so many keys."""


def hmac_hex(key: str, message: bytes) -> str:
    """HMAC-SHA256 (RFC 2104) in lower-case hex; the key as UTF-8."""
    return hmac.new(_bytes(key), message, hashlib.sha256).hexdigest()


def hmac_base64(key: bytes, message: bytes) -> str:
    """HMAC-SHA256 (RFC 2104) in base64 with padding."""
    return b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()


def standard_webhook(secret: str, message_id: str, stamp: str, body: bytes) -> str:
    """The signature `v1,...` of a message after the Standard Webhooks specification (standardwebhooks.com, symmetric).

    Raises NotAuthentic where the secret is not of the form whsec_ and base64.
    """
    try:
        key = b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        raise NotAuthentic("The signing secret is not of the form whsec_ and base64; set another.") from None
    return f"v1,{hmac_base64(key, _bytes(f'{message_id}.{stamp}.') + body)}"


def require_match(given: Sequence[str], right: Iterable[str]) -> None:
    """Return where one of the given signatures is one of the right ones.

    Raises NotAuthentic: missing where none is given, wrong where none fits. Every pair is compared, in constant time.
    """
    shown = [signature for signature in given if signature]
    if not shown:
        raise NotAuthentic("The signature is missing.", reason="missing")
    pairs = [(one, other) for one in shown[:MOST_SIGNATURES] for other in right]
    if not any(hmac.compare_digest(_bytes(one), _bytes(other)) for one, other in pairs):
        raise NotAuthentic("The signature does not fit the body and the secret.", reason="wrong")


def require_fresh(stamp: str, now: datetime, *, tolerance: timedelta = TOLERANCE) -> None:
    """Return where `stamp` (whole Unix seconds) lies within `tolerance` of now, before or after.

    Raises NotAuthentic: missing where there is none, wrong where it is no number, stale where it lies outside.
    """
    if not stamp:
        raise NotAuthentic("The time of the signature is missing.", reason="missing")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise NotAuthentic("The time of the signature is no whole number of seconds.", reason="wrong")
    try:
        signed_at = datetime.fromtimestamp(int(stamp), UTC)
    except (ValueError, OverflowError, OSError):
        signed_at = datetime.max.replace(tzinfo=UTC)
    if abs(signed_at - now) > tolerance:
        raise NotAuthentic(
            f"The signature is not of now: its time lies more than {tolerance.total_seconds():g} seconds away.",
            reason="stale",
        )


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
