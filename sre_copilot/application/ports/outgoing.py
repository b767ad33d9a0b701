"""Requests that the copilot makes to addresses that somebody configured: Slack, webhooks, polls, certificates."""

import re
from abc import abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlsplit

import attrs

from sre_copilot.domain.errors import CredentialsRefused, MalformedDelivery, NotifyLater, NotifyRefused, OutgoingFailed
from sre_copilot.domain.strict_json import read_json

MAX_ANSWER_BYTES = 1024 * 1024
LONGEST_WAIT = timedelta(days=1)
"""No server can make us wait longer than this by its word alone."""
DENIED = frozenset({401, 403})
TOO_MANY = 429
NEVER_TAKEN = frozenset({400, 410, 413, 415, 422})
"""Statuses that are about the message itself, so that it would be sent in vain again."""
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_HTTP_DATE = re.compile(r"[A-Z][a-z]{2}, (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):([0-5]\d|60) GMT", re.ASCII)


def host_only(url: str) -> str:
    """Return what of a URL may be shown: the path and the query of a webhook are a secret as much as a password."""
    try:
        return repr(f"{urlsplit(url).scheme}://{urlsplit(url).hostname}/...")
    except ValueError:
        return "'...'"


@attrs.frozen(kw_only=True)
class Request:
    """One request. `url` is absolute and in ASCII (percent-encoded, international host names as xn--).

    Host, Content-Length and what else belongs to the connection are set by the client and can't be given.
    `trust` holds certificates as PEM: then the server has to prove itself by one of those, and the authorities that the
    machine trusts count nothing.
    """

    method: str = "GET"
    url: str = attrs.field(repr=host_only)
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    body: bytes = attrs.field(default=b"", repr=False)
    trust: str = attrs.field(default="", repr=False)


@attrs.frozen(kw_only=True)
class Answer:
    """What the server said, whatever its status: 404 and 503 are answers too. `headers` have lower-case names.

    A redirect is an answer like any other and is not followed. `body` is as it was sent, at most 1 MiB.
    """

    status: int
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    body: bytes = attrs.field(default=b"", repr=False)

    @property
    def ok(self) -> bool:
        """Whether the status is one of success, 200 to 299."""
        return 200 <= self.status <= 299

    def json(self) -> Any:
        """Return the body as plain JSON, read as strictly as a delivery. Raises OutgoingFailed where it can't be."""
        try:
            return read_json(self.body, max_bytes=MAX_ANSWER_BYTES)
        except MalformedDelivery as error:
            raise OutgoingFailed(f"The server's answer (status {self.status}) can't be read. {error}") from None

    def require_taken(self, now: datetime) -> None:
        """Return where the server took a message. Raises NotifyLater, NotifyRefused and OutgoingFailed.

        What is wrong with the message itself (400, 410, 413, 415, 422) never gets better; anything else may.
        """
        if self.ok:
            return
        if self.status == TOO_MANY:
            raise NotifyLater("The server asks to wait (status 429).", retry_after=self.retry_after(now))
        if self.status in NEVER_TAKEN:
            raise NotifyRefused(f"The server does not take the message (status {self.status}).")
        raise OutgoingFailed(f"The server did not take the message (status {self.status}).")

    def require_told(self, vendor: str, *, denied: str, wait_header: str = "retry-after") -> None:
        """Return where `vendor` told what it was asked for. Raises CredentialsRefused, which says `denied`, and OutgoingFailed.

        `wait_header`, in lower case, is where this vendor says for how many seconds it wants no more questions. That is
        for people to read: polls that fail wait longer anyway.
        """
        if self.ok:
            return
        if self.status in DENIED:
            raise CredentialsRefused(denied)
        if self.status == TOO_MANY:
            word = self.headers.get(wait_header, "")
            wait = f" {word} seconds" if word.isascii() and word.isdigit() and len(word) < 7 else ""
            raise OutgoingFailed(f"{vendor} asks to wait{wait} (status 429).")
        raise OutgoingFailed(f"{vendor} answered {self.status}.")

    def retry_after(self, now: datetime) -> timedelta | None:
        """Return how long the server asks to wait, from nothing to a day; None where it doesn't say or not readably.

        Reads `Retry-After` as seconds or as a date. `now` is aware.
        """
        word = self.headers.get("retry-after", "").strip()
        if word.isascii() and word.isdigit():
            return min(timedelta(seconds=int(word)), LONGEST_WAIT) if len(word) < 9 else LONGEST_WAIT
        until = _http_date(word)
        return None if until is None else min(max(until - now, timedelta(0)), LONGEST_WAIT)


def _http_date(word: str) -> datetime | None:
    match = _HTTP_DATE.fullmatch(word)
    if match is None or match[2] not in _MONTHS:
        return None
    day, year, hour, minute, second = (int(match[group]) for group in (1, 3, 4, 5, 6))
    try:
        return datetime(year, _MONTHS.index(match[2]) + 1, day, hour, minute, min(second, 59), tzinfo=UTC)
    except ValueError:
        return None


class Outgoing(Protocol):
    """The one way out to a configured URL. Thread-safe; never called in a transaction."""

    @abstractmethod
    def send(self, request: Request, *, deadline: float = 5.0) -> Answer:
        """Make one request, and give up after `deadline` seconds in all: name, connection, question and answer.

        Nothing is tried twice. Raises OutgoingRefused where the URL, a header, `trust` or what the host's name leads to is not
        allowed (then nothing was sent), and OutgoingFailed where there is no usable answer (then it may have arrived).
        """
