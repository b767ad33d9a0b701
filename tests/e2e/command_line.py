"""Commands as a user types them, run within the test's process, and a tenant to run them for."""

import io
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import attrs
import click
import psycopg
import pytest

from sre_copilot.adapters.postgres.embedded import EmbeddedPostgres
from sre_copilot.adapters.system import new_id
from sre_copilot.domain.actors import Role
from sre_copilot.entrypoints.cli.main import cli, run
from tests.e2e.installation import OURS, Answer, Installation
from tests.e2e.recordings import folder_of, read_lines, write_lines

SHORT = 60
"""Deliveries of a short recording."""


def leaves(group: click.Group = cli, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that does something, with its words."""
    ctx = click.Context(group)
    for name in group.list_commands(ctx):
        found = group.get_command(ctx, name)
        assert found is not None
        if isinstance(found, click.Group):
            yield from leaves(found, (*path, name))
        else:
            yield (*path, name), found


@attrs.frozen(kw_only=True)
class Terminal:
    """Types commands for one tenant of an installation, or for none."""

    installation: Installation
    slug: str | None = None

    def __call__(
        self, *arguments: str, stdin: bytes = b"", columns: int = 100, environment: Mapping[str, str] | None = None
    ) -> Answer:
        """Run a command and return its answer, whatever its exit code."""
        given = (*arguments, "--tenant", self.slug) if self.slug else arguments
        out, err = _stream(), _stream()
        wanted = {
            "SRE_COPILOT_DATA": str(self.installation.data_folder),
            "COLUMNS": str(columns),
            **(environment or {}),
        }
        with _environment(wanted, stdin), redirect_stdout(out), redirect_stderr(err):
            code = run(given)
        return Answer(arguments=given, code=code, out=_written(out), err=_written(err))

    def done(self, *arguments: str, stdin: bytes = b"", columns: int = 100) -> str:
        """What a command prints that has to succeed, and to say nothing on standard error."""
        answer = self(*arguments, stdin=stdin, columns=columns).expect(0)
        assert answer.err == ""
        return answer.out

    def told(self, *arguments: str, stdin: bytes = b"") -> Any:
        """The JSON document of a command that has to succeed."""
        return json.loads(self.done(*arguments, "--json", stdin=stdin))

    def for_tenant(self, slug: str) -> "Terminal":
        """The same for a tenant."""
        return attrs.evolve(self, slug=slug)


@contextmanager
def _environment(wanted: Mapping[str, str], stdin: bytes) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in (*OURS, "NO_COLOR", "FORCE_COLOR"):
            patch.delenv(name, raising=False)
        for name, value in wanted.items():
            patch.setenv(name, value)
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        yield


def _stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()


def new_tenant(installation: Installation, *types: str, limits: Sequence[str] = ()) -> Terminal:
    """A tenant of its own with integrations of these types and these options about its plan, made by commands."""
    slug = f"cli-{os.getpid()}-{str(new_id())[-8:]}"
    terminal = Terminal(installation=installation)
    terminal.done("tenants", "create", slug, "--admin", f"ada@{slug}.example.com", *limits)
    terminal = terminal.for_tenant(slug)
    for name in types:
        terminal.done("integrations", "create", name)
    return terminal


def add_person(terminal: Terminal, role: Role, *, active: bool = True) -> str:
    """Add a person to the tenant and return the address."""
    email = f"{role.value}-{new_id()}@example.com"
    terminal.done("users", "add", email, "--role", role.value)
    if not active:
        terminal.done("users", "change", email, "--inactive")
    return email


def row_counts(installation: Installation) -> dict[str, int]:
    """How many rows every table has, of all tenants."""
    with psycopg.connect(EmbeddedPostgres(installation.data_folder).superuser_url("sre_copilot")) as db:
        names = db.execute("SELECT relname FROM pg_stat_user_tables ORDER BY relname").fetchall()
        counts: Sequence[Any] = [db.execute(f'SELECT count(*) FROM "{name}"'.encode()).fetchone() for (name,) in names]
    return {name: count[0] for (name,), count in zip(names, counts, strict=True)}


def alert(folder: Path, **fields: Any) -> str:
    """Write the body of a generic alert and return the file's name."""
    body = {"title": "Checkout answers 500", "service": "checkout", "severity": "critical", **fields}
    file = folder / f"{new_id()}.json"
    file.write_text(json.dumps(body), encoding="utf-8")
    return str(file)


def short_recording(folder: Path) -> Path:
    """The bad deploy until its first alerts have ended: a change, a duplicate, repeats and resolves are in it."""
    source = folder_of("bad-deploy")
    folder.mkdir()
    (folder / "topology.json").write_bytes((source / "topology.json").read_bytes())
    write_lines(folder, read_lines(source)[:SHORT])
    return folder
