"""Search the labelled runbooks with the labelled alert texts, through the port on real PostgreSQL.

    python -m benchmarks.diagnosis.search --data FOLDER --out predictions.jsonl

FOLDER holds the labelled sets; its folder `runbooks` has corpus.jsonl and queries.jsonl. The corpus goes into a tenant of
its own on a throw-away server; every query is answered with the ten best documents. The predictions are for the scorer
of the sets.
"""

import argparse
import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs

from sre_copilot.adapters.django_orm import setup
from sre_copilot.adapters.system import new_id
from sre_copilot.domain.runbook_pages import RunbookPage, read_page
from sre_copilot.domain.runbook_words import symptom_query
from sre_copilot.domain.runbooks import Runbook
from sre_copilot.domain.tenants import Tenant
from sre_copilot.testing.postgres import migrated_database, shared_server

BEST = 10
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a file, one per line."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def runbook(number: int, document: dict[str, Any], *, anonymous: bool) -> Runbook:
    """A labelled document as the import makes it a runbook. An anonymous one lost its title, and its name wherever it stood."""
    text = document["text"]
    if anonymous:
        text = re.sub(rf"(?<!\w){re.escape(document['name'])}(?!\w)", "", text)
    edit = read_page(RunbookPage(source=f"runbooks/{document['path']}", text=text), ()).edit
    if anonymous:
        edit = attrs.evolve(edit, title="Document", tags=())
    return Runbook.new(edit, id=new_id(), slug=f"document-{number}", owner_id=None, at=NOW)


def answers(data: Path, *, anonymous: bool) -> Iterator[dict[str, Any]]:
    """The scorer's rows for all queries of the folder `runbooks` in `data`."""
    with shared_server("benchmark-search") as server:
        migrated_database(server, "search")
        units = setup.adapters()[0]
        tenant = Tenant(id=new_id(), name="Benchmark", slug="benchmark", contact_email="a@example.com", created_at=NOW)
        names = {}
        with units(tenant.id) as uow:
            uow.tenants.add(tenant)
            for number, document in enumerate(lines(data / "runbooks" / "corpus.jsonl")):
                book = runbook(number, document, anonymous=anonymous)
                names[book.id] = document["id"]
                uow.runbooks.save(book)
            uow.commit()
        for query in lines(data / "runbooks" / "queries.jsonl"):
            began = time.perf_counter()
            with units(tenant.id) as uow:
                found = uow.runbooks.search(symptom_query([query["text"]]), limit=BEST)
            taken = (time.perf_counter() - began) * 1000
            ranked = [{"document": names[book.id]} for book, _ in found]
            yield {"id": query["id"], "ms": round(taken, 2), "ranked": ranked}
        setup.close()


def main() -> None:
    """Store, search, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the labelled sets")
    parser.add_argument("--out", type=Path, required=True, help="file of predictions to write")
    parser.add_argument("--anonymous", action="store_true", help="take its name out of each document")
    arguments = parser.parse_args()
    with arguments.out.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in answers(arguments.data, anonymous=arguments.anonymous))


if __name__ == "__main__":
    main()
