"""What past incidents say about a candidate: causes that people confirmed, and causes that they rejected."""

from collections.abc import Sequence
from uuid import UUID

from sre_copilot.domain.diagnosis.clues import Candidate, clue
from sre_copilot.domain.diagnosis.scoring import Feature
from sre_copilot.domain.hypotheses import CandidateKind, Evidence, EvidenceKind
from sre_copilot.domain.precedents import Cause, Place, SeenPrecedent
from sre_copilot.domain.snapshots import ContextSnapshot, ObservedChange

_LAY = {
    Place.ITSELF: "where the alarm was raised",
    Place.DOWNSTREAM: "downstream of the alarm",
    Place.UPSTREAM: "upstream of the alarm",
    Place.HOST: "in a host",
    Place.OUTSIDE: "outside",
    Place.ELSEWHERE: "elsewhere",
}


def with_precedents(candidate: Candidate, snapshot: ContextSnapshot) -> Candidate:
    """Return the candidate with what the precedents of `snapshot` say of it."""
    if not snapshot.precedents:
        return candidate
    cause = cause_of(candidate.kind, candidate.subject, candidate.change, snapshot)
    found: list[Evidence] = []
    for seen in snapshot.precedents:
        found += _confirmed(seen, cause)
        found += _rejected(seen, cause)
    return candidate.with_evidence(*found)


def supporting_precedents(evidence: Sequence[Evidence], seen: Sequence[SeenPrecedent]) -> tuple[UUID, ...]:
    """The incidents of those precedents that speak for a hypothesis by its `evidence`, the most similar first."""
    named = {item.refers_to for item in evidence if item.feature == Feature.PRECEDENT.value}
    return tuple(one.incident_id for one in seen if str(one.id) in named)


def cause_of(kind: CandidateKind, subject: str, change: ObservedChange | None, snapshot: ContextSnapshot) -> Cause:
    """What a candidate of `snapshot` blames, with its place as seen from the alarm."""
    return Cause(
        kind=kind,
        subject=subject,
        change_kind=change.kind if change else "",
        place=_place(kind, subject, snapshot),
    )


def _confirmed(seen: SeenPrecedent, cause: Cause) -> list[Evidence]:
    if seen.cause is None:
        return []
    said = seen.cause.says_of(cause)
    elsewhere = f", which lay {_LAY[cause.place]}, as this does" if seen.cause.subject != cause.subject else ""
    return clue(
        Feature.PRECEDENT,
        seen.similarity * said,
        subject=cause.said,
        kind=EvidenceKind.PRECEDENT,
        refers_to=str(seen.id),
        summary=f"Learned from incident {_named(seen)}: its confirmed cause was {seen.cause.said}{elsewhere}",
    )


def _rejected(seen: SeenPrecedent, cause: Cause) -> list[Evidence]:
    if all(wrong.says_of(cause) < 1.0 for wrong in seen.rejected):
        return []
    return clue(
        Feature.REJECTED_BEFORE,
        seen.similarity,
        subject=cause.said,
        kind=EvidenceKind.PRECEDENT,
        refers_to=str(seen.id),
        summary=f"Learned from incident {_named(seen)}: there people rejected {cause.said} as its cause",
    )


def _named(seen: SeenPrecedent) -> str:
    return f"{str(seen.incident_id)[-8:]} ({seen.similarity:.0%} alike)"


def _place(kind: CandidateKind, subject: str, snapshot: ContextSnapshot) -> Place:
    if kind is CandidateKind.NONE_OF_THESE:
        return Place.OUTSIDE
    if kind is CandidateKind.HOST:
        return Place.HOST
    if subject == snapshot.alarm:
        return Place.ITSELF
    if subject in snapshot.graph.reach(snapshot.alarm):
        return Place.DOWNSTREAM
    return Place.UPSTREAM if subject in snapshot.graph.reached_by(snapshot.alarm) else Place.ELSEWHERE
