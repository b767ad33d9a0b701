"""How much a plugin that misbehaves slows down the deliveries of other integrations.

    python -m benchmarks.plugins.bench_containment [--rounds 5] [--seconds 4] [--only floods ...] [--out FILE]

A server with a third party's plugins answers a steady stream for a `generic` integration, 15 a second from four senders, while
six other senders knock at doors whose plugin sleeps, raises, calls SystemExit, floods, or prints secrets. In every round they
take four turns with the same senders at doors of the same plugin that behaves. The ratio is p99(misbehaving) / p99(behaving) of
the stream, each latency counted from when the delivery was due. Budget: over all rounds at most 1.2 for each kind; the spread of
the rounds is shown beside it.

Every turn has doors of its own and is short, because an integration is suspended after five failures. Not measured: several
processes, a loop that never pauses (not contained while parsing, as documented), and what a worker does at the same time.
"""

import argparse
import itertools
import json
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import attrs
from rich.console import Console
from rich.progress import track
from rich.table import Table

from tests.e2e.distributions import lay_out
from tests.e2e.installation import Installation
from tests.e2e.server import Server, serving

BUDGET = 1.2
PER_SECOND = 15
SENDERS = 4
INTRUDERS = 6
TURNS = 4
"""How often the two take turns in a round, so that what slows down the machine for a while slows down both."""
PAUSE = 1.0
"""Seconds between two deliveries of one intruder."""
MISDEEDS = ("sleeps", "raises", "exits", "floods", "prints")
PLUGINS = """
import sys, time
import attrs
from sre_copilot.domain.deliveries import Parsed
from sre_copilot.domain.signals import SignalDraft
from sre_copilot.hookspecs import hookimpl

DRAFT = SignalDraft(name="n", service="intruder", vendor_key="k")

@attrs.frozen
class Plugin:
    type: str
    title: str = "Intruder"

    def parse(self, integration, payload, delivery):
        if self.type == "sleeps":
            time.sleep(30)
        elif self.type == "raises":
            raise ValueError("hunter2")
        elif self.type == "exits":
            raise SystemExit("hunter2")
        elif self.type == "floods":
            return Parsed(drafts=(DRAFT,) * 1_000_000)
        elif self.type == "prints":
            for _ in range(20):
                print("hunter2" * 100)
                print("hunter2" * 100, file=sys.stderr)
        return Parsed(drafts=(DRAFT,))

@hookimpl
def sre_copilot_integrations():
    return [Plugin(name) for name in ("behaves", "sleeps", "raises", "exits", "floods", "prints")]
"""


@attrs.frozen(kw_only=True)
class Door:
    """An integration, and its key."""

    id: str
    key: str = attrs.field(repr=False)

    def knock(self, server: Server, number: int) -> int:
        """Deliver one alert and return the status."""
        told = {
            "title": f"alert {number % 20}",
            "service": "shop",
            "severity": "high",
            "id": f"{time.time_ns()}-{number}",
        }
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        return server.ask("POST", f"/webhooks/{self.id}", body=json.dumps(told).encode(), headers=headers).status


@attrs.frozen(kw_only=True)
class Row:
    """What a misdeed costs the others: over all rounds, and (min, median, max) of the rounds' ratios."""

    plugin: str
    samples: int
    quiet_p99_ms: float
    p99_ms: float
    ratio: float
    rounds: tuple[float, float, float]


@attrs.frozen(kw_only=True)
class Bench:
    """A tenant with a door that is measured."""

    server: Server
    token: str = attrs.field(repr=False)
    measured: Door
    seconds: float

    def latencies(self, kind: str, name: str) -> Sequence[float]:
        """Return those of the stream, in seconds, while a plugin does what its type says."""
        doors = [created(self.server, self.token, kind, f"{name} {number}") for number in range(INTRUDERS)]
        over = threading.Event()
        intruders = [
            threading.Thread(target=self._intrude, args=(door, place, over)) for place, door in enumerate(doors)
        ]
        for thread in intruders:
            thread.start()
        try:
            return self._stream()
        finally:
            over.set()
            for thread in intruders:
                thread.join()

    def _intrude(self, door: Door, place: int, over: threading.Event) -> None:
        # One after the other: knocking all at once they would measure each other.
        over.wait(PAUSE * place / INTRUDERS)
        number = 0
        while not over.wait(PAUSE):
            door.knock(self.server, number)
            number += 1

    def _stream(self) -> Sequence[float]:
        due = schedule(time.perf_counter(), self.seconds)
        lock = threading.Lock()
        taken: list[float] = []
        refused: list[int] = []

        def send() -> None:
            while True:
                with lock:
                    moment = next(due, None)
                if moment is None:
                    return
                time.sleep(max(0.0, moment - time.perf_counter()))
                status = self.measured.knock(self.server, len(taken))
                taken.append(time.perf_counter() - moment)
                if status != 202:
                    refused.append(status)

        senders = [threading.Thread(target=send) for _ in range(SENDERS)]
        for thread in senders:
            thread.start()
        for thread in senders:
            thread.join()
        if refused:
            raise SystemExit(f"{len(refused)} deliveries of the stream were not accepted: {sorted(set(refused))}.")
        return taken


def created(server: Server, token: str, kind: str, name: str) -> Door:
    """Create an integration that takes its key alone."""
    wanted = {"type": kind, "name": name, "settings": {"accept_key": True} if kind == "generic" else {}}
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    made = server.ask("POST", "/api/v1/integrations", body=json.dumps(wanted).encode(), headers=headers)
    told = made.expect(201).document
    return Door(id=told["integration"]["id"], key=told["key"])


def schedule(start: float, seconds: float) -> Iterator[float]:
    """When the deliveries of the stream are due."""
    return (start + number / PER_SECOND for number in range(int(seconds * PER_SECOND)))


def measure(bench: Bench, rounds: int, misdeeds: Sequence[str]) -> list[Row]:
    """Return a row per misdeed, behaving and misbehaving by turns."""
    bench.latencies("behaves", "warm-up")
    found: dict[str, list[tuple[Sequence[float], Sequence[float]]]] = {misdeed: [] for misdeed in misdeeds}
    for number in track(range(rounds), description="rounds"):
        for misdeed in misdeeds:
            quiet: list[float] = []
            troubled: list[float] = []
            for turn in range(TURNS):
                quiet += bench.latencies("behaves", f"quiet {misdeed} {number} {turn}")
                troubled += bench.latencies(misdeed, f"{misdeed} {number} {turn}")
            found[misdeed].append((quiet, troubled))
    return [compared(misdeed, pairs) for misdeed, pairs in found.items()]


def compared(misdeed: str, pairs: Sequence[tuple[Sequence[float], Sequence[float]]]) -> Row:
    """Return what a misdeed costs the others."""
    ratios = [p99(troubled) / p99(quiet) for quiet, troubled in pairs]
    quiet = [taken for taken, _ in pairs]
    troubled = [taken for _, taken in pairs]
    return Row(
        plugin=misdeed,
        samples=sum(map(len, troubled)),
        quiet_p99_ms=round(p99(*quiet) * 1000, 1),
        p99_ms=round(p99(*troubled) * 1000, 1),
        ratio=round(p99(*troubled) / p99(*quiet), 2),
        rounds=(round(min(ratios), 2), round(statistics.median(ratios), 2), round(max(ratios), 2)),
    )


def p99(*taken: Sequence[float]) -> float:
    """Return the 99th percentile of everything."""
    return statistics.quantiles(itertools.chain(*taken), n=100)[98]


def main() -> None:
    """Run the rounds, print a table and write JSON. Ends with 1 where a budget is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0, help="how long one turn lasts")
    parser.add_argument("--only", nargs="+", choices=MISDEEDS, default=MISDEEDS)
    parser.add_argument("--out", type=Path, default=Path("build/bench-containment.json"))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        installation = Installation(data_folder=Path(folder) / "data")
        path = lay_out(Path(folder), "intruders", PLUGINS)
        with installation.open() as copilot:
            _, admin = copilot.create_tenant(slug="bench", admin_email="ada@bench.example.com")
            token = copilot.create_token(actor=admin.as_actor(), user_id=admin.id, name="bench", role=admin.role).secret
        try:
            with serving(installation, PYTHONPATH=str(path)) as server:
                measured = created(server, token, "generic", "measured")
                bench = Bench(server=server, token=token, measured=measured, seconds=given.seconds)
                rows = measure(bench, given.rounds, given.only)
        finally:
            installation.call("down")
    given.out.parent.mkdir(parents=True, exist_ok=True)
    told = {
        "seconds": given.seconds,
        "rounds": given.rounds,
        "budget": BUDGET,
        "plugins": [attrs.asdict(row) for row in rows],
    }
    given.out.write_text(json.dumps(told, indent=1) + "\n")
    table = Table("plugin", "p99 beside one that behaves", "p99", "ratio", "per round (min, median, max)", "budget")
    for row in rows:
        rounds = ", ".join(map(str, row.rounds))
        style = "red" if row.ratio > BUDGET else None
        figures = (f"{row.quiet_p99_ms} ms", f"{row.p99_ms} ms", str(row.ratio), rounds, str(BUDGET))
        table.add_row(row.plugin, *figures, style=style)
    Console().print(table)
    if exceeded := [row.plugin for row in rows if row.ratio > BUDGET]:
        raise SystemExit(f"Over the budget: {', '.join(exceeded)}.")


if __name__ == "__main__":
    main()
