"""What people write in a runbook, and how much of it there may be."""

import re
import unicodedata
from collections.abc import Iterable

from sre_copilot.domain.edits import checked_address
from sre_copilot.domain.errors import InvalidInput
from sre_copilot.domain.text import checked_name, checked_text

LONGEST_SLUG = 200
LONGEST_DESCRIPTION = 10_000
LONGEST_CONTENT = 100_000
"""In characters. PostgreSQL keeps at most 1 MiB of words of a text for searching, and no word of this is lost."""
LONGEST_TAG = 100
LONGEST_ACTION = 2_000
MOST_NAMES = 100
"""Services, tags or actions of a runbook."""
LONGEST_MINUTES = 60 * 24 * 365

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_APART = re.compile(r"[^a-z0-9]+")


def checked_slug(slug: str) -> str:
    """Return the slug. Raises InvalidInput unless it is 1 to 200 small letters and digits, single hyphens inside."""
    if len(slug) > LONGEST_SLUG or not _SLUG.fullmatch(slug):
        raise InvalidInput(
            f"The slug of a runbook has 1 to {LONGEST_SLUG} small letters and digits, single hyphens inside."
        )
    return slug


def slug_of(title: str) -> str:
    """Return the slug that a title gives: its letters and digits without accents; "runbook" where it has none."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return _APART.sub("-", plain).strip("-")[: LONGEST_SLUG - 10].strip("-") or "runbook"


def checked_length(what: str, text: str, longest: int) -> str:
    """Return the text. Raises InvalidInput where it can't be stored or has over `longest` characters."""
    if len(checked_text(what, text)) > longest:
        raise InvalidInput(f"{what} has at most {longest} characters; this one has {len(text)}.")
    return text


def checked_services(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names of services without white space around them, each once. Raises InvalidInput."""
    return _each_once("services", (checked_name("The name of a service", name) for name in names))


def checked_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Return the tags without white space around them, each once. Raises InvalidInput for a blank or long one."""
    stripped = tuple(checked_length("A tag", tag.strip(), LONGEST_TAG) for tag in tags)
    if not all(stripped):
        raise InvalidInput("A tag needs a character at least.")
    return _each_once("tags", stripped)


def checked_minutes(minutes: int) -> int | None:
    """Return how long it takes, None for 0. Raises InvalidInput unless that is from 0 to a year."""
    if not 0 <= minutes <= LONGEST_MINUTES:
        raise InvalidInput(f"A runbook takes from 0 to {LONGEST_MINUTES} minutes; 0 says that nobody knows.")
    return minutes or None


def checked_url(url: str) -> str | None:
    """Return the address where the runbook is kept, None for an empty one. Raises InvalidInput as `checked_address`."""
    return checked_address(url) if url.strip() else None


def _each_once(what: str, names: Iterable[str]) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(names))
    if len(found) > MOST_NAMES:
        raise InvalidInput(f"A runbook has at most {MOST_NAMES} {what}; these are {len(found)}.")
    return found
