"""A vendor's acknowledgement acts on the incident of the open episode, and on nothing else."""

from datetime import timedelta
from uuid import UUID

import attrs
import pytest

from sre_copilot.domain.actors import Role
from sre_copilot.domain.deliveries import Acknowledgement, Receipt
from sre_copilot.domain.lifecycle import Action, State
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.stage import Stage, alert, recovery, stage

LATER = BEGINNING + timedelta(minutes=2)


def opened(here: Stage) -> UUID:
    return here.send(alert(vendor_key="dedup-1")).opened[0]


def acknowledge(here: Stage, *, key: str = "dedup-1", by: str = "") -> Receipt:
    return here.send(acknowledgements=(Acknowledgement(vendor_key=key, by=by),), at=LATER)


def test_a_vendors_acknowledgement_is_the_integrations_and_automated() -> None:
    here = stage()
    incident_id = opened(here)
    receipt = acknowledge(here)
    incident = here.tables.incidents[incident_id]
    row = list(here.tables.transitions.values())[-1]
    assert (incident.state, incident.acknowledged_at) == (State.ACKNOWLEDGED, LATER)
    assert (incident.acknowledged_by_person, row.automated, row.user_id) == (False, True, None)
    assert (receipt.accepted, receipt.incidents, receipt.opened) == (0, (incident_id,), ())


def test_an_acknowledgement_that_names_a_person_we_know_is_that_persons() -> None:
    here = stage()
    incident_id = opened(here)
    ada = here.people[Role.ENGINEER]
    acknowledge(here, by=ada.email.upper())
    incident = here.tables.incidents[incident_id]
    row = list(here.tables.transitions.values())[-1]
    assert incident.acknowledged_by_person
    assert (row.automated, row.user_id, row.reason) == (False, ada.id, "acknowledged in alerts")


@pytest.mark.parametrize("who", ["stranger@example.com", "deactivated"])
def test_a_stranger_or_deactivated_person_leaves_it_to_the_integration(who: str) -> None:
    here = stage()
    incident_id = opened(here)
    ada = here.people[Role.ENGINEER]
    here.tables.users[ada.id] = attrs.evolve(ada, is_active=False)
    acknowledge(here, by=ada.email if who == "deactivated" else who)
    assert not here.tables.incidents[incident_id].acknowledged_by_person


@pytest.mark.parametrize("action", [Action.ACKNOWLEDGE, Action.INVESTIGATE, Action.MITIGATE, Action.RESOLVE])
def test_in_any_other_state_it_changes_nothing(action: Action) -> None:
    here = stage()
    incident_id = opened(here)
    here.copilot.transition(actor=here.engineer, incident_id=incident_id, action=action)
    before = here.tables.incidents[incident_id]
    assert acknowledge(here).incidents == ()
    assert here.tables.incidents[incident_id] == before


def test_an_unknown_key_changes_nothing() -> None:
    here = stage()
    opened(here)
    assert acknowledge(here, key="another").incidents == ()


def test_once_the_episode_has_ended_it_changes_nothing() -> None:
    here = stage()
    incident_id = opened(here)
    here.send(recovery(vendor_key="dedup-1"), at=BEGINNING + timedelta(minutes=1))
    assert acknowledge(here).incidents == ()
    assert here.tables.incidents[incident_id].state is State.DETECTED


def test_an_acknowledgement_leaves_one_audit_entry() -> None:
    here = stage()
    opened(here)
    before = len(here.tables.audit)
    acknowledge(here)
    assert [entry.event_type for entry in list(here.tables.audit.values())[before:]] == ["incident.acknowledged"]
