"""`sre-copilot worker`, `jobs`, `schedule`: what happens without anybody typing."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

import click
from rich.text import Text

from sre_copilot.application.copilot import Copilot
from sre_copilot.application.ports.jobs import JobState, QueuedJob
from sre_copilot.application.queries.operations import EntryView
from sre_copilot.entrypoints.cli.groups import InOrder
from sre_copilot.entrypoints.cli.render import lasted, table, when, words
from sre_copilot.entrypoints.cli.session import Session, json_option
from sre_copilot.settings import Settings

STATE_STYLE = {JobState.RUNNING: "cyan", JobState.WAITING: "", JobState.DEAD: "bold red"}
MANY = 10_000
"""More dead jobs than anybody retries at once."""


@click.command()
@click.option(
    "--concurrency",
    type=click.IntRange(1, 64),
    default=4,
    show_default=True,
    metavar="N",
    help="So many jobs run at the same time, and as many polls, each on a database connection of its own.",
)
@click.option(
    "--grace",
    type=click.FloatRange(0, 3600),
    default=25,
    show_default=True,
    metavar="SECONDS",
    help="So long running jobs have to end when the worker is told to stop.",
)
def worker(concurrency: int, grace: float) -> None:
    """Run jobs and the schedule until told to stop, by SIGTERM or Ctrl-C.

    Any number of workers share the work, on any machines. Logs go to standard error, one JSON object per line.
    """
    # Here rather than above: it loads Django and the plugins, which takes longer than any `--help` should.
    from sre_copilot.entrypoints.worker import work

    work(Settings.load(), concurrency=concurrency, grace=grace)


@click.group(cls=InOrder)
def jobs() -> None:
    """List what runs, waits and died, of all tenants; let dead jobs live again."""


@jobs.command("list")
@click.option("--dead", is_flag=True, help="Those that failed as often as they may, the latest first.")
@click.option(
    "--limit", type=click.IntRange(1, MANY), default=100, show_default=True, metavar="N", help="At most so many."
)
@json_option
def list_jobs(dead: bool, limit: int, as_json: bool) -> None:
    """List what runs and waits, or with --dead what died."""
    session = Session(as_json=as_json)
    with session.open() as copilot:
        found = copilot.operations.dead_jobs(limit) if dead else copilot.operations.unfinished_jobs(limit)
        slugs = _slugs(copilot)
        buried = 0 if dead else len(copilot.operations.dead_jobs(MANY))
    rows = table("Id", "Kind", "Tenant", "State", "Since (UTC)", "Not before (UTC)", "Tried", "Last error")
    for row in found:
        rows.add_row(*_cells(row, slugs))
    none = "No job is dead." if dead else "No job runs or waits."
    hint = f"{buried} dead: sre-copilot jobs list --dead" if buried else ""
    if dead and found:
        hint = "Once the reason is gone: sre-copilot jobs retry ID, or --all"
    session.show({"jobs": found}, rows if found else none, *([words(hint, "yellow")] if hint else []))


def _cells(row: QueuedJob, slugs: Mapping[UUID, str]) -> tuple[Text, ...]:
    return (
        Text(str(row.id), style="dim"),
        words(row.job.kind),
        words(slugs.get(row.job.tenant_id, row.job.tenant_id)),
        Text(row.state.value, style=STATE_STYLE[row.state]),
        Text(when(row.since)),
        Text(when(row.not_before)),
        Text(str(row.attempts)),
        words(row.last_error or "–"),
    )


def _slugs(copilot: Copilot) -> dict[UUID, str]:
    return {tenant.id: tenant.slug for tenant in copilot.administration.tenants()}


@jobs.command("retry")
@click.argument("number", metavar="[ID]", type=int, required=False)
@click.option("--all", "everything", is_flag=True, help="Every job that is dead.")
@json_option
def retry(number: int | None, everything: bool, as_json: bool) -> None:
    """Let a dead job wait again, with all its attempts before it. ID is what `jobs list --dead` shows."""
    if (number is None) is not everything:
        raise click.UsageError("Name one job by its ID, or all with --all.", click.get_current_context())
    session = Session(as_json=as_json)
    with session.open() as copilot:
        numbers = [row.id for row in copilot.operations.dead_jobs(MANY)] if everything else [number or 0]
        retried = [copilot.retry_job(job_id=one) for one in numbers]
    told = [words(f"Job {row.id} ({row.job.kind}) waits again.") for row in retried]
    session.show({"retried": retried}, *(told or [words("No job is dead.")]))


@click.command()
@json_option
def schedule(as_json: bool) -> None:
    """Show what happens because time passes: how often, how it went last, and when it is due."""
    session = Session(as_json=as_json)
    with session.open() as copilot:
        entries = copilot.operations.schedule()
        now = copilot.operations.clock.now()
    rows = table("Entry", "Every", "Last run (UTC)", "Took", "Result", "Next run (UTC)")
    for entry in entries:
        rows.add_row(words(entry.name), lasted(entry.every), *_last(entry), Text(_next(entry)))
    late = [
        entry
        for entry in entries
        if entry.next_at is None or now - entry.next_at > max(entry.every, timedelta(minutes=1))
    ]
    hint = "Nobody runs it: start a worker with `sre-copilot worker`." if len(late) == len(entries) else ""
    about = [words(f"{entry.name}: {entry.what}.", "dim") for entry in entries]
    session.show({"schedule": entries}, rows, *([words(hint, "yellow")] if hint else []), *about)


def _last(entry: EntryView) -> tuple[Text, Text, Text]:
    if entry.last is None:
        return Text("never"), Text("–"), Text("–")
    took = (entry.last.finished_at - entry.last.started_at).total_seconds()
    result = words(entry.last.result, "" if entry.last.ok else "red")
    return Text(when(entry.last.finished_at)), Text(f"{took:.1f} s"), result


def _next(entry: EntryView) -> str:
    if entry.running_since is not None:
        return f"runs since {when(entry.running_since)}"
    return when(entry.next_at) if entry.next_at else "when a worker runs"
