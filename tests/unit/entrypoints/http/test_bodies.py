"""Bodies, before anything looks at them."""

import io
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import attrs
import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.test import RequestFactory

from sre_copilot.entrypoints.http.bodies import (
    DISCARDED,
    FAULT,
    PIECE,
    SILENCE,
    BoundedBodies,
    Environ,
    body_of,
    bounded,
)
from sre_copilot.entrypoints.http.problems import Refused

LIMIT = 100


@attrs.define
class Taker:
    """An application that remembers what it was given."""

    given: list[Environ] = attrs.field(factory=list)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.given.append(environ)
        return [b""]


def send(body: io.BytesIO | Any, *, application: BoundedBodies | None = None, **environ: str) -> Environ:
    taker = Taker()
    around = application or BoundedBodies(taker, limit=LIMIT)
    inner = around.inner
    around({"wsgi.input": body, **environ}, lambda *told: None)
    assert isinstance(inner, Taker)
    return inner.given[-1]


def refused(environ: Environ) -> tuple[int, str]:
    fault = environ[FAULT]
    assert isinstance(fault, Refused)
    assert environ["wsgi.input"].read() == b""
    return fault.status, fault.code


def test_a_body_of_known_length_is_handed_on_whole() -> None:
    environ = send(io.BytesIO(b"x" * LIMIT), CONTENT_LENGTH=str(LIMIT))
    assert environ["wsgi.input"].read() == b"x" * LIMIT
    assert FAULT not in environ


def test_a_chunked_body_is_handed_on_with_its_length() -> None:
    environ = send(io.BytesIO(b"chunked"), HTTP_TRANSFER_ENCODING="chunked")
    assert (environ["CONTENT_LENGTH"], environ["wsgi.input"].read()) == ("7", b"chunked")


@pytest.mark.parametrize("length", ["-1", "abc", "1.5", "١٢", "+3", "0x10"])
def test_a_length_that_is_no_number_is_refused(length: str) -> None:
    assert refused(send(io.BytesIO(b"abc"), CONTENT_LENGTH=length)) == (400, "bad_request")


def test_a_length_of_many_digits_is_too_large_rather_than_slow() -> None:
    assert refused(send(io.BytesIO(b"abc"), CONTENT_LENGTH="9" * 100_000)) == (413, "too_large")


def test_a_body_that_broke_off_is_refused() -> None:
    assert refused(send(io.BytesIO(b"abc"), CONTENT_LENGTH="4")) == (400, "bad_request")


@attrs.define
class Broken:
    """A connection that fails."""

    def read(self, size: int) -> bytes:
        raise ConnectionResetError


def test_a_connection_that_fails_in_the_middle_of_a_body_is_refused() -> None:
    assert refused(send(Broken(), CONTENT_LENGTH="4")) == (400, "bad_request")


@attrs.define
class Silent:
    """A sender who stops in the middle."""

    goes_on: threading.Event = attrs.field(factory=threading.Event)
    waits: threading.Event = attrs.field(factory=threading.Event)

    def read(self, size: int) -> bytes:
        self.waits.set()
        self.goes_on.wait(30)
        return b""


def test_who_waits_for_a_body_that_does_not_come_is_counted() -> None:
    application = BoundedBodies(Taker(), limit=LIMIT)
    silent = Silent()
    given: dict[str, Any] = {"application": application, "HTTP_TRANSFER_ENCODING": "chunked"}
    waiting = threading.Thread(target=send, args=(silent,), kwargs=given)
    waiting.start()
    assert silent.waits.wait(30)
    later = time.monotonic() + SILENCE + 1
    assert (application.stuck(), application.stuck(later)) == (0, 1)
    silent.goes_on.set()
    waiting.join()
    assert application.stuck(later) == 0


def test_the_rest_of_a_body_that_is_too_large_is_read_so_that_its_sender_hears_the_answer() -> None:
    known, chunked = (io.BytesIO(b"x" * 10 * LIMIT) for _ in range(2))
    assert refused(send(known, CONTENT_LENGTH=str(10 * LIMIT))) == (413, "too_large")
    assert refused(send(chunked, HTTP_TRANSFER_ENCODING="chunked")) == (413, "too_large")
    assert (known.tell(), chunked.tell()) == (10 * LIMIT, 10 * LIMIT)


@pytest.mark.parametrize("given", [{"HTTP_EXPECT": "100-continue"}, {"CONTENT_LENGTH": str(DISCARDED + 1)}])
def test_who_asks_first_or_wants_to_send_far_too_much_is_answered_at_once(given: dict[str, Any]) -> None:
    body = io.BytesIO(b"x" * (LIMIT + 1))
    assert refused(send(body, **{"CONTENT_LENGTH": str(LIMIT + 1), **given})) == (413, "too_large")
    assert body.tell() == 0


def test_no_more_is_thrown_away_than_is_worth_it() -> None:
    body = io.BytesIO(bytes(DISCARDED + 10 * PIECE))
    assert refused(send(body, HTTP_TRANSFER_ENCODING="chunked")) == (413, "too_large")
    assert body.tell() <= DISCARDED + LIMIT + PIECE


def test_a_request_without_a_body_is_handed_on_as_it_is() -> None:
    body = io.BytesIO()
    assert send(body)["wsgi.input"] is body


class Torn(io.BytesIO):
    """A connection that fails, as Django wants to have it."""

    def read(self, size: int | None = -1) -> bytes:
        raise ConnectionResetError


@pytest.mark.parametrize("stream", [io.BytesIO(b"abc"), Torn()], ids=["ends", "fails"])
def test_a_body_that_broke_off_is_refused_without_our_server_too(stream: io.BytesIO) -> None:
    environ = RequestFactory().post("/", data=b"abcd", content_type="application/json").environ
    with pytest.raises(Refused, match="before it was whole") as raised:
        body_of(WSGIRequest({**environ, "wsgi.input": stream}), LIMIT)
    assert raised.value.status == 400


def test_a_body_is_bounded_without_our_server_too() -> None:
    request = RequestFactory().post("/", data=b"x" * (LIMIT + 1), content_type="application/json")
    with pytest.raises(Refused) as raised:
        body_of(request, LIMIT)
    assert raised.value.status == 413
    assert body_of(RequestFactory().post("/", data=b"abc", content_type="application/json"), LIMIT) == b"abc"


def test_what_was_refused_around_the_application_is_refused_in_it() -> None:
    request = RequestFactory().get("/")
    request.META[FAULT] = Refused(408, "too_slow", "told")
    with pytest.raises(Refused):
        body_of(request)


def test_a_stream_is_read_to_its_end() -> None:
    assert bounded(io.BytesIO(b"x" * 200_000), 200_000) == b"x" * 200_000


@attrs.define
class Pieces:
    """A connection that brings a body in pieces, and fails when it is asked for more."""

    left: list[bytes]

    def read(self, size: int) -> bytes:
        return self.left.pop(0)


def test_nothing_more_is_asked_for_once_a_body_has_come_whole() -> None:
    body = Pieces([b"x" * 60, b"x" * 40])
    assert send(body, CONTENT_LENGTH="100")["wsgi.input"].read() == b"x" * 100


def test_a_body_that_is_longer_than_its_sender_says_is_refused() -> None:
    assert refused(send(io.BytesIO(b"abc"), CONTENT_LENGTH="2")) == (400, "bad_request")
