"""`sre-copilot demo`: a recorded incident, through the real use cases, from the first alert to what was learnt."""

import itertools
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs
import click
from rich.console import Group, RenderableType
from rich.text import Text

from sre_copilot.application.copilot import Copilot
from sre_copilot.application.ports.incidents import IncidentFilter
from sre_copilot.application.queries.incidents import IncidentView
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.errors import AlreadyExists, InvalidInput
from sre_copilot.domain.integrations import Integration
from sre_copilot.domain.lifecycle import State
from sre_copilot.domain.service_graph import ServiceGraph
from sre_copilot.domain.tenants import Tenant
from sre_copilot.entrypoints.cli.funnel import funnel
from sre_copilot.entrypoints.cli.graph_file import read_graph
from sre_copilot.entrypoints.cli.ids import short
from sre_copilot.entrypoints.cli.pages import incident_page
from sre_copilot.entrypoints.cli.render import IncidentList, heading, when, words
from sre_copilot.entrypoints.cli.replay import (
    RecordedDelivery,
    ReplayClock,
    Tally,
    check_types,
    read_recording,
    replayed,
)
from sre_copilot.entrypoints.cli.session import NEWEST, Session, command, waiting
from sre_copilot.entrypoints.cli.walk import Step, Walker, step_table

PROGRAM = "sre-copilot"
DEMO_SERVICES = 50
"""A demo tenant's plan is wide enough for any recording."""
EXPECTED = "a recording is a folder with deliveries.jsonl and, if there are any, topology.json and metrics/"


@attrs.frozen(kw_only=True)
class Recording:
    """A recording, read and checked whole before anything is written."""

    folder: Path
    rows: Sequence[RecordedDelivery]
    graph: ServiceGraph | None
    metrics: Any

    @classmethod
    def read(cls, folder: Path | None) -> "Recording":
        """Read a folder, by default the one that comes with the package. Raises InvalidInput."""
        # Here rather than above: `--help` should not have to load it.
        from sre_copilot.adapters.recordings import bundled_recording
        from sre_copilot.adapters.recordings.metrics import RecordedMetrics

        place = folder or bundled_recording()
        if not place.is_dir():
            raise InvalidInput(f"{place} is no folder; {EXPECTED}.")
        rows = read_recording(place / "deliveries.jsonl")
        check_types({row.type: row.delivery.path for row in rows})
        topology, metrics = place / "topology.json", RecordedMetrics(place)
        graph = read_graph(topology) if topology.exists() else None
        given = cls(folder=place, rows=rows, graph=graph, metrics=metrics)
        metrics.series(start=given.span[0], end=given.span[1])
        return given

    @property
    def span(self) -> tuple[datetime, datetime]:
        """When the first and the last delivery came in."""
        times = [row.delivery.received_at for row in self.rows]
        return min(times), max(times)


def _as_demo(function: Callable[..., Any]) -> Callable[..., Any]:
    return command(function, tenant_help="Slug of a tenant to replay into. [default: a new one, demo-1, demo-2, ...]")


@click.command()
@click.option(
    "--recording",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Folder with deliveries.jsonl, topology.json and metrics/. [default: a bad deploy that comes with the package]",
)
@_as_demo
def demo(session: Session, recording: Path | None) -> None:
    """Replay a recorded incident through the real use cases and show it.

    Shows how deliveries become incidents, the timeline, the ranked causes with their evidence and what to do, and then
    walks the main incident (the one with most series) to its end. Each run makes a tenant of its own; with --tenant the
    recording is replayed into that one, and only what is not learned yet is walked.
    """
    if session.email and not session.tenant_slug:
        raise click.UsageError(
            "--as needs --tenant: a new tenant has nobody but its administrator.", click.get_current_context()
        )
    with waiting("Reading the recording"):
        given = Recording.read(recording)
    clock = ReplayClock()
    clock.advance(given.rows[0].delivery.received_at)
    with session.open(clock=clock, metrics=given.metrics) as copilot:
        tenant = session.tenant(copilot) if session.tenant_slug else _new_tenant(copilot)
        actor = copilot.administration.person(tenant, session.email, origin="demo")
        if not session.tenant_slug and given.graph is not None:
            copilot.import_services(actor=actor, graph=given.graph)
        integrations = _integrations(copilot, actor, {row.type for row in given.rows})
        tally, touched = replayed(copilot, clock, actor, given.rows, integrations)
        with waiting("Diagnosing"):
            views = _diagnosed(copilot, actor, given, touched)
            steps = list(Walker(copilot=copilot, actor=actor, view=views[0]).steps()) if views else []
        document = {**tally.as_document(), "incidents": [_as_document(view) for view in views]}
        session.show(document, Group(*_story(given, tenant, tally, views, steps)))


def _new_tenant(copilot: Copilot) -> Tenant:
    taken = {tenant.slug for tenant in copilot.administration.tenants()}
    for number in itertools.count(1):
        slug = f"demo-{number}"
        if slug in taken:
            continue
        try:
            return copilot.create_tenant(
                slug=slug, admin_email=f"admin@{slug}.example.com", name=f"Demo {number}", max_services=DEMO_SERVICES
            )[0]
        except AlreadyExists:
            # Another demo was quicker.
            continue
    raise AssertionError


def _integrations(copilot: Copilot, actor: Actor, types: set[str]) -> list[Integration]:
    """The tenant's integrations of these types; those it lacks are made."""
    known = {row.type: row for row in reversed(copilot.integrations.list(actor=actor))}
    return [known.get(name) or copilot.create_integration(actor=actor, type=name).integration for name in sorted(types)]


def _diagnosed(copilot: Copilot, actor: Actor, given: Recording, touched: set[UUID]) -> list[IncidentView]:
    """The incidents of the recording with a diagnosis as of now, those with most series first.

    What else a tenant has is left alone, and what was learnt stays as it is.
    """
    first, last = given.span
    views = []
    for incident in copilot.incidents.list(actor=actor, narrowed=IncidentFilter(limit=NEWEST)):
        # A repeated replay touches nothing; its incidents are those that were opened at the recording's own times.
        if incident.id not in touched and not first <= incident.created_at <= last:
            continue
        if incident.state is not State.LEARNED:
            copilot.diagnose(actor=actor, incident_id=incident.id)
            copilot.recommend(actor=actor, incident_id=incident.id)
        views.append(copilot.incidents.show(actor=actor, incident_id=incident.id))
    return sorted(views, key=lambda view: (-_series(view), view.incident.detected_at, view.incident.id))


def _series(view: IncidentView) -> int:
    return len({episode.fingerprint for episode in view.episodes})


def _as_document(view: IncidentView) -> dict[str, Any]:
    incident = view.incident
    originals = {signal.fingerprint: signal for signal in reversed(view.signals) if signal.is_firing}
    return {
        "id": incident.id,
        "title": incident.title,
        "service": incident.service,
        "severity": incident.severity,
        "state": incident.state,
        "opened_at": incident.created_at,
        "signals": [
            {
                "name": signal.draft.name,
                "service": signal.draft.service,
                "fingerprint": signal.draft.vendor_fingerprint or signal.draft.vendor_key or name,
            }
            for name, signal in originals.items()
        ],
        "hypotheses": [
            {
                "rank": row.rank,
                "component": row.cause.subject or row.cause.kind.value,
                "change": row.cause.change_summary,
                "confidence": {
                    "lower": row.cause.confidence.lower,
                    "primary": row.cause.confidence.primary,
                    "upper": row.cause.confidence.upper,
                },
            }
            for row in view.hypotheses
        ],
        "recommendations": [
            {"title": row.title, "risk": row.risk_level, "reversibility": row.reversibility}
            for row in view.recommendations
        ],
    }


def _story(
    given: Recording, tenant: Tenant, tally: Tally, views: Sequence[IncidentView], steps: Sequence[Step]
) -> Iterable[RenderableType]:
    first, last = given.span
    span = f"{when(first)} to {when(last)[11:]} UTC"
    yield Text.assemble(
        ("\nTenant ", "bold cyan"), (tenant.slug, "bold cyan"), "  ", words(given.folder.name), f", {span}\n"
    )
    yield funnel(tally, len(views))
    if not views:
        return
    yield Text()
    yield IncidentList(view.incident for view in views)
    yield heading(f"The main incident, the one with most series ({_series(views[0])})")
    yield incident_page(views[0])
    if steps:
        yield heading("The main incident, walked to its end")
        yield step_table(steps)
    else:
        yield heading("The main incident was walked to its end before; nothing was left to do.")
    yield Text("\nLook around:", style="dim")
    for text in (f"incidents show {short(views[0].incident.id)}", "incidents list"):
        yield Text(f"$ {_program()} {text} --tenant {tenant.slug}", style="dim")


def _program() -> str:
    """How to call us again: by name, or where a shell would not find it by the path from here."""
    called = Path(sys.argv[0])
    return os.path.relpath(called) if called.name == PROGRAM and not shutil.which(PROGRAM) else PROGRAM
