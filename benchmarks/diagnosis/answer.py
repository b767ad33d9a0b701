"""Answer a folder of case documents through the public facade, and write predictions for their scorer.

    python -m benchmarks.diagnosis.answer --cases FOLDER --out predictions.jsonl [--left-out] [--stress NAME] [--seed N]

FOLDER holds sets as `<set>/cases/*.json.gz` with `<set>/background/`, and may hold `runbooks/{corpus,queries}.jsonl`. No
truth is read, except with --left-out, which ranks each case by weights and calibration that never saw its root cause.
Without it a copilot as people run it answers, on an embedded PostgreSQL of its own, with what ships; with it the same
facade over storage in memory. --stress alters the cases first, see `stress.py`.
"""

import argparse
import json
import random
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.diagnosis.asked import Asking, Store, case, documents
from benchmarks.diagnosis.run import left_out
from benchmarks.diagnosis.search import answers
from benchmarks.diagnosis.stress import STRESS
from sre_copilot.adapters.diagnosis.engine import OfflineEngine
from sre_copilot.adapters.integrations.gateway import PluginGateway, PluginTypes
from sre_copilot.adapters.integrations.isolation import Isolation
from sre_copilot.adapters.integrations.manager import PluginManager
from sre_copilot.adapters.outgoing.connecting import Guard
from sre_copilot.adapters.postgres.embedded import EmbeddedPostgres
from sre_copilot.bootstrap import bootstrap, toolbox_of
from sre_copilot.domain.diagnosis.confidence import Calibration
from sre_copilot.domain.diagnosis.scoring import Weights
from sre_copilot.settings import Settings
from sre_copilot.testing.clock import ManualClock
from sre_copilot.testing.stage import copilot as in_memory


@contextmanager
def installed() -> Iterator[Asking]:
    """A copilot as people run it, on a database of its own that is gone afterwards."""
    store, clock = Store(), ManualClock()
    with tempfile.TemporaryDirectory(prefix="sre-copilot-bench-") as folder:
        settings = Settings(data_folder=Path(folder))
        try:
            with bootstrap(settings, clock=clock, metrics=store) as copilot:
                yield Asking(copilot=copilot, store=store, clock=clock)
        finally:
            EmbeddedPostgres(settings.data_folder).stop()


def remembered(engine: OfflineEngine) -> Asking:
    """The same facade, engine and plugins over storage in memory."""
    store, clock = Store(), ManualClock()
    toolbox = toolbox_of(Guard())
    manager, isolation = PluginManager(), Isolation()
    made = in_memory(
        clock=clock,
        metrics=store,
        engine=engine,
        gateway=PluginGateway(manager, isolation, toolbox),
        types=PluginTypes(manager, isolation, toolbox),
    )
    return Asking(copilot=made, store=store, clock=clock)


def main() -> None:
    """Write one prediction per case and query."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=Path, required=True, help="folder of the sets")
    parser.add_argument("--out", type=Path, required=True, help="file of predictions to write")
    parser.add_argument("--left-out", action="store_true", help="rank each case by what never saw its root cause")
    parser.add_argument("--memory", action="store_true", help="keep everything in memory instead of PostgreSQL")
    parser.add_argument("--stress", choices=sorted(STRESS), help="alter the cases first")
    parser.add_argument("--seed", type=int, default=0, help="of the alterations")
    given = parser.parse_args()
    rng = random.Random(given.seed)
    trained = left_out(given.cases) if given.left_out else {}
    with ExitStack() as stack, given.out.open("w", encoding="utf-8") as file:
        asking = None if given.memory or given.left_out else stack.enter_context(installed())
        for number, (_, document, background) in enumerate(documents(given.cases)):
            if given.stress:
                STRESS[given.stress](document, rng)
            asked = case(document, background if document["background"] else None)
            if asking is None:
                rows, taken = remembered(_engine(trained.get(asked.id))).answer(asked, f"case-{number}")
            else:
                rows, taken = asking.answer(asked, f"case-{number}")
            file.write(json.dumps({"id": asked.id, "ms": round(taken, 2), "ranked": rows}) + "\n")
        if (given.cases / "runbooks" / "corpus.jsonl").exists() and not given.stress:
            file.writelines(json.dumps(row) + "\n" for row in answers(given.cases))


def _engine(trained: tuple[Weights, Calibration] | None) -> OfflineEngine:
    return OfflineEngine(weights=trained[0], calibration=trained[1]) if trained else OfflineEngine()


if __name__ == "__main__":
    main()
