"""Tenants with a row in every table."""

from collections.abc import Callable
from uuid import UUID

import pytest

from sre_copilot.adapters.system import new_id
from tests.integration.database import Database


@pytest.fixture
def filled_tenant(database: Database) -> Callable[[], dict[str, UUID]]:
    """Makes tenants that have a row in every tenant table; returns the id of the row per table."""
    # Here rather than above: it imports models, which are importable once the conftest above has configured Django.
    from tests.integration.django_orm.rows import fill

    return lambda: fill(new_id())
