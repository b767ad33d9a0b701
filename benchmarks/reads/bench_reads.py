"""How fast lists, pages and reports are when there is much: one large tenant among many small ones, under row security.

    python -m benchmarks.reads.bench_reads [--incidents N] [--signals N] [--plans FILE]

The questions go through the real queries and repositories as the app role. They take turns, so that what else the machine
does hits all of them. Where an index is named, the same question is asked with that index hidden from the planner.
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from django.db import connections
from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmarks.reads.loading import NOW, SMALL, Loaded, load
from benchmarks.reads.measuring import Measured, asked, plans, without_index
from benchmarks.reads.questions import BRUTE_FORCE, questions
from sre_copilot.adapters.django_orm import setup
from sre_copilot.adapters.django_orm.routing import ALIAS
from sre_copilot.testing.postgres import migrated_database, shared_server

QUICK = 20
"""Asked so often in a turn; a slow question less often."""
TURNS = 5
WIDTH = 150
"""Columns of the table where nobody says how wide it may be."""
UNMEASURED = (
    "reads from a cold cache: everything that is read often was read before, and the server's memory is its default",
    "reads while much is written; `make bench-ingest` storms",
    "HTTP and JSON around the queries",
    "several readers at once",
)


def cold_report(on: Loaded, url: str) -> dict[str, float]:
    """What the report takes where nothing was added up, after a change of this week, and by brute force, in milliseconds."""
    report = next(one for one in questions(setup.adapters()[0], on) if one.name == "response times of a year")

    def once() -> float:
        began = time.perf_counter()
        report.ask()
        return (time.perf_counter() - began) * 1000

    told: dict[str, float] = {}
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("DELETE FROM response_times")
        told["nothing added up before"] = once()
        changed: list[float] = []
        for number in range(5):
            db.execute(
                "UPDATE incidents SET resolved_at = resolved_at + interval '1 second' WHERE id = (SELECT id FROM incidents "
                "WHERE tenant_id = %s AND state = 'resolved' AND detected_at < %s ORDER BY detected_at DESC OFFSET %s LIMIT 1)",
                [on.tenant, NOW, number],
            )
            changed.append(once())
        told["after a change in one week"] = statistics.median(changed)
    with setup.adapters()[0](on.tenant), connections[ALIAS].cursor() as cursor:
        brute: list[float] = []
        for _ in range(3):
            began = time.perf_counter()
            cursor.execute(BRUTE_FORCE, [on.tenant, NOW - timedelta(weeks=52)])
            cursor.fetchall()
            brute.append((time.perf_counter() - began) * 1000)
    told["by sorting everything"] = statistics.median(brute)
    return told


def show(console: Console, rows: Sequence[Mapping[str, Any]], report: Mapping[str, float]) -> None:
    """Print what was measured."""
    table = Table(
        "Question",
        "Queries",
        "SQL ms",
        "All ms (min-max)",
        "p99",
        "Without",
        "SQL ms without",
        "Budget",
        box=None,
        header_style="bold",
    )
    for column in (1, 2, 3, 4, 6):
        table.columns[column].justify = "right"
    for row in rows:
        ms, without = row["ms"], row["sql_ms_without_it"]
        budget = Text(row["budget"] or "", style={True: "green", False: "bold red"}.get(row["holds"], ""))
        table.add_row(
            row["question"],
            str(row["statements"]),
            f"{row['sql_ms']:.2f}",
            f"{ms['median']:.2f} ({ms['min']:.2f}-{ms['max']:.2f})",
            f"{row['p99_ms']:.2f}",
            row["hidden_index"] or "",
            "" if without is None else f"{without:.2f} ({without / row['sql_ms']:.0f}x)",
            budget,
        )
    console.print(table)
    console.print("\nThe report of a year, in ms: " + ", ".join(f"{name} {took:.0f}" for name, took in report.items()))
    console.print("\nNot measured: " + "; ".join(UNMEASURED) + ".")


def measure(
    given: argparse.Namespace, console: Console, url: str
) -> tuple[list[dict[str, Any]], dict[str, float], dict[str, Any]]:
    """Load, ask in turns, and return the figures, those of the report, and what there was."""
    began = time.perf_counter()
    with console.status("Loading ...") as status:
        on = load(url, given.incidents, given.signals, lambda what: status.update(f"Loading: {what}"))
        loading = time.perf_counter() - began
        status.update("Asking ...")
        report = cold_report(on, url)
        measured = [Measured(question=question) for question in questions(setup.adapters()[0], on)]
        for turn in range(TURNS + 1):
            for one in measured:
                # The first turn fills caches.
                asked(one.question, one if turn else Measured(question=one.question), on.tenant, QUICK)
        for one in measured:
            if one.question.without:
                one.hidden = without_index(url, one.question, on.tenant)
        if given.plans:
            given.plans.parent.mkdir(parents=True, exist_ok=True)
            given.plans.write_text("\n".join(plans(one.question, on.tenant) for one in measured))
    with psycopg.connect(url) as db:
        (version,) = db.execute("SHOW server_version").fetchone() or ("",)
        sizes = dict(
            db.execute(
                "SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r' AND relname IN ('incidents', 'signals', 'episodes', 'response_times')"
            ).fetchall()
        )
        (large,) = db.execute("SELECT count(*) FROM incidents WHERE tenant_id = %s", [on.tenant]).fetchone() or (0,)
    facts = {
        "postgresql": version,
        "processors": os.cpu_count(),
        "load": os.getloadavg()[0],
        "loading_seconds": loading,
        "incidents": given.incidents,
        "signals": given.signals,
        "incidents_of_the_large_tenant": large,
        "small_tenants": SMALL,
        "bytes": sizes,
    }
    return [one.told() for one in measured], report, facts


def main() -> None:
    """Measure, print and write JSON. Ends with 1 where a budget does not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--incidents", type=int, default=100_000, metavar="N", help="of all tenants (100,000)")
    parser.add_argument("--signals", type=int, default=500_000, metavar="N", help="of all tenants (500,000)")
    parser.add_argument("--plans", type=Path, metavar="FILE", help="where the plans are written as Markdown")
    parser.add_argument("--out", type=Path, default=Path("build/bench-reads.json"))
    given = parser.parse_args()
    if given.incidents < 10_000:
        parser.error("take 10,000 incidents or more: with fewer a large tenant is a small one")
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH)
    with shared_server("bench-reads") as server:
        migrated_database(server, "reads")
        try:
            rows, report, facts = measure(given, console, server.superuser_url("reads"))
        finally:
            setup.close()
    show(console, rows, report)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    document = {"facts": facts, "questions": rows, "report_of_a_year_ms": report, "not_measured": UNMEASURED}
    given.out.write_text(json.dumps(document, indent=1) + "\n")
    console.print(f"Written to {given.out}.")
    over = [row["question"] for row in rows if row["holds"] is False]
    if over:
        raise SystemExit(f"Over the budget: {', '.join(over)}.")


if __name__ == "__main__":
    main()
