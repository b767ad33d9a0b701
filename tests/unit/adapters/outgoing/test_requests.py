"""The client against real servers on loopback: what is sent, what comes back, and what is not followed."""

import gzip
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from sre_copilot.adapters.outgoing.connecting import Deadline, Guard
from sre_copilot.adapters.outgoing.exchange import MAX_RECEIVED_BYTES, exchange
from sre_copilot.adapters.outgoing.requests import GuardedClient
from sre_copilot.adapters.outgoing.targets import Target
from sre_copilot.application.ports.outgoing import MAX_ANSWER_BYTES, Answer, Request
from sre_copilot.domain.errors import OutgoingFailed, OutgoingRefused
from tests.unit.adapters.outgoing.loopback import Server, answering, serving

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CLIENT = GuardedClient(guard=Guard(allow_private=True))


def url(server: Server, path: str = "/") -> str:
    return f"http://127.0.0.1:{server.port}{path}"


def asked(answer: bytes, request: Request | None = None) -> Answer:
    with serving(answering(answer)) as server:
        return CLIENT.send(request or Request(url=url(server)), deadline=60)


def chunked(piece: bytes, count: int) -> bytes:
    chunk = b"%x\r\n%s\r\n" % (len(piece), piece)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk * count + b"0\r\n\r\n"


def test_a_request_is_sent_as_it_was_given_and_says_no_more_than_it_must() -> None:
    with serving(answering(OK)) as server:
        headers = {"Authorization": "Bearer x", "X-Empty": ""}
        CLIENT.send(Request(method="POST", url=url(server, "/a?b=c#d"), headers=headers, body=b"\x00\xffbody"))
    head, _, body = server.received[0].partition(b"\r\n\r\n")
    assert head.split(b"\r\n") == [
        b"POST /a?b=c HTTP/1.1",
        f"Host: 127.0.0.1:{server.port}".encode(),
        b"Accept-Encoding: identity",
        b"Connection: close",
        b"User-Agent: sre-copilot",
        b"Authorization: Bearer x",
        b"X-Empty: ",
        b"Content-Length: 6",
    ]
    assert body == b"\x00\xffbody"


@pytest.mark.parametrize(
    ("method", "length"), [("GET", None), ("HEAD", None), ("DELETE", None), ("POST", b"0"), ("PUT", b"0")]
)
def test_only_methods_that_carry_a_body_announce_an_empty_one(method: str, length: bytes | None) -> None:
    with serving(answering(b"HTTP/1.1 204 No Content\r\n\r\n")) as server:
        assert CLIENT.send(Request(method=method, url=url(server))).status == 204
    assert (b"\r\nContent-Length: 0\r\n" in server.received[0]) is (length is not None)


def test_a_caller_may_name_itself() -> None:
    with serving(answering(OK)) as server:
        CLIENT.send(Request(url=url(server), headers={"user-agent": "mine"}))
    assert server.received[0].lower().count(b"user-agent:") == 1


def test_an_answer_comes_back_whatever_its_status_with_its_headers_in_lower_case() -> None:
    answer = asked(b"HTTP/1.1 503 Later\r\nRetry-After: 7\r\nX-A: 1\r\nx-a: \xfc\r\nContent-Length: 4\r\n\r\nbusy")
    assert (answer.status, answer.body) == (503, b"busy")
    assert (answer.headers["retry-after"], answer.headers["x-a"]) == ("7", "1, ü")


def test_interim_answers_are_passed_over() -> None:
    assert asked(b"HTTP/1.1 103 Early Hints\r\n\r\n" + OK).body == b"ok"


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with serving(answering(OK)) as other:
        location = url(other).encode()
        answer = asked(b"HTTP/1.1 302 Found\r\nLocation: " + location + b"\r\nContent-Length: 0\r\n\r\n")
    assert (answer.status, answer.headers["location"]) == (302, location.decode())
    assert other.accepted == 0


def test_cookies_are_not_kept() -> None:
    with serving(answering(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n")) as server:
        for _ in range(2):
            CLIENT.send(Request(url=url(server)))
    assert b"cookie" not in server.received[1].lower()


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(answering(OK)) as server, serving(answering(OK)) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, url(proxy))
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        CLIENT.send(Request(url=url(server)))
    assert (server.accepted, proxy.accepted) == (1, 0)


BIG = b"x" * MAX_ANSWER_BYTES
FITTING = {
    "announced": b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BIG) + BIG,
    "in chunks": chunked(b"x" * 65536, 16),
    "until the end": b"HTTP/1.1 200 OK\r\n\r\n" + BIG,
}
TOO_LARGE = {
    "announced": b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (len(BIG) + 1) + BIG + b"x",
    "in chunks": chunked(b"x" * 65537, 16),
    "until the end": b"HTTP/1.1 200 OK\r\n\r\n" + BIG + b"x",
    "endless interim answers": b"HTTP/1.1 100 Continue\r\n\r\n" * (MAX_RECEIVED_BYTES // 20),
}


@pytest.mark.parametrize("answer", FITTING.values(), ids=FITTING)
def test_an_answer_of_one_mebibyte_is_taken(answer: bytes) -> None:
    assert asked(answer).body == BIG


@pytest.mark.parametrize("answer", TOO_LARGE.values(), ids=TOO_LARGE)
def test_an_answer_that_is_larger_is_not(answer: bytes) -> None:
    with pytest.raises(OutgoingFailed, match=r"^127\.0\.0\.1 answers with more than 1048576 bytes"):
        asked(answer)


def test_compression_is_not_undone() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
    assert asked(head % len(bomb) + bomb).body == bomb


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x16\x03\x01\x00\x00",
        b"HTTP/1.1 99999 What\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nX-Planted: a\0b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Planted: " + b"a" * 200_000,
    ],
)
def test_what_is_no_answer_in_http_is_a_failure(answer: bytes) -> None:
    with pytest.raises(OutgoingFailed, match=r"^127\.0\.0\.1 does not answer as HTTP/1\.1 asks for\.$"):
        asked(answer)


def test_an_answer_that_comes_before_the_request_was_read_is_taken() -> None:
    refusal = b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"

    def hasty(server: Server, connection: socket.socket) -> None:
        connection.sendall(refusal)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass

    with serving(hasty) as server:
        assert CLIENT.send(Request(method="POST", url=url(server), body=BIG)).status == 413


def test_an_answer_is_taken_though_the_server_hung_up_before_it_had_everything() -> None:
    ours, theirs = socket.socketpair()
    theirs.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
    theirs.close()
    target = Target(encrypted=False, host="127.0.0.1", port=80, path="/")
    with ours:
        assert exchange(ours, Deadline.after(60), target, "POST", [], BIG).status == 413


def test_a_server_that_is_not_there_is_named_with_the_reason() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(OutgoingFailed, match=r"^127\.0\.0\.1 can't be reached: connection refused\.$"):
        CLIENT.send(Request(url=f"http://127.0.0.1:{port}/"))


def test_without_the_setting_loopback_is_not_called_at_all() -> None:
    with serving(answering(OK)) as server, pytest.raises(OutgoingRefused, match="leads to a loopback address"):
        GuardedClient().send(Request(url=f"https://127.0.0.1:{server.port}/"))
    assert server.accepted == 0


def test_many_threads_share_one_client() -> None:
    def echo(server: Server, connection: socket.socket) -> None:
        path = server.read_request(connection).split(b" ")[1]
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(path), path))

    with serving(echo) as server, ThreadPoolExecutor(8) as pool:
        paths = [f"/{number}" for number in range(64)]
        answers = pool.map(lambda path: CLIENT.send(Request(url=url(server, path)), deadline=60), paths)
        assert [answer.body.decode() for answer in answers] == paths
