"""The arithmetic of a confidence: softmax over the candidates' scores, Wilson bounds from labelled cases.

What a score is worth depends on what it was made of. So labelled cases with the same kinds of evidence count before
others, and a score made of them is made steeper or flatter by what they showed: temperature scaling (Guo et al., "On
Calibration of Modern Neural Networks", ICML 2017) for each set of kinds.
"""

import math
from collections.abc import Iterable, Mapping, Sequence

import attrs

from sre_copilot.domain.diagnosis.kinds import NOTHING_KNOWN, Known
from sre_copilot.domain.hypotheses import Confidence

NEAREST = 12
Z_90 = 1.6448536269514722
"""Two-sided 90 % quantile of the standard normal distribution."""


@attrs.frozen(kw_only=True)
class CalibrationCase:
    """One candidate of a labelled case: its score above its best rival, whether it was right, and what was known."""

    margin: float
    right: bool
    kinds: frozenset[str] = frozenset()


@attrs.frozen(kw_only=True)
class Calibration:
    """Labelled cases that say how often a hypothesis with a given margin was right, and slopes by kinds of evidence."""

    cases: tuple[CalibrationCase, ...] = ()
    slopes: Mapping[frozenset[str], float] = attrs.Factory(dict)

    def slope(self, known: Known) -> float:
        """What scores are multiplied by before their softmax, above 0; 1 where no labelled case had these kinds.

        Where a kind that there should be could not be had, nothing makes a score steeper.
        """
        slope = self.slopes.get(known.kinds, 1.0)
        return min(1.0, slope) if known.lacking else slope


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
    # Rounding must not keep a bound from being reached where all were right, or none.
    return max(0.0, centre - half) if right > 0 else 0.0, min(1.0, centre + half) if right < total else 1.0


def nearest(
    calibration: Calibration, margin: float, count: int = NEAREST, kinds: frozenset[str] = frozenset()
) -> tuple[CalibrationCase, ...]:
    """Return the `count` cases whose margin is closest to `margin`, all of them if there are fewer.

    Cases with the same kinds of evidence come before all others. Ties are cut in favour of the smaller margin and then
    of the wrong answer: never of the flattering side.
    """
    ordered = sorted(
        calibration.cases, key=lambda case: (case.kinds != kinds, abs(case.margin - margin), case.margin, case.right)
    )
    return tuple(ordered[:count])


def confidence(
    primary: float, margin: float, *, calibration: Calibration | None, known: Known = NOTHING_KNOWN
) -> Confidence:
    """Return `primary` with its interval.

    The interval is Wilson's 90 % over the 12 calibration cases nearest in margin, each worth 1 / (1 + differing +
    missing): the number of kinds of evidence that it had and this one has not, or the other way, and the number that
    could not be had. Less in common, or less evidence, is fewer cases and a wider interval. Without cases it is [0, 1]
    and `calibrated_on` is 0.
    """
    primary = min(max(primary, 0.0), 1.0)
    cases = nearest(calibration, margin, kinds=known.kinds) if calibration else ()
    worths = [1.0 / (1.0 + len(case.kinds ^ known.kinds) + max(0.0, known.missing)) for case in cases]
    right = math.fsum(worth for case, worth in zip(cases, worths, strict=True) if case.right)
    lower, upper = wilson(right, math.fsum(worths))
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
