"""The copilot of this process: opened once, shared by all threads, and helped up again after its database was away."""

import threading
import time
from collections.abc import Callable

import attrs

from sre_copilot.adapters.django_orm import setup as database
from sre_copilot.application.copilot import Copilot
from sre_copilot.bootstrap import bootstrap, ready_database
from sre_copilot.domain.errors import CopilotError, DatabaseUnavailable, EnvironmentFault
from sre_copilot.settings import Settings

MOST_AT_ONCE = 14
"""Deliveries of one tenant in one process: fewer than its threads, so that some are left for everybody else."""
PATIENCE = 1.0
"""Seconds between two attempts to open the copilot, or to get its database back."""


@attrs.define
class Running:
    """Opens a copilot when it is first asked for, and again later where that failed. Thread-safe.

    `revive` makes the database usable again where that is ours to do: an embedded server that died is started.
    """

    _open: Callable[[], Copilot]
    _revive: Callable[[], object] = lambda: None
    _pending: Callable[[], object] = lambda: ()
    _patience: float = PATIENCE
    _copilot: Copilot | None = attrs.field(default=None, init=False)
    _failure: CopilotError | None = attrs.field(default=None, init=False)
    _tried_at: float = attrs.field(default=float("-inf"), init=False)
    _is_away: bool = attrs.field(default=False, init=False)
    _lock: threading.Lock = attrs.field(factory=threading.Lock, init=False)

    def copilot(self) -> Copilot:
        """The copilot. Raises EnvironmentFault where it can't be opened now; the next attempt is made after PATIENCE."""
        if self._copilot is None or self._is_away:
            self._mend()
        if self._copilot is None:
            raise self._failure or EnvironmentFault("The copilot is being opened; come back in a moment.")
        return self._copilot

    def lost_database(self) -> None:
        """Note that somebody found the database away, so that whoever comes next looks after it."""
        self._is_away = True

    def check(self) -> None:
        """Return where requests can be served. Raises DatabaseUnavailable, DatabaseNotReady and what `copilot` raises."""
        self.copilot()
        try:
            missing = self._pending()
        except DatabaseUnavailable:
            self.lost_database()
            raise
        if missing:
            # Somebody put an older database in the place of the one that was opened.
            self._revive()

    def _mend(self) -> None:
        """Let one thread open the copilot, or get its database back. The others wait for nothing: that may take long."""
        if time.monotonic() - self._tried_at < self._patience or not self._lock.acquire(blocking=False):
            return
        try:
            if self._copilot is None:
                self._copilot = self._open()
            elif self._is_away:
                self._revive()
            self._is_away, self._failure = False, None
        except CopilotError as error:
            self._failure = error
            if self._copilot is not None:
                raise
        finally:
            self._tried_at = time.monotonic()
            self._lock.release()


_running: Running | None = None
_guard = threading.Lock()


def use(running: "Running | Settings | Copilot") -> None:
    """Let this process serve a copilot: one that is open, or the one that these settings lead to."""
    global _running  # noqa: PLW0603 - one per process, by its nature
    if isinstance(running, Settings):
        running = of_settings(running)
    elif isinstance(running, Copilot):
        opened = running
        running = Running(lambda: opened)
    _running = running


def forget() -> None:
    """Serve nothing any more, until `use` is called or somebody asks."""
    global _running  # noqa: PLW0603 - see `use`
    _running = None


def of_settings(settings: Settings) -> Running:
    """What these settings lead to."""
    return Running(
        lambda: bootstrap(settings, most_at_once=MOST_AT_ONCE),
        lambda: ready_database(settings),
        pending=database.pending_migrations,
    )


def running() -> Running:
    """What this process serves: what `use` said, else what the settings file and the environment say."""
    with _guard:
        if _running is None:
            use(Settings.load())
        assert _running is not None
        return _running


def lost_database() -> None:
    """Note that a request found the database away."""
    if _running is not None:
        _running.lost_database()


def copilot() -> Copilot:
    """The copilot of this process. Raises EnvironmentFault where it can't be opened now."""
    return running().copilot()
