"""How things look in a terminal."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from sre_copilot.application.queries.incidents import IncidentView, TimelineEntry
from sre_copilot.domain.correlation import CandidateScore
from sre_copilot.domain.hypotheses import CandidateKind, Confidence, Evidence, Hypothesis
from sre_copilot.domain.incidents import Incident
from sre_copilot.domain.recommendations import Recommendation

SEVERITY_STYLE = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan", "info": "dim"}
STATE_STYLE = {
    "detected": "bold red",
    "acknowledged": "yellow",
    "investigating": "yellow",
    "mitigated": "cyan",
    "resolved": "green",
    "learned": "green",
    "inconclusive": "magenta",
}
KIND_MARK = {
    "signal": ("●", "red"),
    "resolve": ("○", "green"),
    "change": ("▲", "magenta"),
    "transition": ("→", "cyan"),
    "note": ("✎", "yellow"),
}
BAR_WIDTH = 24


def when(at: datetime | None) -> str:
    """A time as people read it: UTC to the second, or a dash."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if at else "–"


def table(*headings: str, title: str | None = None) -> Table:
    """An empty table in the house style."""
    empty = Table(
        title=title, title_justify="left", header_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0)
    )
    for heading in headings:
        empty.add_column(heading)
    return empty


def severity(word: str) -> Text:
    """A severity in its colour."""
    return Text(word, style=SEVERITY_STYLE.get(word, ""))


def state(word: str) -> Text:
    """A state in its colour."""
    return Text(word, style=STATE_STYLE.get(word, ""))


def incident_table(incidents: Iterable[Incident]) -> Table:
    """A list of incidents."""
    rows = table("Detected (UTC)", "Severity", "State", "Service", "Title", "Id")
    for incident in incidents:
        rows.add_row(
            when(incident.detected_at),
            severity(incident.severity.value),
            state(incident.state.value),
            escape(incident.service),
            escape(incident.title),
            Text(str(incident.id), style="dim"),
        )
    return rows


def confidence_bar(confidence: Confidence) -> Text:
    """Confidence as a bar: solid up to the lower bound, shaded up to the upper, a mark at the primary."""
    cells = [" "] * BAR_WIDTH
    lower, primary, upper = (
        round(value * (BAR_WIDTH - 1)) for value in (confidence.lower, confidence.primary, confidence.upper)
    )
    for place in range(BAR_WIDTH):
        cells[place] = "━" if place <= lower else "╌" if place <= upper else " "
    cells[primary] = "◆"
    bar = Text("".join(cells), style="green" if confidence.primary >= 0.5 else "yellow")
    return bar.append(f" {confidence.primary:4.0%} ({confidence.lower:.0%} to {confidence.upper:.0%})", style="bold")


def hypotheses(rows: Sequence[Hypothesis]) -> Group:
    """Ranked hypotheses with interval, components and evidence."""
    parts: list[RenderableType] = []
    for row in rows:
        cause = row.cause
        name = cause.subject or cause.kind.value.replace("_", " ")
        head = Text(f"{row.rank}. {name}  ", style="bold").append_text(confidence_bar(cause.confidence))
        parts.append(head)
        if cause.kind is CandidateKind.OTHERS:
            continue
        parts.append(Text(f"   {cause.claim}"))
        spoken = [
            f"{name.value.replace('_', ' ')} {score.contribution:+.2f}"
            for name, score in cause.components.items()
            if score.contribution
        ]
        if spoken:
            parts.append(Text("   " + " · ".join(spoken), style="dim"))
        if row.rank <= 3:
            parts += [_evidence(item, "+", "green") for item in cause.supporting[:4]]
            parts += [_evidence(item, "-", "red") for item in cause.contradicting[:3]]
        parts.append(Text(f"   id {row.id}", style="dim"))
    return Group(*parts)


def _evidence(item: Evidence, sign: str, style: str) -> Text:
    return Text(f"     {sign} ", style=style).append(item.summary, style="")


def recommendation_table(rows: Sequence[Recommendation]) -> Table:
    """Recommendations with risk and reversibility."""
    shown = table("#", "Action", "Risk", "Reversible", "Status", "Why", "Id")
    for row in rows:
        shown.add_row(
            str(row.rank),
            escape(row.title),
            row.risk_level.value,
            row.reversibility.value,
            row.status.value,
            escape(row.rationale),
            Text(str(row.id), style="dim"),
        )
    return shown


def timeline(entries: Sequence[TimelineEntry], *, most: int = 60) -> Table:
    """The timeline, oldest first; the middle is left out where it is long."""
    rows = table("Time (UTC)", "", "Service", "What")
    left_out = max(0, len(entries) - most)
    head = entries if not left_out else entries[: most // 2]
    for entry in head:
        _timeline_row(rows, entry)
    if left_out:
        rows.add_row("", "…", "", Text(f"{left_out} more entries", style="dim"))
        for entry in entries[-(most - most // 2) :]:
            _timeline_row(rows, entry)
    return rows


def _timeline_row(rows: Table, entry: TimelineEntry) -> None:
    mark, style = KIND_MARK[entry.kind]
    rows.add_row(when(entry.at)[11:], Text(mark, style=style), escape(entry.service), escape(entry.text))


def incident_page(view: IncidentView) -> Group:
    """One incident whole."""
    incident = view.incident
    facts = table("", "")
    series = len({episode.fingerprint for episode in view.episodes})
    for name, value in (
        ("State", state(incident.state.value)),
        ("Severity", severity(incident.severity.value)),
        ("Service", Text(f"{incident.service} ({incident.environment.value})")),
        ("Detected", Text(when(incident.detected_at))),
        ("Acknowledged", Text(when(incident.acknowledged_at))),
        ("Resolved", Text(when(incident.resolved_at))),
        ("Signals", Text(f"{len(view.signals)} in {series} series, {len(view.episodes)} episodes")),
        ("Id", Text(str(incident.id), style="dim")),
    ):
        facts.add_row(Text(name, style="dim"), value)
    if incident.root_cause:
        facts.add_row(Text("Root cause", style="dim"), escape(incident.root_cause))
    parts: list[RenderableType] = [
        Panel(facts, title=escape(incident.title), title_align="left", border_style="cyan"),
        Text("\nTimeline", style="bold cyan"),
        timeline(view.timeline),
    ]
    if view.hypotheses:
        parts += [Text("\nHypotheses", style="bold cyan"), hypotheses(view.hypotheses)]
        if view.diagnosis is not None and view.diagnosis.next_evidence:
            parts.append(Text("\nNothing is convincing yet. What would most change the ranking:", style="bold"))
            parts += [Text(f"   {item.check} ({item.why})") for item in view.diagnosis.next_evidence]
    if view.recommendations:
        parts += [Text("\nRecommendations", style="bold cyan"), recommendation_table(view.recommendations)]
    return Group(*parts)


def score_table(scores: Sequence[CandidateScore], titles: dict[str, str]) -> Table:
    """Every candidate of a correlation with its factors."""
    rows = table("Score", "Incident", "Factors")
    for item in scores:
        factors = ", ".join(
            f"{factor.name} {'unknown' if factor.value is None else f'{factor.value:.2f}'}" for factor in item.factors
        )
        rows.add_row(f"{item.score:.3f}", escape(titles.get(str(item.incident_id), str(item.incident_id))), factors)
    return rows
