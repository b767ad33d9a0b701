"""Recalibration for one tenant: how much surer or less sure its first answers should have been, with a strong prior.

The primaries of a diagnosis are the softmax of slope x score. Slope 1 is what ships. This is temperature scaling, the
one-parameter form of Platt's scaling for several candidates (Guo et al., "On Calibration of Modern Neural Networks",
ICML 2017), so the order of candidates, sums of 1 and every direction of evidence stay as they are for any slope above 0.
The slope is the posterior mode under a log-normal prior around 1:

    maximise  sum over cases of log P(as it turned out)  -  (ln slope / PRIOR_SPREAD)^2 / 2

P is the first answer's primary at that slope where it was right, and 1 less that where it was wrong.
"""

import math
from collections.abc import Sequence

import attrs

from sre_copilot.domain.precedents import FirstAnswer

ENOUGH = 25
"""Fewer first answers with a known outcome are not enough to say or change anything: five for each of five bins."""
MOST_USED = 300
"""So many answers, the latest, decide: what a tenant was like years ago says little of now."""
PRIOR_SPREAD = 0.35
"""Standard deviation of ln slope before any case: a slope beyond 0.5 or 2 would take strong evidence."""
STEEPEST = 4.0
STEPS = 96
TINY = 1e-12
DIGITS = 3


@attrs.frozen(kw_only=True)
class Recalibration:
    """A tenant's own slope, above 0, and the number of its first answers that it was fitted on."""

    slope: float = 1.0
    cases: int = 0


def recalibrated(answers: Sequence[FirstAnswer]) -> Recalibration | None:
    """Return the recalibration that these answers suggest, None where fewer than ENOUGH have a known outcome.

    `answers` come newest first. Looked for on a fixed grid from 1/4 to 4, so that the same answers give the same slope.
    """
    known = [answer for answer in answers if answer.right is not None][:MOST_USED]
    if len(known) < ENOUGH:
        return None
    gaps = [(_gaps(answer), bool(answer.right)) for answer in known]
    grid = [STEEPEST ** (step / STEPS) for step in range(-STEPS, STEPS + 1, 2)]
    best = max(grid, key=lambda slope: (_posterior(slope, gaps), -abs(math.log(slope))))
    return Recalibration(slope=round(best, DIGITS), cases=len(known))


def _gaps(answer: FirstAnswer) -> tuple[float, ...]:
    """By how much the score of each other candidate lies above the first answer's; "others" count as one."""
    first = math.log(max(answer.primary, TINY))
    return tuple((math.log(max(chance, TINY)) - first) / answer.slope for chance in answer.chances[1:])


def _posterior(slope: float, gaps: Sequence[tuple[tuple[float, ...], bool]]) -> float:
    total = -0.5 * (math.log(slope) / PRIOR_SPREAD) ** 2
    for others, right in gaps:
        rest = math.fsum(math.exp(min(700.0, slope * gap)) for gap in others)
        total += math.log(max(TINY, 1.0 / (1.0 + rest) if right else rest / (1.0 + rest)))
    return total
