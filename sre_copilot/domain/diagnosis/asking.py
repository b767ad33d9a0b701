"""From a diagnosis and its snapshot to the question that an advisor is asked: the best candidates, and what may be cited."""

from collections.abc import Iterator, Sequence

from sre_copilot.domain.advice import Exhibit, Option, Question
from sre_copilot.domain.hypotheses import CandidateKind, Evidence, EvidenceKind, RankedCause
from sre_copilot.domain.snapshots import ContextSnapshot, ObservedChange

MOST_OPTIONS = 5
MOST_FOR, MOST_AGAINST = 6, 3
MOST_SIGNALS = 10
MOST_CHANGES = 8
LONGEST_DIFF = 3_000
LONGEST_SUMMARY = 400
MOST_CALLS = 60


def question(snapshot: ContextSnapshot, causes: tuple[RankedCause, ...], *, title: str) -> Question:
    """Return what is asked: the first five causes, their evidence, the first signals, and the changes with their diffs.

    Bounded whatever the snapshot holds. The same snapshot and causes give the same question.
    """
    asked = [cause for cause in causes if cause.kind is not CandidateKind.OTHERS][:MOST_OPTIONS]
    table = _Table(snapshot)
    options = tuple(
        Option(
            key=f"c{place}",
            kind=cause.kind,
            subject=cause.subject,
            claim=cause.claim[:LONGEST_SUMMARY],
            change_id=cause.change_id,
            supporting=table.keys(cause.supporting, cause, MOST_FOR),
            contradicting=table.keys(cause.contradicting, cause, MOST_AGAINST),
        )
        for place, cause in enumerate(asked, 1)
    )
    for signal in snapshot.signals[:MOST_SIGNALS]:
        table.add(EvidenceKind.SIGNAL, str(signal.id), signal.service, f"{signal.service}: {signal.title}")
    for change in _changes(snapshot, asked):
        table.change(change)
    graph = snapshot.graph
    near = sorted({option.subject for option in options if option.subject} | {snapshot.alarm})
    calls = sorted((call.caller, call.callee) for call in graph.calls if {call.caller, call.callee} & set(near))
    return Question(
        title=title[:LONGEST_SUMMARY],
        alarm=snapshot.alarm,
        onset=snapshot.onset,
        options=options,
        exhibits=tuple(table.exhibits.values()),
        services=tuple(near),
        calls=tuple(calls[:MOST_CALLS]),
    )


class _Table:
    """Exhibits by what they are about, numbered as they come: short keys cost little, and no redaction touches them."""

    def __init__(self, snapshot: ContextSnapshot) -> None:
        self.exhibits: dict[tuple[EvidenceKind, str, str], Exhibit] = {}
        self._changes = {str(change.id): change for change in snapshot.changes}

    def keys(self, items: Sequence[Evidence], cause: RankedCause, most: int) -> tuple[str, ...]:
        # What an advisor read before is not shown to it as if it were a fact.
        facts = [item for item in items if item.kind is not EvidenceKind.READING]
        return tuple(dict.fromkeys(self.evidence(item, cause) for item in facts[:most]))

    def evidence(self, item: Evidence, cause: RankedCause) -> str:
        change = self._changes.get(item.refers_to) if item.kind is EvidenceKind.CHANGE else None
        if change is not None:
            # One change is one exhibit, however many things speak for it.
            return self.change(change, cause.subject)
        return self.add(item.kind, item.refers_to, cause.subject, item.summary)

    def change(self, change: ObservedChange, subject: str = "") -> str:
        known = next((one for one in self.exhibits.values() if one.refers_to == str(change.id)), None)
        if known is not None:
            return known.key
        text = "\n".join(part for part in (" ".join(change.paths[:20]), change.text) if part)
        told = f"{change.kind} of {change.service} at {change.at:%H:%M:%S}: {change.summary}"
        return self.add(EvidenceKind.CHANGE, str(change.id), subject or change.service, told, text[:LONGEST_DIFF])

    def add(self, kind: EvidenceKind, refers_to: str, subject: str, summary: str, text: str = "") -> str:
        same = (kind, refers_to, "" if kind in (EvidenceKind.CHANGE, EvidenceKind.SIGNAL) else summary)
        if same not in self.exhibits:
            self.exhibits[same] = Exhibit(
                key=f"e{len(self.exhibits) + 1}",
                kind=kind,
                refers_to=refers_to,
                subject=subject,
                summary=summary[:LONGEST_SUMMARY],
                text=text,
            )
        return self.exhibits[same].key


def _changes(snapshot: ContextSnapshot, asked: list[RankedCause]) -> Iterator[ObservedChange]:
    """The changes before the onset: those of the candidates' components first, then the latest."""
    subjects = {cause.subject for cause in asked}
    before = [change for change in snapshot.changes if change.at <= snapshot.onset]
    before.sort(key=lambda change: (change.service not in subjects, -change.at.timestamp(), str(change.id)))
    yield from before[:MOST_CHANGES]
