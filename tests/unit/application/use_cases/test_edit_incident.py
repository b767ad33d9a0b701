"""Editing what people may change."""

import pytest

from sre_copilot.domain.edits import Edit, Impact
from sre_copilot.domain.errors import ConcurrentTransition, InvalidInput, NotFound
from sre_copilot.domain.signals import Severity
from sre_copilot.testing.stage import alert, stage


def test_what_is_given_changes_and_the_rest_stays() -> None:
    here = stage()
    (incident_id,) = here.send(alert(title="Checkout is slow")).opened
    edit = Edit(
        severity=Severity.CRITICAL, impact=Impact(description="no orders", affected_user_count=10), tags=("eu",)
    )
    after = here.copilot.edit(actor=here.engineer, incident_id=incident_id, edit=edit)
    assert (after.title, after.severity, after.severity_overridden) == ("Checkout is slow", Severity.CRITICAL, True)
    assert (after.impact.affected_user_count, after.tags, after.version) == (10, ("eu",), 2)
    assert here.tables.incidents[incident_id] == after


def test_the_audit_entry_holds_what_was_changed() -> None:
    here = stage()
    (incident_id,) = here.send(alert()).opened
    here.copilot.edit(actor=here.engineer, incident_id=incident_id, edit=Edit(title="Checkout is down"))
    entry = list(here.tables.audit.values())[-1]
    assert (entry.event_type, dict(entry.details)) == ("incident.edited", {"title": "Checkout is down"})


def test_a_bad_edit_changes_nothing() -> None:
    here = stage()
    (incident_id,) = here.send(alert()).opened
    before = here.tables.copy()
    with pytest.raises(InvalidInput):
        here.copilot.edit(actor=here.engineer, incident_id=incident_id, edit=Edit(title=" "))
    with pytest.raises(ConcurrentTransition):
        here.copilot.edit(actor=here.engineer, incident_id=incident_id, edit=Edit(), expected_version=7)
    assert here.tables == before


def test_an_unknown_incident_is_not_found() -> None:
    here = stage()
    with pytest.raises(NotFound):
        here.copilot.edit(actor=here.engineer, incident_id=here.tenant.id, edit=Edit())
