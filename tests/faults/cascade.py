"""A cascade: one cause in each of several groups of services, and alerts from everything above it."""

import itertools
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import attrs

from sre_copilot.domain.service_graph import Call, ServiceGraph
from tests.faults.alerts import Event, Parcel

GROUPS = ("payments", "search", "mail", "maps", "video", "login", "billing", "chat")
LAYERS = ("gateway", "api", "logic", "cache", "store")
"""Each calls the next one; the cause is in the last."""
ALERTS = ("HighErrorRate", "SlowResponses", "PodCrashLooping", "QueueGrowing", "TooManyRestarts")


def group_of(service: str) -> str:
    """The group that a service belongs to."""
    return service.partition("-")[0]


def graph() -> ServiceGraph:
    """Who calls whom: nobody beyond its own group."""
    services = [[f"{group}-{layer}" for layer in LAYERS] for group in GROUPS]
    return ServiceGraph(
        services=frozenset(name for group in services for name in group),
        calls=frozenset(
            Call(caller=caller, callee=callee) for group in services for caller, callee in itertools.pairwise(group)
        ),
    )


@attrs.frozen(kw_only=True)
class Cascade:
    """So many alerts, `pods` of each service with `kinds` of alerts each, so that series fire again and again."""

    count: int
    pods: int
    kinds: int
    seed: int
    word: str = "alert"
    sizes: tuple[int, ...] = (1, 5, 10, 25)
    """Alerts in one delivery."""

    def parcels(self) -> Sequence[Parcel]:
        """All deliveries in their order: it begins at the causes and reaches everybody soon."""
        rng = random.Random(self.seed)
        alerts = list(self._alerts(rng))
        made: list[Parcel] = []
        while alerts:
            size = rng.choice(self.sizes)
            made.append(Parcel(name=f"{self.word}-parcel-{len(made)}", events=tuple(alerts[:size])))
            alerts = alerts[size:]
        return made

    def _alerts(self, rng: random.Random) -> Iterator[Event]:
        began_at = datetime.now(UTC) - timedelta(minutes=5)
        for number in range(self.count):
            # How far the cascade has come: from the store alone to all layers within the first tenth.
            reached = min(len(LAYERS), 1 + number * 10 * len(LAYERS) // self.count)
            group = rng.choice(GROUPS)
            service = f"{group}-{rng.choice(LAYERS[-reached:])}"
            pod, alert = f"{service}-{rng.randrange(self.pods)}", ALERTS[rng.randrange(self.kinds)]
            yield Event(
                id=f"{self.word}-{number}",
                service=service,
                series=f"{alert}/{pod}",
                occurred_at=began_at + number * timedelta(minutes=2) / self.count,
                title=alert,
                labels={"cluster": group, "pod": pod},
            )
