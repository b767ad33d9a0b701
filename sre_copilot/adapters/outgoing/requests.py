"""The client for configured URLs: https, a checked address, no redirects, one deadline, at most 1 MiB."""

import socket
import ssl
from collections.abc import Callable

import attrs

from sre_copilot.adapters.outgoing.connecting import Deadline, Guard, failures_named
from sre_copilot.adapters.outgoing.targets import read_target, sendable_headers
from sre_copilot.adapters.outgoing.trust import system_trust, trust_in
from sre_copilot.application.ports.outgoing import Answer, Request


@attrs.frozen(kw_only=True)
class GuardedClient:
    """Sends requests through a guard. Reads no proxy, cookie or password from the environment. Thread-safe."""

    guard: Guard = attrs.field(factory=Guard)
    trust: Callable[[], ssl.SSLContext] = system_trust

    def send(self, request: Request, *, deadline: float = 5.0) -> Answer:
        """Make one request, `deadline` seconds in all. Raises OutgoingRefused and OutgoingFailed."""
        # It takes longer to load than most commands take to run.
        from sre_copilot.adapters.outgoing.exchange import exchange

        target = read_target(request, allow_plain=self.guard.allow_private)
        headers = sendable_headers(request.headers)
        own = trust_in(request.trust) if request.trust else None
        until = Deadline.after(deadline)
        with failures_named(target.host, until):
            plain = self.guard.connect(target.host, target.port, until)
            with plain, self._encrypted(plain, until, target.host, own) if target.encrypted else plain as sock:
                return exchange(sock, until, target, request.method, headers, request.body)

    def _encrypted(self, sock: socket.socket, until: Deadline, host: str, own: ssl.SSLContext | None) -> socket.socket:
        sock.settimeout(until.left())
        return (own or self.trust()).wrap_socket(sock, server_hostname=host)
