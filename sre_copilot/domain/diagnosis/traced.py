"""Traced calls as the metrics that they are: what the caller waits, and what the callee takes."""

from collections.abc import Iterator

from sre_copilot.domain.snapshots import MetricKind, MetricSeries
from sre_copilot.domain.telemetry import Telemetry, TracedCall

CLIENT, SERVER = "traced_client_median", "traced_server_median"


def traced_series(telemetry: Telemetry | None) -> Iterator[MetricSeries]:
    """Two latencies for each traced call, in seconds: as the caller sees it (span and gap), and as the callee does."""
    for call in telemetry.calls if telemetry else ():
        waited = tuple(
            None if median is None or gap is None else median + gap
            for median, gap in zip(call.medians, call.gaps, strict=True)
        )
        yield _series(call, CLIENT, waited)
        yield _series(call, SERVER, call.medians)


def _series(call: TracedCall, name: str, values: tuple[float | None, ...]) -> MetricSeries:
    return MetricSeries(
        component=call.caller,
        callee=call.callee,
        name=name,
        kind=MetricKind.LATENCY,
        unit="s",
        start=call.start,
        step_seconds=call.step_seconds,
        values=values,
    )
