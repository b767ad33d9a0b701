"""A process in which plugins are called; started by `sre_copilot.adapters.integrations.hosts`, never by people."""

import os
import signal
import sys

from sre_copilot.adapters.integrations.hosts import serve
from sre_copilot.bootstrap import plugin_calls


def main() -> None:
    """Answer calls from standard input on what was standard output; what plugins print goes nowhere."""
    # Whoever started us ends us; Ctrl-C in a terminal reaches the whole group.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with os.fdopen(os.dup(0), "rb") as questions, os.fdopen(os.dup(1), "wb") as answers:
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        serve(plugin_calls(allow_private="--allow-private" in sys.argv[1:]), questions, answers)
    # A call that overran may still hang in a thread of its own.
    os._exit(0)


if __name__ == "__main__":
    main()
