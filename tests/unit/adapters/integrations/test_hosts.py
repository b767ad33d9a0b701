"""Hosts of plugins: a plugin that exits, crashes, hangs or floods takes nothing along."""

import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sre_copilot.adapters.integrations.hosts import PluginHosts
from sre_copilot.domain.deliveries import Pulled
from sre_copilot.domain.errors import OutgoingFailed, PluginFailed, UnknownIntegrationType

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PLUGIN = """
import os, sys, time
from sre_copilot.domain.deliveries import Delivery, Parsed, Pulled
from sre_copilot.domain.errors import OutgoingFailed
from sre_copilot.hookspecs import hookimpl

class Wild:
    type = "wild"
    title = "Wild"

    def parse(self, integration, payload, delivery):
        return Parsed()

    def pull(self, integration, secrets, cursor, tools):
        print("noise on the way out")
        sys.stderr.write("more noise")
        if integration == "exit":
            os._exit(3)
        if integration == "leave":
            raise SystemExit
        if integration == "abort":
            os.abort()
        if integration == "spin":
            while True:
                pass
        if integration == "sleep":
            time.sleep(600)
        if integration == "raise":
            raise ValueError("hunter2")
        if integration == "refuse":
            raise OutgoingFailed("The server did not answer.")
        if integration == "strange":
            return lambda: None
        if integration == "flood":
            return "x" * (65 * 1024 * 1024)
        if integration == "write":
            os.write(1, b"x" * 100)
        return Pulled(cursor={"pid": os.getpid(), "now": tools.now.isoformat()})

@hookimpl
def sre_copilot_integrations():
    return [Wild()]
"""


@pytest.fixture
def hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PluginHosts]:
    (tmp_path / "wild_plugin.py").write_text(PLUGIN)
    metadata = tmp_path / "wild-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: wild\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[sre_copilot.integrations]\nwild = wild_plugin\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *filter(None, sys.path)]))
    made = PluginHosts(most=1)
    yield made
    made.close()


def pull(hosts: PluginHosts, what: str, deadline: float = 20) -> Pulled:
    answer: Pulled = hosts.call("wild", "pull", (what, None, {}), NOW, deadline=deadline)
    return answer


def test_a_host_answers_again_and_again(hosts: PluginHosts) -> None:
    first, second = pull(hosts, "ok"), pull(hosts, "write")
    assert first.cursor["now"] == NOW.isoformat()
    assert first.cursor["pid"] == second.cursor["pid"] != os.getpid()


@pytest.mark.parametrize("end", ["exit", "abort"])
def test_a_plugin_that_ends_its_process_fails_and_the_next_call_has_another(hosts: PluginHosts, end: str) -> None:
    before = pull(hosts, "ok").cursor["pid"]
    with pytest.raises(PluginFailed, match="wild failed: its process ended"):
        pull(hosts, end)
    assert pull(hosts, "ok").cursor["pid"] != before


@pytest.mark.parametrize("hang", ["sleep", "spin"])
def test_a_plugin_that_hangs_is_given_up_on(hosts: PluginHosts, hang: str) -> None:
    pull(hosts, "ok")
    with pytest.raises(PluginFailed, match="did not answer"):
        pull(hosts, hang, deadline=0.3)
    assert pull(hosts, "ok").cursor


@pytest.mark.parametrize(
    ("what", "words"),
    [("leave", "SystemExit"), ("raise", "ValueError"), ("strange", "no plain data"), ("flood", "more than")],
)
def test_whatever_else_goes_wrong_is_the_plugins_failure_and_quotes_nothing(
    hosts: PluginHosts, what: str, words: str
) -> None:
    with pytest.raises(PluginFailed, match=words) as failed:
        pull(hosts, what)
    assert "hunter2" not in str(failed.value)
    assert pull(hosts, "ok").cursor


def test_what_a_plugin_may_raise_arrives_as_it_is(hosts: PluginHosts) -> None:
    with pytest.raises(OutgoingFailed, match="did not answer"):
        pull(hosts, "refuse")


def test_a_type_that_can_not_be_pulled_from_is_named(hosts: PluginHosts) -> None:
    with pytest.raises(UnknownIntegrationType) as unknown:
        hosts.call("generic", "pull", (None, None, {}), NOW, deadline=20)
    assert "wild" in unknown.value.data["installed"]  # type: ignore[operator]
