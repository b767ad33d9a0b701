"""Names: looked up once, every address checked, the checked one connected to, and no longer than is allowed."""

import socket
import threading
from collections.abc import Callable, Sequence

import attrs
import pytest

from sre_copilot.adapters.outgoing.connecting import MOST_TRIED, Guard, system_look_up
from sre_copilot.adapters.outgoing.requests import GuardedClient
from sre_copilot.application.ports.outgoing import Answer, Request
from sre_copilot.domain.errors import OutgoingFailed, OutgoingRefused
from tests.unit.adapters.outgoing.loopback import Server, answering, serving
from tests.unit.adapters.outgoing.test_requests import OK


@attrs.define
class Names:
    """A name service that answers by a list, each answer once."""

    answers: list[Sequence[str]]
    asked: list[str] = attrs.field(factory=list)

    def __call__(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0)


def client(look_up: Callable[[str], Sequence[str]], **given: object) -> GuardedClient:
    return GuardedClient(guard=Guard(**{"allow_private": True, "look_up": look_up, **given}))  # type: ignore[arg-type]


def call(outgoing: GuardedClient, server: Server, **given: float) -> Answer:
    return outgoing.send(Request(url=f"http://hooks.example.test:{server.port}/planted?planted"), **given)


def test_the_address_that_was_checked_is_the_one_that_is_called_though_the_name_moves_on() -> None:
    names = Names([["127.0.0.1"], ["169.254.169.254"]])
    with serving(answering(OK)) as server:
        assert call(client(names), server).body == b"ok"
        assert names.asked == ["hooks.example.test"]
        with pytest.raises(OutgoingRefused, match=r"hooks\.example\.test leads to a cloud's metadata address"):
            call(client(names), server)
    assert server.accepted == 1
    assert f"Host: hooks.example.test:{server.port}".encode() in server.received[0]


@pytest.mark.parametrize("order", [1, -1])
def test_one_bad_address_among_good_ones_is_enough_to_call_none(order: int) -> None:
    names = Names([["127.0.0.1", "fd00:ec2::254"][::order]])
    with serving(answering(OK)) as server, pytest.raises(OutgoingRefused, match="metadata"):
        call(client(names), server)
    assert server.accepted == 0


def test_an_address_beyond_those_that_are_tried_is_checked_too() -> None:
    names = Names([["127.0.0.1"] * MOST_TRIED + ["169.254.169.254"]])
    with serving(answering(OK)) as server, pytest.raises(OutgoingRefused, match="metadata"):
        call(client(names), server)
    assert server.accepted == 0


@pytest.mark.parametrize("address", ["169.254.169.254", "fd00:ec2::254", "100.100.100.200", "168.63.129.16"])
def test_metadata_is_refused_by_name_and_by_number_though_private_addresses_are_allowed(address: str) -> None:
    host = f"[{address}]" if ":" in address else address
    for outgoing, url in (
        (client(Names([])), f"http://{host}/latest/meta-data/"),
        (client(Names([[address]])), "http://metadata.example.test/"),
    ):
        with pytest.raises(OutgoingRefused, match="metadata"):
            outgoing.send(Request(url=url))


def test_a_refusal_says_what_allows_it_only_where_something_does() -> None:
    guarded = client(Names([["10.1.2.3"], ["224.0.0.1"]]), allow_private=False)
    with pytest.raises(OutgoingRefused, match="unless SRE_COPILOT_ALLOW_PRIVATE_ADDRESSES") as private:
        guarded.send(Request(url="https://db.example.test/"))
    with pytest.raises(OutgoingRefused, match=r"leads to a multicast address, which is not called\."):
        guarded.send(Request(url="https://db.example.test/"))
    assert "10.1.2.3" not in str(private.value)


@pytest.mark.parametrize("word", ["0x7f.0.0.1", "2130706433", "017700000001", "127.1", "0"])
def test_an_address_in_an_old_way_of_writing_is_checked_as_what_it_means(word: str) -> None:
    with pytest.raises((OutgoingRefused, OutgoingFailed), match=r"leads to|does not know"):
        GuardedClient().send(Request(url=f"https://{word}/"))


def test_the_next_address_is_called_when_one_does_not_answer() -> None:
    # Nobody listens on the first: the server has bound 127.0.0.1 alone.
    with serving(answering(OK)) as server:
        assert call(client(Names([["127.0.0.2", "127.0.0.1"]])), server).body == b"ok"


def test_an_address_that_swallows_everything_leaves_time_for_the_next() -> None:
    with serving(answering(OK)) as server, socket.socket() as full:
        full.bind(("127.0.0.3", server.port))
        full.listen(0)
        with socket.create_connection(full.getsockname()):
            # The queue of the listener is full now; whoever comes next is not even refused.
            answer = call(client(Names([["127.0.0.3", "127.0.0.1"]])), server, deadline=10)
    assert answer.body == b"ok"


def test_a_name_that_nobody_knows_is_a_failure() -> None:
    def unknown(host: str) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "planted")

    for outgoing in (client(unknown), client(Names([[]]))):
        with pytest.raises(OutgoingFailed, match=r"^a\.example\.test can't be reached: the name service does not know"):
            outgoing.send(Request(url="http://a.example.test/"))


def test_a_name_service_that_hangs_does_not_hang_us() -> None:
    let_go = threading.Event()

    def hanging(host: str) -> Sequence[str]:
        let_go.wait()
        return ["127.0.0.1"]

    outgoing = client(hanging, places=threading.Semaphore(1))
    # The second does not even get a thread, and gives up as the first does.
    for _ in range(2):
        with pytest.raises(OutgoingFailed, match=r"a\.example\.test gave no full answer within 0\.1 s"):
            outgoing.send(Request(url="http://a.example.test/"), deadline=0.1)
    let_go.set()
    with serving(answering(OK)) as server:
        assert call(outgoing, server).body == b"ok"


def test_the_system_is_asked_for_addresses_each_once() -> None:
    assert "127.0.0.1" in system_look_up("localhost")
    assert len(system_look_up("localhost")) == len(set(system_look_up("localhost")))


@pytest.mark.parametrize("name", ["a..b", "a" * 64, "name.invalid"])
def test_what_the_system_cannot_look_up_is_an_oserror(name: str) -> None:
    with pytest.raises(OSError, match=r"[Nn]ame"):
        system_look_up(name)
