"""How long one diagnosis takes on a ready snapshot, against its budget.

    python -m benchmarks.diagnosis.bench_speed

50 components x 3 metrics x 600 samples: 50 ms. 50 x 20 x 1,440: 500 ms. Twice the components: about twice the time.
"""

import json
import math
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sre_copilot.adapters.diagnosis.training import load_calibration, load_weights
from sre_copilot.domain.diagnosis.engine import diagnose
from sre_copilot.domain.service_graph import Call, Placement, ServiceGraph
from sre_copilot.domain.snapshots import ContextSnapshot, MetricKind, MetricSeries, ObservedSignal

START = datetime(2026, 1, 1, tzinfo=UTC)
STEP = 15.0
INCIDENT_SHARE = 0.1
KINDS = (
    (MetricKind.LATENCY, "s"),
    (MetricKind.ERROR_RATE, "ratio"),
    (MetricKind.TRAFFIC, "requests/s"),
    (MetricKind.CPU, "ratio"),
    (MetricKind.MEMORY, "bytes"),
)
CASES = ((50, 3, 600, 50.0), (50, 20, 1440, 500.0), (100, 3, 600, None), (200, 3, 600, None), (400, 3, 600, None))
"""(components, metrics each, samples each, budget in milliseconds)."""


def noise(seed: int) -> float:
    """A repeatable number in [0, 1)."""
    return (math.sin(seed * 12.9898) * 43758.5453) % 1.0


def snapshot(components: int, metrics: int, samples: int) -> ContextSnapshot:
    """A tree of services, four callees each, with a fault in a leaf and every series noisy."""
    names = [f"service-{number}" for number in range(components)]
    calls = frozenset(Call(caller=names[(n - 1) // 4], callee=names[n]) for n in range(1, components))
    placements = frozenset(
        Placement(service=name, host=f"host-{(n + pod) % 7}", pod=f"{name}-{pod}")
        for n, name in enumerate(names)
        for pod in range(2)
    )
    onset = START + timedelta(seconds=STEP * samples * (1 - INCIDENT_SHARE))
    end = START + timedelta(seconds=STEP * samples)
    culprit = components - 1
    touched = {culprit}
    while 0 not in touched:
        touched.add((min(touched) - 1) // 4)
    first = round(samples * (1 - INCIDENT_SHARE))
    series = tuple(
        MetricSeries(
            component=name,
            name=f"metric_{m}",
            kind=KINDS[m % len(KINDS)][0],
            unit=KINDS[m % len(KINDS)][1],
            start=START,
            step_seconds=STEP,
            values=tuple(
                0.2
                + 0.1 * noise(n * 7919 + m * 104729 + i)
                + (2.0 if n in touched and m % 5 < 2 and i >= first else 0.0)
                for i in range(samples)
            ),
        )
        for n, name in enumerate(names)
        for m in range(metrics)
    )
    signals = tuple(
        ObservedSignal(id=UUID(int=n), service=names[n], title=f"{names[n]} is slow", severity="high", started_at=onset)
        for n in sorted(touched)
    )
    return ContextSnapshot(
        id=UUID(int=1),
        incident_id=UUID(int=2),
        as_of=end,
        window_start=START,
        onset=onset,
        window_end=end,
        alarm=names[0],
        signals=signals,
        graph=ServiceGraph(services=frozenset(names), calls=calls, placements=placements),
        metrics=series,
    )


def main() -> None:
    """Print one line of JSON per size: the best of five, and the budget."""
    for components, metrics, samples, budget in CASES:
        given = snapshot(components, metrics, samples)
        taken = []
        for _ in range(5):
            began = time.perf_counter()
            diagnose(given, weights=load_weights(), calibration=load_calibration())
            taken.append((time.perf_counter() - began) * 1000)
        row = {"components": components, "metrics": metrics, "samples": samples}
        print(json.dumps({**row, "milliseconds": round(min(taken), 1), "budget": budget}))


if __name__ == "__main__":
    main()
