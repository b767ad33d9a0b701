"""`/services`: which there are, who calls whom, what runs where."""

from typing import Any

from django.http import HttpRequest
from ninja import Router

from sre_copilot.domain.service_graph import Call, Placement, ServiceGraph
from sre_copilot.entrypoints.http.api.shapes import Asked, Shape
from sre_copilot.entrypoints.http.authentication import actor_of
from sre_copilot.entrypoints.http.running import copilot

router = Router(tags=["services"])


class ServiceShown(Shape):
    """A service. `declared` says that the imported graph has it, `over_limit` that the plan doesn't cover it."""

    name: str
    declared: bool
    over_limit: bool
    calls: list[str]
    called_by: list[str]
    hosts: list[str]


class ServicesShown(Shape):
    """Every service by name."""

    items: list[ServiceShown]


class CallTold(Asked):
    """`caller` sends requests to `callee`."""

    caller: str
    callee: str


class PlacementTold(Asked):
    """A pod of `service` runs on `host`."""

    service: str
    host: str
    pod: str = ""


class GraphTold(Asked):
    """The whole graph; it replaces the one before. Who calls or is called need not be named among the services."""

    services: list[str] = []
    calls: list[CallTold] = []
    placements: list[PlacementTold] = []


@router.get("/services", response=ServicesShown)
def list_services(request: HttpRequest) -> dict[str, Any]:
    """Every service that the graph or a signal named, by name."""
    found = copilot().services.list(actor=actor_of(request))
    return {
        "items": [
            {
                "name": row.name,
                "declared": row.declared,
                "over_limit": row.over_limit,
                "calls": list(found.graph.callees(row.name)),
                "called_by": list(found.graph.callers(row.name)),
                "hosts": sorted(found.graph.hosts_of(row.name)),
            }
            for row in found.services
        ]
    }


@router.put("/services", response=ServicesShown)
def replace_services(request: HttpRequest, body: GraphTold) -> dict[str, Any]:
    """Import the services and who calls whom; answers like GET."""
    calls = frozenset(Call(**call.model_dump()) for call in body.calls)
    placements = frozenset(Placement(**placement.model_dump()) for placement in body.placements)
    named = {name for call in calls for name in (call.caller, call.callee)} | {place.service for place in placements}
    graph = ServiceGraph(services=frozenset(body.services) | named, calls=calls, placements=placements)
    copilot().import_services(actor=actor_of(request), graph=graph)
    return list_services(request)
