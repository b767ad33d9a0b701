"""A user's mistake gives one clear line, the right exit code, and nothing half-written."""

import json
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from sre_copilot.domain.actors import Role
from tests.e2e.command_line import Terminal, add_person, alert, new_tenant, row_counts
from tests.e2e.installation import Installation, finished

NO_ID = "0198c5d2-7a3e-7b1c-9f00-1c2d3e4f5a6b"
GENERIC = ("--integration", "generic")
NOT_UTF_8 = b"\xff\xfe"


@attrs.frozen(kw_only=True)
class Place:
    """Where the mistakes are made: a tenant with an incident, two people with few rights, and a folder of files."""

    terminal: Terminal
    folder: Path
    incident: str
    viewer: str
    engineer: str
    gone: str

    def file(self, content: str | bytes, name: str = "file.json") -> str:
        """Write a file and return its name."""
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)


@pytest.fixture(scope="module")
def place(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """One for all: a mistake changes nothing."""
    terminal = new_tenant(installation, "generic")
    return Place(
        terminal=terminal,
        folder=tmp_path_factory.mktemp("mistakes"),
        incident=terminal.told("incidents", "declare", "Checkout is slow", "--service", "checkout")["id"],
        viewer=add_person(terminal, Role.VIEWER),
        engineer=add_person(terminal, Role.ENGINEER),
        gone=add_person(terminal, Role.ENGINEER, active=False),
    )


@attrs.frozen(kw_only=True)
class Mistake:
    """What is typed, the exit code and words of the one line."""

    name: str
    code: int
    words: str
    typed: Callable[[Place], tuple[str, ...]]
    stdin: bytes = b""


def graph(text: str) -> Callable[[Place], tuple[str, ...]]:
    return lambda place: ("services", "import", place.file(text))


def body(text: str | bytes, name: str = "body.json") -> Callable[[Place], tuple[str, ...]]:
    return lambda place: ("ingest", place.file(text, name), *GENERIC)


def typed(*words: str) -> Callable[[Place], tuple[str, ...]]:
    return lambda place: tuple(place.incident if word == "INCIDENT" else word for word in words)


def by(role: str, *words: str) -> Callable[[Place], tuple[str, ...]]:
    return lambda place: (*typed(*words)(place), "--as", getattr(place, role))


MISTAKES = [
    # refused by a rule
    Mistake(name="verb", code=1, words="allowed: acknowledge", typed=typed("incidents", "learn", "INCIDENT")),
    Mistake(name="reopen", code=1, words="allowed: acknowledge", typed=typed("incidents", "reopen", "INCIDENT")),
    Mistake(name="taken name", code=1, words="already", typed=typed("integrations", "create", "generic")),
    # wrong usage or input
    Mistake(name="command", code=2, words="Did you mean 'show'?", typed=typed("incidents", "shwo")),
    Mistake(name="no command", code=2, words="one of list, show", typed=lambda place: ("incidents",)),
    Mistake(name="option", code=2, words="No such option", typed=typed("incidents", "list", "--stat", "x")),
    Mistake(name="argument", code=2, words="Missing argument 'INCIDENT'", typed=typed("incidents", "show")),
    Mistake(
        name="state", code=2, words="'foo' is not one of 'detected'", typed=typed("incidents", "list", "--state", "foo")
    ),
    Mistake(
        name="severity", code=2, words="is not one of", typed=typed("incidents", "edit", "INCIDENT", "--severity", "x")
    ),
    Mistake(name="limit", code=2, words="is not in the range", typed=typed("incidents", "list", "--limit", "1001")),
    Mistake(name="id", code=2, words="is not an id", typed=typed("explain", "x")),
    Mistake(name="incident", code=2, words="is not the id of an incident", typed=typed("incidents", "show", "12345")),
    Mistake(
        name="endless silence",
        code=2,
        words="after the year 9999",
        typed=typed("silences", "add", "a=b", "--from", "9990-01-01", "--for", "9999d", "--comment", "x"),
    ),
    Mistake(name="no edit", code=2, words="Nothing to change", typed=typed("incidents", "edit", "INCIDENT")),
    Mistake(name="no text", code=2, words="A note needs some text", typed=typed("incidents", "note", "INCIDENT", " ")),
    Mistake(name="title", code=2, words="1 to 500", typed=typed("incidents", "declare", "x" * 501, "--service", "a")),
    Mistake(name="service", code=2, words="1 to 255", typed=typed("incidents", "declare", "x", "--service", "a" * 256)),
    Mistake(name="bytes", code=2, words="not UTF-8", typed=typed("incidents", "note", "INCIDENT", "\udcff")),
    Mistake(name="feedback", code=2, words="is not one of", typed=typed("hypotheses", "feedback", NO_ID, "great")),
    Mistake(name="outcome", code=2, words="is not one of", typed=typed("recommendations", "outcome", NO_ID, "great")),
    Mistake(name="type", code=2, words="No installed plugin", typed=typed("integrations", "create", "carrier_pigeon")),
    Mistake(
        name="hours", code=2, words="0<x<=8760", typed=typed("integrations", "create", "generic", "--dedup-hours", "0")
    ),
    Mistake(
        name="environment",
        code=2,
        words="write WORD=production",
        typed=typed("integrations", "create", "generic", "--name", "x", "--environment", "prod=here"),
    ),
    Mistake(name="body", code=2, words="The body is not JSON", typed=body("{")),
    Mistake(name="empty body", code=2, words="The body is not JSON", typed=body("")),
    Mistake(name="body's bytes", code=2, words="not UTF-8", typed=body(NOT_UTF_8)),
    Mistake(name="recording's bytes", code=2, words="not UTF-8", typed=body(NOT_UTF_8, "a.jsonl")),
    Mistake(name="empty recording", code=2, words="holds no deliveries", typed=body("\n", "a.jsonl")),
    Mistake(name="standard input", code=2, words="The body is not JSON", typed=typed("ingest", "-", *GENERIC)),
    Mistake(name="folder", code=2, words="Is a directory", typed=lambda place: ("ingest", str(place.folder), *GENERIC)),
    Mistake(name="file", code=2, words="/nowhere can't be read", typed=typed("ingest", "/nowhere", *GENERIC)),
    Mistake(name="no integration", code=2, words="Missing option '--integration'", typed=typed("ingest", "-")),
    Mistake(name="two for one", code=2, words="One body", typed=lambda place: (*body("{}")(place), *GENERIC)),
    Mistake(name="graph's file", code=2, words="/nowhere can't be read", typed=typed("services", "import", "/nowhere")),
    Mistake(name="graph", code=2, words="is not a service graph", typed=graph("[]")),
    Mistake(name="graph's JSON", code=2, words="is not a service graph", typed=graph("{")),
    Mistake(name="graph's rows", code=2, words="edges is no list", typed=graph('{"edges": 5}')),
    Mistake(name="graph's ends", code=2, words="callee is missing", typed=graph('{"edges": [{"caller": "a"}]}')),
    Mistake(name="graph's names", code=2, words="no name of 1", typed=graph('{"services": [{"service": "\\u0000"}]}')),
    Mistake(name="graph's depth", code=2, words="nested too deep", typed=graph("[" * 100_000)),
    Mistake(name="no recording", code=2, words="is no folder", typed=typed("demo", "--recording", "/nowhere")),
    # not permitted
    Mistake(name="viewer", code=3, words="does not allow", typed=by("viewer", "incidents", "acknowledge", "INCIDENT")),
    Mistake(
        name="viewer's part", code=3, words="does not allow", typed=by("viewer", "incidents", "assign", "INCIDENT")
    ),
    Mistake(name="engineer", code=3, words="does not allow", typed=by("engineer", "integrations", "create", "generic")),
    Mistake(
        name="engineer's delivery",
        code=3,
        words="does not allow",
        typed=lambda place: ("ingest", alert(place.folder), *GENERIC, "--as", place.engineer),
    ),
    Mistake(name="viewer's demo", code=3, words="does not allow", typed=by("viewer", "demo")),
    Mistake(name="gone", code=3, words="is deactivated", typed=by("gone", "incidents", "list")),
    # not found
    Mistake(
        name="no tenant", code=4, words="There is no tenant 'x'", typed=typed("incidents", "list", "--tenant", "x")
    ),
    Mistake(name="nobody", code=4, words="Nobody of", typed=typed("incidents", "list", "--as", "x@example.com")),
    Mistake(
        name="no person", code=4, words="Nobody of", typed=typed("incidents", "assign", "INCIDENT", "x@example.com")
    ),
    Mistake(name="no incident", code=4, words=NO_ID, typed=typed("incidents", "show", NO_ID)),
    Mistake(name="no such part", code=4, words="begins or ends with", typed=typed("incidents", "show", "abcdef12")),
    Mistake(name="no signal", code=4, words=NO_ID, typed=typed("explain", NO_ID)),
    Mistake(name="no hypothesis", code=4, words=NO_ID, typed=typed("hypotheses", "feedback", NO_ID, "accepted")),
    Mistake(name="no recommendation", code=4, words=NO_ID, typed=typed("recommendations", "accept", NO_ID)),
    Mistake(
        name="no such integration",
        code=4,
        words="The tenant has: generic",
        typed=lambda place: ("ingest", alert(place.folder), "--integration", "carrier_pigeon"),
    ),
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_mistake_gives_one_clear_line_and_writes_nothing(place: Place, mistake: Mistake) -> None:
    before = row_counts(place.terminal.installation)
    words = mistake.typed(place)
    terminal = attrs.evolve(place.terminal, slug=None) if "--tenant" in words else place.terminal
    if mistake.name == "no command":
        terminal = attrs.evolve(terminal, slug=None)
    for given in (words, (*words, "--json")) if len(words) > 1 else (words,):
        answer = terminal(*given, stdin=mistake.stdin).expect(mistake.code)
        assert answer.out == ""
        assert answer.err.startswith("Error: ")
        assert answer.err.count("\n") == 1
        assert mistake.words in answer.err
        assert "fault of ours" not in answer.err
    assert row_counts(place.terminal.installation) == before


@pytest.mark.parametrize(
    ("slug", "options", "words"),
    [
        ("A b", ("--admin", "a@example.com"), "A slug has 1 to 100"),
        ("fine", ("--admin", "nobody"), "is not an e-mail address"),
        ("fine", (), "Missing option '--admin'"),
        ("fine", ("--admin", "a@example.com", "--max-services", "0"), "is not in the range"),
        ("fine", ("--admin", "a@example.com", "--name", "x" * 256), "1 to 255"),
    ],
)
def test_a_tenant_that_can_not_be_is_not_made(place: Place, slug: str, options: tuple[str, ...], words: str) -> None:
    before = row_counts(place.terminal.installation)
    answer = attrs.evolve(place.terminal, slug=None)("tenants", "create", slug, *options).expect(2)
    assert words in answer.err
    assert answer.out == ""
    assert row_counts(place.terminal.installation) == before


def test_a_process_ends_with_the_same_codes_and_lines(installation: Installation) -> None:
    fault = installation.started("tenants", "list", DATABASE_URL="garbage")
    answers = (
        installation.call("incidents", "list", "--state", "foo").expect(2),
        installation.call("incidents", "list", "--tenant", "nowhere").expect(4),
        finished(("tenants", "list"), fault).expect(5),
    )
    for answer in answers:
        assert answer.out == ""
        assert answer.err.startswith("Error: ")


def test_whoever_reads_only_the_first_line_does_not_hurt_us(place: Place) -> None:
    process = place.terminal.installation.started("tenants", "list", "--json")
    assert process.stdout is not None
    process.stdout.close()
    process.wait(timeout=60)
    assert process.returncode == 0
    assert process.stderr is not None
    assert process.stderr.read() == ""
    process.stderr.close()


def test_a_terminal_that_knows_no_such_characters_gets_others(place: Place) -> None:
    call = place.terminal.installation.call
    answer = call("incidents", "show", place.incident, "--tenant", str(place.terminal.slug), PYTHONIOENCODING="ascii")
    assert "Checkout is slow" in answer.expect(0).out


def test_json_keeps_every_character(place: Place) -> None:
    title = "Zahlung ist langsam: ≥ 3 s \u202e [bold]"
    incident = place.terminal.told("incidents", "declare", title, "--service", "checkout")
    assert incident["title"] == title
    assert json.loads(json.dumps(incident)) == incident
