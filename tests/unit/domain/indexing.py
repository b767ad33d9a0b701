"""The index of open incidents beside what it has to agree with: every incident scored by all its members."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sre_copilot.domain.correlation import THRESHOLD, Candidate, correlate
from sre_copilot.domain.open_incidents import OpenIncidents
from sre_copilot.domain.service_graph import ServiceGraph
from sre_copilot.domain.signals import Severity
from sre_copilot.domain.snapshots import ObservedChange
from sre_copilot.domain.subjects import Subject

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def see(index: OpenIncidents, candidate: Candidate) -> None:
    index.see(
        candidate.incident_id,
        opened_at=candidate.opened_at,
        detected_at=candidate.detected_at,
        last_signal_at=candidate.last_signal_at,
        has_open_episode=candidate.has_open_episode,
    )


def indexed(candidates: Sequence[Candidate]) -> OpenIncidents:
    index = OpenIncidents()
    for candidate in candidates:
        see(index, candidate)
        for member in candidate.members:
            index.join(candidate.incident_id, member)
    return index


def assert_same(
    index: OpenIncidents,
    subject: Subject,
    candidates: Sequence[Candidate],
    graph: ServiceGraph,
    changes: Sequence[ObservedChange],
    now: datetime,
) -> None:
    linear = correlate(subject, candidates, graph=graph, changes=changes, now=now)
    found = index.decide(subject, graph=graph, changes=changes, now=now)
    assert (found.outcome, found.incident_id, found.threshold) == (linear.outcome, linear.incident_id, THRESHOLD)
    looked_at = {item.incident_id for item in found.scores}
    assert found.scores == tuple(item for item in linear.scores if item.incident_id in looked_at)
    assert all(item.score < THRESHOLD for item in linear.scores if item.incident_id not in looked_at)
    assert found.ruled_out == len(linear.scores) - len(found.scores)


def lone_one(member: Subject, number: int = 30_000) -> Candidate:
    return Candidate(
        incident_id=UUID(int=number),
        opened_at=NOW,
        detected_at=member.started_at,
        last_signal_at=NOW,
        has_open_episode=True,
        members=(member,),
    )


def about(service: str, text: str = "", *, minutes: float = 0, **labels: str) -> Subject:
    started = NOW + timedelta(minutes=minutes)
    return Subject(service=service, started_at=started, severity=Severity.HIGH, labels=labels, text=text)
