"""A scene on which everything that can be asked has something to work on, and how to ask it there."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import attrs

from sre_copilot.adapters.intake.group_commit import GroupCommit
from sre_copilot.adapters.system import TimeOrderedIds
from sre_copilot.application.ports.jobs import ATTEMPTS, Job
from sre_copilot.application.ports.outbox import OutboxFilter
from sre_copilot.application.ports.sealing import Place
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.application.taking_in import TakeIn
from sre_copilot.application.use_cases.authenticate_delivery import AuthenticateDelivery
from sre_copilot.application.use_cases.ingest_delivery import IngestDelivery
from sre_copilot.domain.actors import Actor, Role
from sre_copilot.domain.deliveries import Delivery, Parsed, Pulled
from sre_copilot.domain.errors import DatabaseUnavailable, NotifyRefused, UnreadableDelivery
from sre_copilot.domain.integrations import Feature
from sre_copilot.domain.outbox import OutboxStatus
from sre_copilot.domain.runbooks import RunbookEdit
from sre_copilot.domain.silences import Matcher, Operator
from sre_copilot.testing.advisor import ScriptedAdvisor
from sre_copilot.testing.builders import make_integration, make_runbook
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.jobs import InMemoryJobQueue
from sre_copilot.testing.notifiers import RecordedNotifiers
from sre_copilot.testing.precedents import make_judged, make_precedent
from sre_copilot.testing.stage import Stage, alert, stage
from sre_copilot.testing.tables import TenantTables

Database = dict[UUID, TenantTables]
CONFIGURATION = b'{"settings": {}, "secrets": {}}'


@attrs.frozen(kw_only=True)
class Scene:
    """A stage in the middle of an incident: diagnosed, one recommendation accepted, one pending.

    The integration's configuration is sealed with the key before the current one.
    """

    stage: Stage
    incident: UUID
    """Opened by a signal and diagnosed."""
    declared: UUID
    """Another one, declared by hand: it has no detection snapshot yet."""
    companion: UUID
    """A signal of another series in the incident."""
    hypothesis: UUID
    pending: UUID
    dead_job: int
    """A job of the tenant that failed as often as it may."""
    accepted: UUID
    """A recommendation that came from a runbook."""
    delivery: Delivery
    """Not handed in yet; it opens a third incident."""
    quarantined: UUID
    """A delivery that its plugin could not read."""
    token: UUID
    polled: UUID
    """An integration whose poll brings an alert."""
    silent: UUID
    """One that has been silent for too long."""
    route: UUID
    """The rule by which the integration is told of everything."""
    silence: UUID
    """In force, of a service that nothing is said about."""
    precedent: UUID
    """Of an incident that is not there any more."""
    forgotten: UUID
    """Another one, which is not used."""
    runbook: UUID
    """In its second version, with the slug memory-leaks."""
    deleted_runbook: UUID
    dead_message: UUID
    """One that the integration refused; others were sent, and one still waits."""

    def part(self, kind: type[Any], units: UnitOfWorkFactory | None = None) -> Any:
        """The use case or queries of this kind that the facade has, on other units of work where some are given."""
        parts = (getattr(self.stage.copilot, field.name) for field in attrs.fields(type(self.stage.copilot)))
        found = next(part for part in parts if type(part) is kind)
        return on_units(found, units) if units is not None else found

    def actor(self, name: str) -> Actor:
        """An actor of this scene by the name that `ACTORS` has."""
        return ACTORS[name](self.stage)

    def database(self) -> Database:
        """Everything that is stored now, of every tenant that has anything."""
        tables = self.stage.units.database.tables
        return {tenant: rows.copy() for tenant, rows in tables.items() if rows != TenantTables()}

    def restore(self, database: Database) -> None:
        """Go back to what was stored then."""
        self.stage.units.database.tables = {tenant: rows.copy() for tenant, rows in database.items()}


ACTORS: dict[str, Callable[[Stage], Actor]] = {
    "viewer": lambda here: here.person(Role.VIEWER),
    "engineer": lambda here: here.person(Role.ENGINEER),
    "admin": lambda here: here.person(Role.ADMIN),
    "integration": lambda here: here.sender,
    "system": lambda here: here.system,
    # Nobody makes these; whoever does by mistake gets nothing.
    "person without a role": lambda here: attrs.evolve(here.engineer, role=None),
    "integration with a role": lambda here: attrs.evolve(here.sender, role=Role.ADMIN),
    "system with a role": lambda here: attrs.evolve(here.system, role=Role.ADMIN),
}
"""Everybody who might ask, by a name for them."""


def bury_one(here: Stage) -> UUID:
    """Have everything sent that waits, but for the oldest message, which is refused; return its id."""
    notifiers = here.copilot.dispatch.notifiers
    assert isinstance(notifiers, RecordedNotifiers)
    notifiers.answers.append(NotifyRefused())
    here.copilot.dispatch(actor=here.system, integration_id=here.integration.id)
    (dead,) = here.copilot.outbound.messages(actor=here.system, narrowed=OutboxFilter(status=OutboxStatus.DEAD))
    return dead.id


def bury(here: Stage, job: Job) -> None:
    """Have a job fail as often as it may."""

    def fail(_: Job) -> None:
        raise DatabaseUnavailable

    with here.units(here.tenant.id) as uow:
        uow.jobs.defer(job)
        uow.commit()
    for _ in range(ATTEMPTS):
        InMemoryJobQueue(here.units.database, here.clock).run({job.kind: fail})


def scene() -> Scene:
    """Set the scene."""
    here = stage(advisor=ScriptedAdvisor())
    sealer, place = here.copilot.reseal_secrets.sealer, Place.of_integration(here.tenant.id, here.integration.id)
    with here.units(here.tenant.id) as uow:
        uow.runbooks.save(make_runbook())
        uow.integrations.replace_sealed(here.integration.id, {}, sealer.seal(CONFIGURATION, place))
        uow.commit()
    here.copilot.add_key()
    admin = here.person(Role.ADMIN)
    route = here.copilot.add_route(actor=admin, name="everything", integration_id=here.integration.id)
    (incident_id,) = here.send(alert()).opened
    (companion,) = here.send(alert("ErrorRate")).signals
    _, hypotheses = here.copilot.diagnose(actor=here.engineer, incident_id=incident_id)
    proposed = here.copilot.recommend(actor=here.engineer, incident_id=incident_id)
    accepted = next(row for row in proposed if row.runbook_id is not None)
    pending = next(row for row in proposed if row.runbook_id is None)
    here.copilot.decide_recommendation(actor=here.engineer, recommendation_id=accepted.id, accept=True)
    dead = bury_one(here)
    bury(here, Job(kind="probe", tenant_id=here.tenant.id))
    (dead_job,) = here.copilot.operations.dead_jobs()
    declared = here.copilot.declare(actor=here.engineer, title="Search is empty", service="search")
    puzzle = here.script.delivery(UnreadableDelivery("title is missing."), received_at=BEGINNING)
    kept = here.copilot.ingest(actor=here.sender, integration_id=here.integration.id, delivery=puzzle)
    token = here.copilot.create_token(actor=admin, user_id=here.people[Role.ENGINEER].id, name="ci", role=Role.ENGINEER)
    polled = make_integration(here.tenant.id, type=here.integration.type, features=frozenset({Feature.PULL}))
    silent = make_integration(
        here.tenant.id,
        expected_every=timedelta(minutes=1),
        created_at=BEGINNING - timedelta(hours=1),
    )
    with here.units(here.tenant.id) as uow:
        uow.integrations.add(polled)
        uow.integrations.add(silent)
        precedent = make_precedent(confirmed=make_judged(user_id=here.engineer.id))
        forgotten = make_precedent(confirmed=precedent.confirmed, forgotten_at=BEGINNING)
        uow.precedents.save(precedent)
        uow.precedents.save(forgotten)
        uow.commit()
    fetched = here.script.delivery(Parsed(drafts=(alert("QueueGrows", "mail"),)), received_at=BEGINNING)
    here.source.answers.append(Pulled(deliveries=(fetched,), cursor={"page": 2}))
    silence = here.copilot.create_silence(
        actor=here.engineer,
        matchers=(Matcher("service", Operator.EQUAL, "warehouse"),),
        ends_at=BEGINNING + timedelta(days=2),
        comment="moves to another building",
    )
    written, deleted = (
        here.copilot.create_runbook(actor=here.engineer, edit=RunbookEdit(title=title))
        for title in ("Memory leaks", "Nobody needs this")
    )
    here.copilot.edit_runbook(actor=here.engineer, runbook_id=written.id, edit=RunbookEdit(title="Memory runs out"))
    here.copilot.delete_runbook(actor=here.engineer, runbook_id=deleted.id)
    return Scene(
        runbook=written.id,
        deleted_runbook=deleted.id,
        silence=silence.id,
        precedent=precedent.id,
        forgotten=forgotten.id,
        polled=polled.id,
        silent=silent.id,
        quarantined=kept.delivery_id,
        token=token.token.id,
        route=route.id,
        dead_message=dead,
        stage=here,
        incident=incident_id,
        declared=declared.id,
        companion=companion,
        hypothesis=hypotheses[0].id,
        pending=pending.id,
        dead_job=dead_job.id,
        accepted=accepted.id,
        delivery=here.script.delivery(Parsed(drafts=(alert("DiskFull", "billing"),)), received_at=BEGINNING),
    )


def on_units(use_case: Any, units: UnitOfWorkFactory) -> Any:
    """The use case on other units of work, also what it shares with others."""
    if isinstance(use_case, IngestDelivery):
        doors = attrs.evolve(use_case.doors, units=units)
        return attrs.evolve(use_case, doors=doors, intake=GroupCommit(TakeIn(units=units, ids=TimeOrderedIds())))
    if isinstance(use_case, AuthenticateDelivery):
        return attrs.evolve(use_case, units=units, doors=attrs.evolve(use_case.doors, units=units))
    return attrs.evolve(use_case, units=units)
