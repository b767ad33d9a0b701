"""Context snapshots of small made-up incidents, for tests of whatever diagnoses."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from sre_copilot.domain.service_graph import Call, Placement, ServiceGraph
from sre_copilot.domain.snapshots import ContextSnapshot, MetricKind, MetricSeries, ObservedChange, ObservedSignal
from sre_copilot.domain.telemetry import LogTemplate, Notice, TracedCall, TracedOperation

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
STEP = timedelta(seconds=15)
MINUTE = timedelta(minutes=1)
SAMPLES = 80
QUIET_SAMPLES = 60
"""Of `SAMPLES`, as many are before the incident."""
ONSET = START + QUIET_SAMPLES * STEP
END = START + (SAMPLES - 1) * STEP


def make_values(before: float, during: float, *, wobble: float = 0.0) -> tuple[float | None, ...]:
    """`before` for the quiet samples, `during` for the rest; `wobble` is added to every third and taken from the next."""
    shifts = (0.0, wobble, -wobble)
    return tuple((before if i < QUIET_SAMPLES else during) + shifts[i % 3] for i in range(SAMPLES))


def make_series(
    component: str,
    values: Sequence[float | None],
    *,
    kind: MetricKind = MetricKind.LATENCY,
    unit: str = "s",
    name: str = "",
    **given: Any,
) -> MetricSeries:
    """A series from `START` every `STEP`; its name is its kind unless given."""
    return MetricSeries(
        **{
            "component": component,
            "name": name or kind.value,
            "kind": kind,
            "unit": unit,
            "start": START,
            "step_seconds": STEP.total_seconds(),
            "values": tuple(values),
            **given,
        }
    )


def make_observed_signal(service: str, title: str = "", **given: Any) -> ObservedSignal:
    """A firing signal of `service` since the onset, with an id made from its fields."""
    title = title or f"{service} is slow"
    started = given.pop("started_at", ONSET)
    identity = f"{service}\0{title}\0{started.isoformat()}\0{given}"
    return ObservedSignal(
        **{
            "id": uuid5(NAMESPACE_OID, identity),
            "service": service,
            "title": title,
            "severity": "high",
            "started_at": started,
            **given,
        }
    )


def make_observed_change(service: str, summary: str = "", **given: Any) -> ObservedChange:
    """A deploy of `service` five minutes before the onset, with an id made from its fields."""
    summary = summary or f"Deploy {service}"
    return ObservedChange(
        **{
            "id": uuid5(NAMESPACE_OID, f"{service}\0{summary}\0{given}"),
            "service": service,
            "kind": "deploy",
            "summary": summary,
            "at": ONSET - timedelta(minutes=5),
            **given,
        }
    )


def make_graph(calls: Iterable[tuple[str, str]] = (), placements: Iterable[tuple[str, str]] = ()) -> ServiceGraph:
    """A graph from (caller, callee) pairs and (service, host) pairs, one pod each."""
    edges = frozenset(Call(caller=caller, callee=callee) for caller, callee in calls)
    pods = frozenset(
        Placement(service=service, host=host, pod=f"{service}-{number}")
        for number, (service, host) in enumerate(placements)
    )
    named = {end for edge in edges for end in (edge.caller, edge.callee)} | {pod.service for pod in pods}
    return ServiceGraph(services=frozenset(named), calls=edges, placements=pods)


def make_context(alarm: str = "shop", **given: Any) -> ContextSnapshot:
    """A snapshot whose incident was raised by `alarm` at `ONSET` and is still open at `END`."""
    return ContextSnapshot(
        **{
            "id": UUID(int=1),
            "incident_id": UUID(int=2),
            "as_of": END,
            "window_start": START,
            "onset": ONSET,
            "window_end": END,
            "alarm": alarm,
            "signals": (make_observed_signal(alarm),),
            **given,
        }
    )


def make_slow_dependency() -> ContextSnapshot:
    """shop -> orders -> stock, where stock became slow, the others with it, and cpu rose at stock alone."""
    return make_context(
        graph=make_graph([("shop", "orders"), ("orders", "stock"), ("shop", "search")]),
        signals=(make_observed_signal("shop"), make_observed_signal("orders", started_at=ONSET + STEP)),
        metrics=(
            make_series("shop", make_values(0.30, 1.30, wobble=0.01)),
            make_series("orders", make_values(0.20, 1.20, wobble=0.01)),
            make_series("stock", make_values(0.05, 1.05, wobble=0.002)),
            make_series("search", make_values(0.05, 0.05, wobble=0.002)),
            make_series("stock", make_values(0.2, 0.9, wobble=0.01), kind=MetricKind.CPU, unit="ratio"),
            make_series("search", make_values(0.2, 0.2, wobble=0.01), kind=MetricKind.CPU, unit="ratio"),
        ),
    )


def make_log(component: str, before: int | None, during: int | None, template: str = "", **given: Any) -> LogTemplate:
    """Lines of one template per minute: `before` in the quiet minutes, `during` in the rest; an error unless given."""
    minutes = SAMPLES * STEP // MINUTE
    quiet = QUIET_SAMPLES * STEP // MINUTE
    return LogTemplate(
        **{
            "component": component,
            "level": "ERROR",
            "template": template or f"{component} failed",
            "start": START,
            "step_seconds": MINUTE.total_seconds(),
            "counts": tuple(before if i < quiet else during for i in range(minutes)),
            **given,
        }
    )


def make_operation(component: str, before: float, during: float, **given: Any) -> TracedOperation:
    """Ten spans per minute of one operation that takes `before` seconds, then `during`, every third a tenth more."""
    minutes = SAMPLES * STEP // MINUTE
    quiet = QUIET_SAMPLES * STEP // MINUTE
    medians = [(before if i < quiet else during) * (1.1 if i % 3 == 0 else 1.0) for i in range(minutes)]
    return TracedOperation(
        **{
            "component": component,
            "operation": "GET /",
            "start": START,
            "step_seconds": MINUTE.total_seconds(),
            "counts": (10,) * minutes,
            "medians": tuple(medians),
            **given,
        }
    )


def make_traced_call(caller: str, callee: str, before: float, during: float, **given: Any) -> TracedCall:
    """Ten calls per minute that take 0.1 s, with a gap of `before` seconds, then of `during`."""
    minutes = SAMPLES * STEP // MINUTE
    quiet = QUIET_SAMPLES * STEP // MINUTE
    return TracedCall(
        **{
            "caller": caller,
            "callee": callee,
            "start": START,
            "step_seconds": MINUTE.total_seconds(),
            "counts": (10,) * minutes,
            "medians": (0.1,) * minutes,
            "gaps": tuple(before if i < quiet else during for i in range(minutes)),
            **given,
        }
    )


def make_notice(text: str = "Degraded performance", **given: Any) -> Notice:
    """A status message of a vendor, five minutes before the onset unless given."""
    return Notice(**{"source": "vendor", "at": ONSET - 5 * MINUTE, "text": text, **given})
