"""The parts of a run, and what becomes of their results."""

import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import attrs
from rich.console import Console
from rich.progress import Progress

from benchmarks.ingest.growth import growth, memories
from benchmarks.ingest.report import Budget, budgets, ratios, void
from benchmarks.ingest.scenarios import Prepared, Scenario, Turn, closed_turn, open_turn
from benchmarks.ingest.systems import ROOT, Ours, System
from benchmarks.ingest.tables import show_budgets, show_growth, show_library, show_turns

LIBRARY = ("unique", "duplicates")
NEVER_MEASURED = (
    "A worker that takes snapshots and tells people at the same time.",
    "More than one tenant at a time.",
    "A network, TLS, or a proxy: everything is on one machine, the load client too.",
    "Restarts and faults.",
)


@attrs.define(kw_only=True)
class Run:
    """One run. `open_turns` is whether ours also takes turns at fixed arrival times."""

    ours: Ours
    systems: Sequence[System]
    seconds: float
    repetitions: int
    begin: datetime
    out: Path
    open_turns: bool
    console: Console
    about: dict[str, Any]
    turns: list[Turn] = attrs.field(factory=list, init=False)
    library: list[dict[str, Any]] = attrs.field(factory=list, init=False)

    def storms(self, scenarios: Sequence[Scenario], progress: Progress) -> None:
        """A scenario after the other."""
        for scenario in scenarios:
            done = self._storm(scenario, progress)
            show_turns(progress.console, scenario, done)
            self.turns += done
            self.write()

    def _storm(self, scenario: Scenario, progress: Progress) -> list[Turn]:
        """All turns of a scenario, the systems one after the other, again and again."""
        taking_part = [(one, words) for one in self.systems if (words := one.words(scenario.words)) is not None]
        task = progress.add_task(f"{scenario.name}: preparing", total=len(taking_part) * self.repetitions)
        prepared = {one.name: Prepared.make(scenario, words, self.begin, self.seconds) for one, words in taking_part}
        databases = self.ours.databases
        done: list[Turn] = []
        for repetition in range(1, self.repetitions + 1):
            for system, _ in taking_part:
                progress.update(task, description=f"{scenario.name}: {system.name}")
                posts = prepared[system.name]
                turn = closed_turn(system, databases, posts, repetition, self.seconds)
                done.append(turn)
                if system.name == "ours" and scenario.name == "repeats-10" and self.open_turns:
                    half = turn.alerts_per_second / 2
                    done.append(open_turn(system, databases, posts, repetition, self.seconds, half))
                progress.advance(task)
        progress.remove_task(task)
        return done

    def library_turns(self, progress: Progress) -> None:
        """Deliveries handed in within a process, beside COPY."""
        task = progress.add_task("library", total=len(LIBRARY) * self.repetitions)
        databases = self.ours.databases
        for _ in range(self.repetitions):
            for kind in LIBRARY:
                progress.update(task, description=f"library: {kind}")
                databases.renew_ours()
                words = ("--data", str(databases.folder), "--kind", kind, "--seconds", str(self.seconds))
                command = (sys.executable, "-m", "benchmarks.ingest.library", *words)
                told = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
                self.library.append(json.loads(told))
                self.write()
                progress.advance(task)
        progress.remove_task(task)
        show_library(progress.console, self.library)

    def long_turns(self, stored: int, steady: float, memory: int, progress: Progress) -> None:
        """What takes long: millions of signals stored, a million taken in."""
        task = progress.add_task("growth", total=None)

        def note(text: str) -> None:
            progress.update(task, description=text)

        if stored:
            self.about["growth"] = growth(self.ours, stored, steady, note)
            show_growth(progress.console, self.about["growth"])
            self.write()
        if memory:
            self.about["memory"] = memories(self.ours, memory, note)
            self.write()
        progress.remove_task(task)

    def missing(self) -> list[str]:
        """What this run says nothing about."""
        took_part = {turn.system for turn in self.turns}
        parts = {
            "The baseline.": "baseline" in took_part,
            "Alertmanager.": "alertmanager" in took_part,
            "The library path.": bool(self.library),
            "Millions of signals stored (--stored).": "growth" in self.about,
            "Memory over a million signals (--memory).": "memory" in self.about,
        }
        return [*(name for name, is_there in parts.items() if not is_there), *NEVER_MEASURED]

    def judged(self) -> list[Budget]:
        """Print which budgets hold, and return them."""
        found = budgets(self.turns, self.library, self.about)
        show_budgets(self.console, found, void(self.turns), self.missing())
        return found

    def write(self) -> None:
        """Write what is known so far, so that a run that is broken off is not lost."""
        reasons = void(self.turns)
        told = {
            **self.about,
            "valid": not reasons,
            "void": reasons,
            "ratios": ratios(self.turns),
            "budgets": [attrs.asdict(one) for one in budgets(self.turns, self.library, self.about)],
            "not_measured": self.missing(),
            "turns": [attrs.asdict(turn) for turn in self.turns],
            "library": self.library,
        }
        self.out.parent.mkdir(parents=True, exist_ok=True)
        self.out.write_text(json.dumps(told, indent=1) + "\n")
