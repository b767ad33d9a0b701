"""Run a program that ends when its parent does: `python -m sre_copilot.entrypoints.leashed PARENT PROGRAM ...`.

A supervisor that is killed can't end its children, and they would hold ports and jobs against its successor. Linux sends
them SIGTERM then; elsewhere they go on.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

PR_SET_PDEATHSIG = 1


def command(program: Sequence[str]) -> tuple[str, ...]:
    """The program on a leash of this process."""
    # Never from the working directory: it may hold another checkout.
    return (sys.executable, "-P", "-m", __spec__.name, str(os.getpid()), *program)


def main(parent: int, program: Sequence[str]) -> None:
    """Become the program; it keeps what is set here."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            # It ended before this was set.
            return
    os.execv(program[0], list(program))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
