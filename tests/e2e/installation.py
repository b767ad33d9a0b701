"""An installed copilot as a user meets it: through its command line, and now and then as a library."""

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import attrs

from sre_copilot.adapters.recordings.metrics import RecordedMetrics
from sre_copilot.application.copilot import Copilot
from sre_copilot.bootstrap import bootstrap
from sre_copilot.domain.actors import Actor
from sre_copilot.entrypoints.cli.graph_file import read_graph
from sre_copilot.entrypoints.cli.replay import RecordedDelivery, ReplayClock, Tally, read_recording, replay
from sre_copilot.settings import Settings
from tests.e2e.picture import Picture, picture_of

COMMAND = (sys.executable, "-m", "sre_copilot.entrypoints.cli.main")
OURS = ("DATABASE_URL", "DATABASE_OWNER_URL", "SRE_COPILOT_DATA", "SRE_COPILOT_CONFIG", "SRE_COPILOT_KEYS")
INTEGRATIONS = ("prometheus", "pagerduty")


@attrs.frozen(kw_only=True)
class Answer:
    """What a command said, and how it ended."""

    arguments: Sequence[str]
    code: int
    out: str
    err: str

    def expect(self, code: int) -> Self:
        """The answer, where it ended as expected."""
        assert self.code == code, f"{' '.join(self.arguments)} ended with {self.code}: {self.out}{self.err}"
        assert "Traceback" not in self.out + self.err
        if code:
            assert len(self.err.strip().splitlines()) <= 1, f"more than one line: {self.err}"
        return self

    @property
    def document(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)


@attrs.frozen(kw_only=True)
class Installation:
    """A data folder with its own database server."""

    data_folder: Path
    _numbers: "itertools.count[int]" = attrs.field(factory=lambda: itertools.count(1), init=False)

    def call(self, *arguments: str, stdin: str | None = None, **environment: str) -> Answer:
        """Run a command in a process of its own and return its answer."""
        return finished(arguments, self.started(*arguments, stdin=stdin is not None, into=None, **environment), stdin)

    def started(
        self, *arguments: str, stdin: bool = False, into: tuple[Path, Path] | None = None, **environment: str
    ) -> "subprocess.Popen[str]":
        """Start a command and return its process, which may write what it says `into` two files."""
        kept = {name: value for name, value in os.environ.items() if name not in OURS}
        with ExitStack() as files:
            out, err = (files.enter_context(path.open("w")) for path in into) if into else (subprocess.PIPE,) * 2
            return subprocess.Popen(
                [*COMMAND, *arguments],
                env={**kept, "SRE_COPILOT_DATA": str(self.data_folder), "COLUMNS": "100", **environment},
                stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                text=True,
            )

    def open(self, folder: Path | None = None, clock: ReplayClock | None = None) -> Copilot:
        """The copilot as a library, with the metrics of a recording."""
        metrics = None if folder is None else RecordedMetrics(folder)
        return bootstrap(Settings(data_folder=self.data_folder), clock=clock, metrics=metrics)

    def tenant_for(self, folder: Path) -> str:
        """Create a tenant with the services of a recording and both integrations; return its slug."""
        slug = f"t-{os.getpid()}-{next(self._numbers)}"
        with self.open() as copilot:
            tenant, _ = copilot.create_tenant(slug=slug, admin_email=f"admin@{slug}.example.com", max_services=50)
            actor = copilot.administration.person(tenant)
            copilot.import_services(actor=actor, graph=read_graph(folder / "topology.json"))
            for name in INTEGRATIONS:
                copilot.create_integration(actor=actor, type=name)
        return slug

    def replay(self, slug: str, folder: Path) -> Picture:
        """Replay a recording into a tenant as `ingest` does, diagnose, and return what the tenant holds then."""
        clock = ReplayClock()
        rows = read_recording(folder / "deliveries.jsonl")
        with self.open(folder, clock) as copilot:
            actor = copilot.administration.person(copilot.administration.tenant(slug))
            integrations = copilot.integrations.list(actor=actor)
            tally = Tally()
            for receipt in replay(copilot, clock, actor, rows, integrations):
                tally = tally.plus(receipt)
            return self._diagnosed(copilot, actor, tally)

    def replay_untimed(self, slug: str, folder: Path) -> Picture:
        """Take in the lines in their order, whatever their receive times; timers run once, after the last one."""
        clock = ReplayClock()
        rows = read_recording(folder / "deliveries.jsonl")
        with self.open(folder, clock) as copilot:
            actor = copilot.administration.person(copilot.administration.tenant(slug))
            tally = _taken_in(copilot, actor, rows, clock)
            copilot.run_due_timers(actor=Actor.system(actor.tenant_id, origin="test"), now=clock.now())
            return self._diagnosed(copilot, actor, tally)

    def look(self, slug: str) -> Picture:
        """What a tenant holds now."""
        with self.open() as copilot:
            actor = copilot.administration.person(copilot.administration.tenant(slug))
            return picture_of(copilot, actor)

    def _diagnosed(self, copilot: Copilot, actor: Actor, tally: Tally) -> Picture:
        for incident in copilot.incidents.list(actor=actor):
            copilot.diagnose(actor=actor, incident_id=incident.id)
        return picture_of(copilot, actor, tally)


def finished(arguments: Sequence[str], process: "subprocess.Popen[str]", stdin: str | None = None) -> Answer:
    """Wait for a started command."""
    out, err = process.communicate(stdin, timeout=120)
    return Answer(arguments=arguments, code=process.returncode, out=out, err=err)


def _taken_in(copilot: Copilot, actor: Actor, rows: Iterable[RecordedDelivery], clock: ReplayClock) -> Tally:
    ids = {row.type: row.id for row in copilot.integrations.list(actor=actor)}
    tally = Tally()
    for row in rows:
        clock.advance(row.delivery.received_at)
        sender = Actor.integration(actor.tenant_id, ids[row.type], name=row.type)
        tally = tally.plus(copilot.ingest(actor=sender, integration_id=ids[row.type], delivery=row.delivery))
    return tally
