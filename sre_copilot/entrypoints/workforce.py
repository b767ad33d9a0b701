"""What a worker process is made of: the copilot, what runs jobs, and what runs the schedule."""

import os
import platform
from collections.abc import Sequence
from functools import partial

import attrs

from sre_copilot.adapters.django_orm import setup as database
from sre_copilot.adapters.jobs.schedule import Chore, ScheduleRunner
from sre_copilot.adapters.jobs.worker import JobWorker
from sre_copilot.adapters.system import SystemClock, new_id
from sre_copilot.application.copilot import Copilot
from sre_copilot.application.job_handlers import SLOW, handlers
from sre_copilot.application.schedule import SCHEDULE, Errands
from sre_copilot.bootstrap import bootstrap, ready_database, revive_database
from sre_copilot.settings import Settings


@attrs.frozen(kw_only=True)
class Workforce:
    """What a worker process runs: jobs in lanes, and the schedule, all on one copilot. No lane holds up another."""

    copilot: Copilot
    lanes: Sequence[JobWorker]
    schedule: ScheduleRunner


def workforce(settings: Settings, *, concurrency: int) -> Workforce:
    """Return what runs jobs, `concurrency` at a time in each lane, and the schedule. Close its copilot at the end.

    Raises EnvironmentFault like `bootstrap`.
    """
    url, clock = ready_database(settings), SystemClock()
    copilot = bootstrap(settings, clock=clock)
    units, directory = database.adapters()
    queue, runs = database.operations()
    known = handlers(copilot, clock)
    slow = {kind: do for kind, do in known.items() if kind in SLOW}
    quick = {kind: do for kind, do in known.items() if kind not in SLOW}
    errands = Errands(directory=directory, queue=queue, units=units)
    return Workforce(
        copilot=copilot,
        lanes=[
            JobWorker(
                name=name,
                url=url,
                handlers=kinds,
                concurrency=concurrency,
                release=database.release,
                close=database.close,
                revive=partial(revive_database, settings),
            )
            for name, kinds in (("quick", quick), ("slow", slow))
        ],
        schedule=ScheduleRunner(
            chores=[Chore(name=one.name, every=one.every, run=partial(one.run, errands)) for one in SCHEDULE],
            runs=runs,
            clock=clock,
            holder=f"{platform.node()}:{os.getpid()}:{new_id()}",
            release=database.release,
            close=database.close,
        ),
    )
