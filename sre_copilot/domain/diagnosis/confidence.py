"""The arithmetic of a confidence: softmax over the candidates' scores, Wilson bounds from labelled cases."""

import math
from collections.abc import Iterable, Sequence

import attrs

from sre_copilot.domain.hypotheses import Confidence

NEAREST = 12
Z_90 = 1.6448536269514722
"""Two-sided 90 % quantile of the standard normal distribution."""


@attrs.frozen(kw_only=True)
class CalibrationCase:
    """One candidate of a labelled case: its score above its best rival, and whether it was right."""

    margin: float
    right: bool


@attrs.frozen(kw_only=True)
class Calibration:
    """Labelled cases that say how often a hypothesis with a given margin was right."""

    cases: tuple[CalibrationCase, ...] = ()


def softmax(scores: Sequence[float]) -> list[float]:
    """Return exp(score) normalised to sum 1, in the order given; [] for no scores.

    Computed relative to the highest score, so that no finite score overflows.
    """
    if not scores:
        return []
    highest = max(scores)
    powers = [math.exp(score - highest) for score in scores]
    total = math.fsum(powers)
    return [power / total for power in powers]


def margins(scores: Sequence[float]) -> list[float]:
    """Return for each score how far it lies above the best of the others; 0 for a single one."""
    if len(scores) < 2:
        return [0.0] * len(scores)
    best, second = sorted(scores, reverse=True)[:2]
    return [score - (second if score == best else best) for score in scores]


def wilson(right: float, total: float, z: float = Z_90) -> tuple[float, float]:
    """Return Wilson's score interval for `right` successes out of `total`; (0, 1) when there are none to count.

    Both may be fractions of cases. Wilson, "Probable inference", JASA 22 (1927), 209-212.
    """
    if not total > 0:
        return 0.0, 1.0
    share = right / total
    scale = 1.0 + z * z / total
    centre = (share + z * z / (2.0 * total)) / scale
    half = z / scale * math.sqrt(share * (1.0 - share) / total + z * z / (4.0 * total * total))
    return max(0.0, centre - half), min(1.0, centre + half)


def nearest(calibration: Calibration, margin: float, count: int = NEAREST) -> tuple[CalibrationCase, ...]:
    """Return the `count` cases whose margin is closest to `margin`, all of them if there are fewer.

    Ties are cut in favour of the smaller margin and then of the wrong answer: never of the flattering side.
    """
    ordered = sorted(calibration.cases, key=lambda case: (abs(case.margin - margin), case.margin, case.right))
    return tuple(ordered[:count])


def confidence(primary: float, margin: float, *, calibration: Calibration | None, missing: float = 0.0) -> Confidence:
    """Return `primary` with its interval.

    The interval is Wilson's 90 % over the 12 calibration cases nearest in margin, each case worth
    1 / (1 + missing) where `missing` is the number of kinds of evidence that could not be had: less
    evidence, fewer cases, a wider interval. Without cases it is [0, 1] and `calibrated_on` is 0.
    """
    primary = min(max(primary, 0.0), 1.0)
    cases = nearest(calibration, margin) if calibration else ()
    worth = 1.0 / (1.0 + max(0.0, missing))
    lower, upper = wilson(sum(case.right for case in cases) * worth, len(cases) * worth)
    return Confidence(lower=min(primary, lower), primary=primary, upper=max(primary, upper), calibrated_on=len(cases))


def combined(confidences: Iterable[Confidence]) -> Confidence:
    """Return the confidence that any one of several exclusive candidates is right: for the row "others"."""
    rows = tuple(confidences)
    primary = min(1.0, math.fsum(row.primary for row in rows))
    upper = max([primary, *(row.upper for row in rows)])
    lower = min([primary, *(row.lower for row in rows)])
    return Confidence(
        lower=lower, primary=primary, upper=upper, calibrated_on=min((row.calibrated_on for row in rows), default=0)
    )
