"""What the timeline of an incident keeps: the immutable log of its transitions, and people's notes."""

from datetime import datetime
from uuid import UUID

import attrs

from sre_copilot.domain.errors import InvalidInput
from sre_copilot.domain.lifecycle import BEGINNING, State


@attrs.frozen(kw_only=True)
class Transition:
    """One row of the immutable transition log. `sequence` counts from 1 per incident and is the order."""

    id: UUID
    incident_id: UUID
    sequence: int
    from_state: str
    to_state: str
    actor: str
    user_id: UUID | None
    reason: str
    automated: bool
    timestamp: datetime


@attrs.frozen(kw_only=True)
class Note:
    """A remark on the timeline. `user_id` is None where the copilot itself remarks."""

    id: UUID
    incident_id: UUID
    user_id: UUID | None
    text: str
    at: datetime


@attrs.frozen(kw_only=True)
class TimelineEntry:
    """One thing that happened: `kind` is signal, resolve, change, transition or note."""

    at: datetime
    kind: str
    text: str
    service: str = ""


def replay(transitions: list[Transition]) -> State:
    """Return the state that a log leads to. Raises InvalidInput where its rows do not follow on one another, or are none."""
    if not transitions:
        raise InvalidInput("The log has no row, so it leads to no state.")
    state = BEGINNING
    for number, row in enumerate(sorted(transitions, key=lambda row: row.sequence), 1):
        if row.sequence != number or row.from_state != state:
            raise InvalidInput(f"Row {row.sequence} of the log starts from {row.from_state!r}, not from {state!r}.")
        state = row.to_state
    return State(state)
