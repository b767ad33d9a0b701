"""Plugins in wheels of their own: the one that the documentation builds, and the one that a command writes."""

import json
import os
import re
from pathlib import Path

import pytest

from tests.e2e.command_line import Terminal
from tests.e2e.distributions import installed, kit
from tests.e2e.installation import Answer, Installation

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "write-an-integration.md"
DOWN = {
    "heartbeat": {"monitorID": 7, "status": 0, "time": "2026-11-01 10:00:00.123", "msg": "timeout", "important": True},
    "monitor": {"id": 7, "name": "Shop", "url": "https://shop.example", "tags": []},
    "msg": "[Shop] [🔴 Down] timeout",
}


def block(language: str) -> str:
    """The only block of the page in this language."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return str(found)


@pytest.fixture(scope="module")
def documented(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the plugin of the documentation is installed."""
    source, site = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("site")
    (source / "uptime_kuma_copilot.py").write_text(block("python"), encoding="utf-8")
    (source / "pyproject.toml").write_text(block("toml"), encoding="utf-8")
    return installed(source, site)


def test_the_documented_plugin_is_as_short_as_is_said() -> None:
    assert len(block("python").splitlines()) <= 60


def test_the_documented_plugin_passes_the_kit(documented: Path, tmp_path: Path) -> None:
    done = kit("uptime_kuma", documented, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_installed_wheel_is_listed_and_its_deliveries_open_incidents(
    documented: Path, installation: Installation, tmp_path: Path
) -> None:
    slug = f"kuma-{os.getpid()}"

    def call(*words: str) -> Answer:
        return installation.call(*words, PYTHONPATH=str(documented)).expect(0)

    listed = {row["name"]: row for row in call("plugins", "list", "--json").document["plugins"]}
    assert (listed["uptime_kuma"]["distribution"], listed["uptime_kuma"]["types"]) == (
        "uptime-kuma-copilot",
        ["uptime_kuma"],
    )
    call("tenants", "create", slug, "--admin", f"ada@{slug}.example.com")
    call("integrations", "create", "uptime_kuma", "--tenant", slug)
    body = tmp_path / "down.json"
    body.write_text(json.dumps(DOWN), encoding="utf-8")
    receipt = call("ingest", str(body), "--integration", "uptime_kuma", "--tenant", slug, "--json").document
    assert (receipt["accepted"], len(receipt["opened"])) == (1, 1)
    body.write_text('{"heartbeat": null, "monitor": null, "msg": "Testing"}', encoding="utf-8")
    assert (
        call("ingest", str(body), "--integration", "uptime_kuma", "--tenant", slug, "--json").document["accepted"] == 0
    )
    # Later tests look at the same installation without the plugin.
    call("integrations", "disable", "uptime_kuma", "--tenant", slug)


def test_what_a_command_writes_installs_and_passes_the_kit(installation: Installation, tmp_path: Path) -> None:
    terminal, folder, site = Terminal(installation=installation), tmp_path / "mine", tmp_path / "site"
    told = terminal.told("integrations", "new", "acme_probe", "--folder", str(folder))
    assert told["files"] == ["README.md", "pyproject.toml", "sre_copilot_acme_probe.py"]
    done = kit("acme_probe", installed(folder, site), tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_is_written_over_and_a_bad_name_is_refused(installation: Installation, tmp_path: Path) -> None:
    terminal = Terminal(installation=installation)
    terminal.done("integrations", "new", "acme", "--folder", str(tmp_path / "mine"))
    assert (
        "is there already" in terminal("integrations", "new", "acme", "--folder", str(tmp_path / "mine")).expect(1).err
    )
    assert "no type" in terminal("integrations", "new", "Acme!", "--folder", str(tmp_path / "other")).expect(2).err
    assert not (tmp_path / "other").exists()
