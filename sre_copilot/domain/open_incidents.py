"""The open incidents of a tenant, indexed: which of them an episode belongs to, without looking at each of their members.

Decides what scoring every active incident by all its members would decide, and looks only at those that could reach the
threshold. What members say is held once, with the incidents that say it as the bits of a number, so that a newcomer asks
each of its own words and labels who else has them.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import attrs

from sre_copilot.domain.activity import Activity
from sre_copilot.domain.common_changes import Beginnings, CommonChanges
from sre_copilot.domain.correlation import (
    ACTIVE_AFTER_LAST_SIGNAL,
    OPEN_TO_NEWCOMERS,
    THRESHOLD,
    Candidate,
    CandidateScore,
    CorrelationDecision,
)
from sre_copilot.domain.decisions import CorrelationOutcome
from sre_copilot.domain.members import Members, Profile
from sre_copilot.domain.moments import MICROSECOND, microseconds
from sre_copilot.domain.newcomers import Newcomer, Row, known
from sre_copilot.domain.relations import Relations
from sre_copilot.domain.service_graph import ServiceGraph
from sre_copilot.domain.signals import Severity
from sre_copilot.domain.snapshots import ObservedChange
from sre_copilot.domain.subjects import Subject

OPEN_SPAN = OPEN_TO_NEWCOMERS // MICROSECOND
QUIET_SPAN = ACTIVE_AFTER_LAST_SIGNAL // MICROSECOND
SWEEP_AFTER = 64
"""How many incidents are forgotten before their bits are cleared everywhere and given to others."""


@attrs.define(kw_only=True)
class OpenIncidents:
    """The open incidents of one tenant with what their members say. For one thread at a time.

    Members only come: to take one away, forget the incident, see it again, and let its members join once more.
    """

    _numbers: dict[UUID, int] = attrs.field(factory=dict, init=False)
    _profiles: list[Profile | None] = attrs.field(factory=list, init=False)
    _free: list[int] = attrs.field(factory=list, init=False)
    _forgotten: list[int] = attrs.field(factory=list, init=False)
    _activity: Activity = attrs.field(factory=Activity, init=False)
    _members: Members = attrs.field(factory=Members, init=False)
    _beginnings: Beginnings = attrs.field(factory=Beginnings, init=False)
    _relations: Relations = attrs.field(factory=lambda: Relations(graph=ServiceGraph()), init=False)
    _changes: CommonChanges = attrs.field(factory=lambda: CommonChanges.of(()), init=False)
    _graph: ServiceGraph | None = attrs.field(default=None, init=False)
    """The one that was told of last, which may equal that of the relations."""
    _told_of: Sequence[ObservedChange] = attrs.field(default=(), init=False)

    def __attrs_post_init__(self) -> None:
        self._beginnings.services = self._members.services

    def __contains__(self, incident_id: UUID) -> bool:
        return incident_id in self._numbers

    def __len__(self) -> int:
        return len(self._numbers)

    @property
    def ids(self) -> frozenset[UUID]:
        """All that are here."""
        return frozenset(self._numbers)

    def see(
        self,
        incident_id: UUID,
        *,
        opened_at: datetime,
        detected_at: datetime,
        last_signal_at: datetime,
        has_open_episode: bool,
    ) -> None:
        """Add an open incident, or note what is new of it. `last_signal_at` is the latest start or receipt."""
        profile = self._profile(incident_id)
        opened, detected = microseconds(opened_at), microseconds(detected_at)
        last = opened + OPEN_SPAN
        if not has_open_episode:
            last = min(last, microseconds(last_signal_at) + QUIET_SPAN)
        profile.opened_at = opened_at
        self._activity.put(profile.number, (opened - OPEN_SPAN, last))
        if profile.detected != detected:
            self._beginnings.move(profile.number, profile.detected, detected)
            profile.detected = detected
            self._members.begin(profile, detected)

    def take(self, candidate: Candidate) -> None:
        """Add an open incident with its members."""
        self.see(
            candidate.incident_id,
            opened_at=candidate.opened_at,
            detected_at=candidate.detected_at,
            last_signal_at=candidate.last_signal_at,
            has_open_episode=candidate.has_open_episode,
        )
        profile = self._profile(candidate.incident_id)
        for member in candidate.members:
            self._join(profile, member)

    def hear(self, incident_id: UUID, subject: Subject, *, at: datetime, is_open: bool) -> None:
        """Add a member that has just come; from then on its incident is active as long as that makes it."""
        profile = self._profile(incident_id)
        self._join(profile, subject)
        assert profile.opened_at is not None
        opened = microseconds(profile.opened_at)
        last = opened + OPEN_SPAN if is_open else min(opened + OPEN_SPAN, microseconds(at) + QUIET_SPAN)
        self._activity.prolong(profile.number, last)

    def join(self, incident_id: UUID, subject: Subject) -> None:
        """Add the subject of an episode's original, or of what people declared, to an incident. Twice is once."""
        self._join(self._profile(incident_id), subject)

    def _join(self, profile: Profile, subject: Subject) -> None:
        bit = 1 << profile.number
        if not self._members.services.get(subject.service, 0) & bit:
            self._beginnings.version += 1
        if self._members.join(profile, subject):
            self._relations.add(subject.spot, bit)

    def forget(self, incident_id: UUID) -> None:
        """Remove an incident, because it was closed or its members changed. One that isn't here is none."""
        number = self._numbers.pop(incident_id, None)
        if number is None:
            return
        profile = self._profiles[number]
        if profile is not None and profile.detected is not None:
            self._beginnings.move(number, profile.detected, None)
        self._profiles[number] = None
        self._activity.drop(number)
        self._forgotten.append(number)
        if len(self._forgotten) >= SWEEP_AFTER:
            self._sweep()

    def decide(
        self, subject: Subject, *, graph: ServiceGraph, changes: Sequence[ObservedChange], now: datetime
    ) -> CorrelationDecision:
        """Return the best active incident over the threshold, or the word that there is none.

        An info signal without one is CONTEXT_ONLY, any other OPENED with no incident id yet. Ties go to the oldest
        incident, then to the smaller id. `graph` and `changes` are indexed when they are others than at the last call.
        """
        self._look(graph, changes)
        active = self._activity.active(microseconds(now))
        rows = sorted(self._rows(subject, active)) if active else []
        scores = tuple([row[3] for row in rows])
        return CorrelationDecision(
            outcome=_outcome(subject, scores),
            incident_id=scores[0].incident_id if scores and scores[0].score >= THRESHOLD else None,
            threshold=THRESHOLD,
            scores=scores,
            ruled_out=active.bit_count() - len(scores),
        )

    def _rows(self, subject: Subject, active: int) -> list[Row]:
        started_at = microseconds(subject.started_at)
        shared = self._changes.shared(subject.service, started_at, self._relations.graph, self._beginnings)
        among = active & ~self._elsewhere(subject)
        newcomer = Newcomer.of(subject, started_at, self._members, self._profiles, among)
        rows: list[Row] = []
        for incidents, alike in newcomer.groups(self._relations.levels(subject.spot)):
            changed = incidents & shared
            if changed:
                rows += newcomer.scored(changed, known(alike.same_service, alike.topology, 1.0))
            rows += newcomer.scored(incidents & ~changed, alike)
        return rows

    def _elsewhere(self, subject: Subject) -> int:
        """Incidents of which another environment is known, and this one isn't: whatever else agrees is too little then."""
        if subject.environment is None:
            return 0
        others = 0
        for incidents in self._members.environments.values():
            others |= incidents
        return others & ~self._members.environments.get(subject.environment, 0)

    def _look(self, graph: ServiceGraph, changes: Sequence[ObservedChange]) -> None:
        if graph is not self._graph:
            self._graph = graph
            if graph != self._relations.graph:
                self._relations = Relations(graph=graph)
                self._relations.fill(self._members.spots)
        if changes is not self._told_of:
            self._told_of = changes
            self._changes = CommonChanges.of(changes)

    def _profile(self, incident_id: UUID) -> Profile:
        number = self._numbers.get(incident_id)
        profile = None if number is None else self._profiles[number]
        if profile is None:
            if not self._free:
                self._free.append(len(self._profiles))
                self._profiles.append(None)
            profile = Profile(number=self._free.pop(), incident_id=incident_id)
            self._numbers[incident_id] = profile.number
            self._profiles[profile.number] = profile
        return profile

    def _sweep(self) -> None:
        alive = texts = 0
        for profile in self._profiles:
            if profile is not None:
                alive |= 1 << profile.number
                texts |= profile.texts
        self._members.keep(alive, texts)
        self._relations = Relations(graph=self._relations.graph)
        self._relations.fill(self._members.spots)
        self._free += self._forgotten
        self._forgotten.clear()


def _outcome(subject: Subject, scores: Sequence[CandidateScore]) -> CorrelationOutcome:
    if scores and scores[0].score >= THRESHOLD:
        return CorrelationOutcome.JOINED
    return CorrelationOutcome.CONTEXT_ONLY if subject.severity is Severity.INFO else CorrelationOutcome.OPENED
