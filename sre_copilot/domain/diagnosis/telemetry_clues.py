"""What logs and traces say about a component, beside the same of all others."""

import math
from collections.abc import Iterable, Mapping

import attrs

from sre_copilot.domain.diagnosis.clues import clue, gather
from sre_copilot.domain.diagnosis.scoring import Feature
from sre_copilot.domain.diagnosis.telemetry_shifts import LogShift, Slowing, gap_slowings, log_shifts, slowings
from sre_copilot.domain.diagnosis.windows import Window
from sre_copilot.domain.diagnosis.wording import quantity
from sre_copilot.domain.hypotheses import Evidence, EvidenceKind
from sre_copilot.domain.telemetry import Telemetry, TracedCall

FEWEST_OUT = 2
EXPLAINED = 0.5
"""How much of a slowing the slowest callee explains. Set by hand while looking at the labelled cases."""
GRAVE_ENOUGH = 0.6
"""Warnings and worse tell of distress."""
CLEAR = 0.1
"""Surges fainter than this are none: among many templates some always became a little more."""
LEADS = {
    Feature.LOG_SURGE: Feature.LEADING_LOGS,
    Feature.LOG_STOP: Feature.LEADING_LOGS,
    Feature.SLOW_OPERATION: Feature.LEADING_TRACES,
    Feature.CALL_GAP: Feature.LEADING_TRACES,
}
"""The kinds of what is told, and which feature says that one component is ahead of all others in a kind."""


@attrs.frozen(kw_only=True)
class Pointer:
    """What points at a component, how strongly (in [0, 1]), and what that is in words."""

    value: float
    shift: LogShift | Slowing

    @property
    def words(self) -> str:
        """For example "“query failed” of search: 0 lines a minute before, 71 since"."""
        shift = self.shift
        if isinstance(shift, LogShift):
            rate = 60.0 / shift.log.step_seconds
            before, after = shift.before * rate, shift.after * rate
            return (
                f'{shift.log.level} "{shift.log.template[:120]}": {before:.3g} lines a minute before, {after:.3g} since'
            )
        row = shift.row
        what = f"{row.caller} waiting for {row.callee}" if isinstance(row, TracedCall) else row.operation[:120]
        return f"{what} {quantity(shift.before, 's')} -> {quantity(shift.after, 's')}"


Kind = Mapping[str, Pointer]


@attrs.frozen(kw_only=True)
class TelemetryReadings:
    """Logs and traces of one snapshot by kind and component, and how far the leader of each kind is ahead."""

    shifts: tuple[LogShift, ...] = ()
    kinds: Mapping[Feature, Kind] = attrs.field(factory=dict)
    leads: Mapping[Feature, tuple[str, float]] = attrs.field(factory=dict)

    @property
    def distress(self) -> tuple[LogShift, ...]:
        """The templates of warnings and worse that clearly became more, or were never seen before."""
        return tuple(
            one for one in self.shifts if one.log.severity >= GRAVE_ENOUGH and (one.surge >= CLEAR or one.is_new)
        )

    @classmethod
    def of(cls, telemetry: Telemetry | None, window: Window) -> "TelemetryReadings":
        """Measure everything once."""
        if telemetry is None:
            return cls()
        shifts = log_shifts(telemetry.logs, window)
        kinds = {
            Feature.LOG_SURGE: _clearest((one.log.component, one.surge, one) for one in shifts),
            Feature.LOG_STOP: _clearest((one.log.component, one.stopped, one) for one in shifts),
            Feature.SLOW_OPERATION: _operations(telemetry, window),
            Feature.CALL_GAP: _gaps(gap_slowings(telemetry.calls, window)),
        }
        return cls(shifts=shifts, kinds=kinds, leads={kind: _lead(found) for kind, found in kinds.items()})


def telemetry_clues(name: str, told: TelemetryReadings) -> tuple[Evidence, ...]:
    """All evidence about `name` that comes from logs and traces."""
    found: list[Evidence] = []
    for feature, kind in told.kinds.items():
        pointer = kind.get(name)
        if pointer is None:
            continue
        found += _clue(feature, pointer.value, pointer, name, _NOTES[feature].format(name=name))
        leader, ahead = told.leads[feature]
        if leader == name:
            note = f"No other component's {_ABOUT[feature]} stand out like those of {name}"
            found += _clue(LEADS[feature], ahead, pointer, name, note)
    return gather(found)


_NOTES = {
    Feature.LOG_SURGE: "{name} writes lines that are new or far more than usual",
    Feature.LOG_STOP: "{name} stopped writing lines that are usual",
    Feature.SLOW_OPERATION: "An operation of {name} takes longer",
    Feature.CALL_GAP: "Calls of or to {name} wait outside of the callee",
}
_ABOUT = {
    Feature.LOG_SURGE: "new lines",
    Feature.LOG_STOP: "missing lines",
    Feature.SLOW_OPERATION: "operations",
    Feature.CALL_GAP: "calls",
}


def _clue(feature: Feature, value: float, pointer: Pointer, name: str, note: str) -> list[Evidence]:
    shift = pointer.shift
    is_log = isinstance(shift, LogShift)
    return clue(
        feature,
        value,
        subject=name,
        kind=EvidenceKind.LOG_TEMPLATE if is_log else EvidenceKind.TRACE,
        refers_to=shift.reference,
        summary=f"{note} ({pointer.words})",
        at=shift.onset if isinstance(shift, LogShift) else None,
    )


def _clearest(found: Iterable[tuple[str, float, LogShift | Slowing]]) -> dict[str, Pointer]:
    best: dict[str, Pointer] = {}
    for name, value, shift in found:
        known = best.get(name)
        if value > 0 and (known is None or (value, shift.reference) > (known.value, known.shift.reference)):
            best[name] = Pointer(value=value, shift=shift)
    return best


def _lead(kind: Kind) -> tuple[str, float]:
    """Who is first in a kind, and how far ahead of the second: 1 - second / first, times the first's own value."""
    ordered = sorted(kind, key=lambda name: (-kind[name].value, name))
    if not ordered:
        return "", 0.0
    first = kind[ordered[0]].value
    second = kind[ordered[1]].value if len(ordered) > 1 else 0.0
    return ordered[0], first - second


def _operations(telemetry: Telemetry, window: Window) -> dict[str, Pointer]:
    """The clearest slowing of each component, less what the slowest of its callees slowed down itself."""
    found = slowings(telemetry.operations, window)
    whole = _clearest((one.row.component, one.strength, one) for one in found if not isinstance(one.row, TracedCall))
    callees: dict[str, set[str]] = {}
    for call in telemetry.calls:
        callees.setdefault(call.caller, set()).add(call.callee)
    own = {}
    for name, pointer in whole.items():
        theirs = max((whole[other].value for other in callees.get(name, ()) if other in whole), default=0.0)
        own[name] = attrs.evolve(pointer, value=max(0.0, pointer.value - EXPLAINED * theirs))
    return {name: pointer for name, pointer in own.items() if pointer.value > 0}


def _gaps(found: Iterable[Slowing]) -> dict[str, Pointer]:
    """By callee the clearest gap of the calls to it, by caller the least clear of all its calls, of two or more.

    A gap counts by how clear it is and by its share of the largest: what waits a millisecond slows down nobody.
    """
    rows = [one for one in found if one.strength > 0 or isinstance(one.row, TracedCall)]
    most = max((one.gained for one in rows), default=0.0)
    if most <= 0:
        return {}
    into: list[tuple[str, float, LogShift | Slowing]] = []
    out: dict[str, list[tuple[float, Slowing]]] = {}
    for one in rows:
        if isinstance(one.row, TracedCall):
            value = one.strength * math.sqrt(max(0.0, one.gained) / most)
            into.append((one.row.callee, value, one))
            out.setdefault(one.row.caller, []).append((value, one))
    for name, calls in out.items():
        if len(calls) >= FEWEST_OUT:
            value, least = min(calls, key=lambda pair: (pair[0], pair[1].reference))
            into.append((name, value, least))
    return _clearest(into)
