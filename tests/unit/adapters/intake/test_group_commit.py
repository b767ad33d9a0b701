"""Group commit: who shares a transaction with whom, and that each caller learns what became of its own delivery."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from uuid import UUID

import attrs
import pytest

from sre_copilot.adapters.intake.group_commit import MOST_BYTES, MOST_SIGNALS, GroupCommit, Ticket
from sre_copilot.adapters.system import new_id
from sre_copilot.application.ports.intake import Arrived
from sre_copilot.application.taking_in import Outcome
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.deliveries import Parsed, Receipt, Verdict
from sre_copilot.domain.errors import IntegrationChanged, TenantBusy
from sre_copilot.testing.builders import make_delivery, make_draft, make_integration

PATIENCE = 30.0
FOREVER = 3600.0
TENANT, OTHER = new_id(), new_id()


def arrived(body: bytes, *, tenant_id: UUID = TENANT, signals: int = 0) -> Arrived:
    """A delivery that is known by its body."""
    integration = make_integration(tenant_id)
    bare = Arrived(
        actor=Actor.integration(tenant_id, integration.id),
        integration=integration,
        delivery=make_delivery(body),
        verdict=Verdict.KEY,
    )
    return bare.saying(Parsed(drafts=(make_draft(),) * signals))


def receipt(body: bytes) -> Receipt:
    return Receipt(delivery_id=UUID(bytes=body.rjust(16, b"\0")[-16:]))


@attrs.define(eq=False)
class Till:
    """Takes batches in one by one, each when the test lets it, and answers each delivery by its body."""

    told: dict[bytes, Outcome] = attrs.field(factory=dict)
    broken_by: dict[bytes, BaseException] = attrs.field(factory=dict)
    slow: set[bytes] = attrs.field(factory=set)
    """Bodies whose batch waits until `go` is set."""
    batches: list[list[bytes]] = attrs.field(factory=list)
    begun: threading.Semaphore = attrs.field(factory=lambda: threading.Semaphore(0))
    go: threading.Event = attrs.field(factory=threading.Event)

    def __call__(self, tenant_id: UUID, batch: Sequence[Arrived]) -> list[Outcome]:
        bodies = [one.delivery.body for one in batch]
        assert {one.actor.tenant_id for one in batch} == {tenant_id}
        self.batches.append(bodies)
        self.begun.release()
        if not self.slow.isdisjoint(bodies):
            assert self.go.wait(PATIENCE)
        for body in bodies:
            if body in self.broken_by:
                raise self.broken_by[body]
        return [self.told.get(body, receipt(body)) for body in bodies]


@attrs.define(eq=False)
class Counter:
    """Callers in threads, the first of which is being taken in for as long as the test wants."""

    till: Till
    pool: ThreadPoolExecutor
    intake: GroupCommit

    def bring(self, one: Arrived, *, waiting: int | None = None) -> "Future[Receipt]":
        """Have a thread hand it in; with `waiting` return when so many of its tenant wait."""
        brought = self.pool.submit(self.intake.take_in, one)
        if waiting is not None:
            queue = self.intake._queue(one.actor.tenant_id)
            with queue.grown:
                assert queue.grown.wait_for(lambda: len(queue.waiting) == waiting, PATIENCE)
        return brought

    def occupied(self, body: bytes = b"first") -> "Future[Receipt]":
        """Have one be taken in, until `go`."""
        self.till.slow.add(body)
        first = self.bring(arrived(body))
        assert self.till.begun.acquire(timeout=PATIENCE)
        return first


@pytest.fixture
def opened() -> Iterator[Callable[..., Counter]]:
    tills: list[Till] = []
    with ThreadPoolExecutor(32) as pool:

        def build(till: Till | None = None, *, most_at_once: int = 100, linger: float = 0.0) -> Counter:
            tills.append(till or Till())
            return Counter(tills[-1], pool, GroupCommit(tills[-1], most_at_once=most_at_once, linger=linger))

        yield build
        for till in tills:
            till.go.set()


Opened = Callable[..., Counter]


def test_a_lone_delivery_is_taken_in_at_once_and_alone(opened: Opened) -> None:
    # Nobody else comes, so whoever waited for company would wait for good.
    counter = opened(linger=FOREVER)
    for body in (b"a", b"b"):
        assert counter.intake.take_in(arrived(body)) == receipt(body)
    assert counter.till.batches == [[b"a"], [b"b"]]


def test_what_comes_meanwhile_shares_the_next_batch_and_each_gets_its_own_outcome(opened: Opened) -> None:
    refused = IntegrationChanged()
    counter = opened(Till(told={b"b": refused}))
    first = counter.occupied()
    others = [counter.bring(arrived(body), waiting=number) for number, body in enumerate((b"a", b"b", b"c"), 1)]
    counter.till.go.set()
    assert first.result(PATIENCE) == receipt(b"first")
    assert others[0].result(PATIENCE) == receipt(b"a")
    assert others[1].exception(PATIENCE) is refused
    assert others[2].result(PATIENCE) == receipt(b"c")
    assert counter.till.batches == [[b"first"], [b"a", b"b", b"c"]]


def test_what_nobody_foresaw_reaches_its_own_caller_and_the_leader_and_the_others_are_taken_in(opened: Opened) -> None:
    surprise = RuntimeError("nobody foresaw this")
    counter = opened(Till(broken_by={b"c": surprise}))
    first = counter.occupied()
    others = [counter.bring(arrived(body), waiting=number) for number, body in enumerate((b"a", b"b", b"c", b"d"), 1)]
    counter.till.go.set()
    assert first.result(PATIENCE) == receipt(b"first")
    assert [others[place].exception(PATIENCE) for place in (0, 2)] == [surprise] * 2
    assert [others[place].result(PATIENCE) for place in (1, 3)] == [receipt(b"b"), receipt(b"d")]
    assert counter.till.batches[:2] == [[b"first"], [b"a", b"b", b"c", b"d"]]
    assert sorted(counter.till.batches[2:]) == [[b"b"], [b"c"], [b"d"]]
    assert counter.intake.take_in(arrived(b"e")) == receipt(b"e")


@attrs.define
class Interrupted:
    """A lock whose waiter is interrupted, as by a signal or a timeout of a green thread."""

    begun: threading.Event = attrs.field(factory=threading.Event)
    go: threading.Event = attrs.field(factory=threading.Event)

    def acquire(self) -> bool:
        self.begun.set()
        assert self.go.wait(PATIENCE)
        raise KeyboardInterrupt

    def release(self) -> None:
        """Nobody hears it."""


@pytest.mark.parametrize("is_next", [True, False], ids=["whose turn it is", "who waits"])
def test_a_caller_who_is_interrupted_keeps_nobody_waiting(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, is_next: bool
) -> None:
    counter, lock = opened(most_at_once=3), Interrupted()
    first = counter.occupied()
    with monkeypatch.context() as patched:
        patched.setattr(Ticket, "__attrs_post_init__", lambda ticket: setattr(ticket, "opens", lock))
        gone = counter.bring(arrived(b"gone"), waiting=1)
        assert lock.begun.wait(PATIENCE)
    behind = counter.bring(arrived(b"behind"), waiting=2)
    if is_next:
        counter.till.go.set()
        assert first.result(PATIENCE) == receipt(b"first")
        lock.go.set()
    else:
        lock.go.set()
        assert isinstance(gone.exception(PATIENCE), KeyboardInterrupt)
        counter.till.go.set()
    assert isinstance(gone.exception(PATIENCE), KeyboardInterrupt)
    assert behind.result(PATIENCE) == receipt(b"behind")
    assert [b"gone"] not in counter.till.batches
    assert counter.intake._queue(TENANT).inside == 0


def test_a_leader_who_is_interrupted_while_it_waits_for_company_hands_the_lead_on(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = opened()

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(GroupCommit, "_batch", interrupted)
        counter.intake.take_in(arrived(b"gone"))
    assert counter.bring(arrived(b"a")).result(PATIENCE) == receipt(b"a")
    assert counter.till.batches == [[b"a"]]


def test_those_who_wait_behind_a_batch_that_breaks_are_taken_in(opened: Opened) -> None:
    counter = opened(Till(broken_by={b"first": KeyboardInterrupt()}))
    first = counter.occupied()
    second = counter.bring(arrived(b"a"), waiting=1)
    counter.till.go.set()
    assert isinstance(first.exception(PATIENCE), KeyboardInterrupt)
    assert second.result(PATIENCE) == receipt(b"a")


def test_the_lead_is_handed_on_from_batch_to_batch(opened: Opened) -> None:
    counter = opened()
    big = b"x" * MOST_BYTES
    first = counter.occupied()
    others = [counter.bring(arrived(big + body), waiting=number) for number, body in enumerate((b"a", b"b", b"c"), 1)]
    counter.till.told = {big + body: receipt(body) for body in (b"a", b"b", b"c")}
    counter.till.go.set()
    assert [one.result(PATIENCE) for one in (first, *others)] == [receipt(b) for b in (b"first", b"a", b"b", b"c")]
    assert [len(batch) for batch in counter.till.batches] == [1, 1, 1, 1]


def test_those_of_the_batch_before_are_waited_for_a_moment(opened: Opened) -> None:
    counter = opened(linger=FOREVER)
    first = counter.occupied()
    pair = [counter.bring(arrived(body), waiting=number) for number, body in enumerate((b"a", b"b"), 1)]
    counter.till.go.set()
    for one in (first, *pair):
        one.result(PATIENCE)
    again = [counter.bring(arrived(body)) for body in (b"c", b"d")]
    for one in again:
        one.result(PATIENCE)
    assert [sorted(batch) for batch in counter.till.batches] == [[b"first"], [b"a", b"b"], [b"c", b"d"]]


def test_they_are_not_waited_for_longer_than_that(opened: Opened) -> None:
    counter = opened(linger=0.001)
    first = counter.occupied()
    pair = [counter.bring(arrived(body), waiting=number) for number, body in enumerate((b"a", b"b"), 1)]
    counter.till.go.set()
    for one in (first, *pair):
        one.result(PATIENCE)
    assert counter.bring(arrived(b"c")).result(PATIENCE) == receipt(b"c")
    assert counter.till.batches[-1] == [b"c"]


def test_tenants_do_not_wait_for_each_other(opened: Opened) -> None:
    counter = opened()
    first = counter.occupied()
    assert counter.intake.take_in(arrived(b"a", tenant_id=OTHER)) == receipt(b"a")
    assert not first.done()
    counter.till.go.set()
    assert first.result(PATIENCE) == receipt(b"first")


def test_more_than_may_be_inside_are_refused_and_later_ones_are_taken_in_again(opened: Opened) -> None:
    counter = opened(most_at_once=3)
    first = counter.occupied()
    inside = [first, *(counter.bring(arrived(body), waiting=n) for n, body in enumerate((b"a", b"b"), 1))]
    for _ in range(2):
        with pytest.raises(TenantBusy):
            counter.intake.take_in(arrived(b"too many"))
    assert counter.intake.take_in(arrived(b"c", tenant_id=OTHER)) == receipt(b"c")
    counter.till.go.set()
    assert [one.result(PATIENCE) for one in inside] == [receipt(body) for body in (b"first", b"a", b"b")]
    assert counter.intake.take_in(arrived(b"d")) == receipt(b"d")
    assert [b"too many"] not in counter.till.batches


def test_a_batch_that_broke_leaves_its_room_to_others(opened: Opened) -> None:
    counter = opened(Till(broken_by={b"a": RuntimeError()}), most_at_once=1)
    for _ in range(3):
        with pytest.raises(RuntimeError):
            counter.intake.take_in(arrived(b"a"))
    assert counter.intake.take_in(arrived(b"b")) == receipt(b"b")


def test_a_batch_takes_as_many_signals_as_one_transaction_may(opened: Opened) -> None:
    counter = opened()
    first = counter.occupied()
    half = MOST_SIGNALS // 2
    rows = [(b"a", half), (b"b", half), (b"c", 1), (b"d", MOST_SIGNALS + 1), (b"e", 0), (b"f", 0)]
    others = [counter.bring(arrived(body, signals=n), waiting=place) for place, (body, n) in enumerate(rows, 1)]
    counter.till.go.set()
    for one in (first, *others):
        one.result(PATIENCE)
    # One that is larger than all may be is taken in too: by itself.
    assert counter.till.batches == [[b"first"], [b"a", b"b"], [b"c"], [b"d"], [b"e", b"f"]]


def test_a_batch_takes_as_many_bytes_as_one_transaction_may(opened: Opened) -> None:
    counter = opened()
    first = counter.occupied()
    bodies = [letter * (MOST_BYTES // 2) for letter in (b"a", b"b")] + [b"c"]
    counter.till.told = {body: receipt(body[:1]) for body in bodies}
    others = [counter.bring(arrived(body), waiting=place) for place, body in enumerate(bodies, 1)]
    counter.till.go.set()
    for one in (first, *others):
        one.result(PATIENCE)
    assert [[body[:1] for body in batch] for batch in counter.till.batches] == [[b"f"], [b"a", b"b"], [b"c"]]


@pytest.mark.parametrize("linger", [0.0, 0.002])
def test_nothing_is_lost_or_taken_in_twice_when_many_hand_in_much(opened: Opened, linger: float) -> None:
    senders, each = 16, 200
    till = Till(broken_by={f"{sender}-100".encode(): RuntimeError() for sender in range(0, senders, 5)})
    counter = opened(till, linger=linger)
    ready = threading.Barrier(senders)

    def send(sender: int) -> list[bytes]:
        own = (TENANT, OTHER)[sender % 2]
        answered = []
        ready.wait(PATIENCE)
        for number in range(each):
            body = f"{sender}-{number}".encode()
            with suppress(RuntimeError):
                assert counter.intake.take_in(arrived(body, tenant_id=own)) == receipt(body)
                answered.append(body)
        return answered

    answered = [body for sent in [counter.pool.submit(send, n) for n in range(senders)] for body in sent.result(120)]
    taken = [body for batch in till.batches for body in batch]
    broken = [batch for batch in till.batches if not till.broken_by.keys().isdisjoint(batch)]
    again = [body for batch in broken for body in batch[1:]]
    assert sorted(taken) == sorted([f"{s}-{n}".encode() for s in range(senders) for n in range(each)] + again)
    assert sorted(answered) == sorted(set(taken) - till.broken_by.keys() - {batch[0] for batch in broken})
    assert max(len(batch) for batch in till.batches) <= senders // 2
