"""Asking PagerDuty's REST API for its incidents: https://developer.pagerduty.com/api-reference, "List incidents".

There is no asking for what changed, so every poll walks two lists: what is open, oldest first, and what was resolved, by
when, latest first, back to a little before the latest that was known. Neither asks for a range of time, because PagerDuty
takes that as the time of creation, and what began long ago ends too. What moved to another page meanwhile comes with the
next poll. Nothing is concluded from absence.

The cursor holds:

- `open`: the ids of open incidents -> what was told of each, as a short hash, and what counts as its reopening, "" if never (PagerDuty
  names only the last change of status, which may be a later acknowledgement);
- `ended`: the ids of those resolved last -> when; one of them that is open again was reopened;
- `until`: when the last one was resolved, "" where none was; `latest`: what that will be after a walk that goes on;
- `open_at`, `ended_at`: where the two walks go on at the next poll, 0 for the beginning.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import attrs

from sre_copilot.adapters.integrations.builtin.pagerduty.incidents import INCIDENTS
from sre_copilot.application.ports.outgoing import Request
from sre_copilot.domain.canonical import canonical, content_hash, timestamp
from sre_copilot.domain.deliveries import EARLIEST_YEAR, Delivery, Pulled
from sre_copilot.domain.errors import OutgoingFailed, OutgoingRefused, UnreadableDelivery
from sre_copilot.domain.integrations import Integration, Secrets, Setting, SettingKind
from sre_copilot.domain.payloads import any_time
from sre_copilot.hookspecs import Tools

URL = Setting(
    name="url",
    help="Where PagerDuty's REST API is; for accounts in the EU https://api.eu.pagerduty.com.",
    default="https://api.pagerduty.com",
)
TOKEN = Setting(
    name="api_token",
    help="A read-only REST API key, for --feature pull: Integrations, API Access Keys, Create New API Key.",
    secret=True,
    sent_to="url",
)
SERVICES = Setting(name="service_ids", help="Polled are only incidents of these services.", kind=SettingKind.LIST)
TEAMS = Setting(name="team_ids", help="Polled are only incidents of these teams.", kind=SettingKind.LIST)
SETTINGS = (URL, TOKEN, SERVICES, TEAMS)

PAGE = 50
"""Incidents of an answer, so that it stays well below a MiB."""
MOST_PAGES = 3
"""Pages of one list at a poll, so that even slow answers come within its 30 seconds; the next poll follows at once."""
PATIENCE = 4.5
"""Seconds for one answer."""
LAST = 10_000
"""PagerDuty pages no further than this."""
LONGEST_ID = 100
OVERLAP = timedelta(minutes=5)
"""How much later than others PagerDuty may show that an incident was resolved."""
LARGEST_MEMORY = 28_000
"""Bytes for each half of the cursor's memory; what it has no room for is told again, and known by its delivery's id."""
TOLD = (
    "id",
    "incident_number",
    "incident_key",
    "html_url",
    "title",
    "status",
    "urgency",
    "created_at",
    "resolved_at",
    "last_status_change_at",
    "service",
    "priority",
    "escalation_policy",
    "teams",
    "acknowledgements",
)
"""What of an incident is taken in. The rest, such as counts and who is paged next, changes often and says nothing here."""

Row = dict[str, Any]
OPEN = (("statuses[]", "triggered"), ("statuses[]", "acknowledged"), ("sort_by", "created_at:asc"))
RESOLVED = (("statuses[]", "resolved"), ("sort_by", "resolved_at:desc"))


def pulled(integration: Integration, secrets: Secrets, cursor: Mapping[str, Any], tools: Tools) -> Pulled:
    """Return what is open or was resolved, and wasn't told so yet. Raises OutgoingFailed, OutgoingRefused."""
    api = _Api(integration=integration, secrets=secrets, tools=tools)
    memory = _Memory(open=dict(cursor.get("open", {})), ended=dict(cursor.get("ended", {})))
    rows, open_at = api.walk(OPEN, cursor.get("open_at", 0), lambda row: True)
    bodies = list(memory.news_of_open(rows))

    is_first = "until" not in cursor
    until = cursor.get("until", "")
    border = timestamp(datetime.fromisoformat(until) - OVERLAP) if until else ""
    over, ended_at = api.walk(
        RESOLVED,
        cursor.get("ended_at", 0),
        lambda row: not border or not _ended(row) or _ended(row) >= border,
        most=1 if is_first else MOST_PAGES,
    )
    told = list(memory.news_of_ended(over))
    if is_first:
        # What was over before anybody asked is nobody's business: only how far it goes is kept.
        told, ended_at = [], 0
    if not open_at and not cursor.get("open_at"):
        memory.forget_all_but(rows)
    # A clock that runs ahead of ours must not hide what ends later.
    latest = min(max([cursor.get("latest", until), *map(_ended, over)]), timestamp(tools.now))
    return Pulled(
        deliveries=tuple(
            Delivery(body=canonical(body), received_at=tools.now, path=INCIDENTS) for body in [*bodies, *told]
        ),
        cursor={
            **memory.kept(),
            "until": until if ended_at else latest,
            "latest": latest,
            "open_at": open_at,
            "ended_at": ended_at,
        },
        is_more=bool(open_at or ended_at),
    )


def answers(integration: Integration, secrets: Secrets, tools: Tools) -> str:
    """Return whether incidents can be read. Raises OutgoingFailed, OutgoingRefused."""
    if not secrets.current(TOKEN.name):
        return "No api_token is set, so it only listens: for clients of the Events API and for PagerDuty's webhooks."
    rows, _ = _Api(integration=integration, secrets=secrets, tools=tools).page(OPEN, 0, limit=1)
    return f"PagerDuty answers, and shows its incidents: {'some are' if rows else 'none is'} open now."


@attrs.frozen(kw_only=True)
class _Memory:
    """What was told of open incidents, and when others ended, by their ids."""

    open: dict[str, list[str]]
    ended: dict[str, str]

    def news_of_open(self, rows: Iterable[Row]) -> Iterator[Mapping[str, Any]]:
        """Yield and remember what wasn't told of open incidents."""
        for row in rows:
            start = self._reopened_at(row)
            body = _body(row, start)
            told = [content_hash(body)[:12], start]
            if self.open.get(row["id"]) != told:
                yield body
            self.open[row["id"]] = told
            if start:
                self.ended.pop(row["id"], None)

    def news_of_ended(self, rows: Iterable[Row]) -> Iterator[Mapping[str, Any]]:
        """Yield and remember what wasn't told of resolved incidents, the first that ended first."""
        for row in reversed(list(rows)):
            if self.ended.get(row["id"]) != _ended(row):
                yield _body(row, self._reopened_at(row))
            self.open.pop(row["id"], None)
            self.ended[row["id"]] = _ended(row)

    def forget_all_but(self, rows: Iterable[Row]) -> None:
        """Forget the open incidents that are not among these, which are all."""
        for name in self.open.keys() - {row["id"] for row in rows}:
            del self.open[name]

    def kept(self) -> dict[str, dict[str, Any]]:
        """Return as much as there is room for: of what ended, the latest."""
        latest = sorted(self.ended.items(), key=lambda item: item[1], reverse=True)
        return {"open": _fitting(self.open.items()), "ended": _fitting(latest)}

    def _reopened_at(self, row: Row) -> str:
        changed, ended = _moment(row, "last_status_change_at"), self.ended.get(row["id"], "")
        if ended and changed > ended:
            return changed
        return self.open.get(row["id"], ["", ""])[1]


@attrs.frozen(kw_only=True)
class _Api:
    """The REST API, asked with the token of an integration."""

    integration: Integration
    secrets: Secrets
    tools: Tools

    def walk(
        self, what: tuple[tuple[str, str], ...], offset: int, wanted: Callable[[Row], bool], *, most: int = MOST_PAGES
    ) -> tuple[list[Row], int]:
        """Return the wanted ones of a list up to the page that has others too, and where to go on, 0 at its end."""
        found: list[Row] = []
        for _ in range(most):
            rows, is_more = self.page(what, offset)
            fitting = [row for row in rows if wanted(row)]
            found += fitting
            offset += len(rows)
            if not is_more or not rows or len(fitting) < len(rows) or offset + PAGE > LAST:
                return found, 0
        return found, offset

    def page(self, what: tuple[tuple[str, str], ...], offset: int, *, limit: int = PAGE) -> tuple[list[Row], bool]:
        """Return one page, and whether there are more. Raises OutgoingFailed, OutgoingRefused."""
        query = [*what, ("date_range", "all"), ("time_zone", "UTC"), ("limit", str(limit)), ("offset", str(offset))]
        query += [("service_ids[]", word) for word in self.integration.listed(SERVICES)]
        query += [("team_ids[]", word) for word in self.integration.listed(TEAMS)]
        told = self._asked(f"{INCIDENTS}?{urlencode(query)}")
        rows = told.get("incidents") if isinstance(told, dict) else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) and _is_id(row.get("id")) for row in rows):
            raise OutgoingFailed("What answered is no PagerDuty: it named no incidents.")
        return rows, told.get("more") is True

    def _asked(self, path: str) -> Any:
        token = self.secrets.current(TOKEN.name)
        if not token:
            raise OutgoingRefused(
                "The secret api_token is missing: PagerDuty shows its incidents to nobody without one."
            )
        request = Request(
            url=f"{self.integration.text_of(URL).rstrip('/')}{path}",
            headers={"Authorization": f"Token token={token}", "Accept": "application/vnd.pagerduty+json;version=2"},
        )
        answer = self.tools.http.send(request, deadline=PATIENCE)
        denied = "PagerDuty does not accept the api_token, or does not let it read incidents."
        answer.require_told("PagerDuty", denied=denied, wait_header="ratelimit-reset")
        return answer.json()


def _body(row: Row, reopened_at: str) -> Mapping[str, Any]:
    body = {"incident": {name: row[name] for name in TOLD if name in row}}
    return {**body, "reopened_at": reopened_at} if reopened_at else body


def _ended(row: Row) -> str:
    return _moment(row, "resolved_at") or _moment(row, "last_status_change_at")


def _moment(row: Row, name: str) -> str:
    """A time in the form in which they can be compared as texts, "" where there is none."""
    word = row.get(name)
    try:
        moment = any_time(name, word).astimezone(UTC) if isinstance(word, str) else None
    except (UnreadableDelivery, OverflowError):
        return ""
    return timestamp(moment) if moment and moment.year >= EARLIEST_YEAR else ""


def _is_id(word: object) -> bool:
    return isinstance(word, str) and 0 < len(word) <= LONGEST_ID


def _fitting(items: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    kept, size = {}, 0
    for name, value in items:
        size += len(canonical({name: value}))
        if size > LARGEST_MEMORY:
            break
        kept[name] = value
    return kept
