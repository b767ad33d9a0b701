"""What the episodes of a series have to be, reckoned from what is stored of it: simpler than the domain does, and apart from it.

It knows series without starts that vendors state, without expiries, and without silences longer than the window.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import attrs


@attrs.frozen(kw_only=True)
class StoredSignal:
    """A row of a series."""

    id: UUID
    vendor_id: str
    delivery_id: UUID
    fingerprint: str
    service: str
    status: str
    occurred_at: datetime
    ordinal: int
    decision: str
    is_duplicate: bool
    original_id: UUID | None
    episode_id: UUID | None
    incident_id: UUID | None


@attrs.frozen(kw_only=True)
class Run:
    """An episode: who is in it, who is its original, when it began and ended."""

    firings: frozenset[UUID]
    original_id: UUID
    started_at: datetime
    ended_at: datetime | None
    resolve_id: UUID | None


def runs(signals: Iterable[StoredSignal]) -> list[Run]:
    """The episodes of one series, by time: from a firing to the next resolve."""
    found: list[Run] = []
    group: list[StoredSignal] = []
    for signal in sorted(signals, key=lambda one: (one.occurred_at, one.status == "resolved", one.ordinal)):
        if signal.status == "firing":
            group.append(signal)
        elif group:
            found.append(_run(group, signal))
            group = []
    if group:
        found.append(_run(group, None))
    return found


def _run(group: list[StoredSignal], resolve: StoredSignal | None) -> Run:
    return Run(
        firings=frozenset(one.id for one in group),
        original_id=min(group, key=lambda one: one.ordinal).id,
        started_at=group[0].occurred_at,
        ended_at=resolve.occurred_at if resolve else None,
        resolve_id=resolve.id if resolve else None,
    )
