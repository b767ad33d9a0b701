"""Check that the same delivery says the same, again, in other threads, and in other processes.

Run as a module it is the other process: it prints what the samples say, as hashes.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.metadata import EntryPoint
from typing import Any

from sre_copilot.adapters.integrations.manager import PluginManager
from sre_copilot.domain.canonical import plain
from sre_copilot.domain.errors import CopilotError
from sre_copilot.testing.conformance.plugins.subject import Subject, Violation

SEEDS = ("1", "2")
"""Of the hashes of strings, so of the order of sets."""
THREADS = 4
"""So many calls of one type run at the same time."""
PATIENCE = 120
Said = Mapping[str, Any]


def determinism(subject: Subject) -> None:
    """The same delivery says the same: deliveries are replayed, in another process and another year."""
    first = said(subject)
    if said(subject) != first:
        raise Violation(f"Read twice, a sample says two things: {_difference(first, said(subject))}.")
    with ThreadPoolExecutor(THREADS) as pool:
        for found in pool.map(lambda _: said(subject), range(THREADS)):
            if found != first:
                raise Violation(
                    f"Read in several threads at once, a sample says another thing: {_difference(first, found)}."
                )
    for seed in SEEDS:
        elsewhere = _elsewhere(subject.points, seed).get(subject.kind)
        if elsewhere is not None and elsewhere != _hashed(first):
            raise Violation(
                f"In another process a sample says another thing: {_difference(_hashed(first), elsewhere)}. "
                "The order of a set, `hash()` and `id()` differ between processes."
            )


def said(subject: Subject) -> dict[str, Any]:
    """What its samples say, by their names and what was asked."""
    found: dict[str, Any] = {}
    for sample in subject.samples:
        delivery = sample.delivery(subject.now)
        stripped = subject.gateway.strip(subject.integration(), delivery)
        found[f"{sample.name}: the body that is kept"] = hashlib.sha256(stripped.body).hexdigest()
        for configured in (False, True):
            words = f"{sample.name}: parsed{' with settings' if configured else ''}"
            try:
                # As text, because the order of labels is part of it.
                parsed = plain(subject.gateway.parse(subject.integration(configured=configured), stripped))
                found[words] = json.dumps(parsed, ensure_ascii=True)
            except CopilotError as error:
                found[words] = str(error)
    return found


def _hashed(found: Said) -> dict[str, str]:
    return {words: hashlib.sha256(str(text).encode()).hexdigest() for words, text in found.items()}


def _difference(one: Said, other: Said) -> str:
    return ", ".join(words for words in one if one[words] != other.get(words))


@cache
def _elsewhere(points: tuple[tuple[str, str], ...] | None, seed: str) -> dict[str, dict[str, str]]:
    """What every type's samples say in a process of its own, by type; of all of them at once, because it takes long to start."""
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-m", __name__],
        input=json.dumps(points),
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    if done.returncode:
        raise Violation(f"The other process that reads the samples failed: {done.stderr.strip()[-2000:]}")
    found: dict[str, dict[str, str]] = json.loads(done.stdout)
    return found


def _main() -> None:
    points = json.load(sys.stdin)
    given = None if points is None else [EntryPoint(name, value, "sre_copilot.integrations") for name, value in points]
    manager = PluginManager(given)
    answers: dict[str, dict[str, str]] = {}
    for kind in manager.plugins:
        try:
            answers[kind] = _hashed(said(Subject(kind=kind, manager=manager)))
        except (Violation, CopilotError):
            # Its own check says so.
            continue
    sys.stdout.write(json.dumps(answers))


if __name__ == "__main__":
    _main()
