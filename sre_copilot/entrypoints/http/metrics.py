"""What `/metrics` says, in Prometheus' text format, for all processes of the server together.

With several processes each writes its numbers into files of a folder, and whoever is asked adds them up: the server sets
`PROMETHEUS_MULTIPROC_DIR` before any of them starts. Labels have few values: a route, never a path; no tenant.
"""

import os
from functools import cache
from pathlib import Path

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""The only way in which the library is told."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

_registry = CollectorRegistry()
_requests = Counter(
    "sre_copilot_http_requests", "Requests answered.", ("method", "route", "status"), registry=_registry
)
_seconds = Histogram(
    "sre_copilot_http_request_seconds",
    "Seconds from the first byte of a request that was read to its answer.",
    ("method", "route"),
    buckets=BUCKETS,
    registry=_registry,
)
_in_progress = Gauge(
    "sre_copilot_http_requests_in_progress",
    "Requests that are being answered.",
    registry=_registry,
    multiprocess_mode="livesum",
)
_deliveries = Counter(
    "sre_copilot_http_deliveries", "Deliveries at the doors, by what became of them.", ("outcome",), registry=_registry
)
ProcessCollector(registry=_registry)
# Labels have few values, and to look one up takes longer than to count.
_requests_of, _seconds_of, _deliveries_of = cache(_requests.labels), cache(_seconds.labels), cache(_deliveries.labels)


def began() -> None:
    """Count a request that is being answered."""
    _in_progress.inc()


def answered(method: str | None, route: str, status: int, seconds: float) -> None:
    """Count an answer. `route` is the pattern of the path, "" where none matched."""
    known = method if method in METHODS else "other"
    _in_progress.dec()
    _requests_of(known, route, status).inc()
    _seconds_of(known, route).observe(seconds)


def delivery(outcome: str) -> None:
    """Count a delivery: accepted, quarantined or refused."""
    _deliveries_of(outcome).inc()


def exposition() -> tuple[bytes, str]:
    """The text and its content type."""
    folder = os.environ.get(FOLDER_VARIABLE)
    if folder is None:
        return generate_latest(_registry), CONTENT_TYPE_LATEST
    _forget_dead(Path(folder))
    everybody = CollectorRegistry()
    MultiProcessCollector(everybody, path=folder)  # type: ignore[no-untyped-call]  # the library has no types there
    return generate_latest(everybody), CONTENT_TYPE_LATEST


def _forget_dead(folder: Path) -> None:
    """A process that was killed answers nothing any more, whatever it last wrote."""
    for file in folder.glob("gauge_live*_*.db"):
        pid = int(file.stem.rpartition("_")[2])
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]  # nor there
        except PermissionError:
            continue
