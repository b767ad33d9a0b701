"""How drafts in Markdown reach whoever asked: on the screen as they are, or in a new file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from sre_copilot.application.queries.drafts import Postmortem, RunbookDraft
from sre_copilot.entrypoints.cli.session import Session

out_option: Callable[..., Any] = click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write it there; a file that is there already is left alone. [default: print it]",
)


def show_draft(session: Session, drafted: Postmortem | RunbookDraft, out: Path | None) -> None:
    """Print a draft, or write it into a file that isn't there yet. Raises click.UsageError where it is."""
    if out is None:
        if session.as_json:
            session.show(drafted)
        else:
            # As it is, for whoever pipes it on: a table that is wrapped is none.
            click.echo(drafted.markdown, nl=False)
        return
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(drafted.markdown)
    except FileExistsError:
        raise click.UsageError(f"{out} is there already; name another file.", click.get_current_context()) from None
    session.show(drafted, f"Written to {out}.")
