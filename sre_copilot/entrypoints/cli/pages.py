"""How one incident looks in a terminal: facts, timeline, signals, causes, advice."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from sre_copilot.application.queries.incidents import IncidentView
from sre_copilot.domain.incidents import Incident
from sre_copilot.domain.signals import Signal
from sre_copilot.domain.timeline import TimelineEntry
from sre_copilot.entrypoints.cli.causes import diagnosis_page
from sre_copilot.entrypoints.cli.render import grid, heading, lasted, next_steps, severity, state, table, when, words

KIND_MARK = {
    "signal": ("●", "red"),
    "resolve": ("○", "green"),
    "change": ("▲", "magenta"),
    "transition": ("→", "cyan"),
    "note": ("✎", "yellow"),
}
LEGEND = "● fires  ○ ends  ▲ change  → state  ✎ note"
MOST_ENTRIES = 60
LABEL_WIDTH = 10


def incident_page(view: IncidentView, *, whole: bool = False) -> Group:
    """One incident; `whole` leaves nothing out and lists the signals with their ids."""
    parts: list[RenderableType] = [
        Panel(_facts(view), title=words(view.incident.title, "bold"), title_align="left", border_style="cyan"),
        heading("Timeline").append(f"   {LEGEND}", style="not bold dim"),
        timeline(view.timeline, most=len(view.timeline) if whole else MOST_ENTRIES),
    ]
    if whole and view.signals:
        parts += [heading("Signals"), signal_table(view.signals)]
    parts.append(
        diagnosis_page(
            view.diagnosis, view.hypotheses, view.recommendations, consultation=view.consultation, whole=whole
        )
    )
    if not view.hypotheses:
        parts.append(Text(f"\nNot diagnosed yet: sre-copilot diagnose {view.incident.id}", style="dim"))
    return Group(*parts)


def _facts(view: IncidentView) -> Group:
    incident = view.incident
    series = len({episode.fingerprint for episode in view.episodes})
    pairs = grid()
    pairs.add_column(min_width=LABEL_WIDTH)
    rows = (
        ("State", state(incident.state.value), "Detected", Text(when(incident.detected_at))),
        ("Severity", severity(incident.severity.value), "Acknowledged", _after(incident, incident.acknowledged_at)),
        (
            "Service",
            words(f"{incident.service} ({incident.environment.value})"),
            "Mitigated",
            _after(incident, incident.mitigated_at),
        ),
        (
            "Signals",
            Text(f"{len(view.signals)} in {series} series" if view.signals else "none"),
            "Resolved",
            _after(incident, incident.resolved_at),
        ),
    )
    for name, value, other, moment in rows:
        pairs.add_row(Text(name, style="dim"), value, Text(other, style="dim"), moment)
    lines = grid()
    lines.add_column(min_width=LABEL_WIDTH)
    for name, text in _long_facts(view):
        lines.add_row(Text(name, style="dim"), text)
    return Group(pairs, lines)


def _after(incident: Incident, at: datetime | None) -> Text:
    if at is None:
        return Text("–")
    same_day = at.astimezone(UTC).date() == incident.detected_at.astimezone(UTC).date()
    shown = when(at)[11:] if same_day else when(at)
    return Text(f"{shown} (after {lasted(at - incident.detected_at)})")


def _long_facts(view: IncidentView) -> Iterator[tuple[str, Text]]:
    incident, impact = view.incident, view.incident.impact
    hurt = [
        impact.description,
        f"{impact.affected_user_count} users" if impact.affected_user_count is not None else "",
        "an SLO is breached" if impact.slo_breached else "",
    ]
    resolved = incident.resolution.value.replace("_", " ") if incident.resolution else ""
    for name, text in (
        ("About", incident.description),
        ("Impact", "; ".join(filter(None, hurt))),
        ("Tags", ", ".join(incident.tags)),
        ("Recurrence", f"of {incident.recurrence_of}" if incident.recurrence_of else ""),
        ("Merged into", str(incident.merged_into or "")),
        ("Split from", str(incident.split_from or "")),
        ("Assigned", view.people.get(incident.assigned_to, "") if incident.assigned_to else ""),
        ("Resolved", resolved),
        ("Root cause", incident.root_cause),
        ("Summary", incident.resolution_summary),
    ):
        if text:
            yield name, words(text)
    yield "Id", Text(f"{incident.id}, version {incident.version}")
    yield "", next_steps(incident)


def timeline(entries: Sequence[TimelineEntry], *, most: int = MOST_ENTRIES) -> Table:
    """The timeline, oldest first; the middle is left out where it is longer than `most` entries."""
    rows = table("UTC", "", "Service", "What")
    rows.columns[0].no_wrap = True
    half = most // 2
    left_out = max(0, len(entries) - most)
    days = len({_day(entry) for entry in entries}) > 1
    previous: date | None = None
    for place, entry in enumerate(entries):
        if left_out and half <= place < half + left_out:
            if place == half:
                rows.add_row("", "…", "", Text(f"{left_out} more entries: incidents show --all", style="dim"))
            continue
        if days and _day(entry) != previous:
            rows.add_row(Text(f"{_day(entry)}", style="dim"))
        previous = _day(entry)
        mark, style = KIND_MARK[entry.kind]
        rows.add_row(when(entry.at)[11:], Text(mark, style=style), words(entry.service), words(entry.text))
    return rows


def _day(entry: TimelineEntry) -> date:
    return entry.at.astimezone(UTC).date()


def signal_table(signals: Sequence[Signal]) -> Table:
    """The signals with their ids, for `explain`."""
    rows = table("UTC", "Decision", "Signal", "Id")
    for column in (rows.columns[0], rows.columns[1], rows.columns[3]):
        column.no_wrap = True
    # A resolve may carry nothing but its key: it is told in the words of the signal that fired.
    told = {signal.fingerprint: signal.draft for signal in reversed(signals) if signal.is_firing}
    for signal in signals:
        draft = told.get(signal.fingerprint, signal.draft)
        name = Text.assemble(words(draft.name), " on ", words(draft.service))
        rows.add_row(when(signal.timestamp)[11:], signal.decision.value, name, Text(str(signal.id), style="dim"))
    return rows
