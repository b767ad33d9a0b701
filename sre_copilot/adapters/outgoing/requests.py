"""The client for configured URLs: https, a checked address, no redirects, one deadline, at most 1 MiB."""

import socket
import ssl
from collections.abc import Callable
from functools import cache

import attrs

from sre_copilot.adapters.outgoing.connecting import Deadline, Guard, failures_named
from sre_copilot.adapters.outgoing.targets import read_target, sendable_headers
from sre_copilot.application.ports.outgoing import Answer, Request


@cache
def system_trust() -> ssl.SSLContext:
    """The certificate authorities that this machine trusts, or those that SSL_CERT_FILE or SSL_CERT_DIR names."""
    # Loaded when first needed: most commands never call anybody.
    from httpcore2 import default_ssl_context

    return default_ssl_context()


@attrs.frozen(kw_only=True)
class GuardedClient:
    """Sends requests through a guard. Reads no proxy, cookie or password from the environment. Thread-safe."""

    guard: Guard = attrs.field(factory=Guard)
    trust: Callable[[], ssl.SSLContext] = system_trust

    def send(self, request: Request, *, deadline: float = 5.0) -> Answer:
        """Make one request, `deadline` seconds in all. Raises OutgoingRefused and OutgoingFailed."""
        # As above: it takes longer to load than most commands take to run.
        from sre_copilot.adapters.outgoing.exchange import exchange

        target = read_target(request, allow_plain=self.guard.allow_private)
        headers = sendable_headers(request.headers)
        until = Deadline.after(deadline)
        with failures_named(target.host, until):
            plain = self.guard.connect(target.host, target.port, until)
            with plain, self._encrypted(plain, until, target.host) if target.encrypted else plain as sock:
                return exchange(sock, until, target, request.method, headers, request.body)

    def _encrypted(self, sock: socket.socket, until: Deadline, host: str) -> socket.socket:
        sock.settimeout(until.left())
        return self.trust().wrap_socket(sock, server_hostname=host)
