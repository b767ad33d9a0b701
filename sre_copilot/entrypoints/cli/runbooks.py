"""`sre-copilot runbooks`: written procedures, and what they said before."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from sre_copilot.application.copilot import Copilot
from sre_copilot.application.ports.runbooks import RunbookFilter
from sre_copilot.domain.actions import RiskLevel
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.errors import InvalidInput, NotFound
from sre_copilot.domain.runbooks import Runbook, RunbookEdit
from sre_copilot.entrypoints.cli.groups import InOrder, choice
from sre_copilot.entrypoints.cli.render import table, when, words
from sre_copilot.entrypoints.cli.runbook_import import import_runbooks
from sre_copilot.entrypoints.cli.runbook_pages import runbook_page, runbook_table, runbook_text
from sre_copilot.entrypoints.cli.session import Session, command

RUNBOOK = click.argument("runbook", metavar="RUNBOOK")
VERSION = click.argument("version", type=click.IntRange(1, 2**31 - 1), metavar="VERSION")
LIMIT = click.option(
    "--limit", type=click.IntRange(1, 1000), default=50, show_default=True, metavar="N", help="At most so many."
)
expected_version = click.option(
    "--version",
    "version",
    type=click.IntRange(1),
    metavar="N",
    help="Only if it still has this version, as `runbooks show` told it. [default: whatever version it has]",
)


@click.group(cls=InOrder)
def runbooks() -> None:
    """Write procedures that recommendations lead to, and find them."""


@runbooks.command("list")
@click.option("--deleted", is_flag=True, help="Those that were deleted, instead of those that are there.")
@click.option("--service", metavar="NAME", help="Those for this service, and those for any. [default: all]")
@click.option("--tag", metavar="WORD", help="Only those with exactly this tag. [default: all]")
@LIMIT
@command
def list_runbooks(session: Session, deleted: bool, service: str | None, tag: str | None, limit: int) -> None:
    """List runbooks, newest first."""
    with session.open() as copilot:
        narrowed = RunbookFilter(deleted=deleted, service=service, tag=tag, limit=limit)
        found = copilot.runbooks.list(actor=session.actor(copilot), narrowed=narrowed)
        session.show({"runbooks": list(found)}, runbook_table(found) if found else "There is no such runbook.")


@runbooks.command("search")
@click.argument("text", nargs=-1, required=True, metavar="WORD...")
@click.option(
    "--limit", type=click.IntRange(1, 200), default=10, show_default=True, metavar="N", help="At most so many."
)
@command
def search_runbooks(session: Session, text: tuple[str, ...], limit: int) -> None:
    """Find runbooks by any of the WORDs, best first.

    Words are searched for as recommendations do it: an alert's name and title are good ones.
    """
    with session.open() as copilot:
        found = copilot.runbooks.search(actor=session.actor(copilot), text=" ".join(text), limit=limit)
        rows = table("Relevance", "Slug", "Title")
        for row in found:
            rows.add_row(f"{row.relevance:.2f}", words(row.runbook.slug), words(row.runbook.title))
        session.show({"found": list(found)}, rows if found else "No runbook has any of these words.")


@runbooks.command("show")
@RUNBOOK
@click.option(
    "--version",
    "version",
    type=click.IntRange(1, 2**31 - 1),
    metavar="N",
    help="What it said then. [default: what it says]",
)
@click.option(
    "--text", "only_text", is_flag=True, help="Print its text as it is and nothing else, for an editor or a pipe."
)
@command
def show_runbook(session: Session, runbook: str, version: int | None, only_text: bool) -> None:
    """Show a runbook with its text. RUNBOOK is its slug or id."""
    with session.open() as copilot:
        actor = session.actor(copilot)
        found = find(copilot, actor, runbook)
        then = version and copilot.runbooks.version(actor=actor, runbook_id=found.id, version=version)
        if only_text and not session.as_json:
            click.echo((then or found).content, nl=False)
        elif then:
            session.show(then, words(f"{then.title}, version {then.version}", "bold"), runbook_text(then))
        else:
            session.show(found, runbook_page(found), runbook_text(found))


def _written(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say what a runbook holds."""
    for option in reversed(
        (
            click.option("--description", metavar="TEXT", help="When it helps, in a sentence. [default: stays]"),
            click.option(
                "--text", "file", metavar="FILE", help="Its text in Markdown; `-` is standard input. [default: stays]"
            ),
            click.option(
                "--url", "url", metavar="URL", help="Where it is kept outside; '' for nowhere. [default: stays]"
            ),
            click.option(
                "--service",
                "services",
                multiple=True,
                metavar="NAME",
                help="Service that it is for; all that are given replace the old ones, '' is any. [default: stay]",
            ),
            click.option(
                "--tag",
                "tags",
                multiple=True,
                metavar="WORD",
                help="Tag; all that are given replace the old ones, '' is none. [default: stay]",
            ),
            click.option(
                "--risk", type=choice(RiskLevel), help="Of its riskiest action. [default: stays, at first medium]"
            ),
            click.option(
                "--minutes",
                type=click.IntRange(0),
                metavar="N",
                help="How long it takes; 0 for unknown. [default: stays]",
            ),
            click.option("--owner", metavar="EMAIL", help="Whose it is. [default: stays, at first who writes it]"),
        )
    ):
        function = option(function)
    return function


@runbooks.command("create")
@click.argument("title")
@click.option("--slug", default="", metavar="SLUG", help="Its short name. [default: made of the title]")
@_written
@command
def create_runbook(session: Session, title: str, slug: str, **told: Any) -> None:
    """Write a runbook. TITLE has 1 to 500 characters."""
    with session.open() as copilot:
        edit = _edit(session, copilot, title, **told)
        made = copilot.create_runbook(actor=session.actor(copilot), edit=edit, slug=slug)
        session.show(made, runbook_page(made))


runbooks.add_command(import_runbooks)


@runbooks.command("edit")
@RUNBOOK
@click.option("--title", metavar="TEXT", help="New title, 1 to 500 characters. [default: stays]")
@_written
@expected_version
@command
def edit_runbook(session: Session, runbook: str, title: str | None, version: int | None, **told: Any) -> None:
    """Change what a runbook says. What is not given stays.

    RUNBOOK is its slug or id. What it said before stays readable: `runbooks versions`.
    """
    with session.open() as copilot:
        edit = _edit(session, copilot, title, **told)
        if edit == RunbookEdit():
            raise click.UsageError("Nothing to change was given.", click.get_current_context())
        actor = session.actor(copilot)
        changed = copilot.edit_runbook(
            actor=actor, runbook_id=find(copilot, actor, runbook).id, edit=edit, expected_version=version
        )
        session.show(changed, runbook_page(changed))


@runbooks.command("delete")
@RUNBOOK
@expected_version
@command
def delete_runbook(session: Session, runbook: str, version: int | None) -> None:
    """Have a runbook found and recommended no more. RUNBOOK is its slug or id."""
    with session.open() as copilot:
        actor = session.actor(copilot)
        found = find(copilot, actor, runbook)
        gone = copilot.delete_runbook(actor=actor, runbook_id=found.id, expected_version=version)
        back = f"To have it back: sre-copilot runbooks restore {gone.slug}{session.again}"
        session.show(gone, words(f"{gone.slug} is deleted."), words(back, "dim"))


@runbooks.command("restore")
@RUNBOOK
@command
def restore_runbook(session: Session, runbook: str) -> None:
    """Have a deleted runbook found and recommended again. RUNBOOK is its slug or id."""
    with session.open() as copilot:
        actor = session.actor(copilot)
        back = copilot.restore_runbook(actor=actor, runbook_id=find(copilot, actor, runbook).id)
        session.show(back, words(f"{back.slug} is there again."))


@runbooks.command("versions")
@RUNBOOK
@command
def list_versions(session: Session, runbook: str) -> None:
    """List what a runbook said before, newest first.

    RUNBOOK is its slug or id. `runbooks show --version N` prints one of them. Times are UTC.
    """
    with session.open() as copilot:
        actor = session.actor(copilot)
        found = copilot.runbooks.versions(actor=actor, runbook_id=find(copilot, actor, runbook).id)
        people = {user.id: user.email for user in copilot.administration.users(actor=actor)}
        rows = table("Version", "Written (UTC)", "By", "Title", "Characters")
        for row in found:
            author = people.get(row.written_by, "–") if row.written_by else "–"
            rows.add_row(str(row.version), when(row.written_at), words(author), words(row.title), str(len(row.content)))
        session.show({"versions": list(found)}, rows)


@runbooks.command("revert")
@RUNBOOK
@VERSION
@command
def revert_runbook(session: Session, runbook: str, version: int) -> None:
    """Write again what a version said, as a new version.

    RUNBOOK is its slug or id, VERSION a number that `runbooks versions` lists.
    """
    with session.open() as copilot:
        actor = session.actor(copilot)
        found = find(copilot, actor, runbook)
        changed = copilot.revert_runbook(actor=actor, runbook_id=found.id, version=version)
        session.show(
            changed, words(f"{changed.slug} says again what it said in version {version}."), runbook_page(changed)
        )


def find(copilot: Copilot, actor: Actor, runbook: str) -> Runbook:
    """The runbook of this slug or id. Raises NotFound."""
    try:
        runbook_id = UUID(runbook)
    except ValueError:
        try:
            return copilot.runbooks.by_slug(actor=actor, slug=runbook)
        except NotFound:
            raise NotFound(f"There is no runbook {runbook!r}; `sre-copilot runbooks list` shows them.") from None
    return copilot.runbooks.get(actor=actor, runbook_id=runbook_id)


def _edit(session: Session, copilot: Copilot, title: str | None, **told: Any) -> RunbookEdit:
    owner, file, risk = told["owner"], told["file"], told["risk"]
    return RunbookEdit(
        title=title,
        description=told["description"],
        content=None if file is None else _read(file),
        content_url=told["url"],
        service_names=_replacing(told["services"]),
        tags=_replacing(told["tags"]),
        risk_level=RiskLevel(risk) if risk else None,
        estimated_duration_minutes=told["minutes"],
        owner_id=copilot.administration.person(session.tenant(copilot), owner).id if owner else None,
    )


def _replacing(given: Sequence[str]) -> tuple[str, ...] | None:
    return tuple(filter(None, given)) if given else None


def _read(file: str) -> str:
    """The text of a file, or of standard input. Raises InvalidInput."""
    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInput(f"{file} is not UTF-8 text; save it as UTF-8.") from None
    except OSError as error:
        raise InvalidInput(f"{file} can't be read: {error.strerror}.") from None
