"""A newcomer beside the open incidents: rules out those that can't reach the threshold, and scores the others."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from math import exp
from uuid import UUID

import attrs

from sre_copilot.domain.bits import numbers
from sre_copilot.domain.correlation import TIME_SCALE, WEIGHTS, CandidateScore, Factor
from sre_copilot.domain.correlation_needs import Needs, needs
from sre_copilot.domain.members import Labels, Members, Profile, Similar
from sre_copilot.domain.signals import UNKNOWN_SERVICE
from sre_copilot.domain.subjects import Subject

SECONDS = TIME_SCALE.total_seconds()
LABELS, TIME, TEXT = (WEIGHTS[name] for name in ("labels", "time", "text"))

Row = tuple[float, datetime, UUID, CandidateScore]
"""A score as it ranks: best first, then the oldest incident, then the smaller id."""


@attrs.frozen
class Known:
    """The factors that many incidents have alike."""

    same_service: float | None
    topology: float | None
    common_change: float | None = None
    environment: float | None = None

    @property
    def needs(self) -> Needs | None:
        """What else an incident must have; None where nothing is enough."""
        return needs(self.same_service, self.topology, self.common_change, self.environment)


@attrs.define
class Newcomer:
    """A subject, with what its words, labels and start are compared with."""

    subject: Subject
    started_at: int
    members: Members
    profiles: Sequence[Profile | None]
    labels: Labels
    similar: Similar | None
    """None where it has no words."""

    @classmethod
    def of(cls, subject: Subject, started_at: int, members: Members, profiles: Sequence[Profile | None]) -> "Newcomer":
        """Look up its words and labels."""
        words = subject.words
        similar = members.word_sets.similar(words) if words else None
        return cls(subject, started_at, members, profiles, members.labels_like(subject), similar)

    def groups(self, incidents: int, levels: Sequence[tuple[float, int]]) -> Iterator[tuple[int, Known]]:
        """Split incidents by service and topology: (incidents, what they have alike). `levels` are by relation, best first."""
        service, services = self.subject.service, self.members.services
        is_known = service != UNKNOWN_SERVICE
        if is_known and (same := incidents & services.get(service, 0)):
            yield same, Known(1.0, 1.0)
            incidents &= ~same
        unconnected = 0
        for relation, connected in levels:
            if group := incidents & connected:
                incidents &= ~group
                if relation:
                    yield group, Known(None, relation)
                else:
                    unconnected = group
        for group, topology in ((unconnected, 0.0), (incidents, None)):
            other = group & self.members.served if is_known else 0
            yield other, Known(0.0, topology)
            yield group & ~other, Known(None, topology)

    def hopeful(self, incidents: int, needed: Needs) -> int:
        """Those of some incidents that may reach the threshold."""
        incidents &= self.members.began_within(self.started_at, needed.gap)
        if not needed.text.is_nothing:
            if self.similar is not None:
                incidents = self.members.with_words(self.similar, needed.text, incidents, self.profiles)
            elif not needed.text.or_unknown:
                return 0
        return incidents & self.labels.enough(needed.labels) if incidents else 0

    def scored(self, incidents: int, known: Known) -> Iterator[Row]:
        """Score incidents that have some factors alike."""
        shared = (
            _factor("same_service", known.same_service),
            _factor("topology", known.topology),
            _factor("common_change", known.common_change),
            _factor("environment", known.environment),
        )
        service, topology, change, environment = (factor.weight * (factor.value or 0.0) for factor in shared)
        totals = _totals(*(factor.value is not None for factor in shared))
        for number in numbers(incidents):
            profile = self.profiles[number]
            if profile is None or profile.opened_at is None:
                continue
            labels = self.labels.value(1 << number)
            time = exp(-(profile.gap(self.started_at) / 1_000_000) / SECONDS)
            text = self._text(profile)
            products = (
                service,
                topology,
                LABELS * labels if labels else 0.0,
                TIME * time,
                TEXT * text if text else 0.0,
                change,
                environment,
            )
            score = round(sum(products) / totals[labels is not None, text is not None], 6)
            factors = (
                shared[0],
                shared[1],
                _factor("labels", labels),
                Factor(name="time", value=time, weight=TIME),
                _factor("text", text),
                shared[2],
                shared[3],
            )
            found = CandidateScore(incident_id=profile.incident_id, score=score, factors=factors)
            yield -score, profile.opened_at, profile.incident_id, found

    def _text(self, profile: Profile) -> float | None:
        used = profile.texts
        if self.similar is None or not used:
            return None
        for similarity, sets in self.similar:
            if sets & used:
                return similarity
        return 0.0


@lru_cache(maxsize=4096)
def _factor(name: str, value: float | None) -> Factor:
    return Factor(name=name, value=value, weight=WEIGHTS[name])


@lru_cache(maxsize=16)
def _totals(service: bool, topology: bool, change: bool, environment: bool) -> dict[tuple[bool, bool], float]:
    """The sum of the weights of what is known, by whether labels and text are."""
    found = {}
    for labels in (False, True):
        for text in (False, True):
            known = dict(zip(WEIGHTS, (service, topology, labels, True, text, change, environment), strict=True))
            found[labels, text] = sum(weight for name, weight in WEIGHTS.items() if known[name])
    return found
