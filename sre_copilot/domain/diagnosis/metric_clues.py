"""What the metrics say about a component: strength, timing and position, for and against."""

from collections.abc import Iterable
from datetime import timedelta

import attrs

from sre_copilot.domain.diagnosis.clues import clue, gather, metric_clue
from sre_copilot.domain.diagnosis.coupling import Alarm
from sre_copilot.domain.diagnosis.position_clues import Shares, position_clues
from sre_copilot.domain.diagnosis.readings import Readings
from sre_copilot.domain.diagnosis.scoring import Feature
from sre_copilot.domain.diagnosis.shifts import Shift
from sre_copilot.domain.diagnosis.topology import Topology
from sre_copilot.domain.diagnosis.units import Family
from sre_copilot.domain.hypotheses import Evidence, EvidenceKind

LATE_AFTER = timedelta(seconds=60)
QUIET_BELOW = 3.0
CLEAR = 0.5
"""Being ahead counts fully from this strength on: somebody is always first."""


@attrs.frozen(kw_only=True)
class Field:
    """The candidates' readings side by side: what a single one is compared with. Made once per snapshot."""

    readings: Readings
    topology: Topology
    alarm: Alarm
    symptom_lead: tuple[float, float]
    resource_lead: tuple[float, float]
    resources: dict[str, Shift]
    shares: Shares


def field(readings: Readings, topology: Topology) -> Field:
    """Compare the components of a snapshot: the two clearest of each family, the largest own shares."""
    resources = {
        name: shift
        for name in topology.components
        if (shift := readings.worst(name, Family.RESOURCE)) is not None and shift.strength > 0
    }
    return Field(
        readings=readings,
        topology=topology,
        alarm=Alarm.of(readings),
        symptom_lead=_two_clearest(topology.symptom.values()),
        resource_lead=_two_clearest(resources.values()),
        resources=resources,
        shares=Shares.of(topology),
    )


def metric_clues(name: str, field: Field) -> tuple[Evidence, ...]:
    """All evidence about `name` that comes from metrics and the graph."""
    return gather(
        _strengths(name, field),
        _timing(name, field),
        position_clues(name, field.shares),
        _silence(name, field),
    )


def _two_clearest(shifts: Iterable[Shift]) -> tuple[float, float]:
    first, second, *_ = *sorted((shift.spreads for shift in shifts if shift.strength > 0), reverse=True), 0.0, 0.0
    return first, second


def _lead(shift: Shift, lead: tuple[float, float]) -> float:
    """How far `shift` is ahead of all others: 1 - second / first in spreads, less where it is faint; 0 unless it is the first."""
    first, second = lead
    if not (shift.strength > 0 and shift.spreads >= first > 0):
        return 0.0
    return (1.0 - second / first) * min(1.0, shift.strength / CLEAR)


def _strengths(name: str, field: Field) -> list[Evidence]:
    found: list[Evidence] = []
    symptom, resource = field.topology.symptom.get(name), field.resources.get(name)
    if symptom is not None:
        lead = _lead(symptom, field.symptom_lead)
        found += metric_clue(Feature.SYMPTOM, symptom.strength, symptom, subject=name)
        found += metric_clue(
            Feature.LEADING_SYMPTOM,
            lead,
            symptom,
            subject=name,
            note=f"No other component shows a symptom as far out as {name}",
        )
    if resource is not None:
        lead = _lead(resource, field.resource_lead)
        found += metric_clue(Feature.RESOURCE, resource.strength, resource, subject=name)
        found += metric_clue(
            Feature.LEADING_RESOURCE,
            lead,
            resource,
            subject=name,
            note=f"No other component's resources stand out like those of {name}",
        )
    return found


def _timing(name: str, field: Field) -> list[Evidence]:
    alarm = field.readings.alarm
    if alarm is None:
        return []
    found: list[Evidence] = []
    own = [shift for shift in (field.topology.symptom.get(name), field.resources.get(name)) if shift is not None]
    value, shift = field.alarm.coupling(own)
    if shift is not None:
        found += metric_clue(
            Feature.COUPLING,
            value,
            shift,
            subject=name,
            note=_moved_with(name, value, alarm),
        )
    begun = [shift for shift in own if shift.onset is not None and shift.strength > 0]
    if alarm.onset is None or not begun:
        return found
    first = min(begun, key=lambda shift: (shift.onset or alarm.onset, shift.reference))
    lag = ((first.onset or alarm.onset) - alarm.onset).total_seconds()
    slack = max(first.series.step_seconds, alarm.series.step_seconds)
    if lag <= slack:
        found += metric_clue(
            Feature.EARLY, 1.0, first, subject=name, note=f"{name} moved not later than the alarm's own metric"
        )
    else:
        late = min(1.0, (lag - slack) / LATE_AFTER.total_seconds())
        found += metric_clue(
            Feature.LATE, late, first, subject=name, note=f"{name} moved {lag:.0f} s after the alarm's own metric"
        )
    return found


def _moved_with(name: str, value: float, alarm: Shift) -> str:
    if alarm.series.component == name:
        return f"The alarm is about {name} itself"
    return f"{name} moved with {alarm.reference}, correlation {value:.2f}"


def _silence(name: str, field: Field) -> list[Evidence]:
    """Against: it is measured, and nothing moved."""
    known = field.readings.own.get(name, ())
    worst = field.readings.worst(name)
    if not known or worst is None or any(shift.strength > 0 for shift in known):
        return []
    most = max(0.0, min(QUIET_BELOW, worst.spreads)) / QUIET_BELOW
    return clue(
        Feature.QUIET,
        1.0 - 0.5 * most,
        subject=name,
        kind=EvidenceKind.METRIC,
        refers_to=worst.reference,
        summary=f"None of the {len(known)} metrics of {name} left its normal",
    )
