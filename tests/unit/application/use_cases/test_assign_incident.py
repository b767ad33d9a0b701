"""Assigning an incident."""

import attrs
import pytest

from sre_copilot.domain.actors import Role
from sre_copilot.domain.errors import ConcurrentTransition, NotFound
from sre_copilot.testing.stage import alert, stage
from tests.unit.application.scene import scene


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


def test_an_assignment_that_expects_another_version_changes_nothing() -> None:
    on = scene()
    here = on.stage
    before = here.tables.incidents[on.incident]
    with pytest.raises(ConcurrentTransition):
        here.copilot.assign(actor=here.engineer, incident_id=on.incident, user_id=None, expected_version=99)
    assert here.tables.incidents[on.incident] == before
    here.copilot.assign(actor=here.engineer, incident_id=on.incident, user_id=None, expected_version=before.version)
    assert here.tables.incidents[on.incident].version == before.version + 1
