"""What a worker process is made of: the copilot, what runs jobs, what runs the schedule, and what listens."""

import os
import platform
from collections.abc import Sequence
from functools import partial

import attrs

from sre_copilot.adapters.django_orm import setup as database
from sre_copilot.adapters.integrations.isolation import Isolation
from sre_copilot.adapters.integrations.listening import PluginListeners
from sre_copilot.adapters.integrations.manager import PluginManager
from sre_copilot.adapters.jobs.schedule import Chore, ScheduleRunner
from sre_copilot.adapters.jobs.worker import JobWorker
from sre_copilot.adapters.keyring.sealing import RingSealer
from sre_copilot.adapters.outgoing.connecting import Guard
from sre_copilot.adapters.outgoing.sockets import GuardedSockets
from sre_copilot.adapters.postgres.turns import PostgresTurns
from sre_copilot.adapters.system import SystemClock, new_id
from sre_copilot.application.copilot import Copilot
from sre_copilot.application.job_handlers import handlers, lanes
from sre_copilot.application.listening import Listening
from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.schedule import SCHEDULE, Errands
from sre_copilot.bootstrap import bootstrap, key_file, ready_database, revive_database, toolbox_of
from sre_copilot.entrypoints.ears import Ears
from sre_copilot.settings import Settings


@attrs.frozen(kw_only=True)
class Workforce:
    """What a worker process runs: jobs in lanes, the schedule, and what listens. No lane holds up another."""

    copilot: Copilot
    lanes: Sequence[JobWorker]
    schedule: ScheduleRunner
    ears: Ears | None = None


def workforce(settings: Settings, *, concurrency: int) -> Workforce:
    """Return what runs jobs, `concurrency` at a time in each lane, and the schedule. Close its copilot at the end.

    Raises EnvironmentFault like `bootstrap`.
    """
    url, clock = ready_database(settings), SystemClock()
    copilot = bootstrap(settings, clock=clock)
    units, directory = database.adapters()
    queue, runs = database.operations()
    known = handlers(copilot, clock)
    errands = Errands(directory=directory, queue=queue, units=units)
    return Workforce(
        copilot=copilot,
        lanes=[
            JobWorker(
                name=name,
                url=url,
                handlers={kind: known[kind] for kind in kinds},
                concurrency=concurrency,
                release=database.release,
                close=database.close,
                revive=partial(revive_database, settings),
            )
            for name, kinds in lanes(with_model=bool(settings.llm_key)).items()
        ],
        schedule=ScheduleRunner(
            chores=[Chore(name=one.name, every=one.every, run=partial(one.run, errands)) for one in SCHEDULE],
            runs=runs,
            clock=clock,
            holder=f"{platform.node()}:{os.getpid()}:{new_id()}",
            release=database.release,
            close=database.close,
        ),
        ears=Ears(
            listening=_listening(settings, copilot, clock),
            directory=directory,
            turns=PostgresTurns(url),
            close=database.close,
        ),
    )


def _listening(settings: Settings, copilot: Copilot, clock: Clock) -> Listening:
    """What listens to vendors through sockets, and takes in through this copilot what comes."""
    guard = Guard(allow_private=settings.allow_private_addresses)
    units, _ = database.adapters()
    return Listening(
        copilot=copilot,
        units=units,
        listeners=PluginListeners(PluginManager(), Isolation(), toolbox_of(guard)),
        sockets=GuardedSockets(guard=guard),
        sealer=RingSealer(key_file(settings)),
        clock=clock,
    )
