"""Logs, traces and notices of a case document as a collector would have counted them, with their past in front."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sre_copilot.domain.telemetry import LogTemplate, Notice, Telemetry, TracedCall, TracedOperation

Document = dict[str, Any]
Row = Mapping[str, Any]
MINUTE = timedelta(minutes=1)
UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}
KINDS = ("logs", "operations", "edges")


def telemetry_of(document: Document, background: Document | None, start: datetime) -> Telemetry | None:
    """What the document tells, from `start` to the end of its window; None where it has no such kinds at all.

    Minutes of a shared background that lie inside the window or after it are left out. A minute that no coverage
    lists is unknown.
    """
    if not any(kind in document for kind in ("coverage", "spans", "notices")):
        return None
    if "coverage" in document:
        return _counted(document, background, start).bounded()
    return _single(document, start).bounded()


def _counted(document: Document, background: Document | None, start: datetime) -> Telemetry:
    timeline = _Timeline(document, background, start)
    unit = UNITS[document.get("duration_unit", "us")]
    first = timeline.start
    logs = []
    for (component, level, template), found in timeline.rows("logs", "component", "level", "template").items():
        counts = timeline.filled("logs", found, "counts")
        logs.append(
            LogTemplate(
                component=component,
                level=level or "",
                template=template,
                start=first,
                step_seconds=60.0,
                counts=_whole(counts),
            )
        )
    operations = []
    for (component, operation), found in timeline.rows("operations", "component", "operation").items():
        operations.append(
            TracedOperation(
                component=component,
                operation=operation,
                start=first,
                step_seconds=60.0,
                counts=_whole(timeline.filled("operations", found, "count")),
                medians=_scaled(timeline.filled("operations", found, "p50", None), unit),
            )
        )
    calls = []
    for (caller, callee), found in timeline.rows("edges", "caller", "callee").items():
        calls.append(
            TracedCall(
                caller=caller,
                callee=callee,
                start=first,
                step_seconds=60.0,
                counts=_whole(timeline.filled("edges", found, "count")),
                medians=_scaled(timeline.filled("edges", found, "mean", None), unit),
                gaps=_scaled(timeline.filled("edges", found, "gap_p50", None), unit),
            )
        )
    return Telemetry(logs=tuple(logs), operations=tuple(operations), calls=tuple(calls))


class _Timeline:
    """The minutes of a case behind those of its background. A label is the collector's: it holds the minute that ends in it."""

    def __init__(self, document: Document, background: Document | None, start: datetime) -> None:
        self._parts: list[tuple[Document, datetime, range]] = []
        window = datetime.fromisoformat(document["window"]["start"])
        end = datetime.fromisoformat(document["window"]["end"])
        self.start = min(start, window) - MINUTE
        if background is not None and background["clock"] == "same":
            zero = datetime.fromisoformat(background["window"]["start"])
            self.start = min(self.start, zero - MINUTE)
            self._parts.append((background, zero, range((window - zero) // MINUTE)))
        self._parts.append((document, window, range((end - window) // MINUTE + 1)))
        self._length = (end - self.start) // MINUTE + 1

    def rows(self, kind: str, *keys: str) -> dict[tuple[str, ...], list[tuple[int, Row, range]]]:
        found: dict[tuple[str, ...], list[tuple[int, Row, range]]] = {}
        for document, zero, kept in self._parts:
            for row in document.get(kind, ()):
                found.setdefault(tuple(row[key] for key in keys), []).append((self._offset(zero), row, kept))
        return found

    def filled(
        self, kind: str, found: Iterable[tuple[int, Row, range]], name: str, quiet: float | None = 0
    ) -> list[float | None]:
        values: list[float | None] = [None] * self._length
        for document, zero, kept in self._parts:
            for minute in document["coverage"][kind]:
                if minute in kept:
                    self._put(values, self._offset(zero) + minute, quiet)
        for offset, row, kept in found:
            for minute, value in zip(row["minutes"], row[name], strict=True):
                if minute in kept:
                    self._put(values, offset + minute, value)
        return values

    def _offset(self, zero: datetime) -> int:
        return (zero - self.start) // MINUTE - 1

    def _put(self, values: list[float | None], place: int, value: float | None) -> None:
        if 0 <= place < len(values):
            values[place] = value


def _single(document: Document, start: datetime) -> Telemetry:
    """Single records and clustered patterns: a pattern tells how many lines there were before, and how many since."""
    end = datetime.fromisoformat(document["window"]["end"])
    since = end - datetime.fromisoformat(document["detected_at"])
    levels = {(row["component"], row["template"]): row["level"] for row in document["logs"]}
    logs = [
        LogTemplate(
            component=row["component"],
            level=levels.get((row["component"], row["template"]), _GUESSED[row["sentiment"]]),
            template=row["template"],
            start=end - 2 * since,
            step_seconds=since.total_seconds(),
            counts=(max(0, row["count"] - int(row["delta"])), row["count"]),
        )
        for row in document["log_patterns"]
    ]
    known = {(log.component, log.template) for log in logs}
    minutes = (end - start) // MINUTE + 1
    single: dict[tuple[str, str, str], list[int]] = {}
    for row in document["logs"]:
        if (row["component"], row["template"]) not in known:
            counts = single.setdefault((row["component"], row["level"], row["template"]), [0] * minutes)
            counts[min(max((datetime.fromisoformat(row["at"]) - start) // MINUTE, 0), minutes - 1)] += row["count"]
    for (component, level, template), counts in single.items():
        logs.append(
            LogTemplate(
                component=component,
                level=level or "",
                template=template,
                start=start,
                step_seconds=60.0,
                counts=tuple(counts),
            )
        )
    notices = [
        Notice(
            source=row.get("source") or row.get("component") or "unknown",
            at=datetime.fromisoformat(row["at"]),
            text=" ".join(str(row[key]) for key in ("title", "summary", "text", "message", "body") if row.get(key)),
            component=row.get("component") or "",
        )
        for row in document.get("notices", ())
    ]
    return Telemetry(logs=tuple(logs), notices=tuple(notices))


_GUESSED = {"negative": "ERROR", "neutral": "INFO", "positive": "INFO"}


def _whole(values: Sequence[float | None]) -> tuple[int | None, ...]:
    return tuple(None if value is None else int(value) for value in values)


def _scaled(values: Sequence[float | None], unit: float) -> tuple[float | None, ...]:
    return tuple(None if value is None else value * unit for value in values)
