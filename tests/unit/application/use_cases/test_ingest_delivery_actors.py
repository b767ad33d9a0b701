"""Whose deed a delivery is, whoever hands it in."""

import pytest

from sre_copilot.adapters.system import new_id
from sre_copilot.domain.actors import Actor, Role
from sre_copilot.domain.deliveries import Acknowledgement, Parsed
from sre_copilot.domain.errors import NotFound
from sre_copilot.domain.lifecycle import State
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.stage import alert, stage


def test_what_a_person_hands_in_is_the_integrations_deed() -> None:
    here = stage()
    admin = here.person(Role.ADMIN)
    said = Parsed(drafts=(alert(vendor_key="k"),), acknowledgements=(Acknowledgement(vendor_key="k"),))
    delivery = here.script.delivery(said, received_at=BEGINNING)
    here.copilot.ingest(actor=admin, integration_id=here.integration.id, delivery=delivery)
    (incident,) = here.tables.incidents.values()
    assert (incident.state, incident.acknowledged_by_person) == (State.ACKNOWLEDGED, False)
    assert all(row.automated and row.user_id is None for row in here.tables.transitions.values())


def test_an_integration_hands_in_its_own_deliveries_only() -> None:
    here = stage()
    before = here.tables.copy()
    other = Actor.integration(here.tenant.id, new_id())
    with pytest.raises(NotFound):
        here.copilot.ingest(
            actor=other,
            integration_id=here.integration.id,
            delivery=here.script.delivery(Parsed(drafts=(alert(),)), received_at=BEGINNING),
        )
    assert here.tables == before
