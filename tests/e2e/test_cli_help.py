"""Every command explains itself, every use case has one, and every one prints JSON."""

import importlib
import inspect
import json
import pkgutil
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import click
import pytest

from sre_copilot.application import use_cases
from sre_copilot.entrypoints.cli.main import COMMANDS
from tests.e2e.command_line import Terminal, alert, leaves, new_tenant, short_recording
from tests.e2e.installation import Installation

COMMANDS_OF: dict[str, tuple[str, ...]] = {
    "AddKey": ("keys rotate",),
    "AddRoute": ("routes add",),
    "AddUser": ("users add",),
    # The worker does it after each diagnosis.
    "AdviseIncident": ("diagnose",),
    "AssignIncident": ("incidents assign",),
    # At every door; the command line hands deliveries in.
    "AuthenticateDelivery": (),
    "ChangeRoute": ("routes disable", "routes enable"),
    "ChangeUser": ("users change",),
    "ConfigureIntegration": ("integrations configure", "integrations disable", "integrations enable"),
    "CreateIntegration": ("integrations create",),
    "CreateRunbook": ("runbooks create",),
    "CreateSilence": ("silences add",),
    "CreateTenant": ("tenants create",),
    "CreateToken": ("tokens create",),
    "DecideRecommendation": ("recommendations accept", "recommendations reject"),
    "DeclareIncident": ("incidents declare",),
    "DeleteRunbook": ("runbooks delete",),
    "DiagnoseIncident": ("diagnose",),
    # By a worker.
    "DispatchMessages": (),
    "EditIncident": ("incidents edit",),
    "EditRunbook": ("runbooks edit",),
    "EndSilence": ("silences end",),
    "ForgetPrecedent": ("precedents forget",),
    "GiveFeedback": ("hypotheses feedback",),
    "ImportRunbook": ("runbooks import",),
    "ImportServices": ("services import",),
    "IngestDelivery": ("ingest", "demo"),
    "MergeIncidents": ("incidents merge",),
    "MoveSignal": ("incidents move",),
    "SplitIncident": ("incidents split",),
    "NoteOnIncident": ("incidents note",),
    # The worker does both by its schedule.
    "PollIntegration": (),
    "WatchSilence": (),
    "PublishPostmortem": ("incidents postmortem",),
    "RecommendActions": ("diagnose",),
    "RecordOutcome": ("recommendations outcome",),
    "RemoveRoute": ("routes remove",),
    "ReplayDelivery": ("deliveries replay",),
    "ResealSecrets": ("keys rotate",),
    "RestorePrecedent": ("precedents restore",),
    "RestoreRunbook": ("runbooks restore",),
    "RevertRunbook": ("runbooks revert",),
    "RetireKey": ("keys retire",),
    "RetryMessage": ("outbox retry",),
    "RevokeToken": ("tokens revoke",),
    "RotateIntegrationKey": ("integrations rotate-key",),
    "RetryJob": ("jobs retry",),
    # Between any two deliveries of a recording.
    "RunDueTimers": ("ingest", "demo"),
    # After each delivery that opens an incident.
    "TakeDetectionSnapshot": ("ingest", "demo"),
    "TransitionIncident": tuple(
        f"incidents {verb}"
        for verb in ("acknowledge", "investigate", "mitigate", "resolve", "conclude", "learn", "reopen")
    ),
}
"""Use case -> the commands that lead to it. A new use case needs a command, and a line here."""

RUNNING = {"serve", "up", "worker"}
"""Commands that run until they are told to end, and have no result to print; test_server.py, test_up.py and test_cli_work.py run
them."""

TREE = {" ".join(words): command for words, command in leaves()}

every_command = pytest.mark.parametrize("words", TREE)


def classes_of_use_cases() -> set[str]:
    found = set()
    for module in pkgutil.iter_modules(use_cases.__path__, f"{use_cases.__name__}."):
        for name, kind in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if kind.__module__ == module.name and "__call__" in vars(kind):
                found.add(name)
    return found


def test_every_use_case_has_a_command() -> None:
    assert set(COMMANDS_OF) == classes_of_use_cases()


def test_the_commands_of_use_cases_exist() -> None:
    assert [name for names in COMMANDS_OF.values() for name in names if name not in TREE] == []


def test_help_lists_every_command_and_the_exit_codes(installation: Installation) -> None:
    text = Terminal(installation=installation).done("--help", columns=80)
    assert [name for name in COMMANDS if f"\n  {name} " not in text] == []
    assert "Exit codes: 0 done, 1 refused by a rule, 2 wrong usage or input," in text
    assert max(map(len, text.splitlines())) <= 80


def test_who_types_nothing_gets_the_help(installation: Installation) -> None:
    terminal = Terminal(installation=installation)
    assert terminal.done() == terminal.done("--help")


@pytest.mark.parametrize("group", sorted({words.split()[0] for words in TREE if " " in words}))
def test_the_help_of_a_group_lists_its_commands_in_whole_sentences(installation: Installation, group: str) -> None:
    text = Terminal(installation=installation).done(group, "--help", columns=80)
    missing = [words for words in TREE if words.startswith(f"{group} ") and f"\n  {words.split()[1]}" not in text]
    assert missing == []
    assert "..." not in text.partition("Commands:")[2]


@every_command
def test_help_explains_a_command_and_each_of_its_options(installation: Installation, words: str) -> None:
    terminal = Terminal(installation=installation)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        text = terminal.done(*words.split(), "--help", columns=80)
    assert text.startswith(f"Usage: sre-copilot {words}")
    silent = [option.opts[0] for option in TREE[words].params if isinstance(option, click.Option) and not option.help]
    assert silent == []


@every_command
def test_an_option_says_its_default_or_that_it_is_required(words: str) -> None:
    vague = [
        option.opts[0]
        for option in TREE[words].params
        if isinstance(option, click.Option)
        and not (option.is_flag and not option.secondary_opts)
        and not (option.required or option.show_default or "[default: " in (option.help or ""))
    ]
    assert vague == []


@every_command
def test_every_command_that_has_a_result_takes_json(words: str) -> None:
    assert any("--json" in option.opts for option in TREE[words].params) is (words not in RUNNING)


def test_help_loads_neither_django_nor_the_console() -> None:
    code = (
        "import sys; from sre_copilot.entrypoints.cli.main import run; run(['--help']); "
        "print(sorted({'django', 'rich', 'psycopg', 'attrs'} & set(sys.modules)), file=sys.stderr)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stderr == "[]\n"


class Journey:
    """Types commands with --json and remembers which."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.seen: set[str] = set()

    def __call__(self, words: str, *arguments: str) -> Any:
        self.seen.add(words)
        ours = any("--tenant" in option.opts for option in TREE[words].params)
        terminal = self.terminal if ours else Terminal(installation=self.terminal.installation)
        return terminal.told(*words.split(), *arguments)


def walk_incidents(journey: Journey, folder: Path) -> None:
    """Two incidents, one to its end and one that stays inconclusive."""
    receipt = journey("ingest", alert(folder), "--integration", "generic")
    incident = receipt["opened"][0]
    assert [row["id"] for row in journey("incidents list")["incidents"]] == [incident]
    journey("incidents edit", incident, "--impact", "carts are lost")
    journey("incidents assign", incident)
    journey("incidents note", incident, "I look at the pool")
    for verb in ("acknowledge", "investigate", "mitigate", "resolve"):
        journey(f"incidents {verb}", incident)
    assert journey("incidents learn", incident, "--root-cause", "pool", "--summary", "raised")["state"] == "learned"
    other = journey("incidents declare", "Reports are late", "--service", "reports")["id"]
    for verb in ("investigate", "conclude", "reopen"):
        journey(f"incidents {verb}", other)
    found = journey("diagnose", incident)
    journey("hypotheses feedback", found["hypotheses"][0]["id"], "accepted")
    learned = journey("precedents list")["precedents"][0]["id"]
    for verb in ("show", "forget", "restore"):
        journey(f"precedents {verb}", learned)
    journey("reports calibration")
    journey("reports language-model")
    journey("incidents runbook", incident)
    journey("incidents postmortem", incident)
    first, second, *_ = found["recommendations"]
    journey("recommendations accept", first["id"])
    journey("recommendations outcome", first["id"], "worked")
    journey("recommendations reject", second["id"])
    signal = journey("incidents show", incident)["signals"][0]["id"]
    again = journey("incidents declare", "Reports are later", "--service", "reports")["id"]
    assert journey("incidents merge", other, again, "--reason", "the same")["id"] == other
    assert journey("incidents move", signal, "--into", other)["id"] == other
    assert journey("incidents split", other, signal, "--title", "Pool")["metadata"] == {"split_from": other}
    assert [one["kind"] for one in journey("explain", signal)["corrections"]] == ["split", "moved"]
    assert journey("reports response-times", "--weeks", "1")["resolved"]["count"] == 1


def walk_administration(journey: Journey, folder: Path) -> None:
    """An integration, a delivery that it can't read, a person, a token."""
    journey("integrations create", "generic")
    journey("integrations new", "acme", "--folder", str(folder / "acme"))
    journey("integrations list")
    journey("integrations show", "generic")
    assert journey("integrations configure", "generic", "--set", "accept_key=yes")["settings"] == {"accept_key": True}
    journey("integrations rotate-key", "generic")
    assert journey("integrations test", "generic")["receipt"] is None
    journey("integrations disable", "generic")
    journey("integrations enable", "generic")
    unreadable = folder / "unreadable.json"
    unreadable.write_text('{"no": "title"}')
    kept = journey("ingest", str(unreadable), "--integration", "generic")["delivery_id"]
    assert [row["id"] for row in journey("deliveries list", "--quarantined")["deliveries"]] == [kept]
    assert journey("deliveries show", kept)["body"] == '{"no": "title"}'
    assert journey("deliveries replay", kept)["replayed"][0]["quarantined"]
    grace = journey("users add", f"grace@{journey.terminal.slug}.example.com")["email"]
    journey("users change", grace, "--role", "viewer")
    journey("users list")
    token = journey("tokens create", "ci", "--role", "viewer")
    journey("tokens list")
    journey("tokens revoke", token["id"])


def walk_routes(journey: Journey, folder: Path) -> None:
    """An outgoing webhook that is told of everything, for a while."""
    address = folder / "address"
    address.write_text("https://example.com/hook")
    journey("integrations create", "webhook", "--secret", f"url=file:{address}")
    journey("routes add", "everything", "--to", "webhook", "--service", "check*", "--event", "opened")
    assert [row["name"] for row in journey("routes list")["routes"]] == ["everything"]
    assert [row["verdict"] for row in journey("routes test")["rules"]] == ["told"]
    journey("routes disable", "everything")
    assert journey("routes test", "--severity", "low")["targets"] == []
    journey("routes enable", "everything")
    journey("routes remove", "everything")
    assert journey("outbox list")["messages"] == []
    assert journey("outbox retry", "--all")["retried"] == []


def walk_silences(journey: Journey) -> None:
    """One of an hour, ended early."""
    assert journey("silences preview", "service=warehouse")["signals"] == 0
    made = journey("silences add", "service=warehouse", "--for", "1h", "--comment", "moves")
    assert journey("silences list")["silences"] == [made]
    assert journey("silences show", made["id"])["state"] == "active"
    assert journey("silences end", made["id"])["state"] == "expired"


def walk_runbooks(journey: Journey, folder: Path) -> None:
    """One that is edited, gone back to, deleted and restored."""
    text = folder / "cold.md"
    text.write_text("# Cold\n\nWarm it.\n")
    made = journey("runbooks create", "Cache is cold", "--text", str(text), "--service", "shop", "--tag", "cache")
    assert (made["slug"], made["content"]) == ("cache-is-cold", "# Cold\n\nWarm it.\n")
    assert journey("runbooks edit", "cache-is-cold", "--title", "Cache is hot", "--version", "1")["version"] == 2
    assert [row["version"] for row in journey("runbooks versions", made["id"])["versions"]] == [2, 1]
    assert journey("runbooks revert", "cache-is-cold", "1")["title"] == "Cache is cold"
    assert journey("runbooks search", "ColdCache")["found"][0]["runbook"]["id"] == made["id"]
    assert not journey("runbooks delete", "cache-is-cold")["is_active"]
    assert [row["id"] for row in journey("runbooks list", "--deleted")["runbooks"]] == [made["id"]]
    assert journey("runbooks restore", "cache-is-cold")["is_active"]
    assert journey("runbooks show", "cache-is-cold")["version"] == 3
    pages = folder / "pages"
    pages.mkdir()
    (pages / "DiskFull.md").write_text("---\nservices: [shop]\n---\n# Disk is full\n")
    (pages / "broken.md").write_bytes(b"\xff")
    counts = {"created": 1, "updated": 0, "unchanged": 0, "skipped": 1}
    assert journey("runbooks import", str(pages), "--dry-run")["counts"] == counts
    brought = journey("runbooks import", str(pages), "--source", "wiki")
    assert [(page["source"], page["tags"]) for page in brought["pages"]] == [
        ("wiki/DiskFull.md", ["DiskFull"]),
        ("wiki/broken.md", []),
    ]
    assert journey("runbooks import", str(pages), "--source", "wiki")["counts"]["unchanged"] == 1


def test_every_command_prints_one_json_document(installation: Installation, tmp_path: Path) -> None:
    journey = Journey(new_tenant(installation))
    walk_administration(journey, tmp_path)
    walk_routes(journey, tmp_path)
    walk_silences(journey)
    walk_runbooks(journey, tmp_path)
    graph = tmp_path / "services.json"
    graph.write_text(json.dumps({"edges": [{"caller": "checkout", "callee": "payments"}]}))
    journey("services import", str(graph))
    walk_incidents(journey, tmp_path)
    slug = f"{journey.terminal.slug}-b"
    journey("tenants create", slug, "--admin", f"bob@{slug}.example.com")
    for words in ("tenants list", "migrate", "roles sql", "plugins list", "doctor", "jobs list", "schedule"):
        journey(words)
    journey("keys list")
    journey("keys rotate")
    journey("jobs retry", "--all")
    journey("demo", "--recording", str(short_recording(tmp_path / "short")))
    # "down" would end the server of all the other tests, and "keys" would have to wait for a rotation to settle or to begin
    # without keys; test_cli_installation.py and test_cli_keys.py have installations of their own for them.
    assert journey.seen == set(TREE) - {"down", "keys create", "keys retire"} - RUNNING
