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


@pytest.mark.parametrize("service", ["", " \n", "s" * 256, "s\0", "s\ud800"])
def test_a_service_is_needed_that_can_be_stored(service: str) -> None:
    here = stage()
    with pytest.raises(InvalidInput, match="The service"):
        here.copilot.declare(actor=here.engineer, title="Checkout fails", service=service)
    assert not here.tables.incidents


def test_white_space_around_a_service_is_not_of_its_name() -> None:
    here = stage()
    assert here.copilot.declare(actor=here.engineer, title="Fails", service=" checkout\n").service == "checkout"


@pytest.mark.parametrize("text", ["a\0b", "a\ud800b"])
def test_a_title_or_description_that_cannot_be_stored_is_refused(text: str) -> None:
    here = stage()
    with pytest.raises(InvalidInput, match="The title"):
        here.copilot.declare(actor=here.engineer, title=text, service="checkout")
    with pytest.raises(InvalidInput, match="The description"):
        here.copilot.declare(actor=here.engineer, title="Fails", service="checkout", description=text)
    assert not here.tables.incidents
