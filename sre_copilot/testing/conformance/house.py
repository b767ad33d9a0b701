"""The fixtures that all conformance classes share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import attrs
import pytest

from sre_copilot.application.ports.tenants import Directory
from sre_copilot.application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from sre_copilot.domain.incidents import Incident
from sre_copilot.domain.integrations import Integration
from sre_copilot.domain.tenants import Tenant, User
from sre_copilot.testing.builders import make_incident, make_integration, make_tenant, make_user


@attrs.frozen(kw_only=True)
class House:
    """A stored tenant with one user and one integration, and the way to its units of work."""

    units: UnitOfWorkFactory
    tenant: Tenant
    user: User
    integration: Integration

    @classmethod
    def build(cls, units: UnitOfWorkFactory) -> "House":
        """Store a new tenant and return it."""
        tenant = make_tenant()
        user, integration = make_user(tenant.id), make_integration(tenant.id)
        with units(tenant.id) as uow:
            uow.tenants.add(tenant)
            uow.tenants.add_user(user)
            uow.integrations.add(integration)
            uow.commit()
        return cls(units=units, tenant=tenant, user=user, integration=integration)

    @contextmanager
    def changing(self) -> Iterator[UnitOfWork]:
        """Give a unit of work that is committed at the end of the block."""
        with self.units(self.tenant.id) as uow:
            yield uow
            uow.commit()

    @contextmanager
    def reading(self) -> Iterator[UnitOfWork]:
        """Give a unit of work that leaves nothing behind."""
        with self.units(self.tenant.id) as uow:
            yield uow

    def with_incident(self, **given: object) -> Incident:
        """Store and return an incident."""
        incident = make_incident(self.tenant.id, **given)
        with self.changing() as uow:
            uow.incidents.save(incident)
        return incident


class Conformance:
    """Override `units` and `directory`, and `end_thread` where a thread holds something such as a connection."""

    @pytest.fixture
    def units(self) -> UnitOfWorkFactory:
        """What opens units of work of the adapter under test."""
        raise NotImplementedError("override the fixture `units` in the subclass")

    @pytest.fixture
    def directory(self) -> Directory:
        """The directory over the same database."""
        raise NotImplementedError("override the fixture `directory` in the subclass")

    @pytest.fixture
    def end_thread(self) -> Callable[[], None]:
        """What a thread of a test calls at its end."""
        return lambda: None

    @pytest.fixture
    def house(self, units: UnitOfWorkFactory) -> House:
        """A new tenant to work in."""
        return House.build(units)
