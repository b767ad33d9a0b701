"""Polling Datadog's events, so that none is lost and few come twice.

A window is listed oldest first, page by page, and its end stays where it was until all of it was taken in: a poll that runs
out of its budget, or fails on a later page, goes on from there at the next one. The next window begins before the last one
ended, because events may be listed late; what was brought already is remembered by short hashes, and what even they forgot
is recognised by its id.

The first poll looks back a day, newest first, and brings what still fires, and changes: nobody needs the alerts of
yesterday that have ended.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs

from sre_copilot.adapters.integrations.builtin.datadog.asking import Site
from sre_copilot.adapters.integrations.builtin.datadog.events import EVENTS_DOOR, event_id, told_by_event
from sre_copilot.adapters.integrations.builtin.datadog.settings import EVENTS
from sre_copilot.domain.canonical import canonical
from sre_copilot.domain.deliveries import Delivery, Pulled
from sre_copilot.domain.errors import OutgoingFailed, UnreadableDelivery
from sre_copilot.domain.signals import SignalStatus

PAGE = 50
"""Events of a page. Datadog allows 1,000; an answer must stay below 1 MiB, and one event can have 20 kB."""
MOST_PAGES = 5
"""Pages of a poll; each may take 5 seconds, and a poll has 30."""
OVERLAP = timedelta(minutes=10)
FIRST_LOOK = timedelta(hours=24)
MOST_SEEN = 2_000
"""Events that are remembered, in 19 bytes each of a cursor of at most 64 KiB."""
LONGEST_PAGE_CURSOR = 4_000
BAD_REQUEST = 400
Event = Mapping[str, Any]


def pulled(site: Site, cursor: Mapping[str, Any]) -> Pulled:
    """Return the events since the cursor. Raises OutgoingFailed, OutgoingRefused."""
    return _continued(site, cursor) if "from" in cursor else _begun(site)


def _begun(site: Site) -> Pulled:
    now = site.tools.now
    window = {**_window(now - FIRST_LOOK, now), "sort": "-timestamp"}
    found: list[Event] = []
    page = ""
    for _ in range(MOST_PAGES):
        events, page = _listed(site, window, page)
        found += events
        if not page:
            break
    after = {"from": _milliseconds(now - OVERLAP), "seen": _remembered([*map(_name, reversed(found))])}
    return Pulled(deliveries=_deliveries(reversed(_still_active(site, found)), now), cursor=after)


def _continued(site: Site, cursor: Mapping[str, Any]) -> Pulled:
    now, page = site.tools.now, str(cursor.get("page", ""))
    start = datetime.fromtimestamp(cursor["from"] / 1000, UTC)
    end = datetime.fromtimestamp(cursor["to"] / 1000, UTC) if page else now
    seen: dict[str, None] = dict.fromkeys(cursor.get("seen", ()))
    window = {**_window(start, end), "sort": "timestamp"}
    fresh: list[Event] = []
    anything_came = False
    for _ in range(MOST_PAGES):
        try:
            events, page = _listed(site, window, page)
        except _PageGone:
            if anything_came:
                raise
            page = ""
            continue
        except OutgoingFailed:
            if not anything_came:
                raise
            return _noted(start, end, page, seen, fresh, now)
        anything_came = True
        fresh += [event for event in events if _name(event) not in seen]
        seen.update(dict.fromkeys(map(_name, events)))
        if not page:
            return _noted(end - OVERLAP, end, "", seen, fresh, now)
    return attrs.evolve(_noted(start, end, page, seen, fresh, now), is_more=True)


def _noted(
    start: datetime, end: datetime, page: str, seen: Iterable[str], fresh: Iterable[Event], now: datetime
) -> Pulled:
    after: dict[str, Any] = {"from": _milliseconds(start), "seen": _remembered([*seen])}
    if page:
        after |= {"to": _milliseconds(end), "page": page}
    return Pulled(deliveries=_deliveries(fresh, now), cursor=after)


class _PageGone(OutgoingFailed):
    """Datadog doesn't know the page any more; one that an earlier poll left off at makes its window begin again."""


def _listed(site: Site, window: Mapping[str, str], page: str) -> tuple[list[Event], str]:
    """Return the events of a page and the cursor of the next, "" after the last one."""
    asked = {"filter[query]": site.integration.text_of(EVENTS), **window, "page[limit]": str(PAGE)}
    answer = site.answer("v2/events", {**asked, "page[cursor]": page} if page else asked)
    if page and answer.status == BAD_REQUEST:
        raise _PageGone("Datadog does not know the page that it named.")
    told = site.told(answer)
    events = told.get("data")
    if not isinstance(events, list):
        raise OutgoingFailed("Datadog answered without a list of events.")
    following: object = told.get("meta")
    for name in ("page", "after"):
        following = following.get(name) if isinstance(following, dict) else None
    is_last = not events or not isinstance(following, str) or following == page
    if not is_last and len(str(following)) > LONGEST_PAGE_CURSOR:
        raise OutgoingFailed("Datadog's page cursor is too long to be kept.")
    return [event for event in events if isinstance(event, dict)], "" if is_last else str(following)


def _still_active(site: Site, newest_first: Sequence[Event]) -> list[Event]:
    """Leave out the alerts that have ended since. What can't be read is kept, for people to see it."""
    ended: set[str] = set()
    active: list[Event] = []
    for event in newest_first:
        try:
            drafts = told_by_event(event, site.integration, site.tools.now)
        except UnreadableDelivery:
            active.append(event)
            continue
        keys = {draft.vendor_key or _name(event) for draft in drafts}
        if any(draft.status is SignalStatus.RESOLVED for draft in drafts):
            ended |= keys
        elif keys - ended:
            active.append(event)
    return active


def _deliveries(events: Iterable[Event], now: datetime) -> tuple[Delivery, ...]:
    bodies = (json.dumps(event, ensure_ascii=False).encode("utf-8", "replace") for event in events)
    return tuple(Delivery(body=body, received_at=now, path=EVENTS_DOOR) for body in bodies)


def _name(event: Event) -> str:
    """A short hash of what names an event."""
    name = event_id(event)
    return hashlib.sha256(name.encode("utf-8", "replace") if name else canonical(event)).hexdigest()[:16]


def _remembered(names: Sequence[str]) -> list[str]:
    return list(names[-MOST_SEEN:])


def _window(start: datetime, end: datetime) -> dict[str, str]:
    return {"filter[from]": str(_milliseconds(start)), "filter[to]": str(_milliseconds(end))}


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
