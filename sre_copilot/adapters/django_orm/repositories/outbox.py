"""Outgoing messages."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import attrs
from django.db import connections
from django.db.models import F, Max, Q, QuerySet
from django.db.models.functions import Greatest

from sre_copilot.adapters.django_orm import models
from sre_copilot.adapters.django_orm.constraints import translated
from sre_copilot.adapters.django_orm.documents import from_document, to_document
from sre_copilot.adapters.django_orm.routing import ALIAS
from sre_copilot.application.ports.outbox import Claim, OutboxFilter
from sre_copilot.domain.errors import NotFound
from sre_copilot.domain.integrations import UNHEALTHY_AFTER
from sre_copilot.domain.outbound import Content
from sre_copilot.domain.outbox import OutboxEntry, OutboxStatus
from sre_copilot.domain.routing import Target

# A message that waits for another one before it, or whose target takes nothing, can't be claimed. The first in line of
# each target and incident is looked for, so that a long line costs no more than a short one.
CLAIMABLE = """
    o.status = 'pending' AND o.due_at <= %(now)s AND (o.lease_until IS NULL OR o.lease_until <= %(now)s)
    AND NOT EXISTS (
        SELECT FROM outbox before
        WHERE before.tenant_id = o.tenant_id AND before.integration_id = o.integration_id
        AND before.incident_id = o.incident_id AND before.address = o.address
        AND before.status = 'pending' AND before.sequence < o.sequence
    )
    AND EXISTS (
        SELECT FROM integrations i
        WHERE i.tenant_id = o.tenant_id AND i.id = o.integration_id AND i.is_active AND i.plugin_failures < %(most)s
    )
"""
NEXT = f"""
    SELECT o.id FROM outbox o
    WHERE o.tenant_id = %(tenant)s AND o.integration_id = %(integration)s AND {CLAIMABLE}
    ORDER BY o.due_at, o.id LIMIT 1 FOR UPDATE OF o SKIP LOCKED
"""  # noqa: S608 - put together from constants
DUE = f"""
    SELECT DISTINCT o.integration_id FROM outbox o WHERE o.tenant_id = %(tenant)s AND {CLAIMABLE} ORDER BY 1
"""  # noqa: S608 - put together from constants


@attrs.frozen
class DjangoOutbox:
    """The tenant's outgoing messages."""

    tenant_id: UUID

    def sequences(self, incident_id: UUID, *, lock: bool = False) -> Mapping[Target, int]:
        """The highest sequence of an incident at each target that has any."""
        with translated():
            if lock:
                # A statement of its own: the next one sees what others have committed while this one waited.
                incidents = models.Incident.objects.using(ALIAS).filter(tenant_id=self.tenant_id, id=incident_id)
                incidents.select_for_update().values_list("id").first()
            rows = self._rows().filter(incident_id=incident_id).values("integration_id", "address")
            return {
                Target(row["integration_id"], row["address"]): row["last"]
                for row in rows.annotate(last=Max("sequence")).order_by()
            }

    def add(self, entries: Sequence[OutboxEntry]) -> None:
        """Store new messages; one whose id is known already is left out. Raises ConcurrentTransition."""
        rows = models.OutboxMessage.objects.using(ALIAS)
        lined_up = [self._row(entry) for entry in entries if entry.incident_id is not None]
        others = [self._row(entry) for entry in entries if entry.incident_id is None]
        with translated():
            if lined_up:
                rows.bulk_create(lined_up)
            if others:
                # Only their ids can be known already.
                rows.bulk_create(others, ignore_conflicts=True)

    def _row(self, entry: OutboxEntry) -> models.OutboxMessage:
        return models.OutboxMessage(
            id=entry.id,
            tenant_id=self.tenant_id,
            integration_id=entry.target.integration_id,
            address=entry.target.address,
            incident_id=entry.incident_id,
            sequence=entry.sequence,
            event=entry.event,
            content=to_document(entry.content),
            created_at=entry.created_at,
            **_changing(entry),
        )

    def claim(self, integration_id: UUID, now: datetime) -> Claim | None:
        """Claim the message of this integration that is due longest."""
        wanted: dict[str, UUID | datetime | int] = {
            "tenant": self.tenant_id,
            "integration": integration_id,
            "now": now,
            "most": UNHEALTHY_AFTER,
        }
        with translated():
            with connections[ALIAS].cursor() as cursor:
                cursor.execute(NEXT, wanted)
                found = cursor.fetchone()
            if found is None:
                return None
            entry = _entry(self._rows().get(id=found[0])).claimed(now)
            self._rows().filter(id=entry.id).update(fence=entry.fence, lease_until=entry.lease_until)
        return Claim(entry=entry, thread=self._thread(entry))

    def _thread(self, entry: OutboxEntry) -> Mapping[str, Any]:
        if entry.incident_id is None:
            return {}
        sent = self._rows().filter(
            incident_id=entry.incident_id,
            integration_id=entry.target.integration_id,
            address=entry.target.address,
            status=OutboxStatus.SENT.value,
        )
        receipt: Mapping[str, Any] | None = sent.order_by("sent_at", "id").values_list("receipt", flat=True).first()
        return receipt or {}

    def keep(self, entry: OutboxEntry) -> bool:
        """Store what became of a message, unless somebody else has claimed it since."""
        with translated():
            return bool(self._rows().filter(id=entry.id, fence=entry.fence).update(**_changing(entry)))

    def hold(self, integration_id: UUID, until: datetime) -> None:
        """Let all pending messages of an integration wait at least until then."""
        waiting = self._rows().filter(integration_id=integration_id, status=OutboxStatus.PENDING.value)
        with translated():
            waiting.filter(due_at__lt=until).update(due_at=Greatest(F("due_at"), until))

    def due(self, now: datetime) -> Sequence[UUID]:
        """Ids of the active integrations that have a message which could be claimed at `now`, sorted."""
        with translated(), connections[ALIAS].cursor() as cursor:
            cursor.execute(DUE, {"tenant": self.tenant_id, "now": now, "most": UNHEALTHY_AFTER})
            return [row[0] for row in cursor.fetchall()]

    def get(self, message_id: UUID, *, lock: bool = False) -> OutboxEntry:
        """One message. Raises NotFound."""
        rows = self._rows().select_for_update() if lock else self._rows()
        with translated():
            row = rows.filter(id=message_id).first()
        if row is None:
            raise NotFound(outgoing=message_id)
        return _entry(row)

    def list(self, narrowed: OutboxFilter) -> Sequence[OutboxEntry]:
        """Messages by creation and id, newest first."""
        rows = self._rows().order_by("-created_at", "-id")
        if narrowed.status is not None:
            rows = rows.filter(status=narrowed.status.value)
        if narrowed.integration_id is not None:
            rows = rows.filter(integration_id=narrowed.integration_id)
        if narrowed.incident_id is not None:
            rows = rows.filter(incident_id=narrowed.incident_id)
        if narrowed.before is not None:
            earlier = Q(created_at__lt=narrowed.before)
            if narrowed.before_id is not None:
                earlier |= Q(created_at=narrowed.before, id__lt=narrowed.before_id)
            rows = rows.filter(earlier, created_at__lte=narrowed.before)
        return [_entry(row) for row in rows[: narrowed.limit]]

    def place(self, channel: str, thread: str) -> tuple[UUID, Target] | None:
        """The incident that people talk about in this thread, and the target whose message opened the thread."""
        rows = self._rows().exclude(thread="").filter(channel=channel, thread=thread, incident_id__isnull=False)
        row = rows.order_by("sent_at", "id").first()
        if row is None or row.incident_id is None:
            return None
        return row.incident_id, Target(row.integration_id, row.address)

    def _rows(self) -> QuerySet[models.OutboxMessage]:
        return models.OutboxMessage.objects.using(ALIAS).filter(tenant_id=self.tenant_id)


def _changing(entry: OutboxEntry) -> dict[str, Any]:
    return {
        "status": entry.status.value,
        "attempts": entry.attempts,
        "due_at": entry.due_at,
        "fence": entry.fence,
        "lease_until": entry.lease_until,
        "last_error": entry.last_error,
        "receipt": dict(entry.receipt),
        "channel": entry.channel,
        "thread": entry.thread,
        "sent_at": entry.sent_at,
    }


def _entry(row: models.OutboxMessage) -> OutboxEntry:
    return OutboxEntry(
        id=row.id,
        tenant_id=row.tenant_id,
        target=Target(row.integration_id, row.address),
        incident_id=row.incident_id,
        sequence=row.sequence,
        event=row.event,
        content=from_document(row.content, Content),
        created_at=row.created_at,
        status=OutboxStatus(row.status),
        attempts=row.attempts,
        due_at=row.due_at,
        fence=row.fence,
        lease_until=row.lease_until,
        last_error=row.last_error,
        receipt=row.receipt,
        channel=row.channel,
        thread=row.thread,
        sent_at=row.sent_at,
    )
