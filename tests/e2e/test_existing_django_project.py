"""A Django project that is there already takes the copilot in as the documentation says, with a third party's plugin."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import attrs
import pytest

from sre_copilot.adapters.postgres.embedded import EmbeddedPostgres
from tests.e2e.distributions import LIGHTHOUSE, installed
from tests.e2e.installation import OURS, Installation

SOURCE = Path(__file__).parents[1] / "projects" / "bakery"
PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "embed.md"


@attrs.frozen(kw_only=True)
class Project:
    """The project in a folder of its own, beside a copilot with a database of its own."""

    folder: Path
    site: Path
    installation: Installation

    def manage(self, *words: str) -> str:
        """Return what a command of the project prints."""
        kept = {name: value for name, value in os.environ.items() if name not in OURS}
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=self.folder,
            env={**kept, "PYTHONPATH": str(self.site), "SRE_COPILOT_DATA": str(self.installation.data_folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def tables(self) -> set[str]:
        """The tables of the project's own database."""
        with closing(sqlite3.connect(self.folder / "bakery.sqlite3")) as database:
            return {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}

    def take_the_copilot_in(self) -> None:
        """Append what the documentation says; its dots are what the project has already."""
        text = PAGE.read_text(encoding="utf-8").partition("## Inside a Django project")[2]
        blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
        for file, name in (("settings.py", "INSTALLED_APPS"), ("urls.py", "urlpatterns")):
            (block,) = (block for block in blocks if f"{name} = [" in block)
            code = re.sub(r"^(\w+) = \[(.*?)\.\.\.", r"\1 = [\2*\1", block, flags=re.MULTILINE)
            with (self.folder / "bakery" / file).open("a", encoding="utf-8") as opened:
                opened.write(f"\n{code}")


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    shutil.copytree(SOURCE, tmp_path / "bakery", ignore=shutil.ignore_patterns("__pycache__"))
    installation = Installation(data_folder=tmp_path / "data")
    site = installed(LIGHTHOUSE, tmp_path / "site")
    yield Project(folder=tmp_path / "bakery", site=site, installation=installation)
    EmbeddedPostgres(installation.data_folder).erase()


def test_a_project_that_is_there_already_takes_the_copilot_and_a_plugin_in(project: Project) -> None:
    project.manage("migrate")
    before = project.tables()
    assert "ovens_outage" in before

    project.take_the_copilot_in()
    project.manage("check", "--fail-level", "WARNING")
    assert "No changes detected" in project.manage("makemigrations", "--check", "--dry-run")
    assert project.installation.call("migrate", "--json").expect(0).document["applied"]
    project.manage("migrate")

    watched = json.loads(project.manage("keep_watch", "bakery", "deck", "rotary"))
    assert watched == {"status": 202, "told": {"deck": "deck is out", "rotary": "rotary is out"}}
    listed = project.installation.call("incidents", "list", "--tenant", "bakery", "--json").expect(0).document
    assert {row["title"] for row in listed["incidents"]} == {"deck is out", "rotary is out"}
    assert project.tables() == before
