"""A vendor on loopback that a worker may ask: it answers as a function says, over TLS where that is wanted."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import attrs
import trustme

from tests.e2e.installation import Installation
from tests.e2e.workers import Worker

OPEN = {"SRE_COPILOT_ALLOW_PRIVATE_ADDRESSES": "true"}
"""The environment in which loopback may be asked."""
Answer = tuple[int, Mapping[str, str], Any]
"""Status, headers, and what the body says as JSON."""
Route = Callable[[str, Mapping[str, str], Mapping[str, str]], Answer]
"""From a request's path, query and headers (names in lower case) to its answer."""


@attrs.frozen(kw_only=True)
class Vendor:
    """Where it is; with TLS, `authority` is the PEM that its certificate can be checked with."""

    url: str
    authority: str = ""


@contextmanager
def vendor(route: Route, *, heard: Callable[[Any], object] | None = None, tls: bool = False) -> Iterator[Vendor]:
    """Answer GET requests by the route until the block ends; what is posted as JSON is `heard`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            named = {name.lower(): value for name, value in self.headers.items()}
            self._answer(*route(asked.path, dict(parse_qsl(asked.query)), named))

        def do_POST(self) -> None:
            assert heard is not None
            heard(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self._answer(200, {}, {})

        def _answer(self, status: int, headers: Mapping[str, str], told: Any) -> None:
            body = json.dumps(told).encode()
            self.send_response(status)
            for name, value in {
                "Content-Type": "application/json",
                "Content-Length": str(len(body)),
                **headers,
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made = Vendor(url=f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}")
        if tls:
            authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            authority.issue_cert("127.0.0.1").configure_cert(context)
            server.socket = context.wrap_socket(server.socket, server_side=True)
            made = attrs.evolve(made, authority=authority.cert_pem.bytes().decode())
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield made
        finally:
            server.shutdown()


@contextmanager
def working(installation: Installation) -> Iterator[None]:
    """A worker that may ask loopback, until the block ends."""
    worker = Worker.start(installation, "--concurrency", "2", **OPEN)
    try:
        yield
    finally:
        worker.process.terminate()
        try:
            worker.process.wait(60)
        finally:
            worker.kill()
