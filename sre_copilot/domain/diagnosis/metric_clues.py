"""What the metrics say about a component: strength, timing and position, for and against."""

from collections.abc import Iterable
from datetime import timedelta

import attrs

from sre_copilot.domain.diagnosis.clues import clue, gather, metric_clue
from sre_copilot.domain.diagnosis.coupling import Alarm
from sre_copilot.domain.diagnosis.readings import Readings
from sre_copilot.domain.diagnosis.scoring import Feature
from sre_copilot.domain.diagnosis.shifts import Shift
from sre_copilot.domain.diagnosis.topology import Topology
from sre_copilot.domain.diagnosis.units import Family
from sre_copilot.domain.hypotheses import Evidence, EvidenceKind

LATE_AFTER = timedelta(seconds=60)
QUIET_BELOW = 3.0


@attrs.frozen(kw_only=True)
class Field:
    """The candidates' readings side by side: what a single one is compared with. Made once per snapshot."""

    readings: Readings
    topology: Topology
    alarm: Alarm
    symptom_lead: tuple[float, float]
    resource_lead: tuple[float, float]
    resources: dict[str, Shift]
    most_delay: float
    most_failures: float


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
        most_delay=max(topology.own_delay.values(), default=0.0),
        most_failures=max(topology.own_failures.values(), default=0.0),
    )


def metric_clues(name: str, field: Field) -> tuple[Evidence, ...]:
    """All evidence about `name` that comes from metrics and the graph."""
    return gather(
        _strengths(name, field),
        _timing(name, field),
        _own_share(name, field),
        _position(name, field),
        _silence(name, field),
    )


def _two_clearest(shifts: Iterable[Shift]) -> tuple[float, float]:
    first, second, *_ = *sorted((shift.spreads for shift in shifts if shift.strength > 0), reverse=True), 0.0, 0.0
    return first, second


def _lead(shift: Shift, lead: tuple[float, float]) -> float:
    """How far `shift` is ahead of all others: 1 - second / first in spreads; 0 unless it is the first."""
    first, second = lead
    return 1.0 - second / first if shift.strength > 0 and shift.spreads >= first > 0 else 0.0


def _strengths(name: str, field: Field) -> list[Evidence]:
    found: list[Evidence] = []
    symptom, resource = field.topology.symptom.get(name), field.resources.get(name)
    if symptom is not None:
        lead = _lead(symptom, field.symptom_lead)
        found += metric_clue(Feature.SYMPTOM, symptom.strength, symptom, subject=name)
        found += metric_clue(
            Feature.LEADING_SYMPTOM, lead, symptom, subject=name, note="further out than any other component"
        )
    if resource is not None:
        lead = _lead(resource, field.resource_lead)
        found += metric_clue(Feature.RESOURCE, resource.strength, resource, subject=name)
        found += metric_clue(
            Feature.LEADING_RESOURCE, lead, resource, subject=name, note="no other component's resources stand out so"
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
            note=f"it moved with {alarm.reference}, correlation {value:.2f}",
        )
    begun = [shift for shift in own if shift.onset is not None and shift.strength > 0]
    if alarm.onset is None or not begun:
        return found
    first = min(begun, key=lambda shift: (shift.onset or alarm.onset, shift.reference))
    lag = ((first.onset or alarm.onset) - alarm.onset).total_seconds()
    slack = max(first.series.step_seconds, alarm.series.step_seconds)
    if lag <= slack:
        found += metric_clue(Feature.EARLY, 1.0, first, subject=name, note="not later than the alarm's own metric")
    else:
        late = min(1.0, (lag - slack) / LATE_AFTER.total_seconds())
        found += metric_clue(Feature.LATE, late, first, subject=name, note=f"{lag:.0f} s after the alarm's own metric")
    return found


def _own_share(name: str, field: Field) -> list[Evidence]:
    found: list[Evidence] = []
    shift = field.topology.symptom.get(name)
    if shift is None:
        return found
    delay, failures = field.topology.own_delay.get(name, 0.0), field.topology.own_failures.get(name, 0.0)
    if field.most_delay > 0:
        note = f"{delay * 1000:.3g} ms per request of {field.topology.alarm} are its own, after its callees' share"
        found += metric_clue(Feature.OWN_DELAY, delay / field.most_delay, shift, subject=name, note=note)
    if field.most_failures > 0:
        note = f"{failures * 100:.3g} failures per 100 requests of {field.topology.alarm} begin here"
        found += metric_clue(Feature.OWN_FAILURES, failures / field.most_failures, shift, subject=name, note=note)
    return found


def _position(name: str, field: Field) -> list[Evidence]:
    found: list[Evidence] = []
    topology, shift = field.topology, field.topology.symptom.get(name)
    strength = topology.strength(name)
    worst, theirs = topology.worst_support(name)
    if shift is not None and strength > 0:
        share = min(1.0, theirs / strength)
        note = (
            "nothing that it depends on is as unusual"
            if topology.supports(name)
            else "it depends on nothing that is known"
        )
        found += metric_clue(Feature.QUIET_CALLEES, strength * (1.0 - share), shift, subject=name, note=note)
        reached = min(topology.reached.get(name, 0.0), strength)
        found += metric_clue(
            Feature.TRAIL,
            reached,
            shift,
            subject=name,
            note=f"an unbroken trail of symptoms leads here from {topology.alarm}",
        )
        if theirs > 0:
            found += metric_clue(
                Feature.CALLEE_WORSE, share, topology.symptom[worst], subject=name, note=f"{name} depends on it"
            )
    elif theirs > 0:
        found += metric_clue(
            Feature.CALLEE_WORSE, 1.0, topology.symptom[worst], subject=name, note=f"{name} depends on it"
        )
    blamed = topology.blame.get(name)
    if blamed is not None:
        gap = blamed.gap
        note = f"{gap.seconds * 1000:.3g} ms of it {gap.callee} doesn't see"
        found += metric_clue(Feature.EDGE_GAP, blamed.value, gap.shift, subject=name, note=note)
    return found


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
        summary=f"none of the {len(known)} metrics of {name} left its normal",
    )
