"""The entries of the schedule, and how they are shown."""

from datetime import timedelta

from sre_copilot.application.job_handlers import KINDS, LANES, handlers, lanes
from sre_copilot.application.ports.jobs import HEARTBEAT, SILENCE, Job
from sre_copilot.application.ports.schedule import FinishedRun
from sre_copilot.application.queries.operations import OperationQueries
from sre_copilot.application.schedule import SCHEDULE, Errands, due_polls, due_timers, silences, stalled_jobs
from sre_copilot.domain.deliveries import Parsed, Pulled
from sre_copilot.domain.integrations import Feature
from sre_copilot.domain.lifecycle import State
from sre_copilot.testing.builders import make_integration, make_tenant
from sre_copilot.testing.clock import BEGINNING, ManualClock
from sre_copilot.testing.jobs import InMemoryJobQueue
from sre_copilot.testing.schedule import InMemoryScheduleRuns
from sre_copilot.testing.stage import Stage, alert, recovery, stage
from sre_copilot.testing.tenants import InMemoryDirectory
from sre_copilot.testing.unit_of_work import InMemoryUnitOfWorkFactory


def errands(units: InMemoryUnitOfWorkFactory) -> Errands:
    return Errands(directory=InMemoryDirectory(units.database), queue=InMemoryJobQueue(units.database), units=units)


def waiting(here: Stage) -> list[Job]:
    return [row.job for row in here.copilot.operations.unfinished_jobs() if row.job.kind == "timers"]


def test_every_entry_has_a_name_of_its_own_and_says_what_it_does_and_how_often() -> None:
    names = [entry.name for entry in SCHEDULE]
    assert len(set(names)) == len(names)
    assert [entry.name for entry in SCHEDULE if not entry.what or entry.every < timedelta(seconds=1)] == []


def test_a_dead_worker_is_noticed_and_its_jobs_taken_over_within_thirty_seconds() -> None:
    every = next(entry.every for entry in SCHEDULE if entry.run is stalled_jobs)
    assert SILENCE >= 3 * HEARTBEAT, "one late sign of life costs nobody a job"
    assert SILENCE + every < timedelta(seconds=30) * 2 / 3


def test_timers_are_deferred_for_the_tenants_that_are_due_and_for_no_other() -> None:
    here = stage()
    idle = stage(units=here.units)
    here.send(alert())
    here.send(recovery())
    on, now = errands(here.units), BEGINNING + timedelta(minutes=10)
    assert due_timers(on, BEGINNING) == "tenants due: 0"
    assert due_timers(on, now) == "tenants due: 1"
    assert due_timers(on, now) == "tenants due: 1"
    (job,) = waiting(here)
    assert (job.tenant_id, job.kind in KINDS) == (here.tenant.id, True)
    here.clock.set(now)
    InMemoryJobQueue(here.units.database, here.clock).run(handlers(here.copilot, here.clock))
    (incident,) = here.tables.incidents.values()
    assert incident.state is State.RESOLVED
    assert due_timers(on, now) == "tenants due: 0"
    assert not idle.tables.jobs


def test_stalled_jobs_are_counted() -> None:
    assert stalled_jobs(errands(InMemoryUnitOfWorkFactory()), BEGINNING) == "jobs taken over: 0"


def test_the_schedule_shows_each_entry_with_its_last_and_next_run() -> None:
    runs, clock = InMemoryScheduleRuns(), ManualClock()
    queries = OperationQueries(queue=InMemoryJobQueue(InMemoryUnitOfWorkFactory().database), runs=runs, clock=clock)
    assert [(view.name, view.last, view.next_at) for view in queries.schedule()] == [
        (entry.name, None, None) for entry in SCHEDULE
    ]
    first, soon = SCHEDULE[0], BEGINNING + timedelta(seconds=5)
    run = FinishedRun(started_at=BEGINNING, finished_at=BEGINNING, ok=True, result="tenants due: 2")
    runs.claim(first.name, holder="a", now=BEGINNING, until=soon)
    assert queries.schedule()[0].running_since == BEGINNING
    runs.finish(first.name, run, holder="a", next_at=soon)
    view = queries.schedule()[0]
    assert (view.last, view.next_at, view.running_since, view.what) == (run, soon, None, first.what)


def work(here: Stage) -> list[str]:
    """Run what is due, as a worker does, and return the kinds."""
    queue = InMemoryJobQueue(here.units.database, here.clock)
    return [job.kind for job in queue.run(handlers(here.copilot, here.clock))]


def test_integrations_are_polled_when_their_poll_is_due_and_once_however_often_it_is_looked() -> None:
    tenant = make_tenant()
    puller = make_integration(tenant.id, name="puller", features=frozenset({Feature.PULL}))
    here = stage(tenant=tenant, integration=puller)
    here.source.answers = [
        Pulled(deliveries=(here.script.delivery(Parsed(drafts=(alert(),)), received_at=BEGINNING),), cursor={})
    ]
    on = errands(here.units)
    assert due_polls(on, BEGINNING) == due_polls(on, BEGINNING) == "polls due: 1"
    assert work(here) == ["poll", "diagnose"]
    assert due_polls(on, BEGINNING) == "polls due: 0"
    assert len(here.tables.incidents) == 1


def test_who_falls_silent_raises_an_alarm_by_itself() -> None:
    tenant = make_tenant()
    quiet = make_integration(tenant.id, name="quiet", expected_every=timedelta(minutes=5))
    here = stage(tenant=tenant, integration=quiet)
    on = errands(here.units)
    assert silences(on, BEGINNING) == "integrations: 0"
    now = here.clock.advance(timedelta(minutes=6))
    assert silences(on, now) == silences(on, now) == "integrations: 1"
    assert work(here) == ["watch", "diagnose"]
    assert silences(on, now) == "integrations: 0"
    (incident,) = here.tables.incidents.values()
    assert "silent" in incident.title


def test_every_kind_has_one_lane_and_who_waits_for_vendors_or_targets_has_one_of_its_own() -> None:
    assert sorted(kind for kinds in LANES.values() for kind in kinds) == sorted(KINDS)
    assert {name: set(kinds) for name, kinds in LANES.items() if name != "quick"} == {
        "slow": {"poll"},
        "telling": {"dispatch"},
        "advising": {"advise"},
    }


def test_without_a_model_no_lane_waits_for_one_and_every_kind_is_still_done() -> None:
    assert lanes(with_model=True) == LANES
    without = lanes(with_model=False)
    assert set(without) == {"quick", "slow", "telling"}
    assert sorted(kind for kinds in without.values() for kind in kinds) == sorted(KINDS)
