"""`sre-copilot runbooks import`: a folder of Markdown, such as a Git checkout, becomes runbooks."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.table import Table

from sre_copilot.application.use_cases.import_runbook import ImportedPage, ImportStatus
from sre_copilot.domain.runbook_pages import RunbookPage
from sre_copilot.entrypoints.cli.render import table, words
from sre_copilot.entrypoints.cli.session import Session, command, progress_console

STYLES = {ImportStatus.CREATED: "green", ImportStatus.UPDATED: "cyan", ImportStatus.SKIPPED: "yellow"}


@click.command("import")
@click.argument("folder", type=click.Path(path_type=Path), metavar="FOLDER")
@click.option(
    "--source",
    default="",
    metavar="NAME",
    help="What the folder is called where it is remembered, also wherever it lies next time. [default: its own name]",
)
@click.option("--dry-run", is_flag=True, help="Show what would become of each page, and change nothing.")
@command
def import_runbooks(session: Session, folder: Path, source: str, dry_run: bool) -> None:
    """Import a folder of Markdown, such as a Git checkout.

    Each page of FOLDER and its subfolders becomes a runbook. Next time only pages that have changed are written, as new
    versions. Hidden folders are left alone. What is skipped is listed with its reason.
    """
    # Here rather than above: YAML takes longer to load than any `--help` should.
    from sre_copilot.adapters.runbooks.folder import read_folder

    with session.open() as copilot:
        actor = session.actor(copilot)
        with _progress() as shown:
            pages = [
                copilot.import_runbook(actor=actor, page=shown(page), dry_run=dry_run)
                for page in read_folder(folder, source)
            ]
        counts = Counter(page.status for page in pages)
        told = {status.value: counts[status] for status in ImportStatus}
        listed = [page for page in pages if page.status is not ImportStatus.UNCHANGED or page.remarks]
        summary = ", ".join(f"{count} {name}" for name, count in told.items())
        session.show(
            {"dry_run": dry_run, "counts": told, "pages": pages},
            *([_table(listed)] if listed else []),
            words(f"{summary}. Nothing was changed: this was a dry run." if dry_run else f"{summary}."),
        )


@contextmanager
def _progress() -> Iterator[Callable[[RunbookPage], RunbookPage]]:
    """Show on a terminal which page is being read."""
    with progress_console.status("Reading ...") as status:
        number = 0

        def shown(page: RunbookPage) -> RunbookPage:
            nonlocal number
            number += 1
            status.update(words(f"{number}: {page.source}"))
            return page

        yield shown


def _table(pages: list[ImportedPage]) -> Table:
    rows = table("Page", "Status", "Runbook", "Services", "Tags", "Remarks")
    for page in pages:
        rows.add_row(
            words(page.source),
            words(page.status.value, STYLES.get(page.status, "")),
            words(page.slug or "–"),
            words(", ".join(page.services) or "–"),
            words(", ".join(page.tags) or "–"),
            words("; ".join(page.remarks) or "–"),
        )
    return rows
