"""Precedents: past incidents with what people confirmed or rejected as their cause, and how alike two incidents are.

Symptoms are compared without the names of services, so that what happened to one service tells something of another.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import attrs

from sre_copilot.domain.hypotheses import CandidateKind, SimilarIncident

METRICS, WORDS, TEMPLATES, SIGNALS, ROLE = 0.35, 0.25, 0.2, 0.1, 0.1
"""How much each part of the symptoms counts in `similarity`."""
ENOUGH_KNOWN = 0.5
"""Parts that two incidents both know count less than fully where they add up to less than this."""
LEAST_ALIKE = 0.5
"""Less similar incidents are no precedents of each other."""
MOST_SEEN = 8
"""So many precedents, the nearest ones, are looked at."""
OTHER_SIDE = 0.5
"""What the confirmed cause says of the same component where one names a change of it and the other itself."""
SAME_PLACE = 0.3
"""What it says of another component that lies in the same place: a weak prior across services."""
DIGITS = 4


class TopologyRole(StrEnum):
    """Where the component that raised the alarm stands in the service graph."""

    UNKNOWN = ""
    ENTRY = "entry"
    MIDDLE = "middle"
    LEAF = "leaf"


class Place(StrEnum):
    """Where a cause lay, seen from the component that raised the alarm."""

    ITSELF = "itself"
    DOWNSTREAM = "downstream"
    UPSTREAM = "upstream"
    HOST = "host"
    OUTSIDE = "outside"
    ELSEWHERE = "elsewhere"


def _sorted(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))


@attrs.frozen(kw_only=True)
class Symptoms:
    """How an incident looked, without a name of a service or host. Each part is sorted and holds nothing twice.

    `metrics` are kinds of metrics with where and which way they shifted, `signals` severities, with the type where it is
    no alert, `templates` words of log templates, `words` stems of the alerts' titles.
    """

    metrics: tuple[str, ...] = attrs.field(default=(), converter=_sorted)
    words: tuple[str, ...] = attrs.field(default=(), converter=_sorted)
    templates: tuple[str, ...] = attrs.field(default=(), converter=_sorted)
    signals: tuple[str, ...] = attrs.field(default=(), converter=_sorted)
    role: TopologyRole = TopologyRole.UNKNOWN


def similarity(one: Symptoms, other: Symptoms) -> float:
    """How alike two incidents looked, in [0, 1], rounded to four digits; symmetric.

    The weighted mean of the Jaccard indices (shared / all) of the parts that both know, times how much they both know
    where that is less than half by weight: two incidents of which only the severity is known are not alike for that.
    """
    parts = [
        (METRICS, _shared(one.metrics, other.metrics)),
        (WORDS, _shared(one.words, other.words)),
        (TEMPLATES, _shared(one.templates, other.templates)),
        (SIGNALS, _shared(one.signals, other.signals)),
        (ROLE, float(one.role is other.role) if one.role and other.role else None),
    ]
    known = [(weight, value) for weight, value in parts if value is not None]
    weighed = sum(weight for weight, _ in known)
    if not weighed:
        return 0.0
    mean = sum(weight * value for weight, value in known) / weighed
    return round(min(1.0, mean) * min(1.0, weighed / ENOUGH_KNOWN), DIGITS)


def _shared(one: Collection[str], other: Collection[str]) -> float | None:
    if not one or not other:
        return None
    mine, theirs = set(one), set(other)
    return len(mine & theirs) / len(mine | theirs)


@attrs.frozen(kw_only=True)
class Cause:
    """What a hypothesis blamed: `change_kind` (deploy, config, flag) is set for changes, `subject` is "" for none of these."""

    kind: CandidateKind
    subject: str
    change_kind: str = ""
    place: Place = Place.ELSEWHERE

    @property
    def said(self) -> str:
        """In words, such as "a deploy of payments"."""
        if self.kind is CandidateKind.CHANGE:
            return f"a {self.change_kind or 'change'} of {self.subject}"
        if self.kind is CandidateKind.HOST:
            return f"the host {self.subject}"
        return self.subject or "something outside of what is known here"

    def says_of(self, other: "Cause") -> float:
        """How much this cause, once confirmed, says of another candidate where symptoms are the same: in [0, 1].

        1 for the same again, a half where one is the component and the other a change of it (or another kind of change),
        and little for another component of the same kind that lies in the same place.
        """
        if self.kind is CandidateKind.NONE_OF_THESE or other.kind is CandidateKind.NONE_OF_THESE:
            return float(self.kind is other.kind)
        same_sort = self.kind is other.kind and self.change_kind == other.change_kind
        if self.subject == other.subject:
            return 1.0 if same_sort else OTHER_SIDE
        same_place = self.place is other.place and self.place is not Place.ELSEWHERE
        return SAME_PLACE if same_sort and same_place else 0.0


@attrs.frozen(kw_only=True)
class JudgedCause:
    """A cause that a person confirmed or rejected, in which hypothesis, and when."""

    cause: Cause
    hypothesis_id: UUID
    user_id: UUID
    at: datetime


@attrs.frozen(kw_only=True)
class FirstAnswer:
    """What was said first of an incident's cause, and whether that was right; None while nobody has said.

    `chances` are the primaries of that diagnosis by rank, "others" last; `slope` is the tenant's recalibration then.
    """

    diagnosis_id: UUID
    at: datetime
    chances: tuple[float, ...]
    slope: float = 1.0
    right: bool | None = None

    @property
    def primary(self) -> float:
        """The confidence of the first hypothesis, as people saw it."""
        return self.chances[0]


@attrs.frozen(kw_only=True)
class Precedent:
    """One past incident with what people said of its cause. Outlives the incident.

    Of those that `confirmed` is None the `rejected` causes still count; one with neither, which people took back, says
    nothing. While `forgotten_at` is set it is not used; its first answer still counts in the calibration.
    """

    id: UUID
    incident_id: UUID
    title: str
    symptoms: Symptoms
    learned_at: datetime
    confirmed: JudgedCause | None = None
    rejected: tuple[JudgedCause, ...] = ()
    answer: FirstAnswer | None = None
    forgotten_at: datetime | None = None
    forgotten_by: UUID | None = None

    @property
    def confirmed_by(self) -> UUID | None:
        """Who confirmed its cause, None where nobody did."""
        return self.confirmed.user_id if self.confirmed else None

    @property
    def says_something(self) -> bool:
        """Whether there is a cause in it that counts."""
        return self.forgotten_at is None and (self.confirmed is not None or bool(self.rejected))

    def forgotten(self, user_id: UUID | None, at: datetime) -> "Precedent":
        """Return the precedent as one that is not used; unchanged where it is not used already."""
        return self if self.forgotten_at else attrs.evolve(self, forgotten_at=at, forgotten_by=user_id)

    def restored(self) -> "Precedent":
        """Return the precedent as one that is used again."""
        return attrs.evolve(self, forgotten_at=None, forgotten_by=None)


@attrs.frozen(kw_only=True)
class SeenPrecedent:
    """A precedent as a snapshot holds it: how alike it is, what was confirmed, what rejected."""

    id: UUID
    incident_id: UUID
    title: str
    similarity: float
    cause: Cause | None = None
    rejected: tuple[Cause, ...] = ()

    @property
    def shown(self) -> SimilarIncident:
        """The same in words."""
        return SimilarIncident(
            incident_id=self.incident_id,
            precedent_id=self.id,
            title=self.title,
            similarity=self.similarity,
            cause=self.cause.said if self.cause else "",
            rejected=tuple(cause.said for cause in self.rejected),
        )


def nearest_precedents(
    symptoms: Symptoms, known: Iterable[Precedent], count: int = MOST_SEEN
) -> tuple[SeenPrecedent, ...]:
    """Return those precedents that are similar enough, the most similar first, at most `count`; ties break by incident.

    Forgotten ones and those that say nothing are left out.
    """
    found = [
        SeenPrecedent(
            id=one.id,
            incident_id=one.incident_id,
            title=one.title,
            similarity=alike,
            cause=one.confirmed.cause if one.confirmed else None,
            rejected=tuple(judged.cause for judged in one.rejected),
        )
        for one in known
        if one.says_something and (alike := similarity(symptoms, one.symptoms)) >= LEAST_ALIKE
    ]
    return tuple(sorted(found, key=lambda one: (-one.similarity, str(one.incident_id)))[:count])
