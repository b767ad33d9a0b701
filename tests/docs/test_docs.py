"""The documentation says what the code does: links, commands, tables."""

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest

from sre_copilot.domain.actors import GRANTS, ActorKind, Permission, Role
from sre_copilot.domain.correlation import THRESHOLD, WEIGHTS
from sre_copilot.domain.decisions import Decision, EpisodeEnd
from sre_copilot.domain.hypotheses import Component
from sre_copilot.domain.lifecycle import TABLE, Action, State, legal_pairs
from sre_copilot.entrypoints.cli.main import COMMANDS
from sre_copilot.entrypoints.http.statuses import STATUSES

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(DOCS.rglob("*.md"))

pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(DOCS).as_posix())


def read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def rows(name: str, heading: str) -> list[list[str]]:
    """The body rows of the table whose header row begins with `heading`, cells stripped of emphasis."""
    lines = read(name).splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {heading}"))
    body = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        body.append([cell.strip().strip("*").strip() for cell in line.strip("|").split("|")])
    return body


@pages
def test_every_link_leads_to_a_file(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    missing = [target for target in targets if "://" not in target and not (page.parent / target).exists()]
    assert missing == []


@pages
def test_every_source_file_that_is_named_exists(page: Path) -> None:
    named = re.findall(r"`(?:sre_copilot/)?((?:domain|application|adapters)/[\w/]*(?:\.py)?)`", page.read_text("utf-8"))
    assert [name for name in named if not (DOCS.parent / "sre_copilot" / name).exists()] == []


@pages
def test_every_command_that_is_named_exists(page: Path) -> None:
    named = re.findall(r"sre-copilot ([a-z]+)", page.read_text(encoding="utf-8"))
    assert [name for name in named if name not in COMMANDS] == []


@pages
def test_every_page_is_reached_from_the_index_or_from_the_decisions(page: Path) -> None:
    index = page.parent if page.parent.name == "decisions" and page.name != "README.md" else DOCS
    if page == DOCS / "README.md":
        return
    assert f"({page.relative_to(index).as_posix()})" in (index / "README.md").read_text(encoding="utf-8")


def test_the_lifecycle_table_is_the_one_that_is_enforced() -> None:
    actions = [action.value for action in Action]
    body = rows("concepts/incidents.md", "from \\ action")
    documented = {row[0]: dict(zip(actions, row[1:], strict=True)) for row in body}
    enforced = {state.value: {action.value: TABLE[state].get(action, "-") for action in Action} for state in State}
    assert documented == enforced


def test_the_lifecycle_diagram_draws_every_legal_step_and_no_other() -> None:
    drawn = re.findall(r"^ +(\w+|\[\*\]) --> (\w+)(?:: (\w+))?$", read("concepts/incidents.md"), flags=re.MULTILINE)
    assert {("" if source == "[*]" else source, target) for source, target, _ in drawn} == legal_pairs()
    assert all(TABLE[State(source)][Action(verb)] == target for source, target, verb in drawn if verb)


def test_the_factors_of_a_correlation_are_listed_with_their_weights_heaviest_first() -> None:
    documented = {row[0]: float(row[1]) for row in rows("concepts/correlation.md", "factor")}
    assert documented == dict(WEIGHTS)
    assert all(one >= other for one, other in pairwise(documented.values()))
    assert f"{THRESHOLD} or more" in read("concepts/correlation.md")


def test_the_components_of_a_confidence_are_all_explained() -> None:
    documented = [name for row in rows("concepts/diagnosis.md", "component") for name in row[0].split(", ")]
    assert sorted(documented) == sorted(component.value for component in Component)


def test_the_ends_of_an_episode_and_the_reasons_for_a_signal_are_all_named() -> None:
    text = read("concepts/signals-and-episodes.md")
    assert [word.value for word in (*EpisodeEnd, *Decision) if f"`{word.value}`" not in text] == []


def test_the_permissions_are_those_that_are_granted() -> None:
    columns = [Permission.READ, Permission.RESPOND, Permission.ADMINISTER, Permission.INGEST, Permission.AUTOMATE]
    documented = {
        row[0]: {permission for permission, cell in zip(columns, row[1:], strict=True) if cell == "yes"}
        for row in rows("concepts/security-model.md", "| read")
    }
    granted = {(role.value if role else kind.value): set(has) for (kind, role), has in GRANTS.items()}
    assert documented == granted
    assert set(documented) == {*(role.value for role in Role), ActorKind.INTEGRATION.value, ActorKind.SYSTEM.value}


def test_every_table_is_in_the_data_model() -> None:
    models = (DOCS.parent / "sre_copilot" / "adapters" / "django_orm" / "models").glob("*.py")
    tables = {name for file in models for name in re.findall(r'db_table = "(\w+)"', file.read_text(encoding="utf-8"))}
    told = set(re.findall(r"`(\w+)`", read("reference/data-model.md")))
    assert tables - told == set()
    assert len(tables) == 35


def test_the_paths_of_the_api_are_all_told_and_no_others() -> None:
    document = json.loads(read("reference/openapi.json"))
    described = {path.removeprefix("/api/v1/") for path in document["paths"] if path.startswith("/api/v1/")}
    assert {row[0].strip("`") for row in rows("reference/http.md", "path below")} == described


def test_the_statuses_of_errors_are_all_told() -> None:
    told = {int(row[0]) for row in rows("reference/http.md", "status")}
    assert set(STATUSES.values()) <= told
