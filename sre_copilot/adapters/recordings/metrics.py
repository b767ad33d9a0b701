"""The metrics of a recorded incident, answered as a live Prometheus would: never anything later than asked for.

A recording holds answers of `/api/v1/query_range` and an index of the queries.
"""

import gzip
import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs

from sre_copilot.domain.errors import InvalidInput
from sre_copilot.domain.range_queries import series_of
from sre_copilot.domain.snapshots import MetricSeries
from sre_copilot.domain.telemetry import Telemetry


@attrs.define(slots=False)
class RecordedMetrics:
    """A metric context that answers from the `metrics/` folder of a recording; without one it knows nothing.

    Reads the folder at the first question and keeps it. Raises InvalidInput for a folder in another form.
    """

    folder: Path

    def series(self, *, start: datetime, end: datetime, tenant_id: UUID | None = None) -> Sequence[MetricSeries]:
        """Return the series cut to samples in [start, end]; series without a sample there are left out."""
        return tuple(cut for series in self._series if (cut := _cut(series, start, end)) is not None)

    def telemetry(self, *, start: datetime, end: datetime, tenant_id: UUID | None = None) -> Telemetry | None:
        """None: a recording holds no logs and traces."""
        return None

    @cached_property
    def _series(self) -> tuple[MetricSeries, ...]:
        index = self.folder / "metrics" / "index.json"
        if not index.exists():
            return ()
        found: list[MetricSeries] = []
        try:
            entries: Mapping[str, Any] = json.loads(index.read_text(encoding="utf-8"))
            for name in sorted(entries):
                answer = json.loads(gzip.decompress((index.parent / entries[name]["file"]).read_bytes()))
                entry = entries[name]
                found += series_of(name, entry.get("unit", ""), float(entry["step"]), answer["data"]["result"])
        except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise InvalidInput(
                f"{index.parent} holds no recorded metrics ({type(error).__name__}: {error}). Expected index.json with "
                '{name: {"file", "unit", "step"}} and gzipped answers of query_range beside it.'
            ) from error
        return tuple(found)


def _cut(series: MetricSeries, start: datetime, end: datetime) -> MetricSeries | None:
    step = series.step_seconds
    first = max(0, math.ceil((start - series.start).total_seconds() / step))
    stop = min(len(series.values), math.floor((end - series.start).total_seconds() / step) + 1)
    if stop <= first:
        return None
    at = datetime.fromtimestamp(series.start.timestamp() + first * step, UTC)
    return attrs.evolve(series, start=at, values=series.values[first:stop])
