"""One request to the Messages API: tried again while there is time, where trying again may help."""

import random
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import attrs

from sre_copilot.adapters.llm.transport import BoundTransport, Until
from sre_copilot.application.ports.outgoing import Answer as HttpAnswer
from sre_copilot.application.ports.outgoing import Outgoing
from sre_copilot.domain.advice import Reply

RETRIED = frozenset({429, 500, 502, 503, 504, 529})
TRIES = 4
FIRST_WAIT, LONGEST_WAIT = 0.5, 8.0
"""Seconds before the second try, doubled from try to try; each wait is shortened by up to a half at random."""
_SAID = {
    400: "the request is not taken (status 400); does the model know structured output?",
    401: "the key is not accepted (status 401)",
    403: "the key may not do this (status 403)",
    404: "there is no such model (status 404)",
    413: "the request is too large (status 413)",
    429: "too many requests (status 429)",
    529: "the service is overloaded (status 529)",
}


class Ended(Exception):
    """That a consultation is over without an answer: `reply` is why, `detail` says so in a few words of ours."""

    def __init__(self, reply: Reply, detail: str) -> None:
        self.reply = reply
        self.detail = detail
        super().__init__(detail)


@attrs.frozen(kw_only=True)
class Sending:
    """Sends requests of one consultation. `now` is the time of day, for servers that say until when to wait."""

    key: str = attrs.field(repr=False)
    base_url: str
    outgoing: Outgoing
    until: Until
    now: Callable[[], datetime]
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random

    def send(self, request: dict[str, Any]) -> bytes:
        """Return the body of the response. Raises Ended."""
        # It takes seconds to load, and most processes never ask anybody.
        import anthropic
        import httpx2

        transport = BoundTransport(self.outgoing, self.base_url, self.until)
        with httpx2.Client(transport=transport, trust_env=False, follow_redirects=False) as http:
            client = anthropic.Anthropic(
                api_key=self.key, base_url=self.base_url, http_client=http, max_retries=0, open_telemetry=False
            )
            for attempt in range(1, TRIES + 1):
                if not self.until.left:
                    break
                try:
                    raw = client.messages.with_raw_response.create(**request, timeout=self.until.left)
                except anthropic.APITimeoutError:
                    break
                except anthropic.APIStatusError as error:
                    said = _SAID.get(error.status_code, f"status {error.status_code}")
                    if error.status_code not in RETRIED or attempt == TRIES:
                        raise Ended(Reply.UNAVAILABLE, said) from None
                    self._wait(attempt, error.response.headers.get("retry-after", ""), said)
                except anthropic.APIConnectionError:
                    if attempt == TRIES:
                        raise Ended(Reply.UNAVAILABLE, "it can't be reached") from None
                    self._wait(attempt, "", "it can't be reached")
                else:
                    return bytes(raw.http_response.content)
        raise Ended(Reply.LATE, "no answer came in time")

    def _wait(self, attempt: int, retry_after: str, said: str) -> None:
        """Wait before the next try, at least as long as the server asks. Raises Ended where that would be too late."""
        own = min(FIRST_WAIT * 2 ** (attempt - 1), LONGEST_WAIT) * (1.0 - 0.5 * self.chance())
        asked = HttpAnswer(status=0, headers={"retry-after": retry_after}).retry_after(self.now())
        wait = own if asked is None else asked.total_seconds() + own
        if wait >= self.until.left:
            raise Ended(Reply.UNAVAILABLE, f"{said}, and there is no time to try again")
        self.sleep(wait)
