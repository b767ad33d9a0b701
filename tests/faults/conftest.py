"""An installation of its own for every test: its database is killed and flooded."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.installation import Installation
from tests.faults.homes import installed


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """A migrated data folder."""
    with installed(tmp_path / "data") as made:
        yield made
