"""What only the two ends of a call can tell together: delay that the caller sees and the callee doesn't."""

from collections.abc import Iterable, Mapping

import attrs

from sre_copilot.domain.diagnosis.readings import Readings
from sre_copilot.domain.diagnosis.shifts import Shift
from sre_copilot.domain.diagnosis.units import LATENCY_FLOOR_SECONDS, outbound, seconds, served
from sre_copilot.domain.snapshots import MetricKind

Pair = tuple[str, str]
_ORDER_OF_LATENCIES = (("mean", "average", "avg"), ("p50", "median"), ("p90",), ("p95",), ("p99",))
GAP_SHARE = 0.5
FEWEST_OUT = 2


@attrs.frozen(kw_only=True)
class Gap:
    """Calls from `caller` to `callee` became slower by `seconds` more than the callee admits; `shift` is the caller's view."""

    caller: str
    callee: str
    shift: Shift
    seconds: float


@attrs.frozen(kw_only=True)
class Blame:
    """How far gaps point at one component, in [0, 1], with the clearest of them."""

    value: float
    gap: Gap


def typical_latency(shifts: Iterable[Shift]) -> Shift | None:
    """The series that speaks for the requests as a whole: the mean, else the lowest percentile."""

    def rank(shift: Shift) -> tuple[int, str]:
        name = shift.series.name.lower()
        place = next((i for i, words in enumerate(_ORDER_OF_LATENCIES) if any(word in name for word in words)), 5)
        return place, name

    return min((s for s in shifts if _timed(s)), key=rank, default=None)


def gain(shift: Shift) -> float:
    """Seconds by which a latency rose, 0 where it didn't."""
    return max(0.0, (shift.after - shift.before) * (seconds(shift.series.unit) or 0.0))


def gaps(readings: Readings) -> tuple[dict[Pair, Gap], frozenset[Pair]]:
    """Return the edges with a gap, and all edges whose latency the caller measures.

    A gap is at least half of what the caller sees, and more than 2 ms: the rest is the callee's own delay.
    """
    sides: dict[Pair, list[Shift]] = {}
    for edge in readings.edges:
        if _timed(edge):
            sides.setdefault((edge.series.component, edge.series.callee or ""), []).append(edge)
    found: dict[Pair, Gap] = {}
    measured = set()
    for pair, edges in sides.items():
        seen = typical_latency(edge for edge in edges if not served(edge.series.name))
        if seen is None:
            continue
        measured.add(pair)
        admitted = typical_latency(edge for edge in edges if served(edge.series.name))
        admitted = admitted or typical_latency(readings.own.get(pair[1], ()))
        rest = gain(seen) - (gain(admitted) if admitted else 0.0)
        if seen.strength > 0 and rest > max(GAP_SHARE * gain(seen), LATENCY_FLOOR_SECONDS):
            found[pair] = Gap(caller=pair[0], callee=pair[1], shift=seen, seconds=rest)
    return found, frozenset(measured)


def blame(found: Mapping[Pair, Gap], measured: Iterable[Pair]) -> dict[str, Blame]:
    """Say how far the gaps point at each component.

    Trouble on the way to a component shows on all calls to it, and on a caller's way out on all calls that
    it makes (of two or more): share of all gaps on that side, times the share of that side's edges that gape.
    """
    total = sum(gap.seconds for gap in found.values())
    result: dict[str, Blame] = {}
    for side in (1, 0):
        edges: dict[str, int] = {}
        for pair in measured:
            edges[pair[side]] = edges.get(pair[side], 0) + 1
        mine: dict[str, list[Gap]] = {}
        for pair, gap in found.items():
            mine.setdefault(pair[side], []).append(gap)
        for name, held in mine.items():
            if side == 0 and edges[name] < FEWEST_OUT:
                continue
            value = sum(gap.seconds for gap in held) / total * len(held) / edges[name]
            clearest = max(held, key=lambda gap: (gap.seconds, gap.caller, gap.callee))
            if name not in result or value > result[name].value:
                result[name] = Blame(value=min(1.0, value), gap=clearest)
    return result


def _timed(shift: Shift) -> bool:
    series = shift.series
    is_latency = series.kind is MetricKind.LATENCY and seconds(series.unit) is not None
    return is_latency and (series.callee is not None or not outbound(series.name))
