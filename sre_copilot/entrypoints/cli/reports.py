"""`sre-copilot reports`: figures over many incidents."""

from collections.abc import Iterator
from datetime import timedelta

import click
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sre_copilot.application.queries.reports import MOST_WEEKS, ResponseTimesReport
from sre_copilot.domain.response_times import Summary
from sre_copilot.domain.signals import Severity
from sre_copilot.entrypoints.cli.groups import InOrder, choice
from sre_copilot.entrypoints.cli.render import bar, heading, lasted, table, words
from sre_copilot.entrypoints.cli.session import Session, command

BAR_WIDTH = 24


@click.group(cls=InOrder)
def reports() -> None:
    """Report over many incidents."""


@reports.command("response-times")
@click.option(
    "--weeks",
    type=click.IntRange(1, MOST_WEEKS),
    default=13,
    show_default=True,
    metavar="N",
    help="So many weeks, the last one being this.",
)
@click.option("--service", metavar="NAME", help="Only of the service of exactly this name. [default: all]")
@click.option("--severity", type=choice(Severity), help="Only of this severity. [default: all]")
@command
def response_times(session: Session, weeks: int, service: str | None, severity: str | None) -> None:
    """Show how long incidents took, week by week.

    Until a person acknowledged them, and until they were resolved, by the week of their detection. False alarms,
    duplicates and merged incidents stay out. Weeks begin on Monday, in UTC.
    """
    with session.open() as copilot:
        report = copilot.reports.response_times(
            actor=session.actor(copilot),
            weeks=weeks,
            service=service,
            severity=Severity(severity) if severity else None,
        )
        session.show(report, Group(*_page(report)))


def _page(report: ResponseTimesReport) -> Iterator[RenderableType]:
    chosen = [word for word in (report.service, report.severity.value if report.severity else None) if word]
    yield words(
        f"Incidents detected from {report.first} to {report.end - timedelta(days=1)}"
        + (f", {', '.join(chosen)} only" if chosen else "")
    )
    yield heading("Until a person acknowledged (MTTA)")
    yield _table(report, [week.acknowledged for week in report.weeks], report.acknowledged)
    yield heading("Until resolved (MTTR)")
    yield _table(report, [week.resolved for week in report.weeks], report.resolved)


def _table(report: ResponseTimesReport, summaries: list[Summary], overall: Summary) -> Table:
    """A row per week with a bar of its median, and the one over all weeks."""
    rows = table("Week of", "Count", "Median", "9 of 10", "Mean", "")
    for column in rows.columns[1:5]:
        column.justify, column.no_wrap = "right", True
    longest = max((summary.median or 0 for summary in summaries), default=0)
    for week, summary in zip(report.weeks, summaries, strict=True):
        rows.add_row(str(week.week), *_figures(summary), bar((summary.median or 0) / (longest or 1), BAR_WIDTH, "cyan"))
    rows.add_row(Text("all", style="bold"), *(Text(one, style="bold") for one in _figures(overall)))
    return rows


def _figures(summary: Summary) -> tuple[str, ...]:
    return (str(summary.count), *map(_shown, (summary.median, summary.p90, summary.mean)))


def _shown(seconds: float | None) -> str:
    return "–" if seconds is None else lasted(timedelta(seconds=seconds))
