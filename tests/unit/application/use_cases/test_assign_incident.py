"""Assigning an incident."""

import attrs
import pytest

from sre_copilot.domain.actors import Role
from sre_copilot.domain.errors import NotFound
from sre_copilot.testing.stage import alert, stage


def test_an_incident_is_assigned_and_taken_away_again() -> None:
    here = stage()
    (incident_id,) = here.send(alert()).opened
    ada = here.people[Role.ADMIN].id
    assert here.copilot.assign(actor=here.engineer, incident_id=incident_id, user_id=ada).assigned_to == ada
    assert here.tables.incidents[incident_id].assigned_to == ada
    assert here.copilot.assign(actor=here.engineer, incident_id=incident_id, user_id=None).assigned_to is None


def test_a_deactivated_person_or_a_stranger_cannot_be_assigned() -> None:
    here = stage()
    (incident_id,) = here.send(alert()).opened
    gone = here.people[Role.VIEWER]
    here.tables.users[gone.id] = attrs.evolve(gone, is_active=False)
    for user_id in (gone.id, stage().engineer.id):
        with pytest.raises(NotFound):
            here.copilot.assign(actor=here.engineer, incident_id=incident_id, user_id=user_id)
    assert here.tables.incidents[incident_id].assigned_to is None
