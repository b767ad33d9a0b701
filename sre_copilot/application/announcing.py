"""Announcing: what happened to an incident becomes messages for those whom a rule tells, in the same unit of work."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.jobs import Job
from sre_copilot.application.ports.unit_of_work import UnitOfWork
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.incidents import Changed, Incident
from sre_copilot.domain.outbound import Content, Event, Happening, facts_of
from sre_copilot.domain.outbox import OutboxEntry
from sre_copilot.domain.routing import Target, recipients
from sre_copilot.domain.timeline import Note

DISPATCH = "dispatch"
"""The kind of job that sends what waits for one integration."""


def announce(
    uow: UnitOfWork, ids: Ids, of: Incident | UUID, happening: Happening, *, said_at: Target | None = None
) -> None:
    """Put a message into the outbox for each target that is told, and have it sent soon.

    `of` is the incident, or its id where it is to be read; `said_at` is told nothing, it was said there. One query
    where there are no rules.
    """
    rules = uow.routes.all()
    if not any(rule.is_active for rule in rules):
        return
    incident = uow.incidents.get(of) if isinstance(of, UUID) else of
    facts = facts_of(incident, assignee=_name_of(uow, incident.assigned_to))
    # Nobody can have heard of what is only just opening.
    known = {} if happening.event is Event.OPENED else uow.outbox.sequences(incident.id, lock=True)
    targets = recipients(rules, happening.event, facts, told=known, said_at=said_at)
    entries = [
        OutboxEntry(
            id=ids.new(),
            tenant_id=incident.tenant_id,
            target=target,
            incident_id=incident.id,
            sequence=known.get(target, 0) + 1,
            event=happening.event.value,
            content=Content(incident=facts, happening=happening),
            created_at=happening.at,
            due_at=happening.at,
        )
        for target in targets
    ]
    if entries:
        uow.outbox.add(entries)
        have_sent(uow, incident.tenant_id, {target.integration_id for target in targets})


def have_sent(uow: UnitOfWork, tenant_id: UUID, integration_ids: Iterable[UUID]) -> None:
    """Have a worker send what waits for these integrations, as soon as it has time."""
    for integration_id in sorted(integration_ids):
        # One job per integration, so that a target which is slow holds up no other.
        job = Job(
            kind=DISPATCH,
            tenant_id=tenant_id,
            arguments={"integration_id": str(integration_id)},
            one_at_a_time=f"{DISPATCH}:{integration_id}",
            only_once_pending=str(integration_id),
            urgent=True,
        )
        uow.jobs.defer(job)


def stepped(changed: Changed, actor: Actor) -> Happening:
    """Return that an incident opened or went from one state to another."""
    row = changed.transition
    return Happening(
        event=Event.STATE_CHANGED if row.from_state else Event.OPENED,
        at=row.timestamp,
        by=name_of(actor),
        automated=row.automated,
        before=row.from_state,
        text=row.reason,
    )


def noted(note: Note, actor: Actor) -> Happening:
    """Return that somebody wrote a note."""
    return Happening(event=Event.NOTED, at=note.at, by=name_of(actor), automated=not actor.is_person, text=note.text)


def done(
    event: Event, actor: Actor, at: datetime, *, before: str = "", text: str = "", decision: str = ""
) -> Happening:
    """Return that somebody did something."""
    return Happening(
        event=event,
        at=at,
        by=name_of(actor),
        automated=not actor.is_person,
        before=before,
        text=text,
        decision=decision,
    )


def name_of(actor: Actor) -> str:
    """What an actor is called where people read it."""
    return actor.name or actor.kind.value


def _name_of(uow: UnitOfWork, user_id: UUID | None) -> str:
    if user_id is None:
        return ""
    return next((user.full_name or user.email for user in uow.tenants.users() if user.id == user_id), "")
