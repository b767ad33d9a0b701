"""A real PostgreSQL: one server per run, a migrated database per worker, a tenant of its own for every test."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from sre_copilot.adapters.django_orm import setup
from sre_copilot.adapters.postgres.embedded import EmbeddedPostgres
from sre_copilot.adapters.system import SystemClock, new_id
from sre_copilot.domain.actors import Actor, Role
from sre_copilot.domain.tenants import Tenant, User
from sre_copilot.testing.postgres import migrated_database, shared_server
from tests.integration.database import Database

if TYPE_CHECKING:
    from sre_copilot.adapters.django_orm.unit_of_work import DjangoUnitOfWorkFactory

# Before the tests are imported, because models can only be imported once Django is configured. Nothing is connected yet.
setup.setup("postgresql://nobody@localhost/none")

PATIENCE = 20.0
"""Seconds that the server may take to notice that a connection was closed."""


@pytest.fixture(scope="session")
def server(testrun_uid: str) -> Iterator[EmbeddedPostgres]:
    """The server of this run."""
    with shared_server(testrun_uid) as running:
        yield running


@pytest.fixture(scope="session")
def migrated(server: EmbeddedPostgres, worker_id: str) -> Database:
    """This worker's database."""
    name = f"tests_{worker_id}"
    return Database(migrated_database(server, name), server.superuser_url(name))


@pytest.fixture
def database(migrated: Database) -> Iterator[Database]:
    """The database, with Django on its app role; a test that leaves a connection open fails."""
    setup.setup(migrated.urls.app)
    yield migrated
    setup.close()
    deadline = time.monotonic() + PATIENCE
    while migrated.open_connections() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert migrated.open_connections() == 0, "the test left connections open"


@pytest.fixture
def units(database: Database) -> "DjangoUnitOfWorkFactory":
    """Units of work on the database."""
    return setup.adapters()[0]


@pytest.fixture
def tenant(units: "DjangoUnitOfWorkFactory") -> Tenant:
    """A tenant that no other test knows of: what isolates one test from the next."""
    made = Tenant(
        id=new_id(), name="Test", slug=f"t-{new_id()}", contact_email="ops@example.com", created_at=SystemClock().now()
    )
    with units(made.id) as unit:
        unit.tenants.add(made)
        unit.commit()
    return made


@pytest.fixture
def engineer(units: "DjangoUnitOfWorkFactory", tenant: Tenant) -> Actor:
    """A person of the tenant who responds to incidents."""
    person = User(
        id=new_id(),
        tenant_id=tenant.id,
        email=f"{new_id()}@example.com",
        full_name="Ada",
        role=Role.ENGINEER,
        created_at=tenant.created_at,
    )
    with units(tenant.id) as unit:
        unit.tenants.add_user(person)
        unit.commit()
    return person.as_actor(origin="test")
