"""The rules that say who is told what."""

import attrs
import pytest

from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.domain.errors import AlreadyExists, NotFound
from sre_copilot.domain.lifecycle import State
from sre_copilot.domain.outbound import Event
from sre_copilot.domain.routing import Target
from sre_copilot.domain.signals import Environment, Severity
from sre_copilot.testing.builders import make_integration
from sre_copilot.testing.conformance.house import Conformance, House
from sre_copilot.testing.outbound import make_rule


class RoutesConformance(Conformance):
    """Who is told what."""

    def test_rules_come_back_as_they_were_by_name(self, house: House) -> None:
        """Every field of them."""
        other = make_integration(house.tenant.id)
        plain = make_rule(house.integration.id, house.tenant.id, name="zulu")
        full = make_rule(
            other.id,
            house.tenant.id,
            name="alpha",
            target=Target(other.id, "#ops"),
            services=("checkout", "pay*"),
            minimum_severity=Severity.HIGH,
            states=frozenset({State.DETECTED, State.RESOLVED}),
            events=frozenset({Event.OPENED}),
            environments=frozenset({Environment.PRODUCTION}),
            is_active=False,
        )
        with house.changing() as uow:
            uow.integrations.add(other)
            uow.routes.add(plain)
            uow.routes.add(full)
            assert list(uow.routes.all()) == [full, plain]
        with house.reading() as uow:
            assert list(uow.routes.all()) == [full, plain]

    def test_a_rule_is_changed_and_removed_by_its_id(self, house: House) -> None:
        """What is not there can be neither."""
        rule = make_rule(house.integration.id, house.tenant.id)
        resting = attrs.evolve(rule, is_active=False)
        with house.changing() as uow:
            uow.routes.add(rule)
            uow.routes.save(resting)
            assert list(uow.routes.all()) == [resting]
        with house.changing() as uow:
            assert uow.routes.remove(rule.id) == resting
            assert list(uow.routes.all()) == []
            for attempt in (lambda: uow.routes.remove(rule.id), lambda: uow.routes.save(rule)):
                with pytest.raises(NotFound):
                    attempt()

    def test_a_name_is_taken_once(self, house: House, units: UnitOfWorkFactory) -> None:
        """By each tenant."""
        other = House.build(units)
        with house.changing() as uow:
            uow.routes.add(make_rule(house.integration.id, house.tenant.id, name="ops"))
        with other.changing() as uow:
            uow.routes.add(make_rule(other.integration.id, other.tenant.id, name="ops"))
        with pytest.raises(AlreadyExists), house.changing() as uow:
            uow.routes.add(make_rule(house.integration.id, house.tenant.id, name="ops"))
