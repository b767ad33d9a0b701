"""`sre-copilot services` and `sre-copilot tenants`."""

import sys
from pathlib import Path

import click

from sre_copilot.domain.errors import AlreadyExists, InvalidInput
from sre_copilot.entrypoints.cli.graph_file import parse_graph, read_graph
from sre_copilot.entrypoints.cli.groups import InOrder
from sre_copilot.entrypoints.cli.names import NAME
from sre_copilot.entrypoints.cli.render import table, when, words
from sre_copilot.entrypoints.cli.session import Session, command, json_option


@click.group(cls=InOrder)
def services() -> None:
    """Import the services and who calls whom."""


@services.command("import")
@click.argument("file", metavar="FILE")
@command
def import_services(session: Session, file: str) -> None:
    """Import who calls whom and what runs where. It replaces what was imported before.

    FILE is a JSON object with any of services [{"service"}], edges [{"caller", "callee"}] and placements [{"service",
    "pod", "node"}]; `-` is standard input.
    """
    graph = read_graph(Path(file)) if file != "-" else parse_graph(_standard_input(), "standard input")
    with session.open() as copilot:
        flagged = copilot.import_services(actor=session.actor(copilot), graph=graph)
    counts = {"services": len(graph.services), "edges": len(graph.calls), "placements": len(graph.placements)}
    told = "Imported: " + ", ".join(f"{name} {count}" for name, count in counts.items()) + "."
    beyond = f"Beyond the plan's services: {', '.join(flagged)}." if flagged else ""
    session.show({**counts, "beyond_plan": flagged}, told, *([words(beyond, "yellow")] if beyond else []))


def _standard_input() -> str:
    try:
        return sys.stdin.buffer.read().decode()
    except UnicodeDecodeError as error:
        raise InvalidInput("Standard input is not UTF-8 text.") from error


@click.group(cls=InOrder)
def tenants() -> None:
    """Create and list tenants."""


@tenants.command("create")
@click.argument("slug")
@click.option("--admin", "email", required=True, metavar="EMAIL", help="E-mail address of the first administrator.")
@click.option("--name", type=NAME, metavar="NAME", help="The company's or team's name. [default: the slug]")
@click.option(
    "--max-services",
    type=click.IntRange(1, 100_000),
    default=5,
    show_default=True,
    metavar="N",
    help="So many services are in the plan; further ones are taken on and flagged.",
)
@click.option(
    "--max-incidents",
    type=click.IntRange(0, 1_000_000),
    default=100,
    show_default=True,
    metavar="N",
    help="So many incidents a calendar month (UTC) are in the plan; alerts wait beyond it, critical ones never.",
)
@json_option
def create_tenant(
    slug: str, email: str, name: str | None, max_services: int, max_incidents: int, as_json: bool
) -> None:
    """Create a tenant with an administrator and some runbooks.

    SLUG is its short name: 1 to 100 small letters and digits, hyphens inside.
    """
    session = Session(as_json=as_json)
    with session.open() as copilot:
        try:
            tenant, admin = copilot.create_tenant(
                slug=slug,
                admin_email=email,
                name=name or "",
                max_services=max_services,
                max_incidents_per_month=max_incidents,
            )
        except AlreadyExists as error:
            taken = {row.slug for row in copilot.administration.tenants()}
            problem = f"There is a tenant {slug!r}" if slug in taken else f"Somebody of another tenant is {email!r}"
            raise AlreadyExists(f"{problem} already; choose another one.") from error
        session.show(
            {"tenant": tenant, "admin": admin},
            words(f"Tenant {tenant.slug} created; {admin.email} administers it."),
            words(f"Next: sre-copilot integrations create TYPE --tenant {tenant.slug}", "dim"),
        )


@tenants.command("list")
@json_option
def list_tenants(as_json: bool) -> None:
    """List every tenant of the installation."""
    session = Session(as_json=as_json)
    with session.open() as copilot:
        found = copilot.administration.tenants()
        rows = table("Slug", "Name", "Plan", "Created (UTC)", "Active")
        for row in found:
            active = "yes" if row.is_active else "no"
            rows.add_row(row.slug, words(row.name), row.plan.value, when(row.created_at), active)
        none = "There is no tenant yet; `sre-copilot tenants create SLUG --admin EMAIL` makes one."
        session.show({"tenants": found}, rows if found else none)
