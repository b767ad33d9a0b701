"""A third party's plugin that fails: contained, suspended, seen by the doctor, and mended without a loss."""

import sys
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from tests.e2e.command_line import Terminal, new_tenant
from tests.e2e.distributions import lay_out
from tests.e2e.installation import Installation

SECRET = "hunter2"
PLUGIN = """
import os, sys
from sre_copilot import hookimpl
from sre_copilot.domain.deliveries import Parsed
from sre_copilot.domain.signals import SignalDraft

class Flaky:
    type = "flaky"
    title = "Flaky"

    def parse(self, integration, payload, delivery):
        print(payload["token"])
        print(payload["token"], file=sys.stderr)
        if os.path.exists(MENDED):
            return Parsed(drafts=(SignalDraft(name="n", service="checkout", vendor_key=payload["key"]),))
        raise SystemExit(payload["token"])

@hookimpl
def sre_copilot_integrations():
    print("loaded")
    return [Flaky()]
"""


@attrs.frozen(kw_only=True)
class House:
    """A tenant with an integration of the flaky plugin, and the file whose presence mends it."""

    terminal: Terminal
    slug: str
    mended: Path

    def send(self, folder: Path, number: int) -> str:
        """Hand in a delivery of its own and return what was said."""
        file = folder / "body.json"
        file.write_text(f'{{"key": "{number}", "token": "{SECRET}"}}', encoding="utf-8")
        return self.terminal.done("ingest", str(file), "--integration", "flaky")


@pytest.fixture
def house(installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    folder = tmp_path / "installed"
    folder.mkdir()
    mended = tmp_path / "mended"
    monkeypatch.syspath_prepend(lay_out(folder, "flaky", f"MENDED = {str(mended)!r}\n{PLUGIN}"))
    terminal = new_tenant(installation, "flaky", "generic")
    yield House(terminal=terminal, slug=str(terminal.slug), mended=mended)
    terminal.done("integrations", "disable", "flaky")


def told_by_doctor(house: House) -> dict[str, str]:
    """What is wrong with this tenant's integrations."""
    answer = attrs.evolve(house.terminal, slug=None)("doctor", "--json")
    ours = f"integration {house.slug}/"
    return {row["name"]: row["detail"] for row in answer.document["checks"] if row["name"].startswith(ours)}


def test_a_plugin_that_fails_is_contained_suspended_seen_by_the_doctor_and_mended_without_a_loss(
    house: House, tmp_path: Path
) -> None:
    assert "loaded" not in house.terminal.done("integrations", "list")
    for number in range(4):
        assert "Quarantined: The integration plugin flaky failed: it raised SystemExit" in house.send(tmp_path, number)
    assert told_by_doctor(house) == {}
    house.send(tmp_path, 4)
    assert "isn't asked any more" in house.send(tmp_path, 5)
    told = told_by_doctor(house)
    assert set(told) == {f"integration {house.slug}/flaky"}
    (detail,) = told.values()
    assert detail.startswith(
        "suspended, and all it sends is in quarantine: The integration plugin flaky failed: it raised"
    )
    assert detail.endswith(f"sre-copilot integrations enable flaky --tenant {house.slug}")
    assert SECRET not in detail

    house.mended.touch()
    house.terminal.done("integrations", "enable", "flaky")
    replayed = house.terminal.told("deliveries", "replay", "--all", "--integration", "flaky")["replayed"]
    assert [receipt["accepted"] for receipt in replayed] == [1] * 6
    assert told_by_doctor(house) == {}


def test_the_doctor_names_an_integration_whose_plugin_is_gone(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as without:
        without.setattr("sys.path", [entry for entry in sys.path if not entry.endswith("/installed")])
        (detail,) = told_by_doctor(house).values()
    assert detail == "no installed plugin handles the type flaky; install its plugin again"
