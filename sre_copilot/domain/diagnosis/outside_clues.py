"""What speaks for a cause outside of everything known: demand, words, platforms, and those who publish their own trouble."""

from collections.abc import Sequence
from datetime import timedelta

from sre_copilot.domain.diagnosis.clues import clue, gather, metric_clue
from sre_copilot.domain.diagnosis.coverage import Complaint
from sre_copilot.domain.diagnosis.drift import ran_out
from sre_copilot.domain.diagnosis.readings import Readings
from sre_copilot.domain.diagnosis.scoring import Feature
from sre_copilot.domain.diagnosis.telemetry_clues import TelemetryReadings
from sre_copilot.domain.diagnosis.telemetry_shifts import LogShift
from sre_copilot.domain.diagnosis.units import Family
from sre_copilot.domain.diagnosis.wording import clock
from sre_copilot.domain.diagnosis.words import EXTERNAL, words
from sre_copilot.domain.hypotheses import Evidence, EvidenceKind
from sre_copilot.domain.snapshots import ContextSnapshot

BEFORE = timedelta(minutes=30)
"""So long before the first signal a notice may have been published and still be about it."""


def outside_clues(
    snapshot: ContextSnapshot, complaints: Sequence[Complaint], readings: Readings, told: TelemetryReadings
) -> tuple[Evidence, ...]:
    """Evidence for a cause outside: always possible; more likely with surging demand or signs of the outside."""
    refers_to = str(complaints[0].first.id) if complaints else str(snapshot.id)
    found = clue(
        Feature.UNSEEN,
        1.0,
        subject="",
        kind=EvidenceKind.SIGNAL,
        refers_to=refers_to,
        summary="A cause that nothing here measures could explain every signal",
    )
    demand = readings.worst(snapshot.alarm, Family.TRAFFIC)
    if demand is not None and demand.after > demand.before:
        found += metric_clue(
            Feature.SURGE, demand.strength, demand, subject="", note="Demand rose; nothing inside has to be broken"
        )
    beside = _beside(snapshot, readings, told)
    lines = (_line(one, beside) for one in told.distress)
    return gather(found, _complaints(complaints), _notices(snapshot), _countdowns(snapshot, readings), *lines)


def _complaints(complaints: Sequence[Complaint]) -> list[Evidence]:
    """Signals whose words name the outside."""
    found: list[Evidence] = []
    for complaint in complaints:
        said = words(complaint.title) & EXTERNAL
        found += clue(
            Feature.EXTERNAL,
            _clear(len(said)),
            subject="",
            kind=EvidenceKind.SIGNAL,
            refers_to=str(complaint.first.id),
            summary=f'"{complaint.title}" speaks of something outside ({", ".join(sorted(said))})',
            at=complaint.first.started_at,
        )
    return found


def _notices(snapshot: ContextSnapshot) -> list[Evidence]:
    """Somebody's own word that they were in trouble while the incident went on, or just before it."""
    found: list[Evidence] = []
    for notice in snapshot.telemetry.notices if snapshot.telemetry else ():
        over = notice.ended_at is not None and notice.ended_at < snapshot.onset
        if over or not snapshot.onset - BEFORE <= notice.at <= snapshot.window_end:
            continue
        found += clue(
            Feature.EXTERNAL,
            1.0,
            subject="",
            kind=EvidenceKind.NOTICE,
            refers_to=f"{notice.source} {notice.at.isoformat()}"[:200],
            summary=f'{notice.source} says of itself: "{notice.text[:120]}"',
            at=notice.at,
        )
    return found


def _countdowns(snapshot: ContextSnapshot, readings: Readings) -> list[Evidence]:
    """What ran out when the trouble began: nobody has to have changed anything for that."""
    found: list[Evidence] = []
    for shift in (one for name in sorted(readings.own) for one in readings.own[name]):
        at = ran_out(shift.series, snapshot.onset, snapshot.window_end)
        if at is None:
            continue
        found += clue(
            Feature.EXTERNAL,
            1.0,
            subject="",
            kind=EvidenceKind.METRIC,
            refers_to=shift.reference,
            summary=f"{shift.series.name} of {shift.series.component} had been counting down and ran out at {clock(at)}",
            at=at,
        )
    return found


def _line(shift: LogShift, beside: frozenset[str]) -> list[Evidence]:
    """New warnings that name the outside, or in which one that is beside all services tells of another."""
    log = shift.log
    said = words(log.template) & EXTERNAL
    others = [name for name in beside - {log.component} if name in log.template] if log.component in beside else []
    about = (
        f"speaks of something outside ({', '.join(sorted(said))})" if said else "tells of what is beside all services"
    )
    return clue(
        Feature.EXTERNAL,
        max(_clear(len(said)), 1.0 if others else 0.0) * max(shift.surge, log.severity if shift.is_new else 0.0),
        subject="",
        kind=EvidenceKind.LOG_TEMPLATE,
        refers_to=shift.reference,
        summary=f'"{log.template[:120]}" of {log.component} is new and {about}',
        at=shift.onset,
    )


def _beside(snapshot: ContextSnapshot, readings: Readings, told: TelemetryReadings) -> frozenset[str]:
    """Names that no call leads to or from: platforms, schedulers, hosts, jobs. None where no call is known."""
    graph = snapshot.graph
    if not graph.calls:
        return frozenset()
    names = {*graph.services, *graph.hosts, *readings.own, *(shift.log.component for shift in told.shifts)}
    return frozenset(name for name in names if not graph.callers(name) and not graph.callees(name)) - {
        snapshot.alarm,
        "",
    }


def _clear(count: int) -> float:
    """One word may be chance, several are not."""
    return 1.0 - 0.5**count
