"""`sre-copilot services`, `integrations`, `tenants`."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
from rich.markup import escape

from sre_copilot.domain.errors import InvalidInput
from sre_copilot.domain.service_graph import Call, Placement, ServiceGraph
from sre_copilot.domain.signals import Environment
from sre_copilot.entrypoints.cli import render
from sre_copilot.entrypoints.cli.session import Session, command


@click.group()
def services() -> None:
    """Import the services and who calls whom."""


@services.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@command
def import_services(session: Session, file: Path) -> None:
    """Import services, edges and placements from a JSON FILE; it replaces what was imported before."""
    graph = read_graph(file)
    with session.open() as copilot:
        copilot.import_services(actor=session.actor(copilot), graph=graph)
    counts = {"services": len(graph.services), "edges": len(graph.calls), "placements": len(graph.placements)}
    session.show(counts, ", ".join(f"{count} {name}" for name, count in counts.items()) + " imported.")


def read_graph(file: Path) -> ServiceGraph:
    """Read a service graph. Raises InvalidInput that says what was expected."""
    expected = 'Expected {"services": [{"service"}], "edges": [{"caller", "callee"}], "placements": [{"service", "pod", "node"}]}.'
    try:
        document: Any = json.loads(file.read_text(encoding="utf-8"))
        edges, placements = document.get("edges", []), document.get("placements", [])
        named = {row["service"] for row in (*document.get("services", []), *placements)}
        return ServiceGraph(
            services=frozenset(named | {row[end] for row in edges for end in ("caller", "callee")}),
            calls=frozenset(Call(caller=row["caller"], callee=row["callee"]) for row in edges),
            placements=frozenset(
                Placement(service=row["service"], host=row["node"], pod=row.get("pod", "")) for row in placements
            ),
        )
    except OSError as error:
        raise InvalidInput(f"{file} can't be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidInput(f"{file} is not a service graph ({type(error).__name__}: {error}). {expected}") from error


@click.group()
def integrations() -> None:
    """Create and list the sources of deliveries."""


@integrations.command("create")
@click.argument("type_", metavar="TYPE")
@click.option("--name", default="", help="By default the type.")
@click.option(
    "--dedup-hours",
    type=click.FloatRange(0, 8760, min_open=True),
    default=12.0,
    show_default=True,
    help="Silence that ends an episode.",
)
@click.option(
    "--environment",
    "environments",
    multiple=True,
    metavar="WORD=OURS",
    help="The vendor's word for production, staging or development.",
)
@command
def create_integration(
    session: Session, type_: str, name: str, dedup_hours: float, environments: tuple[str, ...]
) -> None:
    """Create an integration of an installed TYPE."""
    with session.open() as copilot:
        made = copilot.create_integration(
            actor=session.actor(copilot),
            type=type_,
            name=name,
            dedup_window=timedelta(hours=dedup_hours),
            environments=dict(map(_environment, environments)),
        )
        session.show(made, f"{made.type} integration [bold]{escape(made.name)}[/bold] created: {made.id}")


def _environment(text: str) -> tuple[str, Environment]:
    word, _, ours = text.partition("=")
    if not word or ours not in list(Environment):
        raise click.UsageError(f"--environment {text!r}: write WORD=production, WORD=staging or WORD=development.")
    return word, Environment(ours)


@integrations.command("list")
@command
def list_integrations(session: Session) -> None:
    """List the tenant's integrations."""
    with session.open() as copilot:
        found = copilot.administration.integrations(actor=session.actor(copilot))
        rows = render.table("Name", "Type", "Active", "Created (UTC)", "Id")
        for row in found:
            rows.add_row(
                escape(row.name), row.type, "yes" if row.is_active else "no", render.when(row.created_at), str(row.id)
            )
        session.show({"integrations": found}, rows if found else "There is no integration yet.")


@click.group()
def tenants() -> None:
    """Create and list tenants."""


@tenants.command("create")
@click.argument("slug")
@click.option("--admin", "email", required=True, metavar="EMAIL", help="The first administrator.")
@click.option("--name", default="", help="The company's or team's name; by default the slug.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def create_tenant(slug: str, email: str, name: str, as_json: bool) -> None:
    """Create a tenant with its first administrator and the seeded runbooks."""
    session = Session(tenant_slug=slug, email=email, as_json=as_json)
    with session.open() as copilot:
        tenant, admin = copilot.create_tenant(slug=slug, admin_email=email, name=name)
        session.show(
            {"tenant": tenant, "admin": admin},
            f"Tenant [bold]{tenant.slug}[/bold] created; {admin.email} administers it.",
        )


@tenants.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def list_tenants(as_json: bool) -> None:
    """List every tenant of the installation."""
    session = Session(tenant_slug=None, email=None, as_json=as_json)
    with session.open() as copilot:
        found = copilot.administration.tenants()
        rows = render.table("Slug", "Name", "Plan", "Active", "Created (UTC)")
        for row in found:
            rows.add_row(
                row.slug,
                escape(row.name),
                row.plan.value,
                "yes" if row.is_active else "no",
                render.when(row.created_at),
            )
        session.show({"tenants": found}, rows if found else "There is no tenant yet.")
