"""A way out that leads nowhere: it answers as a test says, and keeps what it was asked."""

import json
from collections.abc import Callable
from typing import Any

import attrs

from sre_copilot.adapters.outgoing.targets import read_target, sendable_headers
from sre_copilot.adapters.outgoing.trust import trust_in
from sre_copilot.application.ports.outgoing import Answer, Request
from sre_copilot.domain.errors import CopilotError, OutgoingFailed

Said = Answer | CopilotError | Callable[[Request], Answer]
"""What is answered: an answer, an error to raise, or a function that makes an answer of the request."""


def json_answer(value: Any, status: int = 200, **headers: str) -> Answer:
    """Return an answer with this value as its JSON; underscores in the names of headers become hyphens."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(
        status=status, headers={"content-type": "application/json", **named}, body=json.dumps(value).encode("utf-8")
    )


@attrs.define
class ScriptedOutgoing:
    """Answers by method and the beginning of the URL. Refuses what the real one refuses without asking the network.

    `requests` are those that were sent, oldest first; refused ones are not among them, failed ones are. Not for use by
    several threads at once.
    """

    allow_plain: bool = False
    requests: list[Request] = attrs.field(factory=list, init=False)
    _said: dict[tuple[str, str], list[Said]] = attrs.field(factory=dict, init=False)

    def answer(self, method: str, url: str, *said: Said) -> None:
        """Answer requests to URLs that begin with `url` by these, one after the other; the last one stays.

        The longest beginning that fits is taken. What was said before for the same method and beginning is forgotten.
        """
        self._said[method, url] = list(said)

    def send(self, request: Request, *, deadline: float = 5.0) -> Answer:
        """Return what was said for this request. Raises it where it is an error, and OutgoingFailed where it is nothing."""
        target = read_target(request, allow_plain=self.allow_plain)
        sendable_headers(request.headers)
        if request.trust:
            trust_in(request.trust)
        self.requests.append(request)
        fitting = [key for key in self._said if key[0] == request.method and request.url.startswith(key[1])]
        if not fitting:
            raise OutgoingFailed(f"{target.host} can't be reached: nothing is scripted for it.")
        said = self._said[max(fitting, key=lambda key: len(key[1]))]
        now = said.pop(0) if len(said) > 1 else said[0]
        if isinstance(now, CopilotError):
            raise now
        return now(request) if callable(now) else now
