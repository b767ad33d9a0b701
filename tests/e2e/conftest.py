"""One embedded server for the run, and the installation that the tests talk to."""

from collections.abc import Iterator

import pytest

from sre_copilot.adapters.postgres.embedded import EmbeddedPostgres
from tests.e2e.installation import Installation
from tests.e2e.server import Server, serving


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A data folder of its own with a running server, stopped at the end."""
    folder = tmp_path_factory.mktemp("data")
    made = Installation(data_folder=folder)
    made.call("doctor").expect(0)
    yield made
    EmbeddedPostgres(folder).erase()


@pytest.fixture(scope="session")
def server(installation: Installation) -> Iterator[Server]:
    """A server with two processes for the installation."""
    with serving(installation, "serve", "--workers", "2") as running:
        yield running
