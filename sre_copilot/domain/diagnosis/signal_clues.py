"""What the incident's signals say about a component or a host."""

from collections.abc import Sequence
from datetime import datetime

from sre_copilot.domain.diagnosis.clues import clue, gather
from sre_copilot.domain.diagnosis.coverage import Complaint, Suffering, earliness, explained, first_mention, shared_host
from sre_copilot.domain.diagnosis.scoring import Feature
from sre_copilot.domain.diagnosis.wording import clock
from sre_copilot.domain.hypotheses import Evidence, EvidenceKind


def signal_clues(name: str, complaints: Sequence[Complaint], suffering: Suffering) -> tuple[Evidence, ...]:
    """Evidence about `name` from the signals: which share it explains, whether it was first, what shares its host."""
    return gather(
        _explained(name, complaints, suffering),
        _first(name, complaints),
        _host(name, complaints),
    )


def _explained(name: str, complaints: Sequence[Complaint], suffering: Suffering) -> list[Evidence]:
    if not suffering.known:
        return []  # who suffers from whom is unknown, so the alarm's own component would always seem to explain most
    share, best = explained(complaints, name, suffering.of(name))
    if best is None:
        return []
    return clue(
        Feature.EXPLAINED,
        share,
        subject=name,
        kind=EvidenceKind.SIGNAL,
        refers_to=str(best.first.id),
        summary=f'Trouble of {name} would explain {share * 100:.0f} % of the signals, such as "{best.title}"',
        at=best.first.started_at,
    )


def _first(name: str, complaints: Sequence[Complaint]) -> list[Evidence]:
    mine = first_mention(complaints, name)
    if mine is None:
        return []
    first = min(complaint.first.started_at for complaint in complaints)
    return clue(
        Feature.FIRST_SIGNAL,
        earliness(mine.started_at, first),
        subject=name,
        kind=EvidenceKind.SIGNAL,
        refers_to=str(mine.id),
        summary=f'"{mine.title}" fired at {clock(mine.started_at)}, {_after(mine.started_at, first)}',
        at=mine.started_at,
    )


def _after(at: datetime, first: datetime) -> str:
    lag = (at - first).total_seconds()
    return f"{lag:.0f} s after the incident's first signal" if lag >= 1 else "as the first of the incident"


def _host(name: str, complaints: Sequence[Complaint]) -> list[Evidence]:
    named = [complaint for complaint in complaints if name in complaint.hosts]
    if not named:
        return []
    services = {complaint.service for complaint in named}
    return clue(
        Feature.SHARED_HOST,
        shared_host(complaints, name),
        subject=name,
        kind=EvidenceKind.SIGNAL,
        refers_to=str(named[0].first.id),
        summary=f"{len(named)} kinds of signals from {len(services)} services name {name} as their host",
        at=named[0].first.started_at,
    )
