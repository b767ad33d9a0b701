"""Declaring an incident by hand."""

import pytest

from sre_copilot.domain.errors import InvalidInput
from sre_copilot.domain.lifecycle import State
from sre_copilot.domain.signals import Environment, Severity
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.stage import alert, stage


def test_a_declared_incident_is_detected_now_with_what_was_said() -> None:
    here = stage()
    declared = here.copilot.declare(
        actor=here.engineer,
        title="  Checkout   fails ",
        service="checkout",
        severity=Severity.HIGH,
        environment=Environment.STAGING,
        description="since noon",
    )
    assert (declared.title, declared.state, declared.declared) == ("Checkout fails", State.DETECTED, True)
    assert (declared.detected_at, declared.severity, declared.environment) == (
        BEGINNING,
        Severity.HIGH,
        Environment.STAGING,
    )
    assert here.tables.incidents[declared.id] == declared
    (row,) = here.tables.transitions.values()
    assert (row.from_state, row.to_state, row.reason, row.automated) == ("", "detected", "declared by hand", False)


@pytest.mark.parametrize("title", ["", "   ", "x" * 501])
def test_a_title_is_needed(title: str) -> None:
    here = stage()
    with pytest.raises(InvalidInput):
        here.copilot.declare(actor=here.engineer, title=title, service="checkout")
    assert not here.tables.incidents


def test_the_severity_that_a_person_declared_stays_when_signals_join() -> None:
    here = stage()
    declared = here.copilot.declare(
        actor=here.engineer, title="Checkout fails", service="checkout", severity=Severity.LOW
    )
    here.send(alert(severity=Severity.CRITICAL))
    assert here.tables.incidents[declared.id].severity is Severity.LOW
