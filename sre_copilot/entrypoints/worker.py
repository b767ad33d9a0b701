"""The worker process: runs jobs and the schedule until it is told to stop, then lets what runs end."""

import logging
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import wait
from contextlib import contextmanager
from types import FrameType

import attrs

from sre_copilot.adapters.jobs.attempts import error_code, whereabouts
from sre_copilot.entrypoints import logs
from sre_copilot.entrypoints.workforce import Workforce, workforce
from sre_copilot.settings import Settings

DONE, FAILED = 0, 5
"""Exit codes, as the command line has them."""
LAST_RESORT = 15
"""Seconds beyond the grace, for giving back what runs and closing what is open."""
LOOK = 0.1
"""Seconds between two looks at whether to stop."""

log = logging.getLogger(__name__)


@attrs.define
class Stopping:
    """Whether the process was told to stop. No Event: a signal's handler may run while its own thread holds the lock of it."""

    asked: bool = False


def work(settings: Settings, *, concurrency: int, grace: float) -> None:
    """Work until SIGTERM or SIGINT, or until it can't go on, with the error that ended it.

    Jobs that don't end within `grace` seconds are given back, and the process ends without returning from here: nothing
    else ends a thread. Raises EnvironmentFault where the installation is not fit to begin.
    """
    logs.configure()
    with told_to_stop(grace) as stopping:
        serve(workforce(settings, concurrency=concurrency), stopping, grace=grace)


def serve(force: Workforce, stopping: Stopping, *, grace: float) -> None:
    """Run jobs and the schedule until told to stop, and end like `work`."""
    ended = [*(lane.start() for lane in force.lanes), force.schedule.start()]
    if force.ears is not None:
        ended.append(force.ears.start())
    log.info("worker started", extra={"kinds": sorted(kind for lane in force.lanes for kind in lane.handlers)})
    try:
        while not stopping.asked and not any(one.done() for one in ended):
            time.sleep(LOOK)
        log.info("worker stops")
        force.schedule.stop()
        if force.ears is not None:
            force.ears.stop()
        for lane in force.lanes:
            lane.stop()
        _, running = wait(ended, grace)
        if running:
            log.warning("worker gives back what did not end in time", extra={"seconds": grace})
            for lane in force.lanes:
                lane.abandon()
        for one in ended:
            if one.done():
                one.result()
    except BaseException as error:
        log.error("worker failed", extra={"error": error_code(error), "where": whereabouts(error)})
        if any(one.running() for one in ended):
            # Python would wait for their threads.
            os._exit(FAILED)
        raise
    if running:
        os._exit(DONE)
    force.copilot.close()
    log.info("worker stopped")


@contextmanager
def told_to_stop(grace: float) -> Iterator[Stopping]:
    """Give what tells when the process is told to stop; told a second time it stops at once.

    If it is still there well after `grace` seconds, the system ends it: it must not live on without taking jobs.
    """
    stopping = Stopping()

    def stop(number: int, frame: FrameType | None) -> None:
        if stopping.asked:
            os._exit(128 + number)
        stopping.asked = True
        signal.alarm(int(grace) + LAST_RESORT)

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stopping
    finally:
        signal.alarm(0)
        for number, handler in before.items():
            signal.signal(number, handler)
