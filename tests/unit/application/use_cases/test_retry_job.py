"""Dead jobs that live again."""

import pytest

from sre_copilot.application.ports.jobs import Job, JobState
from sre_copilot.domain.errors import NotFound
from sre_copilot.testing.jobs import InMemoryJobQueue
from sre_copilot.testing.stage import alert, stage
from tests.unit.application.scene import bury


def test_a_dead_job_waits_again_with_all_its_attempts_and_the_trail_says_so() -> None:
    here = stage()
    bury(here, Job(kind="probe", tenant_id=here.tenant.id))
    (dead,) = here.copilot.operations.dead_jobs()
    retried = here.copilot.retry_job(job_id=dead.id)
    assert (retried.state, retried.attempts) == (JobState.WAITING, 0)
    assert here.copilot.operations.dead_jobs() == []
    (entry,) = [row for row in here.tables.audit.values() if row.event_type == "job.retried"]
    assert (entry.details, entry.origin) == ({"job": dead.id, "kind": "probe"}, "operator")


def test_what_waits_is_not_retried_and_leaves_nothing_in_the_trail() -> None:
    here = stage()
    here.send(alert())
    (waiting,) = here.copilot.operations.unfinished_jobs()
    before = here.tables.copy()
    for number in (waiting.id, 0):
        with pytest.raises(NotFound):
            here.copilot.retry_job(job_id=number)
    assert here.tables == before


def test_a_job_that_was_retried_runs_to_its_end() -> None:
    here = stage()
    bury(here, Job(kind="probe", tenant_id=here.tenant.id))
    (dead,) = here.copilot.operations.dead_jobs()
    here.copilot.retry_job(job_id=dead.id)
    assert InMemoryJobQueue(here.units.database).run({"probe": lambda job: None}) == [dead.job]
    assert not here.tables.jobs
