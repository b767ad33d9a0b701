"""What people write, looked at before anything happens: what can't be kept is refused in words that quote nothing."""

import re

from sre_copilot.domain.errors import InvalidInput

NAME_LENGTH = 255
"""Longest name of a service, tenant or integration, and longest key or id of a vendor, in characters."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def checked_text(what: str, text: str) -> str:
    """Return the text as it is. Raises InvalidInput where it has a NUL or half of a surrogate pair.

    `what` begins the message: "The note".
    """
    if _UNSTORABLE.search(text):
        raise InvalidInput(f"{what} has a NUL or half of a surrogate pair in it, which can't be stored; remove it.")
    return text


def checked_name(what: str, name: str) -> str:
    """Return the name without white space around it.

    Raises what `checked_text` raises, and InvalidInput where it is blank or over NAME_LENGTH.
    """
    stripped = checked_text(what, name).strip()
    if not 0 < len(stripped) <= NAME_LENGTH:
        raise InvalidInput(f"{what} needs 1 to {NAME_LENGTH} characters; this one has {len(stripped)}.")
    return stripped
