"""`sre-copilot demo`: a recorded incident, through the real use cases, from the first alert to what was learnt."""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
import click
from rich.markup import escape
from rich.progress import track
from rich.text import Text

from sre_copilot.adapters.recordings import bundled_recording
from sre_copilot.adapters.recordings.metrics import RecordedMetrics
from sre_copilot.application.copilot import Copilot
from sre_copilot.application.ports.incidents import IncidentFilter
from sre_copilot.application.queries.incidents import IncidentView
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.deliveries import Integration
from sre_copilot.domain.errors import InvalidInput
from sre_copilot.domain.hypotheses import CandidateKind, Feedback
from sre_copilot.domain.incidents import Incident, Resolution
from sre_copilot.domain.lifecycle import Action, State, allowed_actions
from sre_copilot.domain.outcomes import OutcomeResult
from sre_copilot.domain.recommendations import RecommendationStatus
from sre_copilot.domain.tenants import Tenant
from sre_copilot.entrypoints.cli import render
from sre_copilot.entrypoints.cli.administration import read_graph
from sre_copilot.entrypoints.cli.replay import RecordedDelivery, ReplayClock, Tally, read_recording, replay
from sre_copilot.entrypoints.cli.session import Session, command, console

DEMO_SERVICES = 50
"""A demo tenant's plan is wide enough for any recording."""


@click.command()
@click.option(
    "--recording",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Another recording; by default a bad deploy that comes with the package.",
)
@command
def demo(session: Session, recording: Path | None) -> None:
    """Replay a recorded incident through the real use cases and show it.

    Each run makes a tenant of its own; with --tenant the recording is replayed into that one.
    """
    folder = recording or bundled_recording()
    if not folder.is_dir():
        raise InvalidInput(
            f"{folder} is no folder; a recording is a folder with deliveries.jsonl, topology.json and metrics/."
        )
    rows = read_recording(folder / "deliveries.jsonl")
    clock = ReplayClock()
    clock.advance(rows[0].delivery.received_at)
    with session.open(clock=clock, metrics=RecordedMetrics(folder)) as copilot:
        tenant = session.tenant(copilot) if session.tenant_slug else _new_tenant(copilot)
        actor = copilot.administration.person(tenant, session.email, origin="demo")
        if not session.tenant_slug and (folder / "topology.json").exists():
            copilot.import_services(actor=actor, graph=read_graph(folder / "topology.json"))
        tally = _replay(session, copilot, clock, actor, rows)
        views = _diagnosed(copilot, actor)
        document = {**tally.as_document(), "incidents": [_as_document(view) for view in views]}
        if session.as_json:
            session.show(document)
        else:
            _tell(tenant, tally, views)
        walked = _walk(copilot, actor, views)
        if walked is not None and not session.as_json:
            console.print(Text("\nThe main incident, walked to its end", style="bold cyan"))
            console.print(render.timeline([e for e in walked.timeline if e.kind in ("transition", "note")]))
            console.print(
                f"[dim]Look again: sre-copilot incidents show {walked.incident.id} --tenant {tenant.slug}[/dim]"
            )


def _new_tenant(copilot: Copilot) -> Tenant:
    taken = {tenant.slug for tenant in copilot.administration.tenants()}
    slug = next(f"demo-{number}" for number in itertools.count(1) if f"demo-{number}" not in taken)
    tenant, _ = copilot.create_tenant(
        slug=slug, admin_email=f"admin@{slug}.example.com", name=f"Demo {slug}", max_services=DEMO_SERVICES
    )
    return tenant


def _replay(
    session: Session, copilot: Copilot, clock: ReplayClock, actor: Actor, rows: Sequence[RecordedDelivery]
) -> Tally:
    integrations = _integrations(copilot, actor, {row.type for row in rows})
    receipts = replay(copilot, clock, actor, rows, integrations)
    tally = Tally()
    for receipt in track(
        receipts, "Replaying", total=len(rows), console=console, transient=True, disable=session.as_json
    ):
        tally = tally.plus(receipt)
    return tally


def _integrations(copilot: Copilot, actor: Actor, types: set[str]) -> list[Integration]:
    """The tenant's integrations of these types; those it lacks are made."""
    known = {row.type: row for row in reversed(copilot.administration.integrations(actor=actor))}
    return [known.get(name) or copilot.create_integration(actor=actor, type=name) for name in sorted(types)]


def _diagnosed(copilot: Copilot, actor: Actor) -> list[IncidentView]:
    """Every incident of the tenant with a diagnosis as of now, those with most series first. What was learnt stays as it is."""
    views = []
    for incident in copilot.incidents.list(actor=actor, narrowed=IncidentFilter(limit=1000)):
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


def _tell(tenant: Tenant, tally: Tally, views: Sequence[IncidentView]) -> None:
    counts = attrs.asdict(tally)
    flow = " · ".join(f"[bold]{count}[/bold] {name}" for name, count in counts.items())
    console.print(
        f"\n[bold cyan]Tenant {escape(tenant.slug)}[/bold cyan]  {flow}  →  [bold]{len(views)}[/bold] incidents\n"
    )
    console.print(render.incident_table(view.incident for view in views))
    if views:
        console.print()
        console.print(render.incident_page(views[0]))


def _walk(copilot: Copilot, actor: Actor, views: Sequence[IncidentView]) -> IncidentView | None:
    """Walk the incident with most series to `learned`, as a person would; nothing where it is there already."""
    if not views or views[0].incident.state is State.LEARNED:
        return None
    view = views[0]
    incident = view.incident
    cause = view.hypotheses[0].cause
    known = cause.kind not in (CandidateKind.NONE_OF_THESE, CandidateKind.OTHERS)
    for action in (Action.ACKNOWLEDGE, Action.INVESTIGATE):
        incident = _if_allowed(copilot, actor, incident, action)
    feedback = Feedback.ACCEPTED if known else Feedback.UNCERTAIN
    copilot.give_feedback(actor=actor, hypothesis_id=view.hypotheses[0].id, feedback=feedback)
    for row in view.recommendations[:1]:
        if row.status is RecommendationStatus.PENDING:
            copilot.decide_recommendation(actor=actor, recommendation_id=row.id, accept=True)
            copilot.record_outcome(actor=actor, recommendation_id=row.id, result=OutcomeResult.WORKED)
    incident = _if_allowed(copilot, actor, incident, Action.MITIGATE)
    incident = _if_allowed(copilot, actor, incident, Action.RESOLVE, resolution=Resolution.FIXED)
    summary = view.recommendations[0].title if view.recommendations else "It recovered."
    _if_allowed(copilot, actor, incident, Action.LEARN, root_cause=cause.claim, resolution_summary=summary)
    return copilot.incidents.show(actor=actor, incident_id=incident.id)


def _if_allowed(copilot: Copilot, actor: Actor, incident: Incident, action: Action, **details: Any) -> Incident:
    if action not in allowed_actions(incident.state):
        return incident
    return copilot.transition(actor=actor, incident_id=incident.id, action=action, **details)
