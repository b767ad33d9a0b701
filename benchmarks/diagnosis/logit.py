"""A conditional logit with signed weights, in the standard library: small enough to be read, fast enough for 100 cases."""

import math
from collections.abc import Mapping, Sequence

import attrs

from sre_copilot.domain.diagnosis.scoring import Feature, polarity
from sre_copilot.domain.hypotheses import Polarity

Row = Mapping[int, float]
"""The features of one candidate: place of the feature -> value."""

FEATURES = tuple(Feature)
STEPS = 60
CLOSE = 1e-6


@attrs.frozen(kw_only=True)
class Choice:
    """One labelled incident: the rows of its candidates, and which of them are right (one or several)."""

    rows: tuple[Row, ...]
    right: tuple[bool, ...]


def fit(
    choices: Sequence[Choice], *, l2: float, fixed: Mapping[Feature, float], start: Sequence[float] | None = None
) -> list[float]:
    """Return the weights that make the right candidates most likely, less l2 / 2 of their squares.

    Supporting weights stay >= 0, contradicting ones <= 0, `fixed` ones as given. Newton steps on the free
    weights, halved until the loss falls; the Hessian is that of all candidates, which bounds the true one
    where several are right.
    """
    weights = list(start) if start is not None else [0.0] * len(FEATURES)
    for feature, value in fixed.items():
        weights[FEATURES.index(feature)] = value
    held = {FEATURES.index(feature) for feature in fixed}
    usable = [choice for choice in choices if any(choice.right)]
    for _ in range(STEPS):
        gradient, hessian = _slope(usable, weights, l2)
        free = [
            place
            for place in range(len(FEATURES))
            if place not in held and not (weights[place] == 0.0 and gradient[place] * _sign(place) >= 0.0)
        ]
        step = solve([[hessian[a][b] for b in free] for a in free], [-gradient[a] for a in free])
        moved = _descend(usable, weights, dict(zip(free, step, strict=True)), l2)
        change = max((abs(new - old) for new, old in zip(moved, weights, strict=True)), default=0.0)
        weights = moved
        if change < CLOSE:
            break
    return weights


def score(row: Row, weights: Sequence[float]) -> float:
    """The score of one candidate."""
    return math.fsum(weights[place] * value for place, value in row.items())


def chances(rows: Sequence[Row], weights: Sequence[float]) -> list[float]:
    """The softmax of the scores."""
    scores = [score(row, weights) for row in rows]
    highest = max(scores)
    powers = [math.exp(value - highest) for value in scores]
    total = math.fsum(powers)
    return [power / total for power in powers]


def loss(choices: Sequence[Choice], weights: Sequence[float], l2: float) -> float:
    """Negative log likelihood of the right candidates, plus the penalty."""
    total = l2 / 2 * math.fsum(weight * weight for weight in weights)
    for choice in choices:
        found = chances(choice.rows, weights)
        total -= math.log(max(1e-300, math.fsum(p for p, right in zip(found, choice.right, strict=True) if right)))
    return total


def solve(matrix: list[list[float]], vector: list[float]) -> list[float]:
    """Solve a symmetric positive definite system by Gaussian elimination with pivoting."""
    size = len(vector)
    rows = [[*matrix[index], vector[index]] for index in range(size)]
    for column in range(size):
        pivot = max(range(column, size), key=lambda index: abs(rows[index][column]))
        rows[column], rows[pivot] = rows[pivot], rows[column]
        for index in range(column + 1, size):
            factor = rows[index][column] / rows[column][column]
            for place in range(column, size + 1):
                rows[index][place] -= factor * rows[column][place]
    found = [0.0] * size
    for column in reversed(range(size)):
        rest = sum(rows[column][place] * found[place] for place in range(column + 1, size))
        found[column] = (rows[column][size] - rest) / rows[column][column]
    return found


def _slope(choices: Sequence[Choice], weights: Sequence[float], l2: float) -> tuple[list[float], list[list[float]]]:
    size = len(weights)
    gradient = [l2 * weight for weight in weights]
    hessian = [[l2 if a == b else 0.0 for b in range(size)] for a in range(size)]
    for choice in choices:
        found = chances(choice.rows, weights)
        right = math.fsum(p for p, ok in zip(found, choice.right, strict=True) if ok)
        mean = [0.0] * size
        for p, ok, row in zip(found, choice.right, choice.rows, strict=True):
            aim = p / right if ok and right > 0 else 0.0
            for a, x in row.items():
                mean[a] += p * x
                gradient[a] += (p - aim) * x
                for b, y in row.items():
                    hessian[a][b] += p * x * y
        for a in range(size):
            if mean[a]:
                for b in range(size):
                    hessian[a][b] -= mean[a] * mean[b]
    return gradient, hessian


def _descend(choices: Sequence[Choice], weights: list[float], step: Mapping[int, float], l2: float) -> list[float]:
    before = loss(choices, weights, l2)
    scale = 1.0
    while scale > 1e-4:
        moved = list(weights)
        for place, change in step.items():
            value = weights[place] + scale * change
            moved[place] = max(0.0, value) if _sign(place) > 0 else min(0.0, value)
        if loss(choices, moved, l2) <= before:
            return moved
        scale /= 2
    return weights


def _sign(place: int) -> int:
    return -1 if polarity(FEATURES[place]) is Polarity.CONTRADICTS else 1
