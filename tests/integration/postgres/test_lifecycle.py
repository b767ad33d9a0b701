"""One server per data folder: started once, found by everybody, stopped for good, closed to all but its roles."""

import os
import stat
from pathlib import Path

import psycopg
import pytest

from sre_copilot.adapters.postgres.embedded import EmbeddedPostgres
from sre_copilot.adapters.postgres.passwords import FILE
from sre_copilot.adapters.postgres.roles import GROUPS, LOGINS
from tests.integration.postgres.ground import Ground, ask, identity, is_alive, postmaster, store, stored


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_another_process_uses_the_server_that_runs(running: EmbeddedPostgres, ground: Ground) -> None:
    answer = ground.visitor().call("start", running)
    assert answer == {"server": identity(running), "user": LOGINS["app"]}


def test_a_second_start_changes_nothing(running: EmbeddedPostgres) -> None:
    before = identity(running)
    assert running.start() == running.urls()
    assert identity(running) == before


def test_the_server_outlives_the_process_that_started_it(running: EmbeddedPostgres, ground: Ground) -> None:
    running.stop()
    visitor = ground.visitor()
    server = visitor.call("start", running)["server"]
    visitor.end()
    assert identity(running) == server


def test_what_was_stored_is_there_after_a_stop_and_a_start_under_the_same_address(running: EmbeddedPostgres) -> None:
    store(running, "kept")
    before, urls = identity(running), running.urls()
    running.stop()
    assert running.start() == urls
    assert "kept" in str(stored(running))
    assert identity(running) != before


def test_stop_ends_every_process_and_may_be_repeated(running: EmbeddedPostgres) -> None:
    number = postmaster(running)
    assert running.status().running
    assert running.stop()
    assert not running.stop()
    assert not running.status().running
    assert not is_alive(number)


def test_stop_ends_connections(running: EmbeddedPostgres) -> None:
    with psycopg.connect(running.urls().app) as db:
        running.stop()
        with pytest.raises(psycopg.OperationalError):
            db.execute("SELECT 1")


def test_stopping_or_erasing_what_never_was_makes_nothing(ground: Ground) -> None:
    server = ground.server("absent")
    server.stop()
    server.erase()
    assert not server.status().running
    assert not server.data_folder.exists()


def test_status_tells_the_version_and_where_things_are(running: EmbeddedPostgres) -> None:
    status = running.status()
    assert status.running
    assert status.version == int(str(ask(running, "SHOW server_version_num")))
    assert status.log.is_file()
    assert status.log.parent == status.folder


def test_three_roles_sign_in_and_three_groups_do_not(running: EmbeddedPostgres) -> None:
    with psycopg.connect(running.superuser_url()) as db:
        found = db.execute(
            "SELECT rolname, rolcanlogin, rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication "
            "FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY 1"
        ).fetchall()
    assert found == sorted(
        [("postgres", True, True), *((name, False, False) for name in GROUPS.values())]
        + [(name, True, False) for name in LOGINS.values()]
    )


@pytest.mark.parametrize("role", LOGINS)
def test_a_role_signs_in_with_its_password_and_no_other(running: EmbeddedPostgres, role: str) -> None:
    url = getattr(running.urls(), role)
    with psycopg.connect(url) as db:
        assert db.execute("SELECT session_user::text").fetchone() == (LOGINS[role],)
        verifier = ask(running, f"SELECT rolpassword FROM pg_authid WHERE rolname = '{LOGINS[role]}'")
    assert str(verifier).startswith("SCRAM-SHA-256$")
    for wrong in ("", "wrong"):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(url, password=wrong)


def test_nobody_signs_in_without_a_scram_password(running: EmbeddedPostgres) -> None:
    assert ask(running, "SELECT string_agg(DISTINCT auth_method, ',') FROM pg_hba_file_rules") == "scram-sha-256"


def test_it_listens_on_its_socket_and_on_no_network(running: EmbeddedPostgres) -> None:
    assert ask(running, "SHOW listen_addresses") == ""
    opened = [str(path.readlink()) for path in Path(f"/proc/{postmaster(running)}/fd").iterdir()]
    sockets = {name.removeprefix("socket:[").removesuffix("]") for name in opened if name.startswith("socket:")}
    tables = [Path(f"/proc/net/{name}") for name in ("tcp", "tcp6", "udp", "udp6")]
    networked = {line.split()[9] for table in tables if table.exists() for line in table.open()}
    assert sockets
    assert not sockets & networked


def test_passwords_data_and_socket_are_closed_to_others(running: EmbeddedPostgres) -> None:
    passwords = running.data_folder / FILE
    assert mode(passwords) == 0o600
    assert passwords.stat().st_uid == os.geteuid()
    assert mode(running.status().folder) == 0o700
    assert mode(Path(str(ask(running, "SHOW unix_socket_directories")).strip('"'))) == 0o700


def test_no_password_reaches_log_or_settings(running: EmbeddedPostgres) -> None:
    secrets = [part.split(":")[2].split("@")[0] for part in (running.urls().app, running.urls().owner)]
    place = running.status().folder.parent
    texts = [path for path in place.rglob("*") if path.is_file() and path.name != FILE and "base" not in path.parts]
    assert running.status().log in texts
    assert not [path for path in texts for secret in secrets if secret.encode() in path.read_bytes()]


def test_a_program_gets_a_migrated_database_by_itself(ground: Ground) -> None:
    """With the programs of the wheel, whichever are tested, because a program can't choose."""
    server = EmbeddedPostgres(ground.folder / "data")
    ground.servers.append(server)
    visitor = ground.visitor()
    assert visitor.call("run", server) == {"tenants": 0, "pending": []}
    assert visitor.call("run", server) == {"tenants": 0, "pending": []}
    with psycopg.connect(server.urls().owner) as db:
        owners = db.execute("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'").fetchall()
    assert owners == [(GROUPS["owner"],)]


def test_erasing_leaves_neither_server_nor_folder_and_needs_no_passwords(ground: Ground) -> None:
    server = ground.server()
    server.start()
    number = postmaster(server)
    (server.data_folder / FILE).unlink()
    server.erase()
    assert not is_alive(number)
    assert not server.data_folder.exists()
