"""Jobs that a unit of work asks for, and the queue they are in."""

from datetime import timedelta

import attrs
import pytest

from sre_copilot.application.ports.jobs import Job, JobQueue, JobState, QueuedJob
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.domain.errors import ForeignReference, NotFound
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.conformance.house import Conformance, House

MANY = 100_000
"""More jobs than any test leaves behind."""


class JobsConformance(Conformance):
    """Override `queue` too."""

    @pytest.fixture
    def queue(self) -> JobQueue:
        """The queue over the same database."""
        raise NotImplementedError("override the fixture `queue` in the subclass")

    def test_a_job_waits_from_the_commit_on_as_it_was_given(self, house: House, queue: JobQueue) -> None:
        """With everything that it says, and when it is due."""
        job = Job(
            kind="probe",
            tenant_id=house.tenant.id,
            arguments={"incident_id": str(house.tenant.id), "round": 2},
            one_at_a_time="incident:7",
            only_once_pending="incident 7",
            urgent=True,
        )
        due = BEGINNING + timedelta(hours=1)
        with house.changing() as uow:
            uow.jobs.defer(job, at=due)
            uow.jobs.defer(Job(kind="probe", tenant_id=house.tenant.id))
        first, second = _waiting(queue, house)
        assert (first.job, first.state, first.not_before, first.attempts) == (job, JobState.WAITING, due, 0)
        assert (second.job, second.not_before) == (Job(kind="probe", tenant_id=house.tenant.id), None)
        assert first.last_error == ""

    def test_a_rollback_drops_the_job(self, house: House, queue: JobQueue) -> None:
        """As if nobody had asked."""
        with house.reading() as uow:
            uow.jobs.defer(Job(kind="probe", tenant_id=house.tenant.id))
        with pytest.raises(OSError), house.reading() as uow:
            uow.jobs.defer(Job(kind="probe", tenant_id=house.tenant.id, only_once_pending="a"))
            uow.commit()
            raise OSError
        assert _waiting(queue, house) == []

    def test_what_is_wanted_once_waits_once_whoever_asks_again(self, house: House, queue: JobQueue) -> None:
        """In the same unit of work and in a later one; the first one stays."""
        job = Job(kind="probe", tenant_id=house.tenant.id, only_once_pending="incident 7")
        with house.changing() as uow:
            uow.jobs.defer(job)
            uow.jobs.defer(job, at=BEGINNING)
        with house.changing() as uow:
            uow.jobs.defer(attrs.evolve(job, arguments={"round": 2}))
        assert [(row.job, row.not_before) for row in _waiting(queue, house)] == [(job, None)]

    def test_once_is_meant_per_tenant_and_kind_and_word(
        self, house: House, units: UnitOfWorkFactory, queue: JobQueue
    ) -> None:
        """What another tenant, another kind or another word asks for is something else."""
        other = House.build(units)
        job = Job(kind="probe", tenant_id=house.tenant.id, only_once_pending="7")
        with house.changing() as uow:
            uow.jobs.defer(job)
            uow.jobs.defer(attrs.evolve(job, kind="peek"))
            uow.jobs.defer(attrs.evolve(job, only_once_pending="8"))
        with other.changing() as uow:
            uow.jobs.defer(attrs.evolve(job, tenant_id=other.tenant.id))
        assert len(_waiting(queue, house)) == 3
        assert len(_waiting(queue, other)) == 1

    def test_a_job_of_another_tenant_is_refused(self, house: House, units: UnitOfWorkFactory, queue: JobQueue) -> None:
        """A unit of work asks for its own tenant only."""
        other = House.build(units)
        with pytest.raises(ForeignReference), house.changing() as uow:
            uow.jobs.defer(Job(kind="probe", tenant_id=other.tenant.id))
        assert _waiting(queue, house) == _waiting(queue, other) == []

    def test_urgent_jobs_go_first_and_the_others_by_age(self, house: House, queue: JobQueue) -> None:
        """Whenever they were deferred."""
        jobs = [
            Job(kind="probe", tenant_id=house.tenant.id, arguments={"place": place}, urgent=place == 3)
            for place in (1, 2, 3)
        ]
        with house.changing() as uow:
            for job in jobs:
                uow.jobs.defer(job)
        assert [row.job.arguments["place"] for row in _waiting(queue, house)] == [3, 1, 2]

    def test_only_what_is_dead_can_be_retried(self, house: House, queue: JobQueue) -> None:
        """Neither what waits nor what there never was."""
        with house.changing() as uow:
            uow.jobs.defer(Job(kind="probe", tenant_id=house.tenant.id))
        (waiting,) = _waiting(queue, house)
        assert queue.get(waiting.id) == waiting
        for number in (waiting.id, -1):
            with pytest.raises(NotFound):
                queue.retry(number)
        with pytest.raises(NotFound):
            queue.get(-1)


def _waiting(queue: JobQueue, house: House) -> list[QueuedJob]:
    return [row for row in queue.unfinished(MANY) if row.job.tenant_id == house.tenant.id]
