"""What can't work is refused in one line that says what happened and what to do, and nothing half-made is left."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from sre_copilot.adapters.postgres.binaries import DEBIAN_15
from sre_copilot.adapters.postgres.embedded import EmbeddedPostgres
from sre_copilot.adapters.postgres.passwords import FILE
from sre_copilot.domain.errors import EmbeddedDatabaseFailed
from tests.integration.postgres.ground import IS_ROOT, STRANGER, Ground, data, identity, mounting, store, stored

NEVER_MADE = {"start.lock", "server.lock", "passwords.json", "postgres"}
"""What a data folder may hold whose database could not be made; `postgres` is empty then."""


@pytest.fixture
def passwords(running: EmbeddedPostgres) -> Iterator[Path]:
    """The running server's file of passwords, put back afterwards."""
    path = running.data_folder / FILE
    kept = path.with_name("kept")
    path.rename(kept)
    path.write_text(kept.read_text())
    yield path
    kept.replace(path)


def refusal(act: Callable[[], object]) -> str:
    """The one line that an act is refused with."""
    with pytest.raises(EmbeddedDatabaseFailed) as caught:
        act()
    text = str(caught.value)
    assert "\n" not in text
    assert text.endswith(".")
    return text


def is_clean(folder: Path) -> bool:
    """Whether no half of a database is there."""
    left = {path.name for path in folder.iterdir() if not path.name.startswith(".start.lock")}
    return left <= NEVER_MADE and not list((folder / "postgres").glob("*"))


def test_a_disk_that_fills_up_while_the_database_is_made_leaves_nothing_half_made(ground: Ground) -> None:
    """By a limit on the size of files, which can be set everywhere; the next start without it works."""
    server = ground.server()
    answer = ground.visitor().call("start", server, file_size=str(1 << 20))
    assert answer["refused"] == "EmbeddedDatabaseFailed"
    assert "initdb could not make a database" in answer["says"]
    assert "SRE_COPILOT_DATA" in answer["says"]
    assert "\n" not in answer["says"]
    assert is_clean(server.data_folder)
    server.start()
    assert server.status().running


@mounting
def test_a_disk_without_room_is_refused_before_anything_is_made(ground: Ground) -> None:
    disk = ground.mount("disk", "size=65m,mode=0755")
    said = refusal(ground.server(disk / "data").start)
    assert f"The disk that holds {disk / 'data'} is full: 65 MB are free, the embedded database needs 100 MB" in said
    assert "SRE_COPILOT_DATA" in said
    assert {path.name for path in (disk / "data").iterdir()} <= NEVER_MADE - {"passwords.json"}


@mounting
def test_a_disk_that_takes_no_more_files_leaves_nothing_half_made(ground: Ground) -> None:
    """It fails in the middle of initdb, for there is room enough, just not for so many files."""
    disk = ground.mount("disk", "size=200m,nr_inodes=300,mode=0755")
    server = ground.server(disk / "data")
    said = refusal(server.start)
    assert "takes no more files" in said
    assert "SRE_COPILOT_DATA" in said
    assert is_clean(server.data_folder)


@mounting
def test_a_full_disk_keeps_a_server_from_starting_until_there_is_room_again(ground: Ground) -> None:
    disk = ground.mount("disk", "size=160m,mode=0755")
    server = ground.server(disk / "data")
    server.start()
    store(server, "kept")
    server.stop()
    with (disk / "filler").open("wb", buffering=0) as filler, pytest.raises(OSError, match="No space left"):
        while True:
            filler.write(b"." * 4096)
    said = refusal(server.start)
    assert "is full: 0 MB are free" in said
    (disk / "filler").unlink()
    server.start()
    assert stored(server) == "kept"


@mounting
def test_a_read_only_disk_is_refused_even_to_root(ground: Ground) -> None:
    disk = ground.mount("disk", "size=1m,ro,mode=0755")
    for act in (ground.server(disk / "data").start, ground.server(disk).start, ground.server(disk).stop):
        said = refusal(act)
        assert "Read-only file system" in said
        assert "SRE_COPILOT_DATA" in said
    assert list(disk.iterdir()) == []


def test_a_folder_that_may_not_be_written_to_is_refused_in_one_line(ground: Ground) -> None:
    folder = ground.folder / "unwritable"
    folder.mkdir(mode=0o555)
    visitor = ground.visitor(STRANGER if IS_ROOT else None)
    for server in (ground.server("unwritable"), ground.server("unwritable/data")):
        answer = visitor.call("start", server)
        assert answer["refused"] == "EmbeddedDatabaseFailed"
        assert f"The data folder {server.data_folder} can't be used: Permission denied" in answer["says"]
        assert "SRE_COPILOT_DATA" in answer["says"]
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", ["file", "file/data"])
def test_a_data_folder_that_is_a_file_or_in_one_is_refused(ground: Ground, name: str) -> None:
    (ground.folder / "file").write_text("something else")
    server = ground.server(name)
    said = refusal(server.start)
    assert f"{ground.folder / 'file'}" in said
    assert "is no folder" in said
    server.stop()
    assert not server.status().running
    assert (ground.folder / "file").read_text() == "something else"


def test_a_name_that_is_too_long_is_refused_in_one_line(ground: Ground) -> None:
    server = ground.server("x" * 300)
    for act in (server.start, server.stop, server.status):
        assert "File name too long" in refusal(act)


def test_data_of_another_major_version_are_refused_and_left_as_they_are(running: EmbeddedPostgres) -> None:
    """By the programs of the other version where they are installed; else by a database that says to be of another."""
    store(running, "kept")
    running.stop()
    version = data(running) / "PG_VERSION"
    own = version.read_text()
    if (DEBIAN_15 / "postgres").exists():
        other = EmbeddedPostgres(running.data_folder, None if own == "15\n" else DEBIAN_15, relocated=running.relocated)
    else:
        other = running
        version.write_text("15\n")
    said = refusal(other.start)
    assert f"was made by PostgreSQL {version.read_text().strip()}, but the programs in" in said
    assert "restore into a new data folder" in said
    assert not other.status().running
    version.write_text(own)
    running.start()
    assert "kept" in str(stored(running))


@pytest.mark.parametrize(
    ("text", "what"),
    [(None, "is missing"), ("", "is damaged"), ("{}", "is damaged"), ("[1]", "is damaged"), ("\0", "is damaged")],
)
def test_passwords_that_are_lost_or_damaged_are_named_and_never_made_anew(
    running: EmbeddedPostgres, passwords: Path, text: str | None, what: str
) -> None:
    passwords.unlink()
    if text is not None:
        passwords.write_text(text)
    for act in (running.start, running.urls, running.status):
        said = refusal(act)
        assert f"{passwords}, which holds the passwords of the embedded database, {what}. Put it back" in said
    assert passwords.exists() == (text is not None)


def test_passwords_that_were_put_back_are_good_again(running: EmbeddedPostgres, passwords: Path) -> None:
    before, text = identity(running), passwords.read_text()
    passwords.unlink()
    refusal(running.start)
    passwords.write_text(text)
    running.start()
    assert identity(running) == before


def test_passwords_of_another_database_are_refused(running: EmbeddedPostgres, passwords: Path) -> None:
    passwords.write_text(json.dumps(dict.fromkeys(json.loads(passwords.read_text()), "another")))
    said = refusal(running.start)
    assert f"does not take the passwords in {running.data_folder}. Put the file" in said


def test_a_server_stops_without_its_passwords(running: EmbeddedPostgres, passwords: Path) -> None:
    url = running.urls().app
    passwords.unlink()
    running.stop()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)
    running.stop()
