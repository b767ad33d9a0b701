"""What jobs do, and that an incident gets its first diagnosis by itself."""

from datetime import timedelta

from sre_copilot.application.job_handlers import handlers
from sre_copilot.application.ports.jobs import Job
from sre_copilot.domain.actors import Role
from sre_copilot.domain.errors import OutgoingFailed
from sre_copilot.domain.lifecycle import State
from sre_copilot.testing.jobs import InMemoryJobQueue
from sre_copilot.testing.notifiers import RecordedNotifiers
from sre_copilot.testing.stage import Stage, alert, recovery, stage


def work(here: Stage) -> list[Job]:
    """Run what is due, as a worker does."""
    return InMemoryJobQueue(here.units.database, here.clock).run(handlers(here.copilot, here.clock))


def test_an_incident_that_signals_open_is_diagnosed_and_gets_recommendations_by_itself() -> None:
    here = stage()
    (incident_id,) = here.send(alert()).opened
    (job,) = work(here)
    assert (job.kind, job.arguments) == ("diagnose", {"incident_id": str(incident_id)})
    view = here.copilot.incidents.show(actor=here.engineer, incident_id=incident_id)
    assert view.diagnosis is not None
    assert view.recommendations
    done = [
        row for row in here.tables.audit.values() if row.event_type in ("incident.diagnosed", "incident.recommended")
    ]
    assert {(row.actor_kind, row.origin) for row in done} == {("system", "worker")}
    assert work(here) == []


def test_what_joins_an_incident_and_what_people_declare_asks_for_nothing() -> None:
    here = stage()
    here.send(alert())
    work(here)
    here.send(alert("HighErrorRate"))
    here.copilot.declare(actor=here.engineer, title="Search is empty", service="search")
    assert work(here) == []


def test_an_incident_that_somebody_has_diagnosed_is_left_as_it_is() -> None:
    here = stage()
    (incident_id,) = here.send(alert()).opened
    here.copilot.diagnose(actor=here.engineer, incident_id=incident_id)
    here.copilot.recommend(actor=here.engineer, incident_id=incident_id)
    before = here.tables.copy()
    assert len(work(here)) == 1
    assert (here.tables.diagnoses, here.tables.recommendations) == (before.diagnoses, before.recommendations)


def test_a_job_that_died_between_diagnosis_and_recommendations_makes_up_for_what_is_missing() -> None:
    here = stage()
    (incident_id,) = here.send(alert()).opened
    here.copilot.diagnose(actor=here.system, incident_id=incident_id)
    work(here)
    assert len(here.tables.diagnoses) == 1
    assert here.tables.recommendations


def test_an_incident_that_people_put_together_otherwise_is_diagnosed_anew_and_once() -> None:
    here = stage()
    (incident_id,) = here.send(alert()).opened
    (companion,) = here.send(alert("ErrorRate")).signals
    work(here)
    first = {row.id for row in here.tables.diagnoses.values()}
    here.clock.advance(timedelta(minutes=1))
    split = here.copilot.split(actor=here.engineer, incident_id=incident_id, signal_ids=[companion])
    here.clock.advance(timedelta(minutes=1))
    work(here)
    again = sorted(row.incident_id for row in here.tables.diagnoses.values() if row.id not in first)
    assert again == sorted([incident_id, split.id])
    before = here.tables.copy()
    work(here)
    assert here.tables.diagnoses == before.diagnoses


def test_an_incident_that_is_over_is_not_diagnosed() -> None:
    here = stage()
    (incident_id,) = here.send(alert()).opened
    here.send(recovery())
    here.wait(minutes=10)
    assert here.tables.incidents[incident_id].state is State.RESOLVED
    work(here)
    assert not here.tables.diagnoses


def test_a_delivery_that_is_rolled_back_asks_for_no_diagnosis() -> None:
    here = stage()
    with here.units(here.tenant.id):
        here.send(alert())
    assert work(here) == []


def test_what_happens_is_told_by_a_job_and_what_was_left_over_by_timers() -> None:
    notifiers = RecordedNotifiers(answers=[OutgoingFailed()])
    here = stage(notifiers=notifiers)
    here.copilot.add_route(actor=here.person(Role.ADMIN), name="all", integration_id=here.integration.id)
    here.copilot.declare(actor=here.engineer, title="Search is empty", service="search")
    assert [job.kind for job in work(here)] == ["dispatch"]
    here.wait(minutes=1)
    assert [job.kind for job in work(here)] == ["dispatch"]
    assert len(notifiers.told) == 2
    here.wait(minutes=1)
    assert work(here) == []


def test_timers_do_what_is_due_for_the_tenant_of_the_job() -> None:
    here = stage()
    (incident_id,) = here.send(alert()).opened
    here.send(recovery())
    here.clock.advance(timedelta(minutes=10))
    with here.units(here.tenant.id) as uow:
        uow.jobs.defer(Job(kind="timers", tenant_id=here.tenant.id))
        uow.commit()
    work(here)
    assert here.tables.incidents[incident_id].state is State.RESOLVED


def test_an_incident_that_is_over_is_neither_diagnosed_nor_read_by_an_advisor() -> None:
    here = stage()
    (incident_id,) = here.send(alert()).opened
    here.copilot.resolve(actor=here.engineer, incident_id=incident_id)
    before = here.tables.copy()
    arguments = {"incident_id": str(incident_id)}
    for kind in ("diagnose", "advise"):
        handlers(here.copilot, here.clock)[kind](Job(kind=kind, tenant_id=here.tenant.id, arguments=arguments))
    assert here.tables.diagnoses == before.diagnoses
    assert here.tables.consultations == before.consultations


def test_advice_that_changes_nothing_leaves_the_recommendations() -> None:
    here = stage()
    (incident_id,) = here.send(alert()).opened
    work(here)
    before = here.tables.copy()
    arguments = {"incident_id": str(incident_id)}
    handlers(here.copilot, here.clock)["advise"](Job(kind="advise", tenant_id=here.tenant.id, arguments=arguments))
    assert here.tables.recommendations == before.recommendations
