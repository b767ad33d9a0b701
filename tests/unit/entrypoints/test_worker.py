"""Being told to stop."""

import os
import signal

from sre_copilot.entrypoints.worker import LAST_RESORT, told_to_stop


def test_a_process_that_is_told_to_stop_knows_it_and_is_ended_by_the_system_if_it_does_not_end() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with told_to_stop(25) as stopping:
        asked = [stopping.asked]
        os.kill(os.getpid(), signal.SIGTERM)
        asked.append(stopping.asked)
        left = signal.alarm(0)
        assert 25 < left <= 25 + LAST_RESORT
    assert asked == [False, True]
    assert signal.getsignal(signal.SIGTERM) is before
