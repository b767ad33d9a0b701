"""Correlation: which incident an episode belongs to, with every candidate, score and factor on record.

A score is the weighted mean of the factors that are known. Unknown factors are left out, so that an unknown
topology never makes correlation impossible.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from math import exp
from uuid import UUID

import attrs

from sre_copilot.domain.decisions import CorrelationOutcome
from sre_copilot.domain.service_graph import ServiceGraph
from sre_copilot.domain.signals import UNKNOWN_SERVICE, Severity
from sre_copilot.domain.snapshots import ObservedChange
from sre_copilot.domain.subjects import NAME_LABEL, PLACE_LABELS, Spot, Subject
from sre_copilot.domain.values import quick_value

THRESHOLD = 0.5
ACTIVE_AFTER_LAST_SIGNAL = timedelta(minutes=30)
OPEN_TO_NEWCOMERS = timedelta(hours=24)
CHANGE_LOOKBACK = timedelta(hours=1)
TIME_SCALE = timedelta(minutes=30)

WEIGHTS: Mapping[str, float] = {
    "same_service": 0.25,
    "topology": 0.35,
    "labels": 0.15,
    "time": 0.10,
    "text": 0.15,
    "common_change": 0.25,
    "environment": 2.0,
}
"""Set by hand: topology leads, time alone never suffices, text and labels carry the day where topology is unknown.

The environment is known only where two differ, and then outweighs everything.
"""

UPSTREAM = (1.0, 1.0, 0.9, 0.8, 0.7)
"""By calls between: the newcomer calls the incident's service, the way a fault travels."""
DOWNSTREAM = (1.0, 0.95, 0.85, 0.8, 0.7)
"""The newcomer is called by it: a deeper cause that alerts later."""
SIBLING = 0.35
"""Both call, or are called by, one service: too little without words or labels in common."""
SAME_HOST = 0.9
"""One is the host that the other runs on, or both name the same host where no call path is known."""

PLACE_WEIGHT = 3.0
NOT_IDENTITY = frozenset({NAME_LABEL, "severity", "service", "environment", "env", "deployment_environment"})


@attrs.frozen(kw_only=True)
class Candidate:
    """An open incident, by the originals of its episodes. `last_signal_at` is the latest start or receipt."""

    incident_id: UUID
    opened_at: datetime
    detected_at: datetime
    last_signal_at: datetime
    has_open_episode: bool
    members: tuple[Subject, ...]

    def is_active(self, now: datetime) -> bool:
        """Whether something may be added automatically at `now`, which may be earlier where deliveries come out of order."""
        if abs(now - self.opened_at) > OPEN_TO_NEWCOMERS:
            return False
        return self.has_open_episode or now - self.last_signal_at <= ACTIVE_AFTER_LAST_SIGNAL


@quick_value
class Factor:
    """One named part of a score: `value` in [0, 1], or None where it is unknown and left out."""

    name: str
    value: float | None
    weight: float


@quick_value
class CandidateScore:
    """How well one candidate fits, in [0, 1], and why."""

    incident_id: UUID
    score: float
    factors: tuple[Factor, ...]


@quick_value(kw_only=True)
class CorrelationDecision:
    """What was decided, with every candidate that could have reached the threshold. Stored once, never silently decided again.

    `ruled_out` counts the other active ones: what is known of them at once is too little, whatever else agrees.
    Where a silence kept the episode from being correlated, it is named, and no candidate was looked at.
    """

    outcome: CorrelationOutcome
    incident_id: UUID | None
    threshold: float
    scores: tuple[CandidateScore, ...]
    silence_id: UUID | None = None
    ruled_out: int = 0


def silenced(silence_id: UUID) -> CorrelationDecision:
    """The decision not to correlate as long as this silence is in force."""
    return CorrelationDecision(
        outcome=CorrelationOutcome.SILENCED, incident_id=None, threshold=THRESHOLD, scores=(), silence_id=silence_id
    )


def correlate(
    subject: Subject,
    candidates: Iterable[Candidate],
    *,
    graph: ServiceGraph,
    changes: Sequence[ObservedChange],
    now: datetime,
) -> CorrelationDecision:
    """Return the best active candidate over the threshold, or the word that there is none.

    An info signal without one is CONTEXT_ONLY, any other OPENED with no incident id yet. Ties go to the oldest
    incident, then to the smaller id. Linear in the members of the candidates.
    """
    active = [candidate for candidate in candidates if candidate.is_active(now)]
    opened = {candidate.incident_id: candidate.opened_at for candidate in active}
    scores = tuple(score(subject, candidate, graph=graph, changes=changes) for candidate in active)
    ranked = sorted(scores, key=lambda item: (-item.score, opened[item.incident_id], item.incident_id))
    if ranked and ranked[0].score >= THRESHOLD:
        outcome, incident_id = CorrelationOutcome.JOINED, ranked[0].incident_id
    else:
        is_info = subject.severity is Severity.INFO
        outcome, incident_id = (CorrelationOutcome.CONTEXT_ONLY if is_info else CorrelationOutcome.OPENED), None
    return CorrelationDecision(outcome=outcome, incident_id=incident_id, threshold=THRESHOLD, scores=tuple(ranked))


def score(
    subject: Subject, candidate: Candidate, *, graph: ServiceGraph, changes: Sequence[ObservedChange]
) -> CandidateScore:
    """Return the weighted mean of the known factors: sum(weight x value) / sum(weight), rounded to 6 digits."""
    topology = _topology(subject, candidate, graph)
    values: dict[str, float | None] = {
        "same_service": _same_service(subject, candidate, topology),
        "topology": topology,
        "labels": _labels(subject, candidate),
        "time": _time(subject, candidate),
        "text": _text(subject, candidate),
        "common_change": _common_change(subject, candidate, graph, changes),
        "environment": _environment(subject, candidate),
    }
    factors = tuple(Factor(name=name, value=value, weight=WEIGHTS[name]) for name, value in values.items())
    known = [(factor.weight, factor.value) for factor in factors if factor.value is not None]
    total = sum(weight for weight, _ in known)
    mean = sum(weight * value for weight, value in known) / total if total else 0.0
    return CandidateScore(incident_id=candidate.incident_id, score=round(mean, 6), factors=factors)


def _same_service(subject: Subject, candidate: Candidate, topology: float | None) -> float | None:
    """Of services that are connected it says nothing that they are two: that is what the topology weighs."""
    known = {member.service for member in candidate.members} - {UNKNOWN_SERVICE}
    if subject.service in known:
        return 1.0
    return None if subject.service == UNKNOWN_SERVICE or not known or topology else 0.0


def _topology(subject: Subject, candidate: Candidate, graph: ServiceGraph) -> float | None:
    best: float | None = None
    for member in candidate.members:
        relation = relation_of(subject.spot, member.spot, graph)
        if relation is not None and (best is None or relation > best):
            best = relation
            if best == 1.0:
                break
    return best


def relation_of(one: Spot, other: Spot, graph: ServiceGraph) -> float | None:
    """How closely the graph connects a newcomer with a member of an incident, in [0, 1]; None where it doesn't know."""
    if one.service == other.service and one.service != UNKNOWN_SERVICE:
        return 1.0
    hosts = (host_of(one, graph), host_of(other, graph))
    if any(hosts):
        return _host_relation(one, other, hosts, graph)
    if not (graph.knows(one.service) and graph.knows(other.service)):
        return None
    upstream = graph.calls_between(one.service, other.service)
    if upstream is not None:
        return _at(UPSTREAM, upstream)
    downstream = graph.calls_between(other.service, one.service)
    if downstream is not None:
        return _at(DOWNSTREAM, downstream)
    shared = set(graph.callers(one.service)) & set(graph.callers(other.service))
    shared |= set(graph.callees(one.service)) & set(graph.callees(other.service))
    return SIBLING if shared else 0.0


def host_of(spot: Spot, graph: ServiceGraph) -> str | None:
    """The host that a signal is about: its service is one, or it is no known service and a label names one."""
    if graph.is_host(spot.service):
        return spot.service
    if graph.knows(spot.service):
        return None
    return next((host for host in spot.places if graph.is_host(host)), None)


def _host_relation(one: Spot, other: Spot, hosts: tuple[str | None, str | None], graph: ServiceGraph) -> float | None:
    first, second = hosts
    if first and second:
        return SAME_HOST if first == second else 0.0
    host, service = (first, other) if first else (second, one)
    if host in service.places or host in graph.hosts_of(service.service):
        return SAME_HOST
    return 0.0 if graph.knows(service.service) else None


def _at(scale: Sequence[float], distance: int) -> float:
    return scale[min(distance, len(scale) - 1)]


def _labels(subject: Subject, candidate: Candidate) -> float | None:
    matched = possible = 0.0
    for key, value in subject.labels.items():
        if key in NOT_IDENTITY:
            continue
        theirs = {member.labels[key] for member in candidate.members if key in member.labels}
        if not theirs:
            continue
        matches = value in theirs
        weight = PLACE_WEIGHT if key in PLACE_LABELS else 1.0
        if matches or key not in PLACE_LABELS:
            possible += weight
            matched += weight if matches else 0.0
    return matched / possible if possible else None


def _environment(subject: Subject, candidate: Candidate) -> float | None:
    """0 where both were said and differ; that they are the same is true of nearly all that happens, and says nothing."""
    theirs = {member.environment for member in candidate.members} - {None}
    return 0.0 if subject.environment is not None and theirs and subject.environment not in theirs else None


def _time(subject: Subject, candidate: Candidate) -> float:
    starts = [member.started_at for member in candidate.members] or [candidate.detected_at]
    gap = min(abs((subject.started_at - start).total_seconds()) for start in starts)
    return exp(-gap / TIME_SCALE.total_seconds())


def _text(subject: Subject, candidate: Candidate) -> float | None:
    words = subject.words
    # A storm says the same few things about hundreds of pods.
    theirs = {member.words for member in candidate.members} - {frozenset()}
    if not words or not theirs:
        return None
    return max(len(words & other) / len(words | other) for other in theirs)


def _common_change(
    subject: Subject, candidate: Candidate, graph: ServiceGraph, changes: Sequence[ObservedChange]
) -> float | None:
    """1 where one change came before both, in something that both are or reach; unknown otherwise."""
    before = min(subject.started_at, candidate.detected_at)
    recent = {change.service for change in changes if timedelta(0) <= before - change.at <= CHANGE_LOOKBACK}
    if not recent:
        return None
    mine = recent & {name for name, _ in graph.downstream(subject.service)}
    theirs = {name for member in candidate.members for name, _ in graph.downstream(member.service)}
    return 1.0 if mine & theirs else None
