"""A newcomer beside the open incidents: rules out those that can't reach the threshold, and scores the others."""

from collections.abc import Container, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from math import exp
from uuid import UUID

import attrs

from sre_copilot.domain.bits import numbers
from sre_copilot.domain.correlation import TIME_SCALE, WEIGHTS, CandidateScore, Factor
from sre_copilot.domain.correlation_needs import Need, Needs, needs
from sre_copilot.domain.members import Labels, Members, Profile, Similar
from sre_copilot.domain.signals import UNKNOWN_SERVICE
from sre_copilot.domain.subjects import Subject

FEW = 8
"""Up to so many incidents are asked for their labels one by one."""
SHARED = ("same_service", "topology", "common_change", "environment")
SECONDS = TIME_SCALE.total_seconds()
LABELS, TIME, TEXT = (WEIGHTS[name] for name in ("labels", "time", "text"))

KEPT = 4096
"""How many different factors are kept to be used again: shares of labels and words take few values."""
_FACTORS: dict[tuple[str, float | None], Factor] = {}
# Most of the time would go into the constructors of frozen objects, which take three times as long as their slots.
_put_name, _put_value, _put_weight = (vars(Factor)[name].__set__ for name in ("name", "value", "weight"))
_put_id, _put_score, _put_factors = (vars(CandidateScore)[name].__set__ for name in ("incident_id", "score", "factors"))

Row = tuple[float, datetime, UUID, CandidateScore]
"""A score as it ranks: best first, then the oldest incident, then the smaller id."""


@attrs.frozen
class Known:
    """The factors that many incidents have alike, and what follows from them alone."""

    same_service: float | None
    topology: float | None
    common_change: float | None
    environment: float | None
    needs: Needs | None
    """What else an incident must have; None where nothing is enough."""
    factors: tuple[Factor, ...]
    parts: tuple[float, ...]
    """Weight x value of each, 0 where it is unknown."""
    totals: Mapping[tuple[bool, bool], float]
    """The sum of all known weights, by whether labels and text are known too."""


@lru_cache(maxsize=1024)
def known(
    same_service: float | None,
    topology: float | None,
    common_change: float | None = None,
    environment: float | None = None,
) -> Known:
    """These factors, with what follows; they take few values, so each combination is kept."""
    values = (same_service, topology, common_change, environment)
    factors = tuple(_factor(name, value) for name, value in zip(SHARED, values, strict=True))
    parts = tuple(factor.weight * (factor.value or 0.0) for factor in factors)
    totals = {
        (labels, text): _total({*_names(factors), "time", *["labels"] * labels, *["text"] * text})
        for labels in (False, True)
        for text in (False, True)
    }
    return Known(*values, needs(*values), factors, parts, totals)


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

    def hopeful(self, incidents: int, needed: Needs) -> int:
        """Those of some incidents that may reach the threshold."""
        incidents &= self.members.began_within(self.started_at, needed.gap)
        if not needed.text.is_nothing:
            if self.similar is not None:
                incidents = self.members.with_words(self.similar, needed.text, incidents, self.profiles)
            elif not needed.text.or_unknown:
                return 0
        if needed.labels.is_nothing or not incidents:
            return incidents
        if incidents.bit_count() <= FEW:
            return sum(1 << number for number in numbers(incidents) if self._labelled_enough(number, needed.labels))
        return incidents & self.labels.enough(needed.labels)

    def _labelled_enough(self, number: int, need: Need) -> bool:
        value = self.labels.value(1 << number)
        return need.or_unknown if value is None else value >= need.least

    def scored(self, incidents: int, alike: Known) -> list[Row]:
        """Score incidents that have some factors alike."""
        service, topology, change, environment = alike.factors
        service_part, topology_part, change_part, environment_part = alike.parts
        started_at, profiles, totals = self.started_at, self.profiles, alike.totals
        rows: list[Row] = []
        for number in numbers(incidents):
            profile = profiles[number]
            if profile is None or profile.opened_at is None:
                continue
            labels = self.labels.value(1 << number)
            time = exp(-(profile.gap(started_at) / 1_000_000) / SECONDS)
            text = self._text(profile)
            products = (
                service_part,
                topology_part,
                LABELS * labels if labels else 0.0,
                TIME * time,
                TEXT * text if text else 0.0,
                change_part,
                environment_part,
            )
            score = round(sum(products) / totals[labels is not None, text is not None], 6)
            agreeing, alike_in_words = _factor("labels", labels), _factor("text", text)
            factors = (service, topology, agreeing, _near(time), alike_in_words, change, environment)
            found = _scored(profile.incident_id, score, factors)
            rows.append((-score, profile.opened_at, profile.incident_id, found))
        return rows

    def _text(self, profile: Profile) -> float | None:
        used = profile.texts
        if self.similar is None or not used:
            return None
        for similarity, sets in self.similar:
            if sets & used:
                return similarity
        return 0.0


def _factor(name: str, value: float | None) -> Factor:
    found = _FACTORS.get((name, value))
    if found is None:
        if len(_FACTORS) >= KEPT:
            _FACTORS.clear()
        found = _FACTORS[name, value] = Factor(name=name, value=value, weight=WEIGHTS[name])
    return found


def _near(time: float) -> Factor:
    made: Factor = object.__new__(Factor)
    _put_name(made, "time")
    _put_value(made, time)
    _put_weight(made, TIME)
    return made


def _scored(incident_id: UUID, score: float, factors: tuple[Factor, ...]) -> CandidateScore:
    made: CandidateScore = object.__new__(CandidateScore)
    _put_id(made, incident_id)
    _put_score(made, score)
    _put_factors(made, factors)
    return made
