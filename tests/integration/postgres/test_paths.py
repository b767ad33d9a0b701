"""The data folder may have any name, and be reached by any way."""

import os
from pathlib import Path

import pytest

from sre_copilot.adapters.postgres.embedded import EmbeddedPostgres
from sre_copilot.domain.errors import EmbeddedDatabaseFailed
from tests.integration.postgres.ground import Ground, as_root, ask, kill, store, stored

LONG = "long-" * 25
WORST = os.fsdecode("a, 'b' \"c\" $(d) `e` \\f %g ü; #h=i ".encode() + b"\xff" + LONG.encode())
"""What a shell, a list, a setting, an address, UTF-8 and a socket each can't bear."""


@pytest.fixture(scope="module")
def made(shared_ground: Ground) -> EmbeddedPostgres:
    """A database that was made under the worst of names."""
    server = shared_ground.server(WORST)
    server.start()
    store(server, "worst")
    server.stop()
    return server


@pytest.mark.parametrize(
    "name",
    ["with a space", 'it\'s "quoted"', "a,b", "back\\slash", "$HOME `id`;", "grün", os.fsdecode(b"\xfe"), LONG, WORST],
    ids=["space", "quotes", "comma", "backslash", "shell", "umlaut", "bytes", "long", "worst"],
)
def test_a_database_may_be_moved_to_a_folder_of_any_name(
    made: EmbeddedPostgres, shared_ground: Ground, name: str
) -> None:
    moved = shared_ground.server(name)
    made.data_folder.rename(moved.data_folder)
    try:
        moved.start()
        assert stored(moved) == "worst"
        assert moved.status().running
        moved.stop()
    finally:
        moved.stop()
        moved.data_folder.rename(made.data_folder)


def test_a_socket_folder_elsewhere_is_kept_over_a_crash_and_goes_with_a_stop(made: EmbeddedPostgres) -> None:
    made.start()
    sockets = Path(str(ask(made, "SHOW unix_socket_directories")).strip('"'))
    assert not sockets.is_relative_to(made.data_folder)
    kill(made)
    made.start()
    assert Path(str(ask(made, "SHOW unix_socket_directories")).strip('"')) == sockets
    made.stop()
    assert not sockets.exists()


@as_root
def test_a_temporary_folder_that_is_roots_own_is_not_used(made: EmbeddedPostgres, shared_ground: Ground) -> None:
    """As PAM's module for temporary folders has it."""
    closed = shared_ground.folder / "tmp"
    closed.mkdir(mode=0o700)
    assert "server" in shared_ground.visitor(TMPDIR=str(closed)).call("start", made)
    assert list(closed.iterdir()) == []
    made.stop()


def test_a_line_break_in_the_name_is_refused_in_one_line(shared_ground: Ground) -> None:
    server = shared_ground.server("two\nlines")
    with pytest.raises(EmbeddedDatabaseFailed, match=r"line break.*SRE_COPILOT_DATA") as caught:
        server.start()
    assert "\n" not in str(caught.value)


def test_a_symbolic_link_leads_to_the_same_server_wherever_it_is(ground: Ground) -> None:
    """Also where the server's user can't reach the link itself."""
    closed = ground.folder / "closed"
    closed.mkdir(mode=0o700)
    (closed / "link").symlink_to(ground.folder / "data")
    through = ground.server("closed/link")
    through.start()
    direct = ground.server("data")
    assert direct.start() == through.urls()
    through.erase()
    assert not (ground.folder / "data").exists()


def test_a_relative_folder_is_the_same_after_a_change_of_directory(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ground.folder)
    server = EmbeddedPostgres(Path("data"))
    monkeypatch.chdir("/")
    assert server.data_folder == ground.folder / "data"
