"""Importing the services, and what they count against."""

import pytest

from sre_copilot.domain.errors import InvalidInput
from sre_copilot.domain.service_graph import Call, Placement, ServiceGraph
from sre_copilot.testing.builders import make_tenant
from sre_copilot.testing.stage import Stage, alert, stage


def over_limit(here: Stage) -> tuple[str, ...]:
    with here.units(here.tenant.id) as uow:
        return uow.services.over_limit()


def test_imported_services_beyond_the_plan_are_recorded_and_flagged() -> None:
    here = stage(tenant=make_tenant(max_services=2))
    here.send(alert(service="zebra"))
    here.copilot.import_services(actor=here.engineer, graph=ServiceGraph(services=frozenset({"a", "b", "c", "zebra"})))
    assert over_limit(here) == ("b", "c")
    with here.units(here.tenant.id) as uow:
        assert uow.services.graph().services == {"a", "b", "c", "zebra"}


@pytest.mark.parametrize("name", ["", " ", " n", "n" * 256, "n\0", "n\ud800"])
@pytest.mark.parametrize(
    "place",
    [
        lambda name: ServiceGraph(services=frozenset({name})),
        lambda name: ServiceGraph(calls=frozenset({Call(caller=name, callee="b")})),
        lambda name: ServiceGraph(calls=frozenset({Call(caller="a", callee=name)})),
        lambda name: ServiceGraph(placements=frozenset({Placement(service=name, host="h")})),
        lambda name: ServiceGraph(placements=frozenset({Placement(service="a", host=name)})),
        lambda name: ServiceGraph(placements=frozenset({Placement(service="a", host="h", pod=name or "p" * 256)})),
    ],
    ids=["service", "caller", "callee", "placed", "host", "pod"],
)
def test_a_name_that_cannot_be_stored_is_refused(place: object, name: str) -> None:
    assert callable(place)
    here = stage()
    with pytest.raises(InvalidInput, match="name in the service graph"):
        here.copilot.import_services(actor=here.engineer, graph=place(name))
    assert not here.tables.graphs
