"""`sre-copilot migrate`, `roles`, `plugins`, `doctor`: the installation itself."""

import click
from rich.console import Group
from rich.text import Text

from sre_copilot.domain.errors import EnvironmentFault
from sre_copilot.entrypoints.cli.errors import DONE, EXIT_CODES
from sre_copilot.entrypoints.cli.groups import InOrder
from sre_copilot.entrypoints.cli.render import table, words
from sre_copilot.entrypoints.cli.session import Session, json_option, waiting
from sre_copilot.settings import Settings

# The commands import bootstrap when they run: it loads Django and the plugins, which takes longer than `--help` should.


@click.command()
@json_option
def migrate(as_json: bool) -> None:
    """Bring the database up to date.

    Signs in as the owner role, by the address in the environment variable DATABASE_OWNER_URL. The embedded database
    needs no address, and is brought up to date by every command anyway.
    """
    # Here and below: no other command should wait for what looks after a database.
    from sre_copilot.bootstrap import migrate_database

    settings = Settings.load()
    with waiting("Migrating"):
        applied = migrate_database(settings)
    done = "The database is up to date." if applied else "Nothing to do: the database is up to date."
    Session(as_json=as_json).show({"applied": applied}, *(f"Applied {name}." for name in applied), done)


@click.command()
@json_option
def down(as_json: bool) -> None:
    """Stop the embedded database, which otherwise keeps running between commands. The next command starts it again."""
    from sre_copilot.bootstrap import stop_database

    was_running = stop_database(Settings.load())
    told = (
        "The embedded database is stopped." if was_running else "Nothing to do: the embedded database is not running."
    )
    Session(as_json=as_json).show({"stopped": was_running}, told)


@click.group(cls=InOrder)
def roles() -> None:
    """Print the SQL that creates the database roles."""


@roles.command("sql")
@click.option(
    "--database",
    metavar="NAME",
    show_default="the one of DATABASE_URL, else sre_copilot",
    help="Name of the database.",
)
@json_option
def roles_sql(database: str | None, as_json: bool) -> None:
    """Print the statements; whoever administers the database runs them."""
    from sre_copilot.bootstrap import database_roles_sql

    text = database_roles_sql(Settings.load(), database)
    if as_json:
        Session(as_json=True).show({"sql": text})
    else:
        click.echo(text)


@click.group(cls=InOrder)
def plugins() -> None:
    """List the installed integration plugins."""


@plugins.command("list")
@json_option
def list_plugins(as_json: bool) -> None:
    """List the plugins and their types, also those that failed to load."""
    from sre_copilot.bootstrap import installed_plugins

    found = installed_plugins()
    rows = table("Plugin", "Types", "From", "State")
    for row in found:
        state = words(row.problem, "red") if row.problem else Text("loaded", style="green")
        rows.add_row(words(row.name), ", ".join(row.types), words(f"{row.distribution} {row.version}"), state)
    Session(as_json=as_json).show({"plugins": found}, Group(rows))


@click.command()
@json_option
def doctor(as_json: bool) -> int:
    """Check settings, database, roles, migrations and plugins; say what is wrong and what to do.

    Starts the embedded database where it is used. Exit code 5 if anything is wrong.
    """
    from sre_copilot.entrypoints.examining import examine

    settings = Settings.load()
    with waiting("Looking"):
        checks = examine(settings)
    rows = table("", "Check", "State")
    for row in checks:
        mark = Text("✓", style="green") if row.ok else Text("✗", style="red")
        rows.add_row(mark, words(row.name), words(row.detail))
    Session(as_json=as_json).show({"checks": checks}, Group(rows))
    return DONE if all(row.ok for row in checks) else EXIT_CODES[EnvironmentFault]
