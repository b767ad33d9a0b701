"""A newcomer beside the open incidents: rules out those that can't reach the threshold, and scores the others."""

from collections.abc import Container, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from math import exp
from uuid import UUID

import attrs

from sre_copilot.domain.bits import numbers
from sre_copilot.domain.correlation import TIME_SCALE, WEIGHTS, CandidateScore, Factor
from sre_copilot.domain.correlation_needs import Need, Needs, needs
from sre_copilot.domain.label_shares import Shares
from sre_copilot.domain.members import Members, Profile
from sre_copilot.domain.signals import UNKNOWN_SERVICE
from sre_copilot.domain.subjects import Subject
from sre_copilot.domain.word_sets import Similar

SHARED = ("same_service", "topology", "common_change")
NO_ENVIRONMENT = Factor("environment", None, WEIGHTS["environment"])
"""It is known only where two differ, and then nothing is enough: such incidents are left out at once."""
NO_TEXT = Factor("text", None, WEIGHTS["text"])
SECONDS = TIME_SCALE.total_seconds()
LABELS, TIME, TEXT = (WEIGHTS[name] for name in ("labels", "time", "text"))

Row = tuple[float, datetime, UUID, CandidateScore]
"""A score as it ranks: best first, then the oldest incident, then the smaller id."""


@attrs.frozen
class Known:
    """The factors that many incidents have alike, and what follows from them alone."""

    same_service: float | None
    topology: float | None
    needs: Needs | None
    """What else an incident must have; None where nothing is enough."""
    factors: tuple[Factor, ...]
    parts: tuple[float, ...]
    """Weight x value of each, 0 where it is unknown."""
    totals: Sequence[Sequence[float]]
    """The sum of all known weights, by whether labels and by whether words are known too."""


@lru_cache(maxsize=1024)
def known(same_service: float | None, topology: float | None, common_change: float | None = None) -> Known:
    """These factors, with what follows; they take few values, so each combination is kept."""
    values = (same_service, topology, common_change)
    factors = tuple(_factor(name, value) for name, value in zip(SHARED, values, strict=True))
    parts = tuple(factor.weight * (factor.value or 0.0) for factor in factors)
    totals = tuple(
        tuple(_total({*_names(factors), "time", *labels, *text}) for text in ((), ("text",)))
        for labels in ((), ("labels",))
    )
    return Known(same_service, topology, needs(*values, None), factors, parts, totals)


def _names(factors: tuple[Factor, ...]) -> Iterator[str]:
    return (factor.name for factor in factors if factor.value is not None)


def _total(names: Container[str]) -> float:
    return sum(weight for name, weight in WEIGHTS.items() if name in names)


@attrs.define
class Newcomer:
    """A subject, with what its words, labels and start are compared with."""

    subject: Subject
    started_at: int
    members: Members
    profiles: Sequence[Profile | None]
    among: int
    """The incidents, as bits, that it may belong to."""
    labels: Shares
    similar: Similar | None
    """None where it has no words."""

    @classmethod
    def of(
        cls, subject: Subject, started_at: int, members: Members, profiles: Sequence[Profile | None], among: int
    ) -> "Newcomer":
        """Look up its words and labels."""
        words = subject.words
        similar = members.word_sets.similar(words) if words else None
        return cls(subject, started_at, members, profiles, among, members.labels_like(subject, among), similar)

    def groups(self, levels: Sequence[tuple[float, int]]) -> Iterator[tuple[int, Known]]:
        """Split incidents by service and topology: (incidents, what they have alike). `levels` are by relation, best first."""
        incidents, service, services = self.among, self.subject.service, self.members.services
        is_known = service != UNKNOWN_SERVICE
        if is_known and (same := incidents & services.get(service, 0)):
            yield same, known(1.0, 1.0)
            incidents &= ~same
        unconnected = 0
        for relation, connected in levels:
            if group := incidents & connected:
                incidents &= ~group
                if relation:
                    yield group, known(None, relation)
                else:
                    unconnected = group
        for group, topology in ((unconnected, 0.0), (incidents, None)):
            other = group & self.members.served if is_known else 0
            if other:
                yield other, known(0.0, topology)
            if rest := group & ~other:
                yield rest, known(None, topology)

    def _hopeful(self, incidents: int, needed: Needs) -> int:
        """Those of some incidents that may reach the threshold."""
        if needed.is_nothing:
            return incidents
        incidents &= self._labelled(needed.labels)
        if incidents:
            incidents &= self.members.began_within(self.started_at, needed.gap)
        if not incidents or needed.text.is_nothing:
            return incidents
        if self.similar is not None:
            return self.members.with_words(self.similar, needed.text, incidents, self.profiles)
        return incidents if needed.text.or_unknown else 0

    def _labelled(self, need: Need) -> int:
        """The incidents, as bits, whose labels agree enough."""
        if need.is_nothing:
            return -1
        enough = 0
        for share, incidents in self.labels:
            if need.or_unknown if share is None else share >= need.least:
                enough |= incidents
        return enough

    def scored(self, incidents: int, alike: Known) -> list[Row]:
        """Score those of some incidents that may reach the threshold; they have some factors alike."""
        if alike.needs is None or not (incidents := self._hopeful(incidents, alike.needs)):
            return []
        service, topology, change = alike.factors
        service_part, topology_part, change_part = alike.parts
        started_at, profiles, best = self.started_at, self.profiles, self.similar.best if self.similar else None
        rows: list[Row] = []
        for share, sharing in self.labels:
            group = incidents & sharing
            if not group:
                continue
            labels, labels_part = _factor("labels", share), LABELS * share if share else 0.0
            wordless, worded = alike.totals[share is not None]
            for number in numbers(group):
                profile = profiles[number]
                if profile is None or profile.opened_at is None:
                    continue
                time = exp(-(profile.gap(started_at) / 1_000_000) / SECONDS)
                text = best(profile.texts) if best is not None and profile.texts else NO_TEXT
                similarity = text.value
                text_part = TEXT * similarity if similarity else 0.0
                parts = (service_part, topology_part, labels_part, TIME * time, text_part, change_part)
                score = round(sum(parts) / (wordless if similarity is None else worded), 6)
                factors = (service, topology, labels, Factor("time", time, TIME), text, change, NO_ENVIRONMENT)
                incident_id = profile.incident_id
                rows.append((-score, profile.opened_at, incident_id, CandidateScore(incident_id, score, factors)))
        return rows


@lru_cache(maxsize=4096)
def _factor(name: str, value: float | None) -> Factor:
    """Kept to be used again, because shares of labels take few values."""
    return Factor(name, value, WEIGHTS[name])
