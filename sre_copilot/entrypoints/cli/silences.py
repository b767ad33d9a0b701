"""`sre-copilot silences`: keep what is expected from becoming incidents."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import click
from rich.console import Group
from rich.table import Table

from sre_copilot.application.queries.silences import SilencePreview
from sre_copilot.domain.silences import Matcher, ShownSilence, SilenceState, read_matchers
from sre_copilot.entrypoints.cli.groups import InOrder
from sre_copilot.entrypoints.cli.ids import ID, short
from sre_copilot.entrypoints.cli.render import grid, severity, table, when, words
from sre_copilot.entrypoints.cli.session import Session, command

STYLES = {SilenceState.PENDING: "yellow", SilenceState.ACTIVE: "green", SilenceState.EXPIRED: "dim"}
_SPAN = re.compile(r"(?=.)(?:(\d{1,4})d)?(?:(\d{1,4})h)?(?:(\d{1,5})m)?")


class SpanType(click.ParamType[timedelta]):
    """How long something lasts, as on-call people write it."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Return the time, or fail with what it looks like."""
        found = _SPAN.fullmatch(str(value))
        if found is None:
            self.fail(f"{value!r} is no duration; write days, hours and minutes as 2h, 90m or 1d12h.", param, ctx)
        days, hours, minutes = (int(number or 0) for number in found.groups())
        return timedelta(days=days, hours=hours, minutes=minutes)


class MomentType(click.ParamType[datetime]):
    """A point in time; UTC where it names no zone."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the time, or fail with what it looks like."""
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no time; write 2026-03-01T22:00, or 2026-03-01T22:00+01:00.", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


MATCHERS = click.argument("matchers", nargs=-1, required=True, metavar="MATCHER...")


@click.group(cls=InOrder)
def silences() -> None:
    """Keep what is expected from becoming incidents, for a time."""


@silences.command("list")
@click.option("--expired", is_flag=True, help="Those that are over, instead of those in force or to come.")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=50, show_default=True, metavar="N", help="At most so many."
)
@command
def list_silences(session: Session, expired: bool, limit: int) -> None:
    """List silences, those in force first.

    Those to come follow, each the newest first. Times are UTC.
    """
    states = (SilenceState.EXPIRED,) if expired else (SilenceState.ACTIVE, SilenceState.PENDING)
    with session.open() as copilot:
        actor = session.actor(copilot)
        found = [
            silence for state in states for silence in copilot.silences.list(actor=actor, state=state, limit=limit)
        ]
        rows = table("Id", "State", "Matchers", "From (UTC)", "Until (UTC)", "Comment")
        for row in found[:limit]:
            rows.add_row(
                str(row.id),
                words(row.state.value, STYLES[row.state]),
                words(_written(row.matchers)),
                when(row.starts_at),
                when(row.ended_at or row.ends_at),
                words(row.comment),
            )
        none = "No silence is over yet." if expired else "Nothing is silenced, and nothing is going to be."
        session.show({"silences": found[:limit]}, rows if found else none)


@silences.command("show")
@click.argument("silence", type=ID, metavar="SILENCE")
@command
def show_silence(session: Session, silence: UUID) -> None:
    """Show one silence. SILENCE is its id, as `silences list` prints it."""
    with session.open() as copilot:
        found = copilot.silences.get(actor=session.actor(copilot), silence_id=silence)
        session.show(found, _page(found))


@silences.command("add")
@MATCHERS
@click.option(
    "--for", "span", type=SpanType(), metavar="TIME", help="How long, such as 2h, 90m or 1d12h. [default: see --until]"
)
@click.option(
    "--until", type=MomentType(), metavar="TIME", help="Its end, as 2026-03-01T22:00 (UTC). [default: see --for]"
)
@click.option("--from", "start", type=MomentType(), metavar="TIME", help="Its start. [default: now]")
@click.option("--comment", required=True, metavar="TEXT", help="Why; whoever wonders at night will read it.")
@command
def add_silence(
    session: Session,
    matchers: tuple[str, ...],
    span: timedelta | None,
    until: datetime | None,
    start: datetime | None,
    comment: str,
) -> None:
    """Silence what fits all MATCHERs.

    A MATCHER is service=checkout, severity!=critical, 'alertname=~Disk.*' or 'pod!~web-.+': a label, or service, environment,
    severity, alertname or integration. A regular expression has to fit as a whole. Signals that fit are recorded and open
    no incident; what still fires when the silence is over comes up then.
    """
    if (span is None) is (until is None):
        raise click.UsageError("Say how long with --for, or until when with --until.", click.get_current_context())
    try:
        ends_at = until if until is not None else (start or datetime.now(UTC)) + (span or timedelta(0))
    except OverflowError:
        raise click.UsageError("That ends after the year 9999.", click.get_current_context()) from None
    with session.open() as copilot:
        made = copilot.create_silence(
            actor=session.actor(copilot), matchers=_read(matchers), starts_at=start, ends_at=ends_at, comment=comment
        )
        session.show(
            made, _page(made), words(f"To end it early: sre-copilot silences end {made.id}{session.again}", "dim")
        )


@silences.command("end")
@click.argument("silence", type=ID, metavar="SILENCE")
@command
def end_silence(session: Session, silence: UUID) -> None:
    """End a silence now, or call it off.

    SILENCE is its id. What it held and still goes on is correlated when timers run next: within seconds where a worker runs.
    """
    with session.open() as copilot:
        ended = copilot.end_silence(actor=session.actor(copilot), silence_id=silence)
        session.show(ended, words(f"The silence of {_written(ended.matchers)} is over."))


@silences.command("preview")
@MATCHERS
@command
def preview_silence(session: Session, matchers: tuple[str, ...]) -> None:
    """Show what MATCHERs would silence.

    Open episodes now, and signals of the last 24 hours. Nothing is changed.
    """
    with session.open() as copilot:
        found = copilot.silences.preview(actor=session.actor(copilot), matchers=_read(matchers))
        session.show(found, *_preview(found))


def _preview(found: SilencePreview) -> list[Any]:
    counted = f"Open episodes that fit: {found.open_episodes}. Signals of the last 24 hours that fit: {found.signals}."
    lines: list[Any] = [words(counted, "" if found.open_episodes or found.signals else "yellow")]
    if not found.is_whole:
        lines.append(words("There is too much to look at all of it: these are of the latest only.", "yellow"))
    if found.episodes:
        lines.append(_episodes(found))
        lines.append(words("What is in an incident stays there.", "dim"))
    return lines


def _episodes(found: SilencePreview) -> Table:
    rows = table("Since (UTC)", "Severity", "Alert", "Service", "Incident", "Signal")
    for row in found.episodes:
        home = short(row.incident_id) if row.incident_id else "–"
        rows.add_row(
            when(row.started_at),
            severity(row.severity.value),
            words(row.name),
            words(row.service),
            words(home),
            str(row.signal_id),
        )
    return rows


def _page(silence: ShownSilence) -> Group:
    rows = grid()
    for name, value in (
        ("Silence", words(_written(silence.matchers), "bold")),
        ("State", words(silence.state.value, STYLES[silence.state])),
        ("From", words(f"{when(silence.starts_at)} UTC")),
        ("Until", words(f"{when(silence.ends_at)} UTC")),
        ("Ended", words(f"{when(silence.ended_at)} UTC, early" if silence.ended_at else "–")),
        ("Comment", words(silence.comment)),
        ("Id", words(silence.id, "dim")),
    ):
        rows.add_row(words(name, "dim"), value)
    return Group(rows)


def _read(written: tuple[str, ...]) -> list[Matcher]:
    return [matcher for text in written for matcher in read_matchers(text)]


def _written(matchers: tuple[Matcher, ...]) -> str:
    return ", ".join(map(str, matchers))
