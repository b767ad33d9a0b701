"""The incident aggregate: what happens to it, and what each change leaves behind."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import attrs

from sre_copilot.domain.actors import Actor
from sre_copilot.domain.edits import Edit, Impact, checked_address, checked_title
from sre_copilot.domain.errors import ConcurrentTransition, MissingConclusion
from sre_copilot.domain.lifecycle import BEGINNING, Action, State, next_state
from sre_copilot.domain.signals import Environment, Severity
from sre_copilot.domain.text import checked_text
from sre_copilot.domain.timeline import Transition

SETTLE_TIME = timedelta(minutes=5)
"""How long an incident stays quiet before it counts as over."""
SETTLE_TIME_RECURRING = timedelta(hours=1)
"""The same for the third incident of a series within RECURRENCE_SPAN and later ones."""
MERGED_INTO, SPLIT_FROM = "merged_into", "split_from"
"""What the metadata of an incident has that was merged into another one, or split off one: the id of the other."""
RECURRENCE_SPAN = timedelta(hours=24)
RECURRENCES_BEFORE_PATIENCE = 2


class Resolution(StrEnum):
    """How an incident was resolved."""

    FIXED = "fixed"
    RECOVERED = "recovered"
    FALSE_ALARM = "false_alarm"
    DUPLICATE = "duplicate"
    EXPECTED = "expected"

    @property
    def counts_in_response_times(self) -> bool:
        """False alarms and duplicates stay out of response times."""
        return self not in (Resolution.FALSE_ALARM, Resolution.DUPLICATE)


@attrs.frozen(kw_only=True)
class Incident:
    """An unplanned disruption that people respond to.

    `version` counts people's and lifecycle changes, not arriving signals. `settle_at` is when it resolves by
    itself (or is suggested to), None while an episode is open. `settle_suggested_at` is when that was suggested.
    `severity_overridden` says that people set the severity, so that signals no longer raise it.
    """

    id: UUID
    tenant_id: UUID
    title: str
    service: str
    environment: Environment
    severity: Severity
    detected_at: datetime
    created_at: datetime
    updated_at: datetime
    state: State = State.DETECTED
    description: str = ""
    external_id: str | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by_person: bool = False
    investigating_started_at: datetime | None = None
    mitigated_at: datetime | None = None
    resolved_at: datetime | None = None
    resolution: Resolution | None = None
    resolved_automatically: bool = False
    assigned_to: UUID | None = None
    impact: Impact = attrs.field(factory=Impact)
    snapshot_id: UUID | None = None
    root_cause: str = ""
    resolution_summary: str = ""
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = attrs.field(factory=dict)
    severity_overridden: bool = False
    declared: bool = False
    version: int = 1
    transition_count: int = 0
    reopen_count: int = 0
    last_signal_at: datetime | None = None
    settle_at: datetime | None = None
    settle_suggested_at: datetime | None = None
    recurrence_of: UUID | None = None
    recurrence_count: int = 0
    postmortem_url: str | None = None

    @property
    def mtta_seconds(self) -> float | None:
        """Seconds from detection to acknowledgement, None while it was not acknowledged."""
        return (self.acknowledged_at - self.detected_at).total_seconds() if self.acknowledged_at else None

    @property
    def mttr_seconds(self) -> float | None:
        """Seconds from detection to resolution, None while it is not resolved."""
        return (self.resolved_at - self.detected_at).total_seconds() if self.resolved_at else None

    @property
    def merged_into(self) -> UUID | None:
        """The incident that all of it was merged into, None where it stands for itself."""
        return UUID(self.metadata[MERGED_INTO]) if MERGED_INTO in self.metadata else None

    @property
    def split_from(self) -> UUID | None:
        """The incident that it was split off, None where it was not."""
        return UUID(self.metadata[SPLIT_FROM]) if SPLIT_FROM in self.metadata else None

    def opened(self, *, transition_id: UUID, actor: Actor, reason: str = "") -> "Changed":
        """Return the incident with the first row of its log, '' -> detected."""
        return self._logged(
            attrs.evolve(self, transition_count=0), BEGINNING, transition_id, actor, reason, self.created_at
        )

    def apply(
        self,
        action: Action,
        *,
        actor: Actor,
        at: datetime,
        transition_id: UUID,
        reason: str = "",
        expected_version: int | None = None,
        resolution: Resolution = Resolution.FIXED,
        root_cause: str = "",
        resolution_summary: str = "",
    ) -> "Changed":
        """Return the incident after `action`, with its row of the log.

        `resolution` counts for resolve, `root_cause` and `resolution_summary` for resolve, conclude and learn.
        Raises InvalidTransition, ConcurrentTransition where `expected_version` is not the current one,
        MissingConclusion for a learn without what was learnt (white space is nothing), InvalidInput for a bad text.
        """
        self.expect(expected_version)
        target = next_state(self.state, action)
        changed = attrs.evolve(
            self,
            state=target,
            version=self.version + 1,
            updated_at=max(at, self.updated_at),
            root_cause=checked_text("The root cause", root_cause).strip() or self.root_cause,
            resolution_summary=checked_text("The summary", resolution_summary).strip() or self.resolution_summary,
        )
        if action is Action.LEARN:
            self._require_conclusion(changed)
        changed = changed._stamped(action, actor=actor, at=self._not_before(at), from_state=self.state)
        if target is State.RESOLVED:
            changed = attrs.evolve(changed, resolution=resolution, resolved_automatically=not actor.is_person)
        if not target.is_open:
            changed = attrs.evolve(changed, settle_at=None)
        return self._logged(changed, self.state.value, transition_id, actor, checked_text("The reason", reason), at)

    def absorb(self, *, occurred_at: datetime, received_at: datetime, severity: Severity) -> "Incident":
        """Return the incident after a firing signal of one of its episodes.

        Detection moves earlier while the incident is `detected`, never later; severity rises while it is open,
        never falls, and stays where people set it. Neither changes the version.
        """
        detected_at = min(self.detected_at, occurred_at) if self.state is State.DETECTED else self.detected_at
        may_rise = self.state.is_open and not self.severity_overridden
        worst = severity if may_rise and severity.weight > self.severity.weight else self.severity
        heard_at = max(received_at, self.last_signal_at or received_at)
        if (detected_at, worst, heard_at) == (self.detected_at, self.severity, self.last_signal_at):
            # As with most signals of a delivery after its first.
            return self
        return attrs.evolve(self, detected_at=detected_at, severity=worst, last_signal_at=heard_at)

    def rearranged(self, at: datetime) -> "Incident":
        """Return the incident after late signals changed what its episodes begin with. Its `updated_at` is another one."""
        return attrs.evolve(self, updated_at=max(at, self.updated_at + timedelta(microseconds=1)))

    def settle(self, *, last_end_seen_at: datetime | None) -> "Incident":
        """Return the incident with its settle time set, or cleared where `last_end_seen_at` is None (an episode is open)."""
        if not self.state.is_open:
            return self
        if last_end_seen_at is None:
            return attrs.evolve(self, settle_at=None, settle_suggested_at=None)
        if self.settle_suggested_at is not None:
            return self
        return attrs.evolve(self, settle_at=last_end_seen_at + self.settle_time)

    @property
    def settle_time(self) -> timedelta:
        """Five minutes, or an hour from the third incident of a series within 24 h on."""
        return SETTLE_TIME_RECURRING if self.recurrence_count >= RECURRENCES_BEFORE_PATIENCE else SETTLE_TIME

    @property
    def resolves_by_itself(self) -> bool:
        """Whether settling resolves it; otherwise it is only suggested to people."""
        return self.state in (State.DETECTED, State.ACKNOWLEDGED)

    def settle_suggested(self, at: datetime) -> "Incident":
        """Return the incident after people were told that all its signals have ended."""
        return attrs.evolve(self, settle_at=None, settle_suggested_at=at)

    def edited(self, edit: Edit, *, at: datetime, expected_version: int | None = None) -> "Incident":
        """Return the incident with what people changed. Raises ConcurrentTransition, and InvalidInput for a bad text."""
        self.expect(expected_version)
        description, impact = edit.description, edit.impact or self.impact
        checked_text("The impact", impact.description)
        return attrs.evolve(
            self,
            title=self.title if edit.title is None else checked_title(edit.title),
            description=self.description if description is None else checked_text("The description", description),
            severity=edit.severity or self.severity,
            severity_overridden=self.severity_overridden or edit.severity is not None,
            impact=impact,
            tags=self.tags if edit.tags is None else tuple(checked_text("A tag", tag) for tag in edit.tags),
            version=self.version + 1,
            updated_at=max(at, self.updated_at),
        )

    def assigned(self, user_id: UUID | None, *, at: datetime, expected_version: int | None = None) -> "Incident":
        """Return the incident assigned to a user, or to nobody. Raises ConcurrentTransition."""
        self.expect(expected_version)
        return attrs.evolve(self, assigned_to=user_id, version=self.version + 1, updated_at=max(at, self.updated_at))

    def published(self, url: str | None, *, at: datetime, expected_version: int | None = None) -> "Incident":
        """Return the incident with the address of its postmortem, or none. Raises ConcurrentTransition, InvalidInput."""
        self.expect(expected_version)
        return attrs.evolve(
            self,
            postmortem_url=None if url is None else checked_address(url),
            version=self.version + 1,
            updated_at=max(at, self.updated_at),
        )

    def expect(self, version: int | None) -> None:
        """Raise ConcurrentTransition unless this is the version, or any will do."""
        if version is not None and version != self.version:
            raise ConcurrentTransition(expected_version=version, version=self.version, state=self.state.value)

    def _not_before(self, at: datetime) -> datetime:
        stamps = (self.acknowledged_at, self.investigating_started_at, self.mitigated_at, self.resolved_at)
        return max([at, self.detected_at, *(stamp for stamp in stamps if stamp is not None)])

    def _stamped(self, action: Action, *, actor: Actor, at: datetime, from_state: State) -> "Incident":
        changed = self
        if from_state is State.DETECTED and actor.is_person:
            changed = attrs.evolve(changed, acknowledged_at=at, acknowledged_by_person=True)
        if action is Action.ACKNOWLEDGE:
            return attrs.evolve(changed, acknowledged_at=at)
        if action is Action.INVESTIGATE:
            return attrs.evolve(changed, investigating_started_at=self.investigating_started_at or at)
        if action is Action.MITIGATE:
            return attrs.evolve(changed, mitigated_at=at)
        if action is Action.RESOLVE:
            return attrs.evolve(changed, resolved_at=at)
        if action is Action.REOPEN:
            return attrs.evolve(
                changed,
                mitigated_at=None,
                resolved_at=None,
                resolution=None,
                resolved_automatically=False,
                investigating_started_at=self.investigating_started_at or at,
                reopen_count=self.reopen_count + 1,
                # Whoever opens it again says that it stands for itself after all.
                metadata={name: told for name, told in self.metadata.items() if name != MERGED_INTO},
            )
        return changed

    def _require_conclusion(self, changed: "Incident") -> None:
        missing = [] if changed.resolution_summary else ["resolution_summary"]
        if self.state is not State.INCONCLUSIVE and not changed.root_cause:
            missing.append("root_cause")
        if missing:
            raise MissingConclusion(missing=missing)

    def _logged(
        self, changed: "Incident", from_state: str, transition_id: UUID, actor: Actor, reason: str, at: datetime
    ) -> "Changed":
        sequence = changed.transition_count + 1
        transition = Transition(
            id=transition_id,
            incident_id=self.id,
            sequence=sequence,
            from_state=from_state,
            to_state=changed.state.value,
            actor=f"{actor.kind.value}:{actor.id}" if actor.id else actor.kind.value,
            user_id=actor.user_id,
            reason=reason,
            automated=not actor.is_person,
            timestamp=at,
        )
        return Changed(incident=attrs.evolve(changed, transition_count=sequence), transition=transition)


@attrs.frozen(kw_only=True)
class Changed:
    """An incident after a transition, and the transition."""

    incident: Incident
    transition: Transition
