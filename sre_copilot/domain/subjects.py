"""Subjects: what correlation looks at, in the original of an episode or in an incident that people declared."""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

import attrs

from sre_copilot.domain.incidents import Incident
from sre_copilot.domain.signals import Environment, Severity, SignalDraft
from sre_copilot.domain.values import quick_value

NAME_LABEL = "alertname"
"""The label that names an alert."""
HOST_LABELS = frozenset({"node", "host", "hostname"})
"""Labels that name a host, known or not."""
PLACE_LABELS = HOST_LABELS | {"pod", "instance", "container", "device"}
"""Labels that name a place: a match is strong, a mismatch says nothing."""
_PLACES = tuple(sorted(PLACE_LABELS))
_WORD = re.compile(r"[a-z]{3,}|[A-Z][a-z]+|[A-Z]{2,}")


class Spot(NamedTuple):
    """A service, and the places that labels name beside it."""

    service: str
    places: tuple[str, ...]


@quick_value(kw_only=True)
class Subject:
    """Where, when, how badly and in which words. `environment` is None where nobody said it: a guess must not separate."""

    service: str
    started_at: datetime
    severity: Severity
    environment: Environment | None = None
    labels: Mapping[str, str] = attrs.field(factory=dict)
    text: str = ""

    spot: Spot = attrs.field(init=False, eq=False, repr=False)
    """Its service and places: all that the service graph is asked about."""
    words: frozenset[str] = attrs.field(init=False, eq=False, repr=False)
    """The words of its text in lower case, but for those of its service's name."""

    @spot.default
    def _spot(self) -> Spot:
        labels = self.labels
        return Spot(self.service, tuple([_without_port(labels[key]) for key in _PLACES if key in labels]))

    @words.default
    def _words(self) -> frozenset[str]:
        return words_of(self.text) - words_of(self.service)


@lru_cache(maxsize=2048)
def words_of(text: str) -> frozenset[str]:
    """The words of a text in lower case. Kept for a while, because a storm says the same few things again and again."""
    return frozenset(map(str.lower, _WORD.findall(text)))


def signalled(draft: SignalDraft, started_at: datetime, severity: Severity | None = None) -> Subject:
    """The subject of an episode that began at `started_at` with this signal, as severe as that or as it is by now."""
    return Subject(
        service=draft.service,
        started_at=started_at,
        severity=severity or draft.severity,
        environment=draft.environment if draft.environment_word else None,
        labels=draft.labels,
        text=f"{draft.name} {draft.title}",
    )


def declared(incident: Incident) -> Subject:
    """The subject of an incident that no signal opened."""
    return Subject(
        service=incident.service,
        started_at=incident.detected_at,
        severity=incident.severity,
        environment=incident.environment,
        text=incident.title,
    )


def places(labels: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The labels that name a place, by label, each with the place without its port."""
    return tuple((key, _without_port(labels[key])) for key in _PLACES if key in labels)


def _without_port(place: str) -> str:
    return place.partition(":")[0]
