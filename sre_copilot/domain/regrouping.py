"""Merging, splitting and moving: what happens to the incidents on both sides when people put episodes elsewhere.

Only what is open takes episodes in: an alert would go on where nobody looks any more.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import attrs

from sre_copilot.domain.actors import Actor
from sre_copilot.domain.corrections import Rehomed
from sre_copilot.domain.edits import TITLE_LENGTH
from sre_copilot.domain.errors import InvalidTransition
from sre_copilot.domain.incidents import MERGED_INTO, SPLIT_FROM, Changed, Incident, Resolution
from sre_copilot.domain.lifecycle import Action, allowed_actions
from sre_copilot.domain.signals import Signal


def by_age(incidents: Iterable[Incident]) -> list[Incident]:
    """Return incidents, the oldest first, as correlation counts: by when they were opened, then by id."""
    return sorted(incidents, key=lambda incident: (incident.created_at, incident.id))


def require_open(incident: Incident, action: str) -> None:
    """Raise InvalidTransition where an incident is closed, and so neither takes episodes in nor is merged away."""
    if not incident.state.is_open:
        allowed = [one.value for one in allowed_actions(incident.state)]
        raise InvalidTransition(state=incident.state.value, action=action, allowed=allowed)


def took_in(into: Incident, moved: Rehomed | None, *, at: datetime) -> Incident:
    """Return an open incident after episodes came into it, as if their signals had fired in it.

    Its state and its stamps stay: that somebody was on the other one says nothing of this one.
    """
    if moved is not None:
        into = into.absorb(occurred_at=moved.first_at, received_at=moved.last_received_at, severity=moved.severity)
    return gave_away(into, at=at)


def took_over(into: Incident, away: Incident, moved: Rehomed | None, *, at: datetime) -> Incident:
    """Return an open incident after all of another one came into it.

    Nobody's word is lost: it gets the other's assignee where it has none, and its severity rises to what people set
    there, unless they set it here. Of the two it takes the longer patience with series that come back.
    """
    into = took_in(into, moved, at=at)
    is_worse = away.severity_overridden and away.severity.weight > into.severity.weight
    return attrs.evolve(
        into,
        severity=away.severity if is_worse and not into.severity_overridden else into.severity,
        assigned_to=into.assigned_to or away.assigned_to,
        recurrence_count=max(into.recurrence_count, away.recurrence_count),
    )


def gave_away(incident: Incident, *, at: datetime) -> Incident:
    """Return an incident after people changed what belongs to it. Its severity and its detection stay as they are."""
    return attrs.evolve(incident, version=incident.version + 1, updated_at=max(at, incident.updated_at))


def merged_away(
    away: Incident, into: Incident, *, by: Actor, at: datetime, transition_id: UUID, reason: str
) -> Changed:
    """Return an open incident, resolved because all of it is in another one, and the row of its log.

    The merger resolves it, not the person: nobody's response is stamped. Raises InvalidTransition.
    """
    who = f" by {by.name}" if by.name else ""
    words = f"merged into {into.id}{who}{': ' + reason if reason else ''}"
    changed = away.apply(
        Action.RESOLVE,
        actor=Actor.system(away.tenant_id, origin=by.origin),
        at=at,
        transition_id=transition_id,
        reason=words,
        resolution=Resolution.DUPLICATE,
    )
    told = {**changed.incident.metadata, MERGED_INTO: str(into.id)}
    return attrs.evolve(changed, incident=attrs.evolve(changed.incident, metadata=told))


def split_off(
    original: Signal,
    moved: Rehomed,
    *,
    incident_id: UUID,
    source: Incident | None,
    is_recurrence: bool,
    title: str | None,
    at: datetime,
) -> Incident:
    """Return the incident that episodes open which people took out of another one, in the words of the first original.

    `is_recurrence` says that what made the other one a recurrence has come along; then it is one, too.
    """
    draft = original.draft
    before = source if source is not None and is_recurrence else None
    return Incident(
        id=incident_id,
        tenant_id=original.tenant_id,
        title=title or (draft.title or draft.name)[:TITLE_LENGTH],
        description=draft.description,
        external_id=draft.vendor_key[:255] if draft.vendor_key else None,
        service=draft.service,
        environment=draft.environment,
        severity=moved.severity,
        detected_at=moved.first_at,
        created_at=at,
        updated_at=at,
        last_signal_at=moved.last_received_at,
        metadata={SPLIT_FROM: str(source.id)} if source is not None else {},
        recurrence_of=before.recurrence_of if before else None,
        recurrence_count=before.recurrence_count if before else 0,
    )
