"""The ledger where deliveries are large."""

import tracemalloc

from sre_copilot.adapters.django_orm.unit_of_work import DjangoUnitOfWorkFactory
from sre_copilot.application.ports.deliveries import DeliveryFilter
from sre_copilot.domain.deliveries import MAX_BODY_BYTES
from sre_copilot.domain.tenants import Tenant
from sre_copilot.testing.builders import make_delivery, make_integration, make_record


def test_a_list_does_not_read_the_bodies_of_what_it_lists(units: DjangoUnitOfWorkFactory, tenant: Tenant) -> None:
    integration = make_integration(tenant.id)
    with units(tenant.id) as uow:
        uow.integrations.add(integration)
        for _ in range(3):
            uow.deliveries.add([make_record(integration, delivery=make_delivery(bytes(MAX_BODY_BYTES)))])
        uow.commit()
    tracemalloc.start()
    try:
        with units(tenant.id) as uow:
            found = uow.deliveries.list(DeliveryFilter())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [row.body_bytes for row in found] == [MAX_BODY_BYTES] * 3
    assert peak < MAX_BODY_BYTES
