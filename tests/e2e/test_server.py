"""The server as whoever runs it meets it: health, numbers, logs, hostile requests."""

import http.client
import json
import re
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from sre_copilot.adapters.system import new_id
from tests.e2e.installation import Installation
from tests.e2e.server import PATIENCE, Server, awaited, reply, serving

MIB = 1024 * 1024
LIMIT = 4 * MIB


def test_it_says_that_it_is_alive_and_that_it_can_serve(server: Server) -> None:
    assert server.ask("GET", "/healthz").expect(200).document == {"status": "alive"}
    assert server.ask("GET", "/readyz").expect(200).document == {"status": "ready"}
    assert server.ask("HEAD", "/healthz").expect(200).body == b""


def number(text: str, name: str, **labels: str) -> float:
    """The sum of the samples of a metric that have these labels."""
    rows = re.findall(rf"^{name}(?:\{{(.*)\}})? (\S+)$", text, re.MULTILINE)
    wanted = {f'{label}="{value}"' for label, value in labels.items()}
    return sum(float(value) for told, value in rows if wanted <= set(told.split(",")))


def test_the_numbers_are_those_of_all_processes_together(server: Server) -> None:
    def counted() -> float:
        text = server.ask("GET", "/metrics").expect(200).body.decode()
        assert number(text, "sre_copilot_http_requests_in_progress") >= 1
        return number(text, "sre_copilot_http_requests_total", route="readyz", method="GET", status="200")

    before = counted()
    for _ in range(20):
        server.ask("GET", "/readyz").expect(200)
    assert counted() == before + 20


def test_a_path_or_method_of_a_strangers_choice_makes_no_new_series(server: Server) -> None:
    for path in ("/no/such/path-1", "/no/such/path-2"):
        server.ask("GET", path).expect(404)
    server.ask("BREW", "/healthz").expect(405)
    text = server.ask("GET", "/metrics").expect(200).body.decode()
    assert "path-1" not in text
    assert "BREW" not in text
    assert number(text, "sre_copilot_http_requests_total", route="", status="404") >= 2


def test_each_request_is_one_line_in_the_log_without_its_query(server: Server) -> None:
    request_id = str(new_id())
    asked = server.ask(
        "GET", "/healthz?token=swordfish", headers={"X-Request-Id": request_id, "Authorization": "Bearer s3"}
    )
    assert asked.expect(200).headers["x-request-id"] == request_id
    awaited(lambda: any(request_id in line for line in server.lines), "the line of the request")
    (line,) = (line for line in server.lines if request_id in line)
    told = json.loads(line)
    assert (told["method"], told["path"], told["status"], told["level"]) == ("GET", "/healthz", 200, "info")
    assert "swordfish" not in "".join(server.lines)
    assert "Bearer" not in "".join(server.lines)


@pytest.mark.parametrize("given", ["", "two words", "x" * 65, "päth", '{"a"}'])
def test_an_id_that_is_not_fit_for_a_log_is_replaced(server: Server, given: str) -> None:
    answer = server.ask("GET", "/healthz", headers={"X-Request-Id": given.encode("latin-1").decode("latin-1")})
    assert answer.expect(200).headers["x-request-id"] != given


HOSTILE = [
    "/%00", "/%ff%fe", "/..%2f..%2fetc/passwd", "/../../etc/passwd", "//healthz", "/healthz/", "/HEALTHZ", "/%F0%9F%98%80",
    "/" + "a" * 5_000, "/healthz%0d%0aX-Injected:%201", "/metrics/%2e%2e/", "/?", "/;x=1", "/\\..\\", "/%", "/%zz",
]  # fmt: skip


@pytest.mark.parametrize("path", HOSTILE)
def test_a_hostile_path_is_a_path_at_which_there_is_nothing(server: Server, path: str) -> None:
    answer = server.ask("GET", path).expect(404)
    assert "x-injected" not in answer.headers
    assert server.answers()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
def test_a_method_that_a_path_does_not_take_is_told_which_it_takes(server: Server, method: str) -> None:
    answer = server.ask(method, "/healthz").expect(405)
    assert set(answer.headers["allow"].replace(" ", "").split(",")) == {"GET", "HEAD"}


@pytest.mark.parametrize(
    "request_text",
    [
        "GARBAGE\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nBad Header\r\n\r\n",
        "POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\nabcd",
        "POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\nabcd",
        "GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + "y" * 600_000 + "\r\n\r\n",
    ],
    ids=["garbage", "version", "header", "two lengths", "negative length", "encoding", "huge header"],
)  # fmt: skip
def test_what_is_no_http_is_refused_and_harms_nobody(server: Server, request_text: str) -> None:
    try:
        status = server.raw(request_text.encode()).partition(b" ")[2][:3]
    except OSError:
        # It hangs up on who goes on talking.
        status = b""
    assert status[:1] in (b"4", b"")
    assert server.answers()


def test_a_body_that_says_it_is_too_large_is_refused_before_it_comes(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as connection:
        connection.sendall(f"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: {5 * LIMIT}\r\n\r\n".encode())
        response = http.client.HTTPResponse(connection)
        response.begin()
        assert reply(response).expect(413).document["code"] == "too_large"


def test_a_chunked_body_that_never_ends_is_refused_at_the_limit_and_takes_no_memory(server: Server) -> None:
    before = memory(server)
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as connection:
            connection.sendall(b"POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
            piece = b"%x\r\n%b\r\n" % (MIB, b"x" * MIB)
            sent = 0
            with pytest.raises(OSError):
                # It hangs up on who goes on talking; the buffers between us take a few MiB until that is noticed.
                while sent < 100:
                    connection.sendall(piece)
                    sent += 1
            assert sent < 100
    assert memory(server) - before < 50 * MIB
    assert server.answers()


@pytest.mark.parametrize(("size", "status"), [(LIMIT, 405), (LIMIT + 1, 413)])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_may_have_four_mebibytes_and_no_more(server: Server, size: int, status: int, chunked: bool) -> None:
    pieces = [b"x" * MIB] * 4 + [b"x"] * (size - LIMIT)
    body = iter(pieces) if chunked else b"".join(pieces)
    answer = server.ask("POST", "/healthz", body=body, headers={"Content-Type": "text/plain"}, chunked=chunked)
    answer.expect(status)


def test_a_process_whose_threads_wait_for_bodies_that_never_come_is_replaced(installation: Installation) -> None:
    with serving(installation) as own, ExitStack() as stack:
        (before,) = own.children()
        for _ in range(12):
            stuck = stack.enter_context(socket.create_connection(("127.0.0.1", own.port), timeout=PATIENCE))
            stuck.sendall(b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc")
        awaited(lambda: own.children() not in ([before], []), "another process")
        awaited(lambda: own.answers("/readyz"), "an answer")
        assert any("went silent" in line for line in own.lines)


def memory(server: Server) -> int:
    """Bytes of memory that the server's processes have in use."""
    status = [
        Path(f"/proc/{pid}/status").read_text(encoding="ascii") for pid in (server.process.pid, *server.children())
    ]
    return sum(int(line.split()[1]) * 1024 for text in status for line in text.splitlines() if line.startswith("VmRSS"))


def test_who_comes_second_to_a_port_is_told_so(installation: Installation, server: Server) -> None:
    answer = installation.call("serve", "--port", str(server.port)).expect(5)
    assert str(server.port) in answer.err
    assert "--port" in answer.err


def test_an_address_that_is_not_ours_is_refused(installation: Installation) -> None:
    assert "--port" in installation.call("serve", "--host", "192.0.2.1").expect(5).err
    assert "no.such.host" in installation.call("serve", "--host", "no.such.host.invalid").expect(5).err
