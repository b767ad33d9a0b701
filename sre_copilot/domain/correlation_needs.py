"""What an incident must have in common with a newcomer to be worth scoring, derived from the weights and the threshold.

A weighted mean reaches the threshold where the surplus, the sum of weight x (value - threshold) over the known factors,
is not negative. So what is known of a candidate at once leaves the rest a need; where even the best rest is too little,
or one factor of it falls short although the others are at their best, the candidate is ruled out.
"""

from collections.abc import Mapping
from math import inf, log

import attrs

from sre_copilot.domain.correlation import THRESHOLD, TIME_SCALE, WEIGHTS

SLACK = 1e-6 * sum(WEIGHTS.values())
"""More than the rounding of a score to 6 digits can be worth."""
GAINS: Mapping[str, float] = {name: WEIGHTS[name] * (1 - THRESHOLD) for name in ("labels", "text", "time")}
"""The most that what is looked at last can add."""


@attrs.frozen(kw_only=True)
class Need:
    """The least that one factor must be: 0 or less where anything will do. `or_unknown` says that unknown will do."""

    least: float
    or_unknown: bool

    is_nothing: bool = attrs.field(init=False)
    """Whether anything will do."""

    @is_nothing.default
    def _is_nothing(self) -> bool:
        return self.or_unknown and self.least <= 0


@attrs.frozen(kw_only=True)
class Needs:
    """What labels, text and time must be at least, each with the other two at their best. `gap` in microseconds."""

    labels: Need
    text: Need
    gap: float

    is_nothing: bool = attrs.field(init=False)
    """Whether anything will do."""

    @is_nothing.default
    def _is_nothing(self) -> bool:
        return self.labels.is_nothing and self.text.is_nothing and self.gap == inf


def surplus(name: str, value: float | None) -> float:
    """What a known factor adds to the surplus."""
    return 0.0 if value is None else WEIGHTS[name] * (value - THRESHOLD)


def needs(
    same_service: float | None, topology: float | None, common_change: float | None, environment: float | None
) -> Needs | None:
    """Return what is needed beside these factors; None where nothing could be enough."""
    missing = -SLACK
    missing -= surplus("same_service", same_service) + surplus("topology", topology)
    missing -= surplus("common_change", common_change) + surplus("environment", environment)
    if missing > sum(GAINS.values()):
        return None
    time = _need("time", missing).least
    scale = TIME_SCALE.total_seconds() * 1_000_000
    return Needs(
        labels=_need("labels", missing),
        text=_need("text", missing),
        gap=inf if time <= 0 else max(0.0, -scale * log(time)),
    )


def _need(name: str, missing: float) -> Need:
    alone = missing - sum(gain for other, gain in GAINS.items() if other != name)
    return Need(least=THRESHOLD + alone / WEIGHTS[name], or_unknown=alone <= 0)
