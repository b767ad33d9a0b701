"""How requests of the SDK leave: through the guarded client, to the one configured address, within one deadline."""

import time
from collections.abc import Callable

import attrs
import httpx2

from sre_copilot.application.ports.outgoing import Outgoing, Request
from sre_copilot.domain.errors import OutgoingFailed, OutgoingRefused

_THE_CONNECTIONS_OWN = frozenset(
    {"host", "content-length", "connection", "transfer-encoding", "accept-encoding", "user-agent"}
)


@attrs.frozen
class Until:
    """The moment by which a consultation has to be over, on a clock that never goes back."""

    at: float
    now: Callable[[], float] = time.monotonic

    @property
    def left(self) -> float:
        """Seconds that are left, 0 where there are none."""
        return max(0.0, self.at - self.now())


class BoundTransport(httpx2.BaseTransport):
    """Carries requests for one path of one address, whatever an answer or the environment says, and refuses all others."""

    def __init__(self, outgoing: Outgoing, base_url: str, until: Until) -> None:
        self._outgoing = outgoing
        self._only = f"{base_url.rstrip('/')}/v1/messages"
        self._until = until

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send it and return the answer. Raises UnsupportedProtocol for another address, TimeoutException, ConnectError."""
        if request.method != "POST" or str(request.url) != self._only:
            raise httpx2.UnsupportedProtocol("Requests go to the configured Messages API and nowhere else.")
        if not self._until.left:
            raise httpx2.ReadTimeout("There is no time left.")
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _THE_CONNECTIONS_OWN}
        given = Request(method="POST", url=self._only, headers=headers, body=request.read())
        try:
            answer = self._outgoing.send(given, deadline=self._until.left)
        except OutgoingRefused as error:
            raise httpx2.UnsupportedProtocol(str(error)) from error
        except OutgoingFailed as error:
            if self._until.left < 0.05:
                raise httpx2.ReadTimeout(str(error)) from error
            raise httpx2.ConnectError(str(error)) from error
        # The body is as it was sent: nobody asked for compression, and none is undone.
        kept = [(name, value) for name, value in answer.headers.items() if name not in ("content-encoding", "location")]
        return httpx2.Response(answer.status, headers=kept, content=answer.body, request=request)
