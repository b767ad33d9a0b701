"""How hypotheses and recommendations look in a terminal."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from sre_copilot.domain.consultations import Consultation, Outcome
from sre_copilot.domain.hypotheses import (
    CandidateKind,
    Confidence,
    Diagnosis,
    Evidence,
    Hypothesis,
    RankedCause,
    SimilarIncident,
)
from sre_copilot.domain.recommendations import Recommendation
from sre_copilot.entrypoints.cli.ids import short
from sre_copilot.entrypoints.cli.render import bar, grid, heading, words

DETAILED = 3
"""So many hypotheses are shown with their reasons; the following ones with a line each."""
LEAST_DETAILED = 0.05
"""Of the following ones, in confidence, none gets more than its line."""
BRIEF = 4
BAR_WIDTH = 24
COMPONENT_BAR_WIDTH = 8
NAME_WIDTH = 26
INDENT = 3
RISK_STYLE = {"low": "green", "medium": "yellow", "high": "red", "critical": "bold red"}
WAY_BACK = {
    "instant": "instant (one switch)",
    "manual": "manual (minutes)",
    "difficult": "difficult (slow or with losses)",
    "irreversible": "no (irreversible)",
}


def diagnosis_page(
    diagnosis: Diagnosis | None,
    hypotheses: Sequence[Hypothesis],
    recommendations: Sequence[Recommendation],
    *,
    consultation: Consultation | None = None,
    whole: bool = False,
) -> Group:
    """What the language model made of it, causes, what to look at next where none is convincing, and what to do."""
    parts: list[RenderableType] = []
    if diagnosis is not None and consultation is not None:
        parts += _consulted(diagnosis, consultation)
    if hypotheses:
        parts += [heading("Hypotheses"), hypothesis_list(hypotheses, whole=whole)]
    if diagnosis is not None and diagnosis.calibration:
        parts.append(Text(f"Calibration: {diagnosis.calibration}.", style="dim"))
    if diagnosis is not None and diagnosis.next_evidence:
        parts.append(Text("\nNothing is convincing yet. What would change the ranking most:", style="bold"))
        parts += [_hanging(f"{item.check} ({item.why})") for item in diagnosis.next_evidence]
    if diagnosis is not None and diagnosis.similar:
        parts += [heading("Similar incidents"), *map(_similar, diagnosis.similar)]
    if recommendations:
        parts += [heading("Recommendations"), recommendation_list(recommendations, hypotheses)]
        parts.append(Text("\nDecide: sre-copilot recommendations accept|reject ID. Nothing is executed.", style="dim"))
    return Group(*parts)


def _similar(one: SimilarIncident) -> Padding:
    cause = f"caused by {one.cause}" if one.cause else "cause not confirmed"
    wrong = f"; rejected: {', '.join(one.rejected)}" if one.rejected else ""
    return _hanging(f"{one.similarity:.0%} alike: {short(one.incident_id)} {one.title} ({cause}{wrong})")


def _consulted(diagnosis: Diagnosis, consultation: Consultation) -> Iterator[RenderableType]:
    """The summary, if it is about this diagnosis, and what became of the question."""
    if consultation.advised_id == diagnosis.id and consultation.summary:
        yield heading("In short")
        for line in consultation.summary:
            yield words(f"• {line.text}")
        yield Text()
    yield words(consultation.note, "dim" if consultation.outcome is Outcome.ADVISED else "yellow")


def confidence_bar(confidence: Confidence, width: int = BAR_WIDTH) -> Text:
    """Confidence as a bar: solid up to the lower bound, dashed up to the upper, a mark at the primary."""
    lower, primary, upper = (
        round(value * (width - 1)) for value in (confidence.lower, confidence.primary, confidence.upper)
    )
    cells = ["━" if place <= lower else "╌" if place <= upper else " " for place in range(width)]
    cells[primary] = "◆"
    return Text("".join(cells), style="green" if confidence.primary >= 0.5 else "yellow")


def in_per_cent(confidence: Confidence) -> Text:
    """For example "81% (60% to 94%)"."""
    return Text.assemble((f"{confidence.primary:4.0%}", "bold"), f" ({confidence.lower:.0%} to {confidence.upper:.0%})")


def hypothesis_list(rows: Sequence[Hypothesis], *, whole: bool = False) -> Group:
    """Ranked hypotheses with interval, components and evidence; `whole` shows all of them and every reason."""
    width = min(NAME_WIDTH, max(len(_name(row.cause)) for row in rows))
    likely = [row for row in rows[1:DETAILED] if row.cause.confidence.primary >= LEAST_DETAILED]
    detailed = len(rows) if whole else 1 + len(likely)
    said: dict[tuple[str, str], int] = {}
    parts: list[RenderableType] = []
    for row in rows[:detailed]:
        parts += [*([Text()] if parts else []), *_whole_hypothesis(row, width, said, whole=whole)]
    rest = rows[detailed:]
    if rest:
        parts += [Text(), _head(rest[:BRIEF], width)]
    if len(rest) > BRIEF:
        parts.append(Text(f"   {len(rest) - BRIEF} less likely ones: incidents show --all.", style="dim"))
    parts.append(Text(f"\n{_origin(rows[0].cause.confidence)}", style="dim"))
    return Group(*parts)


def _origin(confidence: Confidence) -> str:
    if confidence.calibrated_on:
        return f"Intervals come from {confidence.calibrated_on} labelled cases."
    return "No labelled case stands behind these intervals yet, so they are wide."


def _name(cause: RankedCause) -> str:
    """What is blamed; a change and the service that it changed are different causes."""
    if cause.kind is CandidateKind.CHANGE:
        return f"change to {cause.subject}"
    if cause.kind is CandidateKind.HOST:
        return f"host {cause.subject}"
    return cause.subject or cause.kind.value.replace("_", " ")


def _head(rows: Sequence[Hypothesis], width: int) -> Table:
    lines = grid()
    for size in (2, width, BAR_WIDTH, 18):
        lines.add_column(min_width=size, max_width=size, no_wrap=True, overflow="ellipsis")
    for row in rows:
        sure = row.cause.confidence
        lines.add_row(f"{row.rank}.", words(_name(row.cause), "bold"), confidence_bar(sure), in_per_cent(sure))
    return lines


def _whole_hypothesis(
    row: Hypothesis, width: int, said: dict[tuple[str, str], int], *, whole: bool
) -> Iterator[RenderableType]:
    cause = row.cause
    yield _head([row], width)
    if cause.kind is not CandidateKind.OTHERS:
        yield _hanging(cause.claim)
        yield from _components(cause)
        yield from _reasons(row, said, most=1000 if whole else 4)
    if row.feedback is not None:
        yield _hanging(f"Judged: {row.feedback.value}. {row.feedback_notes}")
    yield _hanging(f"id {row.id}", "dim")


def _hanging(text: str, style: str = "") -> Padding:
    return Padding(words(text, style), (0, 0, 0, INDENT), expand=False)


def _components(cause: RankedCause) -> Iterator[RenderableType]:
    """What speaks for it and against it, as bars; the longest is the greatest part of this hypothesis' score."""
    parts = sorted(
        ((name.value.replace("_", " "), score.contribution) for name, score in cause.components.items()),
        key=lambda part: -abs(part[1]),
    )
    shown = [(name, part) for name, part in parts if part]
    if not shown:
        return
    longest = abs(shown[0][1])
    cells = grid(gap=1)
    for place in range(2):
        if place:
            cells.add_column(width=1)
        cells.add_column(min_width=20, style="dim", no_wrap=True)
        cells.add_column(min_width=COMPONENT_BAR_WIDTH)
        cells.add_column(min_width=6, justify="right", no_wrap=True)
    filled = [
        (name, bar(abs(part) / longest, COMPONENT_BAR_WIDTH, "green" if part > 0 else "red"), f"{part:+.2f}")
        for name, part in shown
    ]
    for place in range(0, len(filled), 2):
        left, *right = filled[place : place + 2]
        cells.add_row(*left, *(cell for triple in right for cell in ("", *triple)))
    yield Padding(cells, (0, 0, 0, INDENT), expand=False)


def _reasons(row: Hypothesis, said: dict[tuple[str, str], int], *, most: int) -> Iterator[RenderableType]:
    """The evidence; what was said of a hypothesis further up is not said again."""
    lines = grid(gap=1)
    lines.add_column(width=1)
    lines.add_column()
    again: dict[int, int] = {}
    for sign, style, items in (("+", "green", row.cause.supporting), ("-", "red", row.cause.contradicting)):
        fresh: list[Evidence] = []
        for item in items:
            first = said.setdefault((sign, item.summary), row.rank)
            if first == row.rank:
                fresh.append(item)
            else:
                again[first] = again.get(first, 0) + 1
        for item in fresh[:most]:
            lines.add_row(Text(sign, style=style), words(item.summary))
        if len(fresh) > most:
            lines.add_row(Text(sign, style=style), Text(f"{len(fresh) - most} more: incidents show --all", style="dim"))
    for rank, count in again.items():
        told = "reason" if count == 1 else "reasons"
        lines.add_row(Text("=", style="dim"), Text(f"{count} {told} that hypothesis {rank} names too", style="dim"))
    if lines.row_count:
        yield Padding(lines, (0, 0, 0, INDENT + 2), expand=False)


def recommendation_list(rows: Sequence[Recommendation], hypotheses: Sequence[Hypothesis] = ()) -> Group:
    """Recommendations one below the other: what, how risky, how to take it back, why."""
    known = {row.id: row for row in hypotheses}
    parts: list[RenderableType] = []
    for row in rows:
        parts += [*([Text()] if parts else []), *_recommendation(row, known)]
    return Group(*parts)


def _recommendation(row: Recommendation, known: dict[UUID, Hypothesis]) -> Iterator[RenderableType]:
    risk, way_back = row.risk_level.value, row.reversibility.value
    title, _, detail = row.description.partition("\n")
    yield Text(f"{row.rank}. ", style="bold").append_text(words(title, "bold"))
    facts = Text.assemble(
        "risk ", (risk, RISK_STYLE.get(risk, "")), f" · reversible: {WAY_BACK.get(way_back, way_back)}"
    )
    yield Padding(
        facts.append(f" · {row.status.value}", style="" if row.status.value == "pending" else "bold green"),
        (0, 0, 0, INDENT),
        expand=False,
    )
    if detail.strip():
        yield _hanging(detail)
    yield _hanging(f"Effect: {row.estimated_impact}", "dim")
    yield _hanging(f"Only if: {'; '.join(row.safeguard.preconditions)}")
    yield _hanging(f"Way back: {row.safeguard.rollback}")
    yield _hanging(f"Why: {_why(row, known)}")
    if row.user_notes:
        yield _hanging(f"Notes: {row.user_notes}")
    yield _hanging(f"id {row.id}", "dim")


def _why(row: Recommendation, known: dict[UUID, Hypothesis]) -> str:
    """The rationale; where it begins with a hypothesis that stands above, that is named by its rank."""
    hypothesis = known.get(row.hypothesis_id) if row.hypothesis_id else None
    if hypothesis is None:
        return row.rationale
    claim = f"{hypothesis.cause.claim.rstrip('.')} ("
    _, closed, rest = row.rationale.removeprefix(claim).partition(").")
    if not row.rationale.startswith(claim) or not closed:
        return row.rationale
    return f"hypothesis {hypothesis.rank} ({_name(hypothesis.cause)}). {rest}"
