"""From many deliveries to few incidents, at a glance."""

from rich.table import Table
from rich.text import Text

from sre_copilot.entrypoints.cli.render import bar, grid
from sre_copilot.entrypoints.cli.replay import Tally

WIDTH = 24


def funnel(tally: Tally, incidents: int) -> Table:
    """Deliveries, the signals in them, what was known of these already, and the incidents that are left."""
    told = tally.stored + tally.repeats
    rows = (
        ("deliveries", tally.received, "bold", f"{tally.redelivered} redelivered, {tally.quarantined} quarantined"),
        ("signals", told, "bold", "told in them"),
        ("  repeats", tally.repeats, "dim", "the same again: counted only"),
        ("stored", tally.stored, "bold", ""),
        ("  duplicates", tally.duplicates, "dim", "of an episode that goes on"),
        ("  resolves", tally.resolved, "dim", "the end of an episode"),
        ("  new", tally.stored - tally.duplicates - tally.resolved, "", "alerts and changes"),
        ("incidents", incidents, "bold green", ""),
    )
    most = max(count for _, count, _, _ in rows)
    lines = grid()
    lines.add_column(no_wrap=True)
    lines.add_column(justify="right", no_wrap=True)
    lines.add_column(min_width=WIDTH, no_wrap=True)
    lines.add_column()
    for name, count, style, remark in rows:
        length = bar(count / most if most else 0.0, WIDTH, style)
        lines.add_row(Text(name, style=style), Text(str(count), style=style), length, Text(remark, style="dim"))
    return lines
