"""Worker processes that are killed, frozen, stopped, or lose the database: every job is done all the same."""

import signal

from sre_copilot.application.ports.jobs import JobState
from tests.integration.jobs.conftest import Workshop

TAKEN_OVER = 30.0
"""Seconds within which somebody else finishes what a dead worker had begun: the promise."""


def test_jobs_of_workers_that_were_killed_or_froze_are_finished_by_another_one_within_thirty_seconds(
    workshop: Workshop,
) -> None:
    workshop.hold()
    killed, frozen = workshop.worker(), workshop.worker()
    for worker, number in ((killed, 1), (frozen, 2)):
        worker.send(signal.SIGCONT)
        other = frozen if worker is killed else killed
        workshop.wait_until(lambda worker=worker: "worker takes jobs" in worker.events())  # type: ignore[misc]
        other.send(signal.SIGSTOP)
        workshop.defer(number)
        workshop.wait_for(f"{worker.pid} began {number}")
        other.send(signal.SIGCONT)
    heir = workshop.worker()
    workshop.wait_until(lambda: "worker takes jobs" in heir.events())
    frozen.send(signal.SIGSTOP)
    killed.kill()
    workshop.let_go()
    workshop.wait_for(f"{heir.pid} ended 1", f"{heir.pid} ended 2", seconds=TAKEN_OVER)
    workshop.wait_until(lambda: workshop.rows() == [])
    # Whoever froze doesn't know, and does its job to the end: nobody listens to that end.
    frozen.send(signal.SIGCONT)
    workshop.wait_for(f"{frozen.pid} ended 2")
    workshop.wait_until(lambda: any("taken over by another worker" in event for event in frozen.events()))
    # It goes on with the next job as if nothing had happened.
    assert heir.stop() == 0
    workshop.defer(3)
    workshop.wait_for(f"{frozen.pid} ended 3")
    assert frozen.stop() == 0


def test_a_worker_that_is_alone_and_started_again_after_it_was_killed_finishes_what_it_had_begun(
    workshop: Workshop,
) -> None:
    workshop.hold()
    killed = workshop.worker()
    workshop.defer(1)
    workshop.wait_for(f"{killed.pid} began 1")
    killed.kill()
    workshop.let_go()
    again = workshop.worker()
    workshop.wait_for(f"{again.pid} ended 1", seconds=TAKEN_OVER)
    workshop.wait_until(lambda: workshop.rows() == [])
    assert again.stop() == 0


def test_a_worker_that_is_told_to_stop_takes_nothing_new_lets_its_job_end_and_exits_with_0(workshop: Workshop) -> None:
    workshop.hold()
    worker = workshop.worker()
    workshop.defer(1)
    workshop.wait_for(f"{worker.pid} began 1")
    worker.send(signal.SIGTERM)
    workshop.wait_until(lambda: "worker stops" in worker.events())
    workshop.defer(2)
    workshop.let_go()
    assert worker.process.wait(timeout=30) == 0
    assert workshop.lines() == [f"{worker.pid} began 1", f"{worker.pid} ended 1"]
    assert [row.job.arguments for row in workshop.rows()] == [{"number": 2}]
    assert worker.events()[-1] == "worker stopped"


def test_what_does_not_end_in_time_is_given_back_and_done_by_another_worker_at_once(workshop: Workshop) -> None:
    workshop.hold()
    hasty = workshop.worker(grace=0.5)
    workshop.defer(1)
    workshop.wait_for(f"{hasty.pid} began 1")
    heir = workshop.worker()
    workshop.wait_until(lambda: "worker takes jobs" in heir.events())
    assert hasty.stop() == 0
    assert "gives back" in hasty.events()[-1]
    (hasty_id,) = [line["worker"] for line in hasty.told() if line["event"] == "worker takes jobs"]
    with workshop.database.connect("app") as db:
        known = db.execute("SELECT FROM procrastinate_workers WHERE id = %s", [hasty_id]).fetchall()
    assert known == [], "nobody has to wait until it is taken for dead"
    workshop.let_go()
    workshop.wait_for(f"{heir.pid} ended 1")
    assert heir.stop() == 0


def test_a_worker_whose_connections_are_ended_connects_anew_and_loses_no_job(workshop: Workshop) -> None:
    workshop.hold()
    worker = workshop.worker()
    workshop.defer(1)
    workshop.wait_for(f"{worker.pid} began 1")
    with workshop.database.connect("superuser") as db:
        db.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE usename = 'sre_copilot_app_login' AND datname = current_database()"
        )
    workshop.let_go()
    workshop.wait_for(f"{worker.pid} ended 1")
    workshop.defer(2)
    workshop.wait_for(f"{worker.pid} ended 2")
    workshop.wait_until(lambda: workshop.rows() == [])
    assert worker.stop() == 0
    assert [line for line in workshop.lines() if "began" in line] == [f"{worker.pid} began {n}" for n in (1, 2)]


def test_a_job_that_fails_is_tried_again_later_and_says_of_what_it_failed(workshop: Workshop) -> None:
    (workshop.folder / "fail").touch()
    worker = workshop.worker()
    workshop.defer(1)
    workshop.wait_until(lambda: [row.attempts for row in workshop.rows()] == [1])
    (row,) = workshop.rows()
    assert (row.state, row.last_error) == (JobState.WAITING, "context_unavailable")
    assert row.not_before is not None
    (workshop.folder / "fail").unlink()
    workshop.wait_for(f"{worker.pid} ended 1")
    workshop.wait_until(lambda: workshop.rows() == [])
    (failed,) = [line for line in worker.told() if line["event"] == "job failed"]
    assert (failed["error"], failed["attempt"], failed["kind"]) == ("context_unavailable", 1, workshop.kind)
    assert worker.stop() == 0


def test_as_many_jobs_run_together_as_the_worker_is_told_and_those_that_go_one_at_a_time_in_order(
    workshop: Workshop,
) -> None:
    workshop.hold()
    worker = workshop.worker()
    workshop.defer(1, one_at_a_time="incident")
    workshop.defer(2, one_at_a_time="incident")
    workshop.defer(3)
    workshop.defer(4)
    workshop.defer(5)
    workshop.wait_for(*(f"{worker.pid} began {number}" for number in (1, 3, 4)))
    workshop.wait_until(lambda: len([row for row in workshop.rows() if row.state is JobState.RUNNING]) == 3)
    workshop.let_go()
    workshop.wait_for(*(f"{worker.pid} ended {number}" for number in (1, 2, 3, 4, 5)))
    lines = workshop.lines()
    assert lines.index(f"{worker.pid} ended 1") < lines.index(f"{worker.pid} began 2")
    assert worker.stop() == 0
