"""`sre-copilot worker`, `jobs`, `schedule`: what happens without anybody typing."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from sre_copilot.adapters.postgres.embedded import EmbeddedPostgres
from sre_copilot.application.schedule import SCHEDULE
from tests.e2e.command_line import Terminal, alert, new_tenant
from tests.e2e.installation import Installation
from tests.e2e.server import awaited
from tests.e2e.workers import Worker


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Installation]:
    """An installation of the test's own, whose server may be broken."""
    made = Installation(data_folder=tmp_path / "data")
    yield made
    EmbeddedPostgres(made.data_folder).erase()


@pytest.fixture
def workers(own: Installation) -> Iterator[Callable[[], Worker]]:
    """Starts workers; they are gone at the end."""
    running: list[Worker] = []

    def start() -> Worker:
        running.append(Worker.start(own, "--concurrency", "2"))
        return running[-1]

    yield start
    for worker in running:
        worker.kill()


def opened(terminal: Terminal, folder: Path) -> str:
    """Send an alert and return the incident that it opens."""
    incident: str = terminal.told(
        "ingest", alert(folder, service=f"s{time.monotonic_ns()}"), "--integration", "generic"
    )["opened"][0]
    return incident


def test_a_worker_diagnoses_what_opens_survives_a_crash_of_the_database_and_stops_when_told(
    own: Installation, workers: Callable[[], Worker], tmp_path: Path
) -> None:
    terminal = new_tenant(own, "generic")
    first = opened(terminal, tmp_path)
    worker = workers()

    def is_diagnosed(incident: str) -> bool:
        shown = terminal.told("incidents", "show", incident)
        return bool(shown["hypotheses"] and shown["recommendations"])

    awaited(lambda: is_diagnosed(first), "the first diagnosis")
    os.kill(int(own_pid_file(own).read_text().split()[0]), signal.SIGKILL)
    # No command is typed until the worker has started the server again.
    awaited(lambda: EmbeddedPostgres(own.data_folder).status().running, "a database")
    second = opened(terminal, tmp_path)
    awaited(lambda: is_diagnosed(second), "the second diagnosis")
    awaited(
        lambda: all(row["last"] is not None and row["last"]["ok"] for row in schedule_of(terminal)),
        "every entry of the schedule",
    )
    worker.process.send_signal(signal.SIGTERM)
    assert (worker.process.wait(60), worker.out.read_text()) == (0, "")
    events = worker.events()
    assert events[0] == "worker started"
    assert events[-1] == "worker stopped"
    assert "database is back" in events
    assert events.count("job done") >= 2


def own_pid_file(own: Installation) -> Path:
    return EmbeddedPostgres(own.data_folder).status().folder / "data" / "postmaster.pid"


def schedule_of(terminal: Terminal) -> list[dict[str, dict[str, object] | None]]:
    found: list[dict[str, dict[str, object] | None]] = Terminal(installation=terminal.installation).told("schedule")[
        "schedule"
    ]
    return found


def test_the_schedule_lists_every_entry_with_what_it_does(installation: Installation) -> None:
    text = Terminal(installation=installation).done("schedule", columns=120)
    assert [entry.name for entry in SCHEDULE if entry.name not in text or entry.what not in text] == []


@pytest.fixture
def dead_job(installation: Installation, tmp_path: Path) -> tuple[str, int]:
    """A tenant and the number of its job that failed as often as it may."""
    terminal = new_tenant(installation, "generic")
    opened(terminal, tmp_path)
    assert terminal.slug is not None
    (waiting,) = jobs_of(installation, terminal.slug)
    with psycopg.connect(EmbeddedPostgres(installation.data_folder).superuser_url("sre_copilot")) as db:
        db.execute(
            "UPDATE procrastinate_jobs SET status = 'failed', attempts = 8, args = args || '{\"last_error\": \"timeout\"}' "
            "WHERE id = %s",
            [waiting],
        )
    return terminal.slug, waiting


def jobs_of(installation: Installation, slug: str, *options: str) -> list[int]:
    operator = Terminal(installation=installation)
    tenants = {row["slug"]: row["id"] for row in operator.told("tenants", "list")["tenants"]}
    found = operator.told("jobs", "list", "--limit", "10000", *options)["jobs"]
    return [row["id"] for row in found if row["job"]["tenant_id"] == tenants[slug]]


def test_a_dead_job_is_listed_with_tenant_and_error_and_waits_again_when_it_is_retried(
    installation: Installation, dead_job: tuple[str, int]
) -> None:
    slug, number = dead_job
    operator = Terminal(installation=installation)
    assert jobs_of(installation, slug) == []
    assert "dead: sre-copilot jobs list --dead" in operator.done("jobs", "list", columns=140)
    text = operator.done("jobs", "list", "--dead", columns=140)
    (line,) = [line for line in text.splitlines() if slug in line]
    assert {"diagnose", "dead", "8", "timeout"} <= set(line.split())
    assert operator.done("jobs", "retry", str(number)) == f"Job {number} (diagnose) waits again.\n"
    assert jobs_of(installation, slug) == [number]
    assert jobs_of(installation, slug, "--dead") == []


def test_all_dead_jobs_are_retried_at_once(installation: Installation, dead_job: tuple[str, int]) -> None:
    operator = Terminal(installation=installation)
    assert dead_job[1] in [row["id"] for row in operator.told("jobs", "retry", "--all")["retried"]]
    assert operator.told("jobs", "list", "--dead") == {"jobs": []}
    assert operator.done("jobs", "retry", "--all") == "No job is dead.\n"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("jobs", "retry"), 2, "Name one job by its ID, or all with --all."),
        (("jobs", "retry", "7", "--all"), 2, "Name one job by its ID, or all with --all."),
        (("jobs", "retry", "999999999"), 4, "999999999"),
        (("worker", "--concurrency", "0"), 2, "concurrency"),
    ],
)
def test_a_mistake_gets_one_clear_line(
    installation: Installation, arguments: tuple[str, ...], code: int, words: str
) -> None:
    assert words in Terminal(installation=installation)(*arguments).expect(code).err
