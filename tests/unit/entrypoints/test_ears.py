"""What listens in a worker: one connection per integration, again and again, until it is told to stop."""

import threading
import time
from collections.abc import Callable, Iterator
from uuid import UUID

import attrs
import pytest

from sre_copilot.application.listening import Listening
from sre_copilot.domain.actors import Role
from sre_copilot.domain.errors import OutgoingFailed
from sre_copilot.entrypoints.ears import Ears
from sre_copilot.testing.sealing import InMemoryKeyRing, make_sealer
from sre_copilot.testing.sockets import PlainListeners, ScriptedSocket, ScriptedSockets
from sre_copilot.testing.stage import Stage, stage
from sre_copilot.testing.tenants import InMemoryDirectory
from sre_copilot.testing.turns import InMemoryTurns

PATIENCE = 20.0


@attrs.define
class Waiting(ScriptedSocket):
    """Says nothing until it is told to hang up."""

    hang_up: threading.Event = attrs.field(factory=threading.Event)

    def receive(self, seconds: float) -> str | None:
        if self.hang_up.wait(0.01):
            raise OutgoingFailed("It hung up.")
        return None


@attrs.define
class WaitingSockets(ScriptedSockets):
    """Every connection stands until it hangs up; the first `failing` ones fail."""

    failing: int = 0
    standing: list[Waiting] = attrs.field(factory=list, init=False)

    def open(self, url: str, *, deadline: float = 10.0) -> Waiting:
        self.urls.append(url)
        if len(self.urls) <= self.failing:
            raise OutgoingFailed("It can't be reached.")
        self.standing.append(Waiting([]))
        return self.standing[-1]


@attrs.frozen
class Worker:
    """The ears of a worker on a stage."""

    stage: Stage
    sockets: WaitingSockets
    ears: Ears

    def disable(self) -> None:
        self.stage.copilot.configure_integration(
            actor=self.stage.person(Role.ADMIN), integration_id=self.stage.integration.id, is_active=False
        )


Hire = Callable[..., Worker]


@pytest.fixture
def hire() -> Iterator[Hire]:
    here, turns, hired = stage(), InMemoryTurns(), list[Worker]()

    def made(*, failing: int = 0, at: str | None = "wss://vendor.example.com/") -> Worker:
        sockets = WaitingSockets(failing=failing)
        listening = Listening(
            copilot=here.copilot,
            units=here.units,
            listeners=PlainListeners(at=at),
            sockets=sockets,
            sealer=make_sealer(InMemoryKeyRing()),
            clock=here.clock,
        )
        ears = Ears(
            listening=listening,
            directory=InMemoryDirectory(here.units.database),
            turns=turns,
            look=0.02,
            first_pause=0.01,
        )
        hired.append(Worker(here, sockets, ears))
        return hired[-1]

    yield made
    for worker in hired:
        worker.ears.stop()


def awaited(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_of_two_workers_one_listens_and_the_other_one_stands_in_when_it_stops(hire: Hire) -> None:
    first, second = hire(), hire()
    ended = first.ears.start()
    awaited(lambda: len(first.sockets.standing) == 1)
    second.ears.start()
    awaited(lambda: not second.ears._ears or second.ears._ears[first.stage.integration.id].thread is not None)
    assert second.sockets.urls == []
    first.ears.stop()
    ended.result(timeout=PATIENCE)
    awaited(lambda: len(second.sockets.standing) == 1)


def test_a_connection_that_is_lost_or_not_made_is_made_again(hire: Hire) -> None:
    worker = hire(failing=2)
    worker.ears.start()
    awaited(lambda: len(worker.sockets.standing) == 1)
    assert len(worker.sockets.urls) == 3
    worker.sockets.standing[0].hang_up.set()
    awaited(lambda: len(worker.sockets.standing) == 2)


def test_who_is_disabled_is_listened_to_no_more(hire: Hire) -> None:
    worker = hire()
    worker.ears.start()
    awaited(lambda: bool(worker.sockets.standing) and worker.sockets.standing[0].is_open)
    worker.disable()
    awaited(lambda: not worker.sockets.standing[0].is_open)
    assert len(worker.sockets.urls) == 1


def test_whoever_loses_the_turn_hangs_up_and_takes_it_again_when_it_is_free(hire: Hire) -> None:
    worker = hire()
    worker.ears.start()
    awaited(lambda: len(worker.sockets.standing) == 1)
    turns = worker.ears.turns
    assert isinstance(turns, InMemoryTurns)
    with turns.lock:
        turns.taken.clear()
    awaited(lambda: not worker.sockets.standing[0].is_open)
    awaited(lambda: len(worker.sockets.standing) == 2)


def test_what_is_not_set_up_is_not_asked_for_all_the_time(hire: Hire) -> None:
    worker = hire(at=None)
    ended = worker.ears.start()
    awaited(lambda: bool(worker.ears._ears))
    assert worker.sockets.urls == []
    worker.ears.stop()
    ended.result(timeout=PATIENCE)


def test_told_to_stop_nothing_listens_any_more(hire: Hire) -> None:
    worker = hire()
    ended = worker.ears.start()
    awaited(lambda: len(worker.sockets.standing) == 1)
    worker.ears.stop()
    ended.result(timeout=PATIENCE)
    assert not worker.sockets.standing[0].is_open
    assert worker.ears.turns.take(f"listen {UUID(int=1)}") is not None
