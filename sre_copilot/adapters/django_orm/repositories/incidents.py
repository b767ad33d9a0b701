"""Incidents, their log and notes."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

import attrs
from django.db import IntegrityError, connections, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from sre_copilot.adapters.django_orm import models, sets
from sre_copilot.adapters.django_orm.arrays import packed
from sre_copilot.adapters.django_orm.constraints import translated
from sre_copilot.adapters.django_orm.documents import to_document
from sre_copilot.adapters.django_orm.repositories.incident_rows import (
    CHANGED_BY_SIGNALS,
    LOCKED,
    columns_of,
    incident_from_columns,
    incident_from_row,
)
from sre_copilot.adapters.django_orm.repositories.neighbourhood import OPEN_STATES, Neighbourhood
from sre_copilot.adapters.django_orm.repositories.signals import subject_from_row
from sre_copilot.adapters.django_orm.routing import ALIAS
from sre_copilot.application.ports.incidents import IncidentFilter
from sre_copilot.domain.correlation import Candidate
from sre_copilot.domain.errors import NotFound
from sre_copilot.domain.incidents import Incident
from sre_copilot.domain.open_incidents import OpenIncidents
from sre_copilot.domain.snapshots import ContextSnapshot
from sre_copilot.domain.subjects import Subject, declared
from sre_copilot.domain.timeline import Note, Transition


@attrs.frozen
class DjangoIncidents:
    """The tenant's incidents."""

    tenant_id: UUID
    _neighbourhood: Neighbourhood

    def get(self, incident_id: UUID, *, lock: bool = False) -> Incident:
        """One incident, locked until the unit ends where asked. Raises NotFound."""
        rows = self._rows().select_for_update() if lock else self._rows()
        row = rows.filter(id=incident_id).first()
        if row is None:
            raise NotFound(incident=incident_id)
        return incident_from_row(row)

    def locked(self, incident_ids: Collection[UUID]) -> Sequence[Incident]:
        """Incidents, locked in the order of their ids. Raises NotFound."""
        if not incident_ids:
            return []
        with translated():
            rows = sets.ask(LOCKED, {"tenant": self.tenant_id, "ids": packed("uuid", list(incident_ids))})
        found = [incident_from_columns(row) for row in rows]
        missing = set(incident_ids) - {incident.id for incident in found}
        if missing:
            raise NotFound(incident=min(missing))
        return found

    def change(self, incidents: Sequence[Incident]) -> None:
        """Store what arriving signals changed of incidents, in one statement."""
        columns: dict[str, list[object]] = {
            "tenant_id": [self.tenant_id] * len(incidents),
            "id": [incident.id for incident in incidents],
            "severity": [incident.severity.value for incident in incidents],
            **{name: [getattr(incident, name) for incident in incidents] for name in CHANGED_BY_SIGNALS},
        }
        with translated():
            sets.update(models.Incident, ("tenant_id", "id"), columns)

    def save(self, incident: Incident) -> None:
        """Store an incident, new or changed, all but its snapshot."""
        columns = columns_of(incident)
        with translated():
            if not self._rows().filter(id=incident.id).update(**columns):
                self._rows().create(id=incident.id, tenant_id=self.tenant_id, **columns)

    def keep_snapshot(self, snapshot: ContextSnapshot) -> None:
        """Make a stored snapshot the one of its incident's detection; the database lets that happen once."""
        with translated():
            self._rows().filter(id=snapshot.incident_id).update(
                context_snapshot=to_document(snapshot), context_snapshot_id=snapshot.id
            )

    def log(self, transition: Transition) -> None:
        """Append a row to the transition log."""
        with translated():
            models.IncidentStateTransition.objects.using(ALIAS).create(
                id=transition.id,
                tenant_id=self.tenant_id,
                incident_id=transition.incident_id,
                sequence=transition.sequence,
                from_state=transition.from_state,
                to_state=transition.to_state,
                actor=transition.actor,
                user_id=transition.user_id,
                reason=transition.reason,
                automated=transition.automated,
                timestamp=transition.timestamp,
            )

    def transitions(self, incident_id: UUID) -> Sequence[Transition]:
        """The log of an incident, by sequence."""
        rows = models.IncidentStateTransition.objects.using(ALIAS).filter(
            tenant_id=self.tenant_id, incident_id=incident_id
        )
        return [
            Transition(
                id=row.id,
                incident_id=row.incident_id,
                sequence=row.sequence,
                from_state=row.from_state,
                to_state=row.to_state,
                actor=row.actor,
                user_id=row.user_id,
                reason=row.reason,
                automated=row.automated,
                timestamp=row.timestamp,
            )
            for row in rows.order_by("sequence")
        ]

    def add_note(self, note: Note) -> None:
        """Store a note."""
        with translated():
            models.IncidentNote.objects.using(ALIAS).create(
                id=note.id,
                tenant_id=self.tenant_id,
                incident_id=note.incident_id,
                user_id=note.user_id,
                text=note.text,
                at=note.at,
            )

    def notes(self, incident_id: UUID) -> Sequence[Note]:
        """The notes of an incident, by time."""
        rows = models.IncidentNote.objects.using(ALIAS).filter(tenant_id=self.tenant_id, incident_id=incident_id)
        return [
            Note(id=row.id, incident_id=row.incident_id, user_id=row.user_id, text=row.text, at=row.at)
            for row in rows.order_by("at", "id")
        ]

    def keep_thread(self, incident_id: UUID, channel: str, thread: str) -> None:
        """Note where people talk about an incident; the first place stays."""
        rows = self._rows().filter(id=incident_id, slack_thread_ts__isnull=True)
        # A thread's name is unique over all tenants, whose rows we don't see: a savepoint finds out.
        with translated(), suppress(IntegrityError), transaction.atomic(using=ALIAS):
            rows.update(slack_channel_id=channel, slack_thread_ts=thread)

    def list(self, narrowed: IncidentFilter) -> Sequence[Incident]:
        """Incidents by detection, newest first, after the keyset where one is given."""
        rows = self._rows().filter(_condition(narrowed)).order_by("-detected_at", "-id")
        return [incident_from_row(row) for row in rows[: narrowed.limit]]

    def lock_correlation(self) -> None:
        """Let only one unit of work of this tenant correlate at a time, until it ends."""
        with translated():
            sets.ask("SELECT pg_advisory_xact_lock(hashtextextended(%b, 2))", [str(self.tenant_id)], prepared=True)

    def open_incidents(self, since: datetime, until: datetime) -> OpenIncidents:
        """The open incidents with their members, as this process knows them and with what is new."""
        with translated():
            return self._neighbourhood.open_incidents(since, until, self.candidates)

    def candidates(self, incident_ids: Collection[UUID]) -> Sequence[Candidate]:
        """Open incidents, each with the originals of its episodes, and with its own words where people declared it.

        Two queries.
        """
        going_on = models.Episode.objects.filter(incident_id=OuterRef("id"), ended_at__isnull=True)
        mine = self._rows().filter(id__in=incident_ids, state__in=OPEN_STATES)
        rows = list(mine.annotate(is_going_on=Exists(going_on.using(ALIAS))))
        members: dict[UUID, list[Subject]] = {}
        for episode in self._originals([row.id for row in rows]):
            members.setdefault(episode["incident_id"], []).append(subject_from_row(episode))
        return [
            Candidate(
                incident_id=row.id,
                opened_at=row.created_at,
                detected_at=row.detected_at,
                last_signal_at=row.last_signal_at or row.created_at,
                has_open_episode=row.is_going_on,
                members=(*members.get(row.id, ()), *([declared(incident_from_row(row))] if row.declared else [])),
            )
            for row in rows
        ]

    def opened_since(self, start: datetime) -> int:
        """How many incidents were created at or after `start`."""
        return self._rows().filter(created_at__gte=start).count()

    def without_snapshot(self, since: datetime) -> Sequence[UUID]:
        """Ids of the incidents that signals opened since then and that have no snapshot yet, sorted."""
        rows = self._rows().filter(created_at__gte=since, declared=False, context_snapshot_id__isnull=True)
        return list(rows.order_by("id").values_list("id", flat=True))

    def settling(self, now: datetime) -> Sequence[UUID]:
        """Ids of the open incidents whose `settle_at` has come."""
        rows = self._rows().filter(settle_at__lte=now, state__in=OPEN_STATES).order_by("settle_at", "id")
        return list(rows.values_list("id", flat=True))

    def _originals(self, incident_ids: Sequence[UUID]) -> Sequence[dict[str, Any]]:
        with translated(), connections[ALIAS].cursor() as cursor:
            cursor.execute(
                "SELECT e.incident_id, e.started_at, s.severity, s.service_name, s.normalized_data "
                "FROM episodes e JOIN signals s ON s.id = e.original_id AND s.tenant_id = e.tenant_id "
                "WHERE e.tenant_id = %s AND e.incident_id = ANY(%s) ORDER BY e.started_at, e.id",
                [self.tenant_id, list(incident_ids)],
            )
            names = [column.name for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def _rows(self) -> QuerySet[models.Incident]:
        # The snapshot is large and stands in a row of its own as well; nobody reads it from here.
        return models.Incident.objects.using(ALIAS).filter(tenant_id=self.tenant_id).defer("context_snapshot")


def _condition(narrowed: IncidentFilter) -> Q:
    condition = Q()
    if narrowed.states:
        condition &= Q(state__in=[state.value for state in narrowed.states])
    if narrowed.severities:
        condition &= Q(severity__in=[severity.value for severity in narrowed.severities])
    if narrowed.service is not None:
        condition &= Q(service_name=narrowed.service)
    if narrowed.environment is not None:
        condition &= Q(service_environment=narrowed.environment.value)
    if narrowed.assigned_to is not None:
        condition &= Q(assigned_to_id=narrowed.assigned_to)
    if narrowed.text:
        condition &= Q(title__icontains=narrowed.text) | Q(description__icontains=narrowed.text)
    if narrowed.since is not None:
        condition &= Q(detected_at__gte=narrowed.since)
    if narrowed.until is not None:
        condition &= Q(detected_at__lt=narrowed.until)
    if narrowed.before is not None:
        at, incident_id = narrowed.before
        # The first condition says nothing new to us, but an index can start there; it can't at an alternative.
        condition &= Q(detected_at__lte=at) & (Q(detected_at__lt=at) | Q(id__lt=incident_id))
    return condition
