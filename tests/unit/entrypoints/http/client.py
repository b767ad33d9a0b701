"""Requests to the application as a server makes them, without a server."""

import io
import json
from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from sre_copilot.entrypoints.http.application import Handler, whole
from sre_copilot.entrypoints.http.bodies import BoundedBodies


@attrs.frozen(kw_only=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        """The JSON in the body."""
        return json.loads(self.body)


def ask(
    method: str,
    path: str,
    *,
    body: bytes | None = None,
    json_body: object = None,
    headers: Mapping[str, str] | None = None,
    **environ: Any,
) -> Answer:
    """Send a request; `environ` is what else a server tells the application."""
    if json_body is not None:
        body = json.dumps(json_body).encode()
    path, _, query = path.partition("?")
    given: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "test",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "192.0.2.7",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body or b""),
        **({"CONTENT_LENGTH": str(len(body))} if body is not None else {}),
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in (headers or {}).items()},
        **environ,
    }
    told: list[Any] = []

    def start(status: str, headers: Iterable[tuple[str, str]], exc_info: object = None) -> None:
        told.extend([int(status.split(maxsplit=1)[0]), {name.lower(): value for name, value in headers}])

    content = b"".join(BoundedBodies(whole(Handler()))(given, start))
    return Answer(status=told[0], headers=told[1], body=content)
