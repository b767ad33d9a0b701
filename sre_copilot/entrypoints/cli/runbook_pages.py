"""How runbooks look in a terminal."""

from collections.abc import Sequence

from rich.console import Group
from rich.table import Table
from rich.text import Text

from sre_copilot.domain.runbooks import Runbook, RunbookVersion
from sre_copilot.entrypoints.cli.plain_text import plain_line
from sre_copilot.entrypoints.cli.render import grid, heading, table, words


def runbook_table(found: Sequence[Runbook]) -> Table:
    """Runbooks as rows, with how often they were used and how that went."""
    rows = table("Slug", "Title", "Services", "Risk", "Used", "Worked", "Failed", "Version")
    for row in found:
        rows.add_row(
            words(row.slug),
            words(row.title),
            words(", ".join(row.service_names) or "any"),
            words(row.risk_level.value),
            *map(str, (row.usage_count, row.success_count, row.failure_count, row.version)),
        )
    return rows


def runbook_page(row: Runbook) -> Group:
    """One runbook, without its text."""
    lines = grid()
    unclear = row.usage_count - row.success_count - row.failure_count
    minutes = row.estimated_duration_minutes
    for name, value in (
        ("Runbook", words(row.title, "bold")),
        ("Slug", words(row.slug)),
        ("State", words("in use" if row.is_active else "deleted", "green" if row.is_active else "yellow")),
        ("About", words(row.description or "–")),
        ("Services", words(", ".join(row.service_names) or "any")),
        ("Tags", words(", ".join(row.tags) or "–")),
        ("Risk", words(row.risk_level.value)),
        ("Takes", words(f"{minutes} min" if minutes else "–")),
        (
            "Used",
            words(
                f"{row.usage_count} times: {row.success_count} worked, {row.failure_count} failed, {unclear} unclear"
            ),
        ),
        ("Kept at", words(row.content_url or row.source or "–")),
        ("Id", words(f"{row.id}, version {row.version}", "dim")),
    ):
        lines.add_row(words(name, "dim"), value)
    for action in row.actions:
        lines.add_row(words("Action", "dim"), words(f"{action.action_type.value}: {action.description}"))
    return Group(lines)


def runbook_text(row: Runbook | RunbookVersion) -> Group:
    """What it tells to do."""
    return Group(heading("Text"), Text("\n".join(map(plain_line, row.content.splitlines())) or "–"))
