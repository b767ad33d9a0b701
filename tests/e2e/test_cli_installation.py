"""`sre-copilot doctor`, `migrate`, `roles`, `plugins`, and what is said when the environment is at fault."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connections

from sre_copilot.adapters.django_orm import setup
from sre_copilot.adapters.django_orm.routing import LABEL, OWNER_ALIAS
from sre_copilot.adapters.postgres.embedded import DatabaseUrls, EmbeddedPostgres
from tests.e2e.command_line import Terminal
from tests.e2e.installation import Installation

NOBODY_THERE = "postgresql://somebody:secret@127.0.0.1:1/none"
HALF = "half_migrated"


@pytest.fixture
def terminal(installation: Installation) -> Terminal:
    """Commands for no tenant."""
    return Terminal(installation=installation)


@pytest.fixture
def half_migrated(installation: Installation) -> Iterator[DatabaseUrls]:
    """A database of its own with the first migration only."""
    server = EmbeddedPostgres(installation.data_folder)
    server.start()
    server.create_database(HALF)
    urls = server.urls(HALF)
    setup.setup(urls.app)
    setup._point(OWNER_ALIAS, setup.connection_settings(urls.owner))
    call_command("migrate", LABEL, "0001_tables", database=OWNER_ALIAS, verbosity=0)
    connections[OWNER_ALIAS].close()
    yield urls
    server.drop_database(HALF)


def test_the_doctor_finds_a_sound_installation_sound(terminal: Terminal) -> None:
    said = terminal.done("doctor", columns=80)
    assert "✗" not in said
    checks = terminal.told("doctor")["checks"]
    assert {"database", "plugin prometheus"} <= {row["name"] for row in checks}
    assert all(row["ok"] for row in checks)


def test_an_embedded_database_is_up_to_date_by_itself(terminal: Terminal) -> None:
    assert terminal.done("migrate") == "Nothing to do: the database is up to date.\n"
    assert terminal.told("migrate") == {"applied": []}


def test_the_embedded_database_is_stopped_and_started_again(tmp_path: Path) -> None:
    own = Terminal(installation=Installation(data_folder=tmp_path / "data"))
    assert own.done("down") == "Nothing to do: the embedded database is not running.\n"
    own.done("migrate")
    assert own.told("down") == {"stopped": True}
    assert own.told("tenants", "list") == {"tenants": []}
    assert own.done("down") == "The embedded database is stopped.\n"
    EmbeddedPostgres(tmp_path / "data").erase()


def test_a_database_that_is_not_ours_is_not_stopped(terminal: Terminal) -> None:
    answer = terminal("down", environment={"DATABASE_URL": NOBODY_THERE}).expect(5)
    assert "not ours to stop" in answer.err


def test_the_plugins_are_listed_with_their_types(terminal: Terminal) -> None:
    rows = terminal.told("plugins", "list")["plugins"]
    assert {"generic", "pagerduty", "prometheus"} <= {name for row in rows for name in row["types"]}
    assert "loaded" in terminal.done("plugins", "list")


def test_the_roles_are_printed_for_the_database_that_is_named(terminal: Terminal) -> None:
    said = terminal.done("roles", "sql", "--database", "incidents")
    assert 'ON DATABASE "incidents"' in said
    assert terminal.told("roles", "sql", "--database", "incidents")["sql"] == said.removesuffix("\n")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [({}, "sre_copilot"), ({"DATABASE_URL": "postgresql://app@db.example/incidents"}, "incidents")],
)
def test_the_roles_are_printed_for_the_database_that_is_configured(
    terminal: Terminal, environment: dict[str, str], expected: str
) -> None:
    said = terminal("roles", "sql", environment=environment).expect(0).out
    assert f'ON DATABASE "{expected}"' in said


def test_a_half_migrated_database_is_named_and_then_completed(terminal: Terminal, half_migrated: DatabaseUrls) -> None:
    app = {"DATABASE_URL": half_migrated.app}
    answer = terminal("tenants", "list", environment=app).expect(5)
    assert "lacks" in answer.err
    assert "sre-copilot migrate" in answer.err
    assert answer.out == ""
    doctor = terminal("doctor", "--json", environment=app).expect(5)
    assert [row["name"] for row in doctor.document["checks"] if not row["ok"]] == ["database"]
    both = {**app, "DATABASE_OWNER_URL": half_migrated.owner}
    migrated = terminal("migrate", "--json", environment=both).expect(0)
    assert migrated.document["applied"][0].startswith("0002_")
    assert terminal("tenants", "list", "--json", environment=app).expect(0).document == {"tenants": []}


@pytest.mark.parametrize(
    ("arguments", "environment", "words"),
    [
        (("tenants", "list"), {"DATABASE_URL": "garbage"}, "DATABASE_URL"),
        (("tenants", "list"), {"DATABASE_URL": NOBODY_THERE}, "can't be reached"),
        (("migrate",), {"DATABASE_URL": NOBODY_THERE}, "set DATABASE_OWNER_URL"),
        (("migrate",), {"DATABASE_URL": NOBODY_THERE, "DATABASE_OWNER_URL": NOBODY_THERE}, "can't be migrated"),
        (("tenants", "list"), {"DATABASE_URL": "file:/nowhere"}, "can't be read"),
        (("tenants", "list"), {"SRE_COPILOT_CONFIG": "/nowhere"}, "can't be read"),
        (("doctor",), {"SRE_COPILOT_CONFIG": "/nowhere"}, "can't be read"),
        (("demo",), {"SRE_COPILOT_DATA": "/dev/null/x"}, "SRE_COPILOT_DATA"),
    ],
)
def test_a_fault_of_the_environment_gives_one_line_that_says_what_to_do(
    terminal: Terminal, arguments: tuple[str, ...], environment: dict[str, str], words: str
) -> None:
    answer = terminal(*arguments, environment=environment).expect(5)
    assert words in answer.err
    assert "secret" not in answer.err
    assert answer.out == ""


def test_a_file_in_the_place_of_the_data_folder_is_left_alone(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "data"
    file.write_text("mine", encoding="utf-8")
    answer = terminal("tenants", "list", environment={"SRE_COPILOT_DATA": str(file)}).expect(5)
    assert "is no folder" in answer.err
    assert file.read_text(encoding="utf-8") == "mine"
