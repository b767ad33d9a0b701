"""What a plugin does to everybody else: nothing, however long it takes, however much it answers or prints."""

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import repeat
from typing import Any
from uuid import UUID

import attrs
import pytest

from sre_copilot.adapters.integrations.bulkhead import MOST_CALLS, MOST_WAITING
from sre_copilot.adapters.integrations.gateway import PluginGateway, PluginTypes
from sre_copilot.adapters.integrations.isolation import Isolation
from sre_copilot.adapters.integrations.muting import ByThread, is_muted
from sre_copilot.domain.deliveries import MAX_BODY_BYTES, MAX_SIGNALS, Delivery, Parsed, Sample
from sre_copilot.domain.errors import DeliveryTooLarge, PluginBusy, PluginFailed
from sre_copilot.domain.integrations import Integration, Secrets
from sre_copilot.domain.signals import SignalDraft
from sre_copilot.hookspecs import Tools
from sre_copilot.testing.doors import plugin_gateway, plugin_manager, toolbox

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECRET = "hunter2"
INTEGRATION = Integration(id=UUID(int=1), tenant_id=UUID(int=2), type="scripted", name="s", created_at=NOW)
DELIVERY = Delivery(body=b"{}", received_at=NOW)
DRAFT = SignalDraft(name="n")
GENERIC = attrs.evolve(INTEGRATION, type="generic")
OTHERS = Delivery(body=b'{"title": "others go on"}', received_at=NOW)


@attrs.frozen
class Scripted:
    """A plugin whose methods all do what the test says."""

    act: Callable[[], Any]
    type: str = "scripted"
    title: str = "Scripted"

    def parse(self, integration: Integration, payload: Any, delivery: Delivery) -> Parsed:
        parsed: Parsed = self.act()
        return parsed

    def without_credentials(self, body: bytes) -> bytes:
        stripped: bytes = self.act()
        return stripped

    def samples(self, now: datetime) -> tuple[Sample, ...]:
        samples: tuple[Sample, ...] = self.act()
        return samples

    def sign(self, secrets: Secrets, delivery: Delivery, now: datetime) -> Delivery:
        signed: Delivery = self.act()
        return signed

    def check(self, integration: Integration, secrets: Secrets, tools: Tools) -> str:
        works: str = self.act()
        return works


def gateway(act: Callable[[], Any], deadline: float = 5) -> PluginGateway:
    return plugin_gateway(plugin_manager(Scripted(act)), deadline=deadline)


def types(act: Callable[[], Any]) -> PluginTypes:
    return PluginTypes(plugin_manager(Scripted(act)), Isolation(), toolbox())


def answer(drafts: tuple[SignalDraft, ...], body: bytes = b"{}") -> Parsed:
    return gateway(lambda: Parsed(drafts=drafts)).parse(INTEGRATION, Delivery(body=body, received_at=NOW))


def in_threads(number: int, call: Callable[[], Any]) -> list[str]:
    """Call it so often at once and return the names of what came of each: an answer's or an error's type, sorted."""
    outcomes: list[str] = []

    def one() -> None:
        try:
            outcomes.append(type(call()).__name__)
        except (PluginFailed, PluginBusy) as error:
            outcomes.append(type(error).__name__)

    threads = [threading.Thread(target=one) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return sorted(outcomes)


@pytest.fixture
def end() -> Iterator[threading.Event]:
    """Set at the end of the test, so that what hangs ends too."""
    event = threading.Event()
    yield event
    event.set()


def test_5000_signals_are_taken_and_one_more_is_refused() -> None:
    assert len(answer((DRAFT,) * MAX_SIGNALS).drafts) == MAX_SIGNALS
    with pytest.raises(DeliveryTooLarge, match="more than 5000 signals"):
        answer((DRAFT,) * (MAX_SIGNALS + 1), b"[" + b" " * 20 * MAX_SIGNALS + b"0, 1]")


def test_more_signals_than_a_body_can_hold_are_the_plugins_failure() -> None:
    with pytest.raises(PluginFailed, match="it has 100000 signals of a delivery of 2 bytes"):
        answer((DRAFT,) * 100_000)


FLOODS: dict[str, tuple[SignalDraft, ...]] = {
    "a text": (attrs.evolve(DRAFT, description="x" * 5 * 1024 * 1024),),
    "all texts together": (attrs.evolve(DRAFT, description="x" * 1024 * 1024),) * 33,
    "all raw data together": (attrs.evolve(DRAFT, raw={"all": "x" * 3 * 1024 * 1024}),) * 11,
    "labels": (attrs.evolve(DRAFT, labels={str(number): "x" * 100 for number in range(400_000)}),),
    "links": (attrs.evolve(DRAFT, links=("https://example.com/" * 50,) * 40_000),),
}


@pytest.mark.parametrize("case", FLOODS)
def test_signals_that_hold_more_than_any_delivery_can_are_the_plugins_failure(case: str) -> None:
    with pytest.raises(PluginFailed, match=r"longer than|hold more than"):
        answer(FLOODS[case])


def test_a_stripped_body_of_any_size_is_the_plugins_failure() -> None:
    with pytest.raises(PluginFailed, match="it has 8388609 bytes"):
        gateway(lambda: bytes(2 * MAX_BODY_BYTES + 1)).strip(INTEGRATION, DELIVERY)


def test_samples_without_an_end_are_the_plugins_failure() -> None:
    with pytest.raises(PluginFailed, match="more than 100 samples"):
        types(lambda: repeat(Sample(name="firing", body=b"{}"))).samples("scripted", NOW)


def test_samples_signed_deliveries_and_findings_of_a_wrong_type_are_the_plugins_failure() -> None:
    wrong = types(lambda: [5])
    with pytest.raises(PluginFailed, match=r"samples\[0\] is int, not Sample"):
        wrong.samples("scripted", NOW)
    with pytest.raises(PluginFailed, match="it is list, not Delivery"):
        wrong.sign(INTEGRATION, Secrets(), DELIVERY, NOW)
    with pytest.raises(PluginFailed, match="it is list, not a sentence"):
        wrong.check(INTEGRATION, Secrets(), NOW)
    assert types(lambda: "It works. " * 1000).check(INTEGRATION, Secrets(), NOW) == ("It works. " * 50)


def prints() -> Parsed:
    print(SECRET)
    print(SECRET, file=sys.stderr, flush=True)
    sys.stdout.write(SECRET * 1_000_000)
    sys.stdout.buffer.write(SECRET.encode())
    sys.stdout.flush()
    logging.getLogger("scripted").warning(SECRET)
    return Parsed()


def test_what_a_plugin_prints_is_thrown_away_and_what_others_print_meanwhile_is_not(
    capsys: pytest.CaptureFixture[str], end: threading.Event
) -> None:
    printed = threading.Event()

    def act() -> Parsed:
        parsed = prints()
        printed.set()
        assert end.wait(60)
        return parsed

    before = (sys.stdout, sys.stderr)
    caller = threading.Thread(target=gateway(act).parse, args=(INTEGRATION, DELIVERY))
    caller.start()
    assert printed.wait(60)
    print("ours")
    print("ours too", file=sys.stderr)
    end.set()
    caller.join(60)
    assert (sys.stdout, sys.stderr) == before
    assert capsys.readouterr() == ("ours\n", "ours too\n")


def test_the_streams_are_as_they_were_after_many_calls_at_once_and_after_somebody_else_swapped_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = sys.stdout
    assert in_threads(16, lambda: gateway(prints).parse(INTEGRATION, DELIVERY)) == ["Parsed"] * 16
    assert sys.stdout is before
    assert not is_muted()
    assert capsys.readouterr() == ("", "")


def test_a_stream_that_is_told_apart_by_thread_is_otherwise_the_stream_itself() -> None:
    stream = ByThread(sys.stdout)
    assert (stream.encoding, stream.fileno, stream.buffer) == (
        sys.stdout.encoding,
        sys.stdout.fileno,
        sys.stdout.buffer,
    )


def test_a_type_that_hangs_fails_at_once_after_four_calls_and_is_back_as_soon_as_one_ends() -> None:
    ends = [threading.Event() for _ in range(MOST_CALLS)]
    waiting = iter(ends)

    def act() -> Parsed:
        mine = next(waiting, None)
        if mine is not None:
            mine.wait(60)
        return Parsed()

    reader = gateway(act, deadline=0.5)
    for _ in range(MOST_CALLS):
        with pytest.raises(PluginFailed, match=r"scripted failed: it did not answer within 0\.5 seconds"):
            reader.parse(INTEGRATION, DELIVERY)
    with pytest.raises(PluginFailed, match="4 earlier calls still hang"):
        reader.parse(INTEGRATION, DELIVERY)
    assert reader.parse(GENERIC, OTHERS).drafts
    ends[0].set()
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            assert reader.parse(INTEGRATION, DELIVERY) == Parsed()
            break
        except PluginFailed:
            continue
    else:
        pytest.fail("the type did not come back")
    for event in ends:
        event.set()


def test_a_slow_type_takes_four_threads_and_lets_four_wait_and_the_rest_is_free_for_others(
    end: threading.Event,
) -> None:
    entered = threading.Semaphore(0)

    def act() -> Parsed:
        entered.release()
        end.wait(60)
        return Parsed()

    reader = gateway(act, deadline=60)
    running = [threading.Thread(target=reader.parse, args=(INTEGRATION, DELIVERY)) for _ in range(MOST_CALLS)]
    for thread in running:
        thread.start()
        assert entered.acquire(timeout=60)
    # None of these gets a place: most give up at once, at most four wait, and they too give up after a second.
    assert in_threads(20, lambda: reader.parse(INTEGRATION, DELIVERY)) == ["PluginBusy"] * 20
    assert reader.parse(GENERIC, OTHERS).drafts
    end.set()
    for thread in running:
        thread.join(60)
    assert reader.parse(INTEGRATION, DELIVERY) == Parsed()
    assert MOST_CALLS + MOST_WAITING < 12


def test_a_quick_type_answers_as_many_threads_as_come_at_once() -> None:
    # However seldom a busy machine lets a call begin, the type isn't taken for a slow one.
    isolation = Isolation(deadline=60, slow_after=10)
    reader = PluginGateway(plugin_manager(Scripted(Parsed)), isolation, toolbox())
    assert in_threads(40, lambda: reader.parse(INTEGRATION, DELIVERY)) == ["Parsed"] * 40


def test_an_attribute_is_read_once_when_the_plugin_is_loaded() -> None:
    reads: list[str] = []

    class Curious(Scripted):
        @property
        def kept_headers(self) -> list[str]:
            reads.append("kept_headers")
            return ["x-mine"]

    reader = plugin_gateway(plugin_manager(Curious(lambda: b"{}")))
    kept = reader.strip(INTEGRATION, Delivery(body=b"{}", headers={"X-Mine": "1", "X-Other": "2"}, received_at=NOW))
    assert kept.headers == {"X-Mine": "1"}
    before = len(reads)
    reader.strip(INTEGRATION, DELIVERY)
    assert len(reads) == before
