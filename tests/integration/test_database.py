"""The database that the tests run on is the one that they ask for."""

import os

from sre_copilot.domain.tenants import Tenant
from sre_copilot.testing.postgres import VARIABLE
from tests.integration.database import Database


def test_it_is_the_postgresql_that_was_asked_for(database: Database) -> None:
    with database.connect("app") as db:
        version = db.info.server_version // 10000
    assert str(version) == os.environ.get(VARIABLE, str(version))


def test_nothing_is_left_open_once_a_units_connection_is_closed(database: Database, tenant: Tenant) -> None:
    assert tenant.slug
    assert database.open_connections() == 1
