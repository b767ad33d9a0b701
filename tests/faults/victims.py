"""Finding the processes that are killed: of `sre-copilot up`, and of its embedded PostgreSQL."""

import os
import random
import signal
from collections.abc import Iterator
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

import attrs

from sre_copilot.adapters.postgres.place import find_place
from tests.faults.caretaker import Caretaker


class Victim(StrEnum):
    """Who is killed."""

    ANSWERING = "a process that answers"
    LISTENING = "the process that listens"
    ALL = "the parent of all"
    WORKER = "the worker"
    DATABASE = "PostgreSQL"
    BACKEND = "a backend of PostgreSQL"


SERVERS = {Victim.ANSWERING: 6, Victim.LISTENING: 3, Victim.ALL: 1}
"""Which processes of the server are killed, and how often of ten times."""
DATABASES = {Victim.DATABASE: 3, Victim.BACKEND: 1}
"""The same for PostgreSQL, of four."""


@attrs.frozen(kw_only=True)
class Victims:
    """The processes of what a caretaker runs."""

    caretaker: Caretaker

    def find(self, victim: Victim, rng: random.Random) -> int | None:
        """One of them, None where there is none at the moment."""
        found = sorted(self._all(victim))
        return rng.choice(found) if found else None

    def kill(self, victim: Victim, rng: random.Random) -> bool:
        """Kill one of them, and say whether there was one."""
        pid = self.find(victim, rng)
        if pid is None:
            return False
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            return True
        return False

    def serving(self) -> list[int]:
        """All processes that answer."""
        return sorted(self._all(Victim.ANSWERING))

    def all(self) -> dict[int, str]:
        """Everything of ours that runs, and what it is."""
        kinds = (Victim.ALL, Victim.LISTENING, Victim.ANSWERING, Victim.WORKER)
        return {pid: kind for kind in kinds for pid in self._all(kind)}

    def _all(self, victim: Victim) -> Iterator[int]:
        if victim in (Victim.DATABASE, Victim.BACKEND):
            yield from self._of_postgres(victim)
            return
        top = self.caretaker.pid
        if top is None:
            return
        if victim is Victim.ALL:
            yield top
            return
        for part in children(top):
            is_worker = b"\0worker" in command_line(part)
            if (is_worker and victim is Victim.WORKER) or (not is_worker and victim is Victim.LISTENING):
                yield part
            elif not is_worker and victim is Victim.ANSWERING:
                yield from children(part)

    def _of_postgres(self, victim: Victim) -> Iterator[int]:
        pid_file = find_place(self.caretaker.installation.data_folder).data / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().split("\n")[0])
        except (OSError, ValueError):
            return
        # The number that a crash left behind may be anybody's by now.
        if b"postgres" not in command_line(pid):
            return
        if victim is Victim.DATABASE:
            yield pid
            return
        yield from (child for child in children(pid) if b"postgres: sre_copilot" in command_line(child))


def children(pid: int) -> list[int]:
    """The processes that a process started and that live."""
    try:
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [int(child) for child in found if command_line(int(child))]


def command_line(pid: int) -> bytes:
    """How a process was started, with what it calls itself; b"" of one that is gone, or waits to be taken note of."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""
