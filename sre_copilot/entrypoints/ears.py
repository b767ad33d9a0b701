"""What listens in a worker: a thread for each integration that is to be listened to and whose turn this process has."""

import logging
import random
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event, Thread
from uuid import UUID

import attrs

from sre_copilot.adapters.jobs.attempts import error_code, whereabouts
from sre_copilot.application.listening import Listening
from sre_copilot.application.ports.tenants import Directory
from sre_copilot.application.ports.turns import Turn, Turns
from sre_copilot.domain.errors import CopilotError

LOOK = 5.0
"""Seconds between two looks at who is to be listened to; who has just died is stood in for within so long."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds before connecting again, doubled after each failure in a row."""
NOT_SET_UP = 60.0
"""Seconds until an integration that isn't set up for it is looked at again."""

log = logging.getLogger(__name__)


@attrs.define(eq=False)
class _Ear:
    """One thread that listens for one integration."""

    tenant_id: UUID
    integration_id: UUID
    stopping: Event = attrs.field(factory=Event)
    thread: Thread | None = None

    @property
    def is_there(self) -> bool:
        return self.thread is not None and self.thread.is_alive()


@attrs.define(kw_only=True)
class Ears:
    """Listens until it is told to stop. Start it once; `close` is called by each thread at its end."""

    listening: Listening
    directory: Directory
    turns: Turns
    close: Callable[[], None] = lambda: None
    look: float = LOOK
    first_pause: float = FIRST_PAUSE
    _stopping: Event = attrs.field(factory=Event, init=False)
    _ears: dict[UUID, _Ear] = attrs.field(factory=dict, init=False)
    _main: ThreadPoolExecutor = attrs.field(factory=lambda: ThreadPoolExecutor(1, "ears"), init=False)

    def start(self) -> "Future[None]":
        """Begin, and return what is done when nothing listens any more."""
        return self._main.submit(self._live)

    def stop(self) -> None:
        """Listen no more; what is being taken in is still taken in and acknowledged."""
        self._stopping.set()

    def _live(self) -> None:
        try:
            while not self._stopping.is_set():
                self._look()
                self._stopping.wait(self.look)
            for ear in self._ears.values():
                ear.stopping.set()
            for ear in self._ears.values():
                if ear.thread is not None:
                    ear.thread.join()
        finally:
            self.close()

    def _look(self) -> None:
        try:
            wanted = dict(_by_integration(self.directory.integrations_of(self.listening.listeners.kinds())))
        except CopilotError as error:
            log.warning("nobody knows who is to be listened to", extra={"error": error.code})
            return
        for integration_id, ear in list(self._ears.items()):
            if integration_id not in wanted:
                ear.stopping.set()
            if not ear.is_there:
                del self._ears[integration_id]
        for integration_id, tenant_id in wanted.items():
            if integration_id not in self._ears:
                ear = self._ears[integration_id] = _Ear(tenant_id, integration_id)
                ear.thread = Thread(target=self._listen, args=(ear,), name="ear", daemon=True)
                ear.thread.start()

    def _listen(self, ear: _Ear) -> None:
        """Listen as long as it is our turn. A thread that ends is started again at the next look."""
        try:
            turn = self.turns.take(f"listen {ear.integration_id}")
            if turn is None:
                return
            try:
                self._connect_again_and_again(ear, turn)
            finally:
                turn.end()
        except CopilotError as error:
            log.warning("listening ended", extra={"integration": str(ear.integration_id), "error": error.code})
        except BaseException as error:
            # The thread ends with it; the others go on, and so does this one at the next look.
            log.error(
                "listening failed",
                extra={
                    "integration": str(ear.integration_id),
                    "error": error_code(error),
                    "where": whereabouts(error),
                },
            )
            raise
        finally:
            self.close()

    def _connect_again_and_again(self, ear: _Ear, turn: Turn) -> None:
        pause = self.first_pause
        while not ear.stopping.is_set() and turn.is_ours():
            try:
                if not self.listening.listen(
                    ear.tenant_id, ear.integration_id, goes_on=lambda: not ear.stopping.is_set() and turn.is_ours()
                ):
                    ear.stopping.wait(NOT_SET_UP)
                    return
                pause = self.first_pause
            except CopilotError as error:
                log.warning(
                    "connection lost",
                    extra={"integration": str(ear.integration_id), "error": error.code, "again_in": round(pause, 1)},
                )
                # Not all at the same moment: they may have lost it together.
                ear.stopping.wait(pause * random.uniform(0.75, 1.25))
                pause = min(2 * pause, LONGEST_PAUSE)


def _by_integration(rows: Sequence[tuple[UUID, UUID]]) -> list[tuple[UUID, UUID]]:
    return [(integration_id, tenant_id) for tenant_id, integration_id in rows]
