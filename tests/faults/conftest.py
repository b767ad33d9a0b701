"""An installation of its own for every test: its database is killed, filled and flooded."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sre_copilot.adapters.postgres.embedded import EmbeddedPostgres
from tests.e2e.installation import Installation


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """A migrated data folder, erased at the end. It is as durable as anybody's."""
    made = Installation(data_folder=tmp_path / "data")
    made.call("migrate").expect(0)
    yield made
    EmbeddedPostgres(made.data_folder).erase()
