"""Bodies of requests: read whole before anything else happens, never more of them than is allowed.

`BoundedBodies` stands around the whole application, because Django reads no chunked body, and because a connection that
goes silent in the middle of a body holds a thread for ever: the server has no deadline for bodies, and whoever waits in
there can't be called back. It counts them, so that the process can be replaced before no thread is left.

A chunked body that breaks off looks whole here: the server does not tell. What it holds is then no JSON, or not signed.
"""

import io
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Protocol

import attrs
from django.http import HttpRequest

from sre_copilot.domain.deliveries import MAX_BODY_BYTES
from sre_copilot.entrypoints.http.problems import Refused

SILENCE = 10.0
"""Seconds without a byte after which a body is no longer expected."""
WHOLE = 60.0
"""Seconds after which a body that still comes is too slow."""
PIECE = 64 * 1024
DISCARDED = 16 * 1024 * 1024
"""So many bytes of a body that is too large are read and thrown away: senders read no answer before they have sent all."""
FAULT = "sre_copilot.body_fault"
"""Where in the environment of a request the refusal of its body stands."""

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

TOO_LARGE = (413, "too_large", "The body is larger than is allowed, so nothing was stored; send less at once.")
BAD_LENGTH = (400, "bad_request", "Content-Length is not a number; correct it and send it again.")
BROKEN_OFF = (400, "bad_request", "The body ended before it was whole, so nothing was stored; send it again.")


class Stream(Protocol):
    """What a body is read from."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""


@attrs.define
class Reading:
    """A body that is being read: a stream that knows since when, and when the last piece came."""

    _stream: Stream
    _began: float = attrs.field(factory=time.monotonic, init=False)
    _heard: float = attrs.field(factory=time.monotonic, init=False)

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""
        piece = self._stream.read(size)
        self._heard = time.monotonic()
        return piece

    def is_stuck(self, now: float) -> bool:
        """Whether there is little hope for it."""
        return now - self._heard > SILENCE or now - self._began > WHOLE


@attrs.frozen
class BoundedBodies:
    """A WSGI application that gives the one inside it bodies that are whole, in memory and of a bounded size."""

    inner: Application
    limit: int = MAX_BODY_BYTES
    _open: dict[int, Reading] = attrs.field(factory=dict, init=False)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request."""
        if "CONTENT_LENGTH" in environ or "HTTP_TRANSFER_ENCODING" in environ:
            me = threading.get_ident()
            self._open[me] = Reading(environ["wsgi.input"])
            try:
                body = self._body(environ, self._open[me])
            except Refused as refused:
                environ[FAULT], body = refused, b""
            finally:
                del self._open[me]
            environ["CONTENT_LENGTH"], environ["wsgi.input"] = str(len(body)), io.BytesIO(body)
        return self.inner(environ, start_response)

    def stuck(self, now: float | None = None) -> int:
        """How many threads wait for bodies that will hardly come; `now` is of the monotonic clock."""
        moment = time.monotonic() if now is None else now
        return sum(reading.is_stuck(moment) for reading in list(self._open.values()))

    def _body(self, environ: Environ, stream: Stream) -> bytes:
        declared = environ.get("CONTENT_LENGTH") or None
        length = None if declared is None else int(_digits(declared))
        if length == 0:
            return b""
        try:
            if length is not None and length > self.limit:
                raise Refused(*TOO_LARGE)
            body = bounded(stream, self.limit, length)
        except Refused:
            # Who waits for our consent has sent nothing yet, and whoever wants to send that much is not worth it.
            if "HTTP_EXPECT" not in environ and (length or 0) <= DISCARDED:
                with suppress(OSError):
                    _discard(stream)
            raise
        except OSError:
            raise Refused(*BROKEN_OFF) from None
        if length is not None and len(body) != length:
            raise Refused(*BROKEN_OFF)
        return body


def bounded(stream: Stream, limit: int, length: int | None = None) -> bytes:
    """Read a body to its end. Raises Refused as soon as there are more than `limit` bytes.

    Of one that has as many bytes as its `length` says nothing more is asked for: the server takes long to say that there is none.
    """
    pieces: list[bytes] = []
    left = limit
    while piece := stream.read(min(PIECE, left + 1)):
        left -= len(piece)
        if left < 0:
            raise Refused(*TOO_LARGE)
        pieces.append(piece)
        if limit - left == length:
            break
    return b"".join(pieces)


def body_of(request: HttpRequest, limit: int = MAX_BODY_BYTES) -> bytes:
    """Return the body of a request. Raises Refused where it is larger than `limit` or could not be read.

    Also where no `BoundedBodies` stands around the application, such as in a Django project with a server of its own.
    """
    fault = request.META.get(FAULT)
    if fault is not None:
        raise fault
    length = int(_digits(request.META.get("CONTENT_LENGTH") or "0"))
    if length > limit:
        raise Refused(*TOO_LARGE)
    try:
        body = bounded(request, limit, length)
    except OSError:
        raise Refused(*BROKEN_OFF) from None
    if len(body) != length:
        raise Refused(*BROKEN_OFF)
    return body


def _discard(stream: Stream) -> None:
    left = DISCARDED
    while left > 0 and (piece := stream.read(PIECE)):
        left -= len(piece)


def _digits(text: str) -> str:
    if not (text.isascii() and text.isdigit()):
        raise Refused(*BAD_LENGTH)
    return text[:20]
