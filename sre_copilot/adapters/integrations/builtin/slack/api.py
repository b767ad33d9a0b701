"""Slack's Web API: one call, and what its answer means for a message."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs

from sre_copilot.application.ports.outgoing import TOO_MANY, Outgoing, Request
from sre_copilot.domain.errors import NotifyLater, NotifyRefused, OutgoingFailed

DEFAULT_URL = "https://slack.com/api"
LIMITED = frozenset({"ratelimited", "rate_limited"})
OF_THE_MESSAGE = frozenset(
    {
        "invalid_arguments",
        "invalid_blocks",
        "invalid_blocks_format",
        "invalid_metadata_format",
        "invalid_metadata_schema",
        "markdown_text_conflict",
        "metadata_too_large",
        "msg_blocks_too_long",
        "msg_too_long",
        "no_text",
        "too_many_attachments",
    }
)
"""Errors that the message itself is to blame for; all others may be gone once somebody has seen to token or channel."""
CALL_DEADLINE = 2.8
"""Seconds for one call: a message takes up to four, and has 12."""


class Declined(Exception):
    """Slack said no; `error` is its word for why. Whoever calls says what that means."""

    def __init__(self, method: str, error: str) -> None:
        super().__init__(f"Slack declined {method}: {error}.")
        self.error = error


@attrs.frozen(kw_only=True)
class Api:
    """Calls methods with a token. `url` is the API's beginning."""

    http: Outgoing
    now: datetime
    token: str = attrs.field(repr=False)
    url: str = DEFAULT_URL

    def call(self, method: str, /, **arguments: Any) -> Mapping[str, Any]:
        """Return Slack's answer to a POST with these arguments as JSON. Raises what `_read` raises."""
        body = json.dumps(arguments, ensure_ascii=False, separators=(",", ":")).encode()
        return self._read(
            method, Request(method="POST", url=f"{self.url}/{method}", headers=self._headers(), body=body)
        )

    def ask(self, method: str, /, **arguments: Any) -> Mapping[str, Any]:
        """Return Slack's answer to a method that reads, which takes no JSON. Raises what `_read` raises."""
        pairs = "&".join(f"{name}={value}" for name, value in arguments.items())
        return self._read(method, Request(url=f"{self.url}/{method}?{pairs}", headers=self._headers()))

    def _headers(self) -> dict[str, str]:
        if not self.token:
            raise OutgoingFailed("The token is missing; `sre-copilot integrations configure` takes it with --secret.")
        return {"authorization": f"Bearer {self.token}", "content-type": "application/json; charset=utf-8"}

    def _read(self, method: str, request: Request) -> Mapping[str, Any]:
        """Send, and read the answer. Raises NotifyLater, NotifyRefused, Declined, OutgoingFailed and OutgoingRefused."""
        answer = self.http.send(request, deadline=CALL_DEADLINE)
        wait = answer.retry_after(self.now)
        if answer.status == TOO_MANY:
            raise NotifyLater(f"Slack asks to wait before {method}.", retry_after=wait)
        if not answer.ok:
            raise OutgoingFailed(f"Slack did not answer {method} (status {answer.status}).")
        said = answer.json()
        if not isinstance(said, dict):
            raise OutgoingFailed(f"Slack's answer to {method} is no object.")
        if said.get("ok") is True:
            return said
        error = said.get("error")
        word = error if isinstance(error, str) and error.replace("_", "").isalnum() else "unknown_error"
        if word in LIMITED:
            raise NotifyLater(f"Slack asks to wait before {method}.", retry_after=wait)
        if word in OF_THE_MESSAGE:
            raise NotifyRefused(f"Slack does not take the message: {word}.")
        raise Declined(method, word)
