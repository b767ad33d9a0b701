"""How far what was said can be relied on: Brier score, expected calibration error, reliability table.

Of forecasts p in [0, 1] and whether they came true, y:

* Brier score: mean of (p - y)^2; 0 is best, always saying 50 % gives 0.25 (Brier, Monthly Weather Review 78, 1950).
* Expected calibration error (ECE): over five bins of equal count by p, the mean of |mean p - share of y| by count
  (Naeini et al., AAAI 2015). It is never 0, not even for whoever is perfectly calibrated, so the range in which
  theirs would lie with the same forecasts stands beside it.
"""

import math
from collections.abc import Mapping, Sequence

import attrs

from sre_copilot.domain.diagnosis.confidence import wilson

BINS = 5
GRID = 2_000
"""The distribution of an ECE is worked out in steps of 1 / GRID."""
Z_95 = 1.959963984540054


@attrs.frozen(kw_only=True)
class Forecast:
    """What was said, in [0, 1], and whether it came true."""

    said: float
    right: bool


@attrs.frozen(kw_only=True)
class ReliabilityBin:
    """Forecasts of similar size: when we said `said` (their mean, from `lowest` to `highest`), it came true `right` of `count` times.

    `lower` and `upper` are the 95 % Wilson interval of the share of those.
    """

    lowest: float
    highest: float
    said: float
    count: int
    right: int
    lower: float
    upper: float

    @property
    def share(self) -> float:
        """The share that came true."""
        return self.right / self.count


def brier(forecasts: Sequence[Forecast]) -> float | None:
    """The Brier score, None for no forecasts."""
    if not forecasts:
        return None
    return math.fsum((one.said - one.right) ** 2 for one in forecasts) / len(forecasts)


def reliability(forecasts: Sequence[Forecast]) -> tuple[ReliabilityBin, ...]:
    """Up to five bins of equal count by what was said, the first ones one larger where the count doesn't divide.

    Of equal forecasts those that came true are put lower: never the flattering way.
    """
    return tuple(_bin(part) for part in _split(forecasts))


def calibration_error(forecasts: Sequence[Forecast]) -> float | None:
    """The expected calibration error over those bins, in [0, 1]; None for no forecasts."""
    if not forecasts:
        return None
    gaps = (abs(math.fsum(one.said - one.right for one in part)) for part in _split(forecasts))
    return math.fsum(gaps) / len(forecasts)


def perfect_error(forecasts: Sequence[Forecast], share: float = 0.95) -> tuple[float, float]:
    """The range in which the error of a perfectly calibrated forecaster who says the same lies with probability `share`.

    Each forecast then comes true with the probability that it says, so the number that do in a bin is Poisson-binomial. Its
    distribution is worked out exactly, and that of the sum over the bins in steps of 1 / GRID: nothing is drawn at random.
    """
    total = len(forecasts)
    if not total:
        return 0.0, 1.0
    chances: Mapping[int, float] = {0: 1.0}
    for part in _split(forecasts):
        expected = math.fsum(one.said for one in part)
        added: dict[int, float] = {}
        for count, chance in enumerate(_poisson_binomial([one.said for one in part])):
            place = round(abs(count - expected) / total * GRID)
            added[place] = added.get(place, 0.0) + chance
        mixed: dict[int, float] = {}
        for one, first in chances.items():
            for other, second in added.items():
                mixed[one + other] = mixed.get(one + other, 0.0) + first * second
        chances = mixed
    tail = (1.0 - share) / 2
    return _quantile(chances, tail) / GRID, _quantile(chances, 1.0 - tail) / GRID


def _split(forecasts: Sequence[Forecast]) -> list[list[Forecast]]:
    ordered = sorted(forecasts, key=lambda one: (one.said, not one.right))
    size, larger = divmod(len(ordered), BINS)
    parts, start = [], 0
    for place in range(BINS):
        end = start + size + (place < larger)
        if end > start:
            parts.append(ordered[start:end])
        start = end
    return parts


def _bin(part: Sequence[Forecast]) -> ReliabilityBin:
    right = sum(one.right for one in part)
    lower, upper = wilson(right, len(part), Z_95)
    return ReliabilityBin(
        lowest=part[0].said,
        highest=part[-1].said,
        said=math.fsum(one.said for one in part) / len(part),
        count=len(part),
        right=right,
        lower=lower,
        upper=upper,
    )


def _poisson_binomial(chances: Sequence[float]) -> list[float]:
    """The probability of each number of successes, one after the other."""
    found = [1.0]
    for chance in chances:
        grown = [0.0] * (len(found) + 1)
        for count, known in enumerate(found):
            grown[count] += known * (1.0 - chance)
            grown[count + 1] += known * chance
        found = grown
    return found


def _quantile(chances: Mapping[int, float], share: float) -> int:
    total = 0.0
    for place in sorted(chances):
        total += chances[place]
        if total >= share - 1e-12:
            return place
    return max(chances)
