"""`sre-copilot incidents`, as somebody on call uses it."""

from pathlib import Path

import pytest

from sre_copilot.domain.actors import Role
from tests.e2e.command_line import Terminal, add_person, alert, new_tenant
from tests.e2e.installation import Installation


@pytest.fixture(scope="module")
def terminal(installation: Installation) -> Terminal:
    """A tenant of this module's own."""
    return new_tenant(installation, "generic")


def declared(terminal: Terminal, title: str = "Checkout is slow", service: str = "checkout") -> str:
    return str(terminal.told("incidents", "declare", title, "--service", service)["id"])


def test_an_incident_goes_through_its_whole_life(terminal: Terminal) -> None:
    incident = declared(terminal)
    steps = {
        "acknowledge": (),
        "investigate": ("--reason", "the pool is empty"),
        "mitigate": (),
        "resolve": ("--how", "recovered"),
        "reopen": (),
        "conclude": (),
        "learn": ("--summary", "it went away"),
    }
    for verb, options in steps.items():
        said = terminal.done("incidents", verb, incident, *options)
        assert incident[-8:] in said
        assert "Next: " in said
    page = terminal.done("incidents", "show", incident)
    assert "learned" in page
    assert "Next: nothing, what was learnt is final." in page
    assert "acknowledged → investigating, by ada: the pool is empty" in page


def test_the_list_has_one_line_for_each_incident_newest_first(terminal: Terminal) -> None:
    ids = [declared(terminal, f"Reports are late, case {number}", "reports") for number in range(3)]
    lines = terminal.done("incidents", "list", "--service", "reports").splitlines()
    assert [line.split()[0] for line in lines[1:]] == [one[-8:] for one in reversed(ids)]


def test_the_list_is_narrowed_by_what_is_asked_for(terminal: Terminal) -> None:
    slow = declared(terminal, "Search is slow", "search")
    terminal.done("incidents", "edit", slow, "--severity", "critical")
    terminal.done("incidents", "resolve", slow)
    email = f"ada@{terminal.slug}.example.com"
    mine = declared(terminal, "Search is empty", "search")
    terminal.done("incidents", "assign", mine, email)

    def ids(*options: str) -> set[str]:
        rows = terminal.told("incidents", "list", "--service", "search", *options)["incidents"]
        return {row["id"] for row in rows}

    assert ids() == {slow, mine}
    assert ids("--open") == {mine}
    assert ids("--state", "resolved") == {slow}
    assert ids("--state", "resolved", "--open") == {slow, mine}
    assert ids("--severity", "critical") == {slow}
    assert ids("--text", "EMPTY") == {mine}
    assert ids("--assignee", email) == {mine}
    assert ids("--environment", "staging") == set()
    assert len(ids("--limit", "1")) == 1


def test_where_nothing_fits_the_list_says_so(terminal: Terminal) -> None:
    assert terminal.done("incidents", "list", "--service", "nowhere") == "There is no such incident.\n"


@pytest.mark.parametrize("part", [slice(None), slice(-8, None), slice(0, 30), slice(-6, None)])
def test_an_incident_is_found_by_its_id_and_by_a_part_of_it(terminal: Terminal, part: slice) -> None:
    incident = declared(terminal)
    assert terminal.told("incidents", "show", incident[part])["incident"]["id"] == incident
    assert terminal.told("incidents", "show", incident[part].upper())["incident"]["id"] == incident


def test_a_part_that_fits_several_incidents_is_refused_with_their_ids(terminal: Terminal) -> None:
    one, other = declared(terminal), declared(terminal)
    shared = one[:6]
    assert other.startswith(shared)
    answer = terminal("incidents", "show", shared).expect(2)
    assert "give more of the id" in answer.err


def test_an_edit_changes_what_is_given_and_keeps_the_rest(terminal: Terminal) -> None:
    incident = declared(terminal)
    terminal.done("incidents", "edit", incident, "--impact", "carts are lost", "--affected-users", "300")
    terminal.done("incidents", "edit", incident, "--slo-breached", "--tag", "money", "--tag", "eu")
    seen = terminal.told("incidents", "show", incident)["incident"]
    assert seen["impact"] == {"description": "carts are lost", "affected_user_count": 300, "slo_breached": True}
    assert seen["tags"] == ["money", "eu"]
    assert seen["title"] == "Checkout is slow"
    page = terminal.done("incidents", "show", incident)
    assert "carts are lost; 300 users; an SLO is breached" in page


def test_a_change_can_be_made_only_to_the_version_that_was_seen(terminal: Terminal) -> None:
    incident = declared(terminal)
    version = str(terminal.told("incidents", "show", incident)["incident"]["version"])
    terminal.done("incidents", "acknowledge", incident, "--version", version)
    for words in (("edit", incident, "--title", "Late"), ("investigate", incident)):
        answer = terminal("incidents", *words, "--version", version).expect(1)
        assert "Somebody else changed the incident first" in answer.err
    assert terminal.told("incidents", "show", incident)["incident"]["state"] == "acknowledged"


def test_an_incident_is_assigned_and_given_back(terminal: Terminal) -> None:
    incident, email = declared(terminal), add_person(terminal, Role.ENGINEER)
    assert f"Assigned to {email}." in terminal.done("incidents", "assign", incident, email)
    assert terminal.told("incidents", "show", incident)["incident"]["assigned_to"]
    assert "Assigned to nobody." in terminal.done("incidents", "assign", incident)
    assert terminal.told("incidents", "show", incident)["incident"]["assigned_to"] is None


def test_who_acts_is_kept_in_the_log(terminal: Terminal) -> None:
    incident, email = declared(terminal), add_person(terminal, Role.ENGINEER)
    terminal.done("incidents", "acknowledge", incident, "--as", email.upper())
    first, second = terminal.told("incidents", "show", incident)["transitions"]
    assert first["user_id"] != second["user_id"]
    assert not second["automated"]


@pytest.fixture(scope="module")
def wordy(terminal: Terminal, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A diagnosed incident with more words than fit."""
    body = alert(tmp_path_factory.mktemp("wordy"), title="A title of many things " * 12, service="service-" * 30)
    incident = str(terminal.told("ingest", body, "--integration", "generic")["opened"][0])
    terminal.done("diagnose", incident)
    return incident


@pytest.mark.parametrize("columns", [60, 80, 120, 200])
def test_no_line_is_wider_than_the_terminal_and_no_id_is_cut(terminal: Terminal, wordy: str, columns: int) -> None:
    for words in (("incidents", "list"), ("incidents", "show", wordy), ("incidents", "show", wordy, "--all")):
        lines = terminal.done(*words, columns=columns).splitlines()
        assert max(map(len, lines)) <= columns
        assert any(wordy[-8:] in line for line in lines)
    shown = terminal.done("incidents", "show", wordy, columns=columns)
    for row in terminal.told("incidents", "show", wordy)["recommendations"]:
        assert row["id"] in shown


def test_text_from_outside_can_not_command_the_terminal(terminal: Terminal, tmp_path: Path) -> None:
    body = alert(
        tmp_path, title="\x1b[2J\x1b[31mred\x9b1m [bold]loud[/bold] :fire:\nnew line \u202eback", service="[db]"
    )
    incident = terminal.told("ingest", body, "--integration", "generic")["opened"][0]
    terminal.done("diagnose", incident)
    terminal.done("incidents", "note", incident, "\x1b[2Jgone")
    for words in (("list",), ("show", incident, "--all"), ("acknowledge", incident)):
        said = terminal.done("incidents", *words, columns=200)
        assert not set(said) & {"\x1b", "\x9b", "\u202e", "\r"}
        assert "[bold]loud[/bold] :fire: new line back" in said


def test_colours_are_for_terminals_only(terminal: Terminal) -> None:
    incident = declared(terminal)
    assert "\x1b" not in terminal.done("incidents", "show", incident)


def test_a_postmortem_is_drafted_as_plain_markdown_and_no_file_is_overwritten(
    terminal: Terminal, tmp_path: Path
) -> None:
    incident = declared(terminal)
    drafted = terminal.done("incidents", "postmortem", incident)
    assert drafted.startswith("# Postmortem: ")
    assert "| --- | --- |\n| Service |" in drafted
    file = tmp_path / "postmortem.md"
    terminal.done("incidents", "postmortem", incident, "--out", str(file))
    assert file.read_text() == drafted
    assert terminal("incidents", "postmortem", incident, "--out", str(file)).code == 2
    assert file.read_text() == drafted
