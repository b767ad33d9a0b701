"""Another process that uses the embedded database: one command a line on standard input, one answer a line on standard output.

As root it becomes the user that is named on the command line, after everything is imported: that user may not be able to
read the environment. What is no refusal in plain words ends the process with a traceback, and with it the test.
"""

import json
import os
import pwd
import resource
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg

from sre_copilot.adapters.postgres.embedded import EmbeddedPostgres
from sre_copilot.domain.errors import CopilotError

Answer = dict[str, object]


def start(server: EmbeddedPostgres) -> Answer:
    """Start the server, sign in as the app and say when the server was started, by which it is known."""
    with psycopg.connect(server.start().app) as db:
        row = db.execute("SELECT pg_postmaster_start_time()::text, current_user::text").fetchone()
    assert row is not None
    return {"server": row[0], "user": row[1]}


def begin(server: EmbeddedPostgres) -> Answer:
    """Start the server and no more."""
    server.start()
    return {}


def stop(server: EmbeddedPostgres) -> Answer:
    """Stop the server."""
    server.stop()
    return {}


def run(server: EmbeddedPostgres) -> Answer:
    """Make a copilot of the data folder, as a program does, and say how many tenants there are."""
    # Here rather than above: no other command needs Django, which takes long to import.
    from sre_copilot.adapters.django_orm import setup
    from sre_copilot.bootstrap import bootstrap
    from sre_copilot.settings import Settings

    with bootstrap(Settings(data_folder=server.data_folder)) as copilot:
        tenants = len(copilot.administration.tenants())
    return {"tenants": tenants, "pending": setup.pending_migrations()}


ACTIONS: dict[str, Callable[[EmbeddedPostgres], Answer]] = {"start": start, "begin": begin, "stop": stop, "run": run}


def answer(command: dict[str, str]) -> Answer:
    """Do what a command says."""
    if "file_size" in command:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(command["file_size"]), resource.RLIM_INFINITY))
    binaries = Path(command["binaries"]) if command["binaries"] else None
    server = EmbeddedPostgres(
        Path(os.fsdecode(bytes.fromhex(command["folder"]))),
        binaries,
        json.loads(command["settings"]),
        relocated=Path(command["relocated"]),
    )
    try:
        return ACTIONS[command["do"]](server)
    except CopilotError as error:
        return {"refused": type(error).__name__, "says": str(error)}


def become(name: str) -> None:
    """Be that user from here on."""
    user = pwd.getpwnam(name)
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)


def main() -> None:
    """Answer until standard input ends."""
    if len(sys.argv) > 1:
        become(sys.argv[1])
    print(json.dumps({"ready": os.geteuid()}), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
