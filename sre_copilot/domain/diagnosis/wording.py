"""How measurements are said in a sentence."""

from datetime import datetime

from sre_copilot.domain.diagnosis.shifts import Shift
from sre_copilot.domain.diagnosis.units import seconds
from sre_copilot.domain.hypotheses import CandidateKind
from sre_copilot.domain.snapshots import ObservedChange

_SHARES = frozenset({"ratio", "share", "fraction", "0 or 1", ""})


def moved(shift: Shift) -> str:
    """For example "latency_p99 of payments rose from 0.21 s to 1.9 s, 14 spreads, at 05:29:41"."""
    series = shift.series
    who = f"{series.component} calling {series.callee}" if series.callee else series.component
    unit = series.unit
    verb = "rose" if shift.after > shift.before else "fell" if shift.after < shift.before else "stayed"
    when = f", at {clock(shift.onset)}" if shift.onset else ""
    return (
        f"{series.name} of {who} {verb} from {quantity(shift.before, unit)} to {quantity(shift.after, unit)}, "
        f"{spreads(shift.spreads)}{when}"
    )


def brief(shift: Shift) -> str:
    """For example "latency_p99 of payments 0.21 s -> 1.9 s"."""
    series = shift.series
    who = f"{series.component} calling {series.callee}" if series.callee else series.component
    return f"{series.name} of {who} {quantity(shift.before, series.unit)} -> {quantity(shift.after, series.unit)}"


def spreads(value: float) -> str:
    """A change score in words, whole from ten on."""
    shown = f"{value:.0f}" if abs(value) >= 10 else f"{value:.1f}"
    return f"{shown} spreads"


def quantity(value: float, unit: str) -> str:
    """A value with its unit, three digits: shares as per cent, durations in s or ms."""
    scale = seconds(unit)
    if scale is not None:
        duration = value * scale
        return f"{duration:.3g} s" if abs(duration) >= 0.1 else f"{duration * 1000:.3g} ms"
    if unit.lower() in _SHARES:
        return f"{value * 100:.3g} %"
    if unit.lower() in ("percent", "pct", "%"):
        return f"{value:.3g} %"
    shown = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"{shown} {unit}"


def clock(moment: datetime) -> str:
    """The time of day in UTC seconds, as people say it during an incident."""
    return moment.strftime("%H:%M:%S")


def claim(kind: CandidateKind, subject: str, change: ObservedChange | None) -> str:
    """The hypothesis in a sentence."""
    if kind is CandidateKind.NONE_OF_THESE:
        return "None of these: the cause lies outside of what is known here."
    if kind is CandidateKind.OTHERS:
        return "One of the other candidates."
    if change is not None:
        return f"The change to {subject} at {clock(change.at)} caused it: {change.summary}."
    if kind is CandidateKind.HOST:
        return f"The trouble begins at the host {subject}."
    return f"The trouble begins in {subject} itself."
