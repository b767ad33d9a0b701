"""The example in the README runs as it stands."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sre_copilot.adapters.postgres.embedded import EmbeddedPostgres

README = Path(__file__).parents[2] / "README.md"
EXAMPLE = re.compile(r"<!-- This example runs as a test[^>]*-->\n```python\n(.*?)```", re.DOTALL)
DATA_FOLDER = "copilot-data"
FROM_ENVIRONMENT = ("DATABASE_URL", "DATABASE_OWNER_URL", "SRE_COPILOT_DATA", "SRE_COPILOT_CONFIG")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Where the example runs; the server that it starts outlives it and is erased here."""
    yield tmp_path
    if (tmp_path / DATA_FOLDER).exists():
        EmbeddedPostgres(tmp_path / DATA_FOLDER).erase()


def test_the_embedding_example_runs_in_a_fresh_process_without_a_django_project(folder: Path) -> None:
    (code,) = EXAMPLE.findall(README.read_text())
    assert f'"{DATA_FOLDER}"' in code, "the example has to keep its data in a folder of its own"
    environment = {name: value for name, value in os.environ.items() if name not in FROM_ENVIRONMENT}
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip(), "the example shows nothing"


def test_the_embedding_example_has_about_ten_lines() -> None:
    (code,) = EXAMPLE.findall(README.read_text())
    assert len([line for line in code.splitlines() if line.strip()]) <= 12
