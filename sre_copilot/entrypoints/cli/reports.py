"""`sre-copilot reports`: figures over many incidents."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

import click
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sre_copilot.application.queries.calibration import MONTHS, MOST_MONTHS, Calibration, CalibrationReport
from sre_copilot.application.queries.reports import A_MONTH, MOST_DAYS, MOST_WEEKS, ResponseTimesReport
from sre_copilot.domain.consultations import DayOfConsultations
from sre_copilot.domain.reliability import ReliabilityBin
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


@reports.command("language-model")
@click.option(
    "--days",
    type=click.IntRange(1, MOST_DAYS),
    default=A_MONTH,
    show_default=True,
    metavar="N",
    help="So many days, the last one being today.",
)
@command
def language_model(session: Session, days: int) -> None:
    """Show what a language model was asked, and what that cost."""
    with session.open() as copilot:
        found = copilot.reports.model_usage(actor=session.actor(copilot), days=days)
        session.show(found, _usage(found))


def _usage(found: Sequence[DayOfConsultations]) -> RenderableType:
    if not found:
        return words("Nobody was asked.")
    rows = table("Day", "Asked", "Over budget", "Tokens in", "Tokens out", "US dollars")
    for column in rows.columns[1:]:
        column.justify, column.no_wrap = "right", True
    for day in found:
        counts = (day.asked, day.over_budget, day.prompt_tokens, day.completion_tokens)
        rows.add_row(day.day, *(f"{count:,}" for count in counts), f"{day.cost_microdollars / 1e6:.4f}")
    return rows


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


@reports.command("calibration")
@click.option(
    "--months",
    type=click.IntRange(1, MOST_MONTHS),
    default=MONTHS,
    show_default=True,
    metavar="N",
    help="So many months, the last one being this.",
)
@command
def calibration(session: Session, months: int) -> None:
    """Show how far confidences could be relied on.

    Of each incident the first answer counts: what was said of its first hypothesis, and whether that was right, once people
    accepted or rejected it or wrote down the cause. Months are in UTC.
    """
    with session.open() as copilot:
        report = copilot.calibration.report(actor=session.actor(copilot), months=months)
        session.show(report, Group(*_calibration_page(report)))


def _calibration_page(report: CalibrationReport) -> Iterator[RenderableType]:
    found = report.overall
    yield words(
        f"First answers from {report.first} to {report.end - timedelta(days=1)}: {report.diagnosed} incidents diagnosed, "
        f"of {found.count} is known whether the answer was right."
    )
    if not found.is_enough:
        yield words(
            f"Not enough yet to say how far confidences can be relied on: {found.count} of the {found.needed} known answers "
            "that it takes. Accept or reject hypotheses, or name the cause when you resolve.",
            "yellow",
        )
    else:
        yield heading("When we said, and how often we were right")
        yield _reliability(found.bins)
        yield words("━ right, ╌ 95 % interval, ◆ what we said", "dim")
        low, high = found.ece_if_perfect or (0.0, 1.0)
        yield words(f"\nBrier score {found.brier:.3f} (0 is best, always saying 50 % gives 0.25)")
        yield words(f"Calibration error {found.ece:.3f}; who is perfectly calibrated has {low:.3f} to {high:.3f} here")
    if report.slope is None:
        yield words(
            f"Calibration in use: as shipped; {report.slope_cases} of {found.needed} known answers for your own."
        )
    else:
        yield words(f"Calibration in use: slope {report.slope:g} from your latest {report.slope_cases} known answers.")
    yield heading("By month")
    yield _months(report)


def _reliability(bins: tuple[ReliabilityBin, ...]) -> Table:
    rows = table("We said", "On average", "Right", "Times", "")
    for column in rows.columns[:4]:
        column.justify, column.no_wrap = "right", True
    for one in bins:
        rows.add_row(
            f"{one.lowest:.0%} to {one.highest:.0%}",
            f"{one.said:.0%}",
            f"{one.share:.0%}",
            f"{one.right} of {one.count}",
            _chart(one),
        )
    return rows


def _chart(one: ReliabilityBin) -> Text:
    """Solid up to the share that was right, dashed over its interval, a mark where we said."""
    lower, right, upper, said = (
        round(value * (BAR_WIDTH - 1)) for value in (one.lower, one.share, one.upper, one.said)
    )
    cells = ["━" if place <= right else "╌" if lower <= place <= upper else " " for place in range(BAR_WIDTH)]
    cells[said] = "◆"
    return Text("".join(cells), style="cyan" if one.lower <= one.said <= one.upper else "yellow")


def _months(report: CalibrationReport) -> Table:
    rows = table("Month", "Known", "We said", "Right", "Brier")
    for column in rows.columns[1:]:
        column.justify, column.no_wrap = "right", True
    for month in report.months:
        found = month.calibration
        rows.add_row(f"{month.month:%Y-%m}", *_month_figures(found))
    rows.add_row(Text("all", style="bold"), *(Text(one, style="bold") for one in _month_figures(report.overall)))
    return rows


def _month_figures(found: Calibration) -> tuple[str, ...]:
    share = f"{found.right / found.count:.0%}" if found.count else "–"
    said = f"{found.said:.0%}" if found.said is not None else "–"
    score = f"{found.brier:.3f}" if found.brier is not None else "–"
    return str(found.count), said, share, score
