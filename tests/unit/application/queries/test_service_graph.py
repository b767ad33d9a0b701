"""What is known of services."""

from sre_copilot.domain.service_graph import Call, ServiceGraph
from sre_copilot.testing.stage import alert, stage


def test_services_are_those_of_the_graph_and_those_that_signals_named() -> None:
    here = stage()
    graph = ServiceGraph(
        services=frozenset({"checkout", "payments"}), calls=frozenset({Call(caller="checkout", callee="payments")})
    )
    here.copilot.import_services(actor=here.engineer, graph=graph)
    here.send(alert("DiskFull", "billing"))
    found = here.copilot.services.list(actor=here.engineer)
    assert [(row.name, row.declared) for row in found.services] == [
        ("billing", False),
        ("checkout", True),
        ("payments", True),
    ]
    assert found.graph == graph
