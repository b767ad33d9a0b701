"""Grounds for a test, for a module and for a worker, and a server that the tests of a worker share."""

from collections.abc import Iterator

import pytest

from sre_copilot.adapters.postgres.embedded import EmbeddedPostgres
from tests.integration.postgres.ground import Ground, new_ground


@pytest.fixture
def ground() -> Iterator[Ground]:
    """A ground for one test."""
    with new_ground() as made:
        yield made


@pytest.fixture(scope="module")
def shared_ground() -> Iterator[Ground]:
    """A ground for the tests of a module."""
    with new_ground() as made:
        yield made


@pytest.fixture(scope="session")
def lasting() -> Iterator[EmbeddedPostgres]:
    """A server of this worker: making one takes a second."""
    with new_ground() as made:
        yield made.server()


@pytest.fixture
def running(lasting: EmbeddedPostgres) -> EmbeddedPostgres:
    """This worker's server, running whatever the test before did to it."""
    lasting.start()
    return lasting
