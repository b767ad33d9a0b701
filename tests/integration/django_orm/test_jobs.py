"""What the database makes of jobs: fences, merges, dead ones."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from sre_copilot.adapters.django_orm.repositories.job_queue import DjangoJobQueue
from sre_copilot.adapters.django_orm.unit_of_work import DjangoUnitOfWorkFactory
from sre_copilot.adapters.system import new_id
from sre_copilot.application.ports.jobs import ATTEMPTS, Job, JobState, QueuedJob
from sre_copilot.domain.tenants import Tenant
from tests.integration.database import Connection, Database
from tests.integration.threads import at_once

QUEUE = DjangoJobQueue()
AGAIN = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
Defer = Callable[..., None]


@pytest.fixture
def kind() -> str:
    """A kind of this test's own, so that no other test's job is fetched."""
    return f"probe-{new_id().hex[-16:]}"


@pytest.fixture
def defer(units: DjangoUnitOfWorkFactory, tenant: Tenant, kind: str) -> Defer:
    """Defers a job of that kind."""

    def ask(**given: str) -> None:
        with units(tenant.id) as uow:
            uow.jobs.defer(Job(kind=kind, tenant_id=tenant.id, **given))  # type: ignore[arg-type]
            uow.commit()

    return ask


@contextmanager
def worker(database: Database) -> Iterator[tuple[Connection, int]]:
    """A connection of the app and the number of a worker that has just shown a sign of life."""
    with database.connect("app") as db:
        db.autocommit = True
        row = db.execute("SELECT worker_id FROM procrastinate_register_worker_v1()").fetchone()
        assert row is not None
        yield db, int(str(row[0]))


def fetch(db: Connection, worker_id: int, kind: str) -> tuple[int, int] | None:
    """Take a job as a worker does: its id and how often it was tried."""
    row = db.execute("SELECT id, attempts FROM procrastinate_fetch_job_v2(%s, %s)", [[kind], worker_id]).fetchone()
    assert row is not None
    return None if row[0] is None else (int(str(row[0])), int(str(row[1])))


def fail(db: Connection, taken: tuple[int, int] | None, worker_id: int, *, at: datetime | None = AGAIN) -> str:
    """Report that an attempt failed."""
    assert taken is not None
    row = db.execute("SELECT sre_copilot_job_failed(%s, %s, %s, %s, 'timeout')", [*taken, worker_id, at]).fetchone()
    assert row is not None
    return str(row[0])


def lose(db: Connection, worker_id: int, seconds: int = 60) -> None:
    """Let the worker's last sign of life be that long ago."""
    db.execute(
        "UPDATE procrastinate_workers SET last_heartbeat = now() - make_interval(secs => %s) WHERE id = %s",
        [seconds, worker_id],
    )


def rows(kind: str) -> list[QueuedJob]:
    found = [*QUEUE.unfinished(100_000), *QUEUE.dead(100_000)]
    return [row for row in found if row.job.kind == kind]


def test_a_failed_job_waits_until_it_is_tried_again_and_keeps_why_it_failed(
    database: Database, defer: Defer, kind: str
) -> None:
    defer()
    with worker(database) as (db, me):
        assert fail(db, fetch(db, me, kind), me) == "waiting"
        assert fetch(db, me, kind) is not None, "its time has come long ago"
    (row,) = rows(kind)
    assert (row.attempts, row.not_before, row.last_error, row.state) == (1, AGAIN, "timeout", JobState.RUNNING)


def test_a_dead_job_is_listed_with_its_error_and_lives_again_with_all_its_attempts(
    database: Database, defer: Defer, kind: str
) -> None:
    defer(only_once_pending="a")
    with worker(database) as (db, me):
        assert fail(db, fetch(db, me, kind), me, at=None) == "dead"
        (dead,) = [row for row in QUEUE.dead(100_000) if row.job.kind == kind]
        assert (dead.state, dead.last_error, dead.attempts) == (JobState.DEAD, "timeout", 1)
        # Another one waits by now, which must not keep it from being retried.
        defer(only_once_pending="a")
        retried = QUEUE.retry(dead.id)
        assert (retried.id, retried.state, retried.attempts, retried.not_before) == (dead.id, JobState.WAITING, 0, None)
        assert fetch(db, me, kind) == (dead.id, 0)


def test_jobs_of_a_silent_worker_are_taken_over_and_those_of_a_lively_one_are_not(
    database: Database, defer: Defer, kind: str
) -> None:
    defer()
    with worker(database) as (db, lively), worker(database) as (other, silent):
        kept = fetch(db, lively, kind)
        defer()
        orphan = fetch(other, silent, kind)
        lose(db, silent)
        QUEUE.take_over(silent_for=timedelta(seconds=30))
        assert orphan is not None
        assert fetch(db, lively, kind) == (orphan[0], orphan[1] + 1)
        assert {(row.id, row.last_error) for row in rows(kind)} == {(kept and kept[0], ""), (orphan[0], "worker_lost")}


def test_what_a_silent_worker_reports_after_all_has_no_effect(database: Database, defer: Defer, kind: str) -> None:
    defer()
    with worker(database) as (db, silent), worker(database) as (other, heir):
        orphan = fetch(db, silent, kind)
        lose(db, silent)
        QUEUE.take_over(silent_for=timedelta(seconds=30))
        assert fail(db, orphan, silent) == "lost"
        taken = fetch(other, heir, kind)
        assert fail(db, orphan, silent, at=None) == "lost"
        assert [(row.state, row.attempts) for row in rows(kind)] == [(JobState.RUNNING, 1)]
        assert fail(other, taken, heir) == "waiting"


def test_the_same_worker_can_not_end_with_an_old_attempt_what_it_has_taken_anew(
    database: Database, defer: Defer, kind: str
) -> None:
    defer()
    with worker(database) as (db, me):
        first = fetch(db, me, kind)
        lose(db, me)
        QUEUE.take_over(silent_for=timedelta(seconds=30))
        second = fetch(db, me, kind)
        assert fail(db, first, me, at=None) == "lost"
        assert fail(db, second, me) == "waiting"


def test_a_worker_whose_row_was_pruned_may_still_end_what_nobody_has_taken_over(
    database: Database, defer: Defer, kind: str
) -> None:
    defer()
    with worker(database) as (db, me):
        taken = fetch(db, me, kind)
        lose(db, me)
        db.execute("SELECT procrastinate_prune_stalled_workers_v1(30)")
        assert fail(db, taken, me) == "waiting"


def test_a_job_that_costs_every_worker_its_life_is_dead_in_the_end(database: Database, defer: Defer, kind: str) -> None:
    defer()
    with worker(database) as (db, me):
        for _ in range(ATTEMPTS):
            assert fetch(db, me, kind) is not None
            lose(db, me)
            QUEUE.take_over(silent_for=timedelta(seconds=30))
        assert fetch(db, me, kind) is None
    assert [(row.state, row.last_error, row.attempts) for row in rows(kind)] == [
        (JobState.DEAD, "worker_lost", ATTEMPTS)
    ]


def test_two_workers_take_over_each_orphan_once(database: Database, defer: Defer, kind: str) -> None:
    with worker(database) as (db, silent):
        for _ in range(20):
            defer()
            fetch(db, silent, kind)
        lose(db, silent)
        at_once(*[lambda: QUEUE.take_over(silent_for=timedelta(seconds=30))] * 4)
    assert [row.attempts for row in rows(kind)] == [1] * 20


def test_a_failed_job_becomes_one_with_what_was_asked_for_meanwhile(
    database: Database, defer: Defer, kind: str
) -> None:
    defer(only_once_pending="a")
    with worker(database) as (db, me):
        taken = fetch(db, me, kind)
        defer(only_once_pending="a")
        assert fail(db, taken, me) == "merged"
    (row,) = rows(kind)
    assert (row.id != (taken and taken[0]), row.attempts, row.not_before, row.last_error) == (True, 1, AGAIN, "timeout")


def test_jobs_that_go_one_at_a_time_run_in_their_order_and_one_that_waits_to_be_tried_again_holds_up_the_rest(
    database: Database, defer: Defer, kind: str
) -> None:
    defer(one_at_a_time="incident")
    defer(one_at_a_time="incident")
    with worker(database) as (db, me):
        first = fetch(db, me, kind)
        assert fetch(db, me, kind) is None
        assert fail(db, first, me, at=datetime.now(UTC) + timedelta(hours=1)) == "waiting"
        assert fetch(db, me, kind) is None


def test_a_job_that_waits_already_begins_after_the_commit_of_whoever_asked_again(
    database: Database, units: DjangoUnitOfWorkFactory, tenant: Tenant, defer: Defer, kind: str
) -> None:
    """Else it could look before what it is to look at is there, and nobody would look afterwards."""
    defer(only_once_pending="a")
    with worker(database) as (db, me):
        with units(tenant.id) as uow:
            uow.jobs.defer(Job(kind=kind, tenant_id=tenant.id, only_once_pending="a"))
            assert fetch(db, me, kind) is None
            uow.commit()
        assert fetch(db, me, kind) is not None


def test_many_who_ask_for_the_same_at_once_get_one_job(
    database: Database, units: DjangoUnitOfWorkFactory, tenant: Tenant, defer: Defer, kind: str
) -> None:
    at_once(*[lambda: defer(only_once_pending="a")] * 8)
    assert len(rows(kind)) == 1
