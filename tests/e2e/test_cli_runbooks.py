"""`sre-copilot runbooks`: as people write, read and import them."""

from pathlib import Path

from sre_copilot.domain.actors import Role
from tests.e2e.command_line import add_person, new_tenant
from tests.e2e.installation import Installation


def test_a_runbook_is_written_from_a_pipe_shown_edited_and_found(installation: Installation, tmp_path: Path) -> None:
    terminal = new_tenant(installation)
    engineer = add_person(terminal, Role.ENGINEER)
    text = "# Cold\n\n    warm --all\n"
    page = terminal.done(
        *("runbooks", "create", "Cache is cold", "--text", "-", "--owner", engineer, "--minutes", "5"),
        stdin=text.encode(),
    )
    assert "cache-is-cold" in page
    assert terminal.done("runbooks", "show", "cache-is-cold", "--text") == text
    assert "    warm --all" in terminal.done("runbooks", "show", "cache-is-cold")
    terminal.done("runbooks", "edit", "cache-is-cold", "--tag", "cache", "--as", engineer)
    assert "version 1" in terminal.done("runbooks", "show", "cache-is-cold", "--version", "1")
    assert engineer in terminal.done("runbooks", "versions", "cache-is-cold", columns=200)
    assert "cache-is-cold" in terminal.done("runbooks", "list", "--tag", "cache")
    assert "runbooks restore cache-is-cold" in terminal.done("runbooks", "delete", "cache-is-cold")
    assert terminal("runbooks", "edit", "cache-is-cold", "--tag", "b").code == 1
    assert terminal("runbooks", "edit", "cache-is-cold").code == 2
    assert "There is no runbook 'warm'" in terminal("runbooks", "show", "warm").expect(4).err
    viewer = add_person(terminal, Role.VIEWER)
    terminal("runbooks", "restore", "cache-is-cold", "--as", viewer).expect(3)
    latin = tmp_path / "latin.md"
    latin.write_bytes(b"caf\xe9")
    for file in (latin, tmp_path / "nothing.md"):
        assert str(file) in terminal("runbooks", "create", "a", "--text", str(file)).expect(2).err


def test_a_folder_is_imported_and_again_only_what_has_changed(installation: Installation, tmp_path: Path) -> None:
    terminal = new_tenant(installation)
    folder = tmp_path / "pages"
    folder.mkdir()
    (folder / "DiskFull.md").write_text("# Disk is full\n\nFree it.\n")
    (folder / "latin.md").write_bytes(b"caf\xe9")
    first = terminal.done("runbooks", "import", str(folder), "--dry-run", columns=200)
    assert "Nothing was changed" in first
    assert "1 created, 0 updated, 0 unchanged, 1 skipped." in terminal.done(
        "runbooks", "import", str(folder), columns=200
    )
    (folder / "DiskFull.md").write_text("# Disk is full\n\nGrow it.\n")
    told = terminal.done("runbooks", "import", str(folder), columns=200)
    assert "0 created, 1 updated, 0 unchanged, 1 skipped." in told
    assert "is not UTF-8 text" in told
    terminal("runbooks", "import", str(tmp_path / "nothing")).expect(2)
