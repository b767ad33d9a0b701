"""Whoever starts it: root, whose server runs as nobody, a normal user, and one after the other."""

import os
import pwd
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from sre_copilot.adapters.postgres.embedded import EmbeddedPostgres
from sre_copilot.adapters.postgres.place import NOTE, RELOCATED, relocated_folder
from sre_copilot.domain.errors import EmbeddedDatabaseFailed
from tests.integration.postgres.ground import (
    STRANGER,
    Ground,
    as_root,
    identity,
    is_alive,
    postmaster,
    store,
    stored,
)


def permissions(path: Path) -> list[tuple[int, int]]:
    """Owner and mode of a folder and of everything above it."""
    return [(part.stat().st_uid, stat.S_IMODE(part.stat().st_mode)) for part in (path, *path.parents)]


def owner(path: Path) -> str:
    return pwd.getpwuid(path.stat().st_uid).pw_name


@pytest.fixture
def home(ground: Ground) -> Iterator[Path]:
    """A home that only its owner may enter, as root's is."""
    place = ground.folder / "home"
    place.mkdir(mode=0o700)
    yield place
    place.chmod(0o700)


def test_the_server_runs_as_the_caller_or_for_root_as_nobody(running: EmbeddedPostgres) -> None:
    expected = "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    assert owner(Path(f"/proc/{postmaster(running)}")) == expected
    assert owner(running.status().folder) == expected
    assert owner(running.data_folder) == pwd.getpwuid(os.geteuid()).pw_name


def test_a_closed_home_stays_as_closed_as_it_was(ground: Ground, home: Path) -> None:
    """For root the data goes to the usual place for it, and a note says so; for others it stays."""
    before = permissions(home)
    server = ground.server("home/data", relocated=RELOCATED)
    elsewhere = relocated_folder(server.data_folder)
    server.start()
    store(server, "here")
    server.stop()
    server.start()
    assert stored(server) == "here"
    assert permissions(home) == before
    if os.geteuid() == 0:
        assert server.status().folder.parent == elsewhere
        assert (server.data_folder / NOTE).read_text().startswith(f"{elsewhere}\n")
        assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o755
    else:
        assert server.status().folder.parent == server.data_folder
    server.erase()
    assert not elsewhere.exists()
    assert list(home.iterdir()) == []


@as_root
def test_relocated_data_is_found_again_whatever_happens_to_the_data_folder(ground: Ground, home: Path) -> None:
    """Its note is lost, it is moved, it is deleted; only the last begins anew, and keeps what was there before."""
    server = ground.server("home/data")
    server.start()
    store(server, "here")
    before = identity(server)

    (server.data_folder / NOTE).unlink()
    server.start()
    assert identity(server) == before

    moved = ground.server("home/moved")
    server.data_folder.rename(moved.data_folder)
    moved.start()
    assert (identity(moved), stored(moved)) == (before, "here")
    moved.data_folder.rename(server.data_folder)

    old = postmaster(server)
    shutil.rmtree(server.data_folder)
    server.start()
    assert not is_alive(old)
    assert identity(server) != before
    kept = list((ground.folder / "elsewhere").glob("*.set-aside-1/postgres/data/PG_VERSION"))
    assert len(kept) == 1


@as_root
@pytest.mark.parametrize("first", ["/etc", "{0}/../../etc", "{0}/0123456789abcde", "", "\udcff"])
def test_a_note_that_leads_elsewhere_is_refused_and_nothing_is_touched(ground: Ground, home: Path, first: str) -> None:
    server = ground.server("home/data")
    server.data_folder.mkdir()
    text = first.format(server.relocated)
    (server.data_folder / NOTE).write_text(f"{text}\n", errors="surrogateescape")
    before = permissions(Path("/etc"))
    for act in (server.start, server.stop, server.status, server.erase):
        with pytest.raises(EmbeddedDatabaseFailed, match=r"should name a folder in .*SRE_COPILOT_DATA"):
            act()
    assert permissions(Path("/etc")) == before
    assert not server.relocated.exists()


@as_root
def test_a_normal_user_has_a_server_of_ones_own_that_root_can_start_too(ground: Ground, home: Path) -> None:
    """As with `sudo`: what root does in the user's folder takes nothing away from the user."""
    user = pwd.getpwnam(STRANGER)
    os.chown(home, user.pw_uid, user.pw_gid)
    visitor = ground.visitor(STRANGER)
    server = ground.server("home/data")
    before = permissions(home)
    answer = visitor.call("start", server)
    assert answer["user"] == "sre_copilot_app_login"
    assert owner(Path(f"/proc/{postmaster(server)}")) == STRANGER
    assert stat.S_IMODE(server.data_folder.stat().st_mode) == 0o700

    server.start()
    assert identity(server) == answer["server"]
    server.stop()
    # As after an upgrade that changes the roles.
    (server.data_folder / "prepared").unlink()
    server.start()
    assert owner(Path(f"/proc/{postmaster(server)}")) == STRANGER

    assert visitor.call("start", server)["server"] == identity(server)
    assert visitor.call("stop", server) == {}
    assert visitor.call("start", server)["server"] == identity(server)
    assert permissions(home) == before


@as_root
def test_what_belongs_to_somebody_else_is_refused_in_one_line(
    ground: Ground, home: Path, running: EmbeddedPostgres
) -> None:
    """A folder in another's home, and the data folder of another."""
    visitor = ground.visitor(STRANGER)
    for server in (ground.server("home/data"), running):
        for act in ("start", "stop"):
            answer = visitor.call(act, server)
            assert answer["refused"] == "EmbeddedDatabaseFailed"
            assert "Permission denied" in answer["says"]
            assert "SRE_COPILOT_DATA" in answer["says"]
    assert running.status().running
