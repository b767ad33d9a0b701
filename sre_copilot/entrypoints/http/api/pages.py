"""Lists in pages: by keyset, so that page 1,000 costs as much as page 1. What a cursor holds is nobody's business."""

import base64
import binascii
from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

from django.http import HttpRequest
from pydantic import BaseModel, Field

from sre_copilot.entrypoints.http.problems import Refused

T = TypeVar("T")
Key = tuple[datetime, UUID]
Limit = Annotated[int, Field(ge=1, le=200, description="Items of a page.")]
Cursor = Annotated[str | None, Field(description="`next` of the page before.")]

BAD_CURSOR = (400, "bad_cursor", "This cursor is not one that a page before named; begin with the first page.")


def refuse_unknown(request: HttpRequest, wanted: type[BaseModel]) -> None:
    """Raise Refused for a filter that nobody knows: leaving it out would answer another question."""
    known = {field.alias or name for name, field in wanted.model_fields.items()}
    unknown = sorted(set(request.GET) - known)
    if unknown:
        raise Refused(
            422, "invalid_input", f"There are filters that nobody knows; the known ones are {', '.join(sorted(known))}."
        )


def cursor_of(at: datetime, identifier: UUID) -> str:
    """Return the cursor of what comes after an item."""
    return base64.urlsafe_b64encode(f"{at.isoformat()} {identifier.hex}".encode()).decode().rstrip("=")


def key_of(cursor: str | None) -> Key | None:
    """Return what a cursor stands for, None for the first page. Raises Refused."""
    if cursor is None:
        return None
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        at, _, identifier = text.partition(" ")
        moment, found = datetime.fromisoformat(at), UUID(identifier)
    except (binascii.Error, ValueError):
        raise Refused(*BAD_CURSOR) from None
    if moment.tzinfo is None:
        raise Refused(*BAD_CURSOR)
    return moment, found


def page(rows: Sequence[T], limit: int, key: Callable[[T], Key]) -> dict[str, Any]:
    """Return the page that the first `limit` rows make; whoever asks fetches one more to know whether there are more."""
    items = list(rows[:limit])
    return {"items": items, "next": cursor_of(*key(items[-1])) if len(rows) > limit else None}


def page_from(rows: Sequence[T], key: Key | None, limit: int, at: Callable[[T], datetime]) -> dict[str, Any]:
    """Return a page of what is all in memory, by time; the key is the last item's time and how many of that time came."""
    start = bisect_left(rows, key[0], key=at) + key[1].int if key else 0
    items = list(rows[start : start + limit])
    if start + limit >= len(rows):
        return {"items": items, "next": None}
    last = at(items[-1])
    given = start + limit - bisect_left(rows, last, key=at)
    return {"items": items, "next": cursor_of(last, UUID(int=given))}
