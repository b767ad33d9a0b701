"""The system's clock, and time-ordered ids (UUID version 7, RFC 9562; the standard library has none yet)."""

import os
import secrets
import time
from base64 import b64encode
from datetime import UTC, datetime
from uuid import UUID

_VERSION = 0x7 << 76 | 0x2 << 62
"""The version and the variant, where they stand in an id."""
_FREE = (1 << 128) - 1 & ~(0xF << 76 | 0x3 << 62)
"""The bits of an id that these two leave."""


def new_id() -> UUID:
    """Return a UUIDv7: 48 bits of Unix milliseconds, then version, variant and 74 random bits."""
    made = time.time_ns() // 1_000_000 << 80 | int.from_bytes(os.urandom(10), "big")
    return UUID(int=made & _FREE | _VERSION)


class SystemClock:
    """The present, as the machine knows it."""

    def now(self) -> datetime:
        """Return the present in UTC."""
        return datetime.now(UTC)


class TimeOrderedIds:
    """Ids that sort by the moment they were made."""

    def new(self) -> UUID:
        """Return a new UUIDv7."""
        return new_id()


class RandomKeys:
    """Keys of 256 random bits."""

    def new(self, prefix: str) -> str:
        """Return `prefix` and 43 characters of URL-safe base64."""
        return prefix + secrets.token_urlsafe(32)

    def new_secret(self, prefix: str) -> str:
        """Return `prefix` and 44 characters of base64."""
        return prefix + b64encode(secrets.token_bytes(32)).decode()
