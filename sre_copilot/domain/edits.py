"""What people change of an incident by hand, and what its title must be."""

from urllib.parse import urlsplit

import attrs

from sre_copilot.domain.errors import InvalidInput
from sre_copilot.domain.signals import Severity
from sre_copilot.domain.text import checked_text

TITLE_LENGTH = 500
ADDRESS_LENGTH = 200
"""Longest address of a published postmortem, in characters."""


@attrs.frozen(kw_only=True)
class Impact:
    """Whom the incident hurts, as far as people have said."""

    description: str = ""
    affected_user_count: int | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.ge(0))
    )
    slo_breached: bool = False


@attrs.frozen(kw_only=True)
class Edit:
    """What people may change by hand; None leaves a field as it is."""

    title: str | None = None
    description: str | None = None
    severity: Severity | None = None
    impact: Impact | None = None
    tags: tuple[str, ...] | None = None


def checked_title(title: str) -> str:
    """Return the title, every white space in it one blank. Raises InvalidInput unless 1 to 500 characters can be stored."""
    stripped = " ".join(checked_text("The title", title).split())
    if not stripped or len(stripped) > TITLE_LENGTH:
        raise InvalidInput(f"A title needs 1 to {TITLE_LENGTH} characters; this one has {len(stripped)}.")
    return stripped


def checked_address(url: str) -> str:
    """Return an address that people can be sent to.

    Raises InvalidInput unless it begins with http:// or https://, names a host, has no credentials, no white space and at
    most 200 characters.
    """
    wanted = (
        f"An address begins with https:// or http://, names a host, has no credentials in it and at most {ADDRESS_LENGTH} "
        "characters, such as https://wiki.example.com/postmortems/42."
    )
    text = checked_text("The address", url).strip()
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        raise InvalidInput(wanted) from None
    is_plain = len(text.split()) == 1 and text.isprintable() and "@" not in parts.netloc
    if parts.scheme not in ("http", "https") or not host or not is_plain or len(text) > ADDRESS_LENGTH:
        raise InvalidInput(wanted)
    return text
