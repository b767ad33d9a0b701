"""`sre-copilot migrate`, `roles`, `plugins`, `doctor`: the installation itself."""

import json

import click
from rich.markup import escape

from sre_copilot.bootstrap import database_roles_sql, examine, installed_plugins, migrate_database
from sre_copilot.domain.canonical import plain
from sre_copilot.domain.errors import EnvironmentFault
from sre_copilot.entrypoints.cli import render
from sre_copilot.entrypoints.cli.errors import DONE, EXIT_CODES
from sre_copilot.entrypoints.cli.session import console
from sre_copilot.settings import Settings

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


@click.command()
@json_option
def migrate(as_json: bool) -> None:
    """Apply what is missing, as the owner role (DATABASE_OWNER_URL; the embedded database needs nothing)."""
    applied = migrate_database(Settings.load())
    if as_json:
        click.echo(json.dumps({"applied": applied}))
        return
    for name in applied:
        console.print(f"  applied {name}")
    console.print("The database is up to date." if applied else "Nothing to do: the database is up to date.")


@click.group()
def roles() -> None:
    """Print the SQL that creates the database roles."""


@roles.command("sql")
@click.option("--database", default="sre_copilot", show_default=True, help="The name of the database.")
@json_option
def roles_sql(database: str, as_json: bool) -> None:
    """Print the statements for whoever administers the database."""
    text = database_roles_sql(database)
    click.echo(json.dumps({"sql": text}) if as_json else text)


@click.group()
def plugins() -> None:
    """List the installed integration plugins."""


@plugins.command("list")
@json_option
def list_plugins(as_json: bool) -> None:
    """List the plugins, those that failed to load too."""
    found = installed_plugins()
    if as_json:
        click.echo(json.dumps({"plugins": [plain(row) for row in found]}))
        return
    rows = render.table("Plugin", "Types", "From", "State")
    for row in found:
        state = f"[red]{escape(row.problem)}[/red]" if row.problem else "[green]loaded[/green]"
        rows.add_row(row.name, ", ".join(row.types), f"{row.distribution} {row.version}".strip(), state)
    console.print(rows)


@click.command()
@json_option
def doctor(as_json: bool) -> int:
    """Check settings, database, roles, migrations and plugins; say what is wrong and what to do."""
    checks = examine(Settings.load())
    if as_json:
        click.echo(json.dumps({"checks": [plain(row) for row in checks]}))
    else:
        rows = render.table("", "Check", "State")
        for row in checks:
            mark = "[green]✓[/green]" if row.ok else "[red]✗[/red]"
            rows.add_row(mark, row.name, escape(row.detail))
        console.print(rows)
    return DONE if all(row.ok for row in checks) else EXIT_CODES[EnvironmentFault]
