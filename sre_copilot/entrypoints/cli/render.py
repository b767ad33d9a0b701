"""How things look in a terminal: words, times, tables, bars."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from sre_copilot.domain.incidents import Incident
from sre_copilot.domain.lifecycle import allowed_actions
from sre_copilot.entrypoints.cli.ids import short
from sre_copilot.entrypoints.cli.plain_text import one_line

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
SERVICE_WIDTH = 30
NARROW = 110
"""Below this many columns a list of incidents leaves out what can be spared."""


def words(text: object, style: str = "") -> Text:
    """Text from anywhere, on one line and without anything that a terminal would obey."""
    return Text(one_line(str(text)), style=style)


def heading(text: str) -> Text:
    """The title of a part of a page, with a line above it."""
    return Text(f"\n{text}", style="bold cyan")


def when(at: datetime | None) -> str:
    """A time as people read it: UTC to the second, or a dash."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if at else "–"


def lasted(span: timedelta) -> str:
    """A duration in its two largest units: "2 min 8 s", "3 d 4 h"."""
    left, parts = int(span.total_seconds()), []
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def table(*headings: str) -> Table:
    """An empty table in the house style."""
    empty = Table(header_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in headings:
        empty.add_column(name)
    return empty


def grid(*, gap: int = 2) -> Table:
    """Columns without headings, `gap` characters apart."""
    return Table.grid(padding=(0, gap, 0, 0))


def severity(word: str) -> Text:
    """A severity in its colour."""
    return Text(word, style=SEVERITY_STYLE.get(word, ""))


def state(word: str) -> Text:
    """A state in its colour."""
    return Text(word, style=STATE_STYLE.get(word, ""))


def bar(share: float, width: int, style: str = "") -> Text:
    """`share` (0 to 1) of `width` characters, to half a character; anything above 0 is at least that."""
    halves = max(1, round(share * width * 2)) if share > 0 else 0
    return Text("━" * (halves // 2) + "╸" * (halves % 2), style=style)


class IncidentList:
    """A list of incidents, one line each, as wide as the place that it is printed to."""

    def __init__(self, incidents: Iterable[Incident]) -> None:
        self._incidents = tuple(incidents)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Choose the columns by the width."""
        whole = incident_table(self._incidents)
        fits = options.max_width >= NARROW or self._measured(console, whole) <= options.max_width
        yield whole if fits else incident_table(self._incidents, narrow=True)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """As wide as all columns in full."""
        width = self._measured(console, incident_table(self._incidents))
        return Measurement(width, width).with_maximum(options.max_width)

    @staticmethod
    def _measured(console: Console, rows: Table) -> int:
        return console.measure(rows, options=console.options.update(width=1000)).maximum


def incident_table(incidents: Iterable[Incident], *, narrow: bool = False) -> Table:
    """Incidents as rows; a narrow table spares the seconds, and puts service and title together."""
    names = ("What",) if narrow else ("Service", "Title")
    rows = table("Id", "At (UTC)" if narrow else "Detected (UTC)", "Severity", "State", *names)
    for column in rows.columns[:4]:
        column.no_wrap = True
    if not narrow:
        rows.columns[4].max_width = SERVICE_WIDTH
    for incident in incidents:
        service, title = _cut(words(incident.service)), _cut(words(incident.title))
        if title.plain.startswith(service.plain):
            what = title
        else:
            what = _cut(Text.assemble(service, ": ", title))
        rows.add_row(
            Text(short(incident.id), style="dim"),
            when(incident.detected_at)[5:16] if narrow else when(incident.detected_at),
            severity(incident.severity.value),
            state(incident.state.value),
            *((what,) if narrow else (service, title)),
        )
    return rows


def _cut(text: Text) -> Text:
    """Let a text be cut rather than wrapped where its column is too narrow."""
    text.no_wrap, text.overflow = True, "ellipsis"
    return text


def next_steps(incident: Incident) -> Text:
    """The verbs that the incident's state allows."""
    verbs = ", ".join(action.value for action in allowed_actions(incident.state))
    return Text(f"Next: {verbs or 'nothing, what was learnt is final'}.", style="dim")
