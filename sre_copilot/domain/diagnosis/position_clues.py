"""What a component's place among the others says: does the trouble begin there, or does it pass through?

Without a single known call or placement nothing is said: an unknown graph is not a graph without edges.
"""

import attrs

from sre_copilot.domain.diagnosis.clues import metric_clue
from sre_copilot.domain.diagnosis.scoring import Feature
from sre_copilot.domain.diagnosis.shifts import Shift
from sre_copilot.domain.diagnosis.topology import Topology
from sre_copilot.domain.diagnosis.wording import quantity
from sre_copilot.domain.hypotheses import Evidence

CLEAR = 0.5
"""The largest share counts fully where it is at least so clear: somebody's is always the largest."""
CLEAR_FAILURE = 0.15
"""As much of failures: they are counted, not measured, and rare where all is well."""


@attrs.frozen(kw_only=True)
class Shares:
    """The topology with the largest own shares on it, which single ones are compared with."""

    topology: Topology
    most_delay: float
    most_failures: float

    @classmethod
    def of(cls, topology: Topology) -> "Shares":
        """Find the largest own shares."""
        return cls(
            topology=topology,
            most_delay=max((share.own for share in topology.own_delay.values()), default=0.0),
            most_failures=max((share.own for share in topology.own_failures.values()), default=0.0),
        )


def position_clues(name: str, shares: Shares) -> list[Evidence]:
    """Evidence about `name` from calls, placements and edges."""
    topology = shares.topology
    found = _gap(name, topology)
    if not topology.graph.calls and not topology.graph.placements:
        return found
    shift = topology.symptom.get(name)
    if shift is not None and shift.strength > 0:
        found += _own_share(name, shares)
        found += _standing(name, shift, topology)
    return found + _explained_away(name, topology)


def _own_share(name: str, shares: Shares) -> list[Evidence]:
    found: list[Evidence] = []
    delay, failures = shares.topology.own_delay.get(name), shares.topology.own_failures.get(name)
    alarm = shares.topology.alarm
    if delay is not None and shares.most_delay > 0:
        note = f"Delay begins in {name} itself: {quantity(delay.own, 's')} per request of {alarm}"
        value = delay.own / shares.most_delay * min(1.0, delay.shift.strength / CLEAR)
        found += metric_clue(Feature.OWN_DELAY, value, delay.shift, subject=name, note=note)
    if failures is not None and shares.most_failures > 0:
        note = f"Failures begin in {name} itself: {failures.own * 100:.3g} per 100 requests of {alarm}"
        value = failures.own / shares.most_failures * min(1.0, failures.shift.strength / CLEAR_FAILURE)
        found += metric_clue(Feature.OWN_FAILURES, value, failures.shift, subject=name, note=note)
    return found


def _standing(name: str, shift: Shift, topology: Topology) -> list[Evidence]:
    _, theirs = topology.worst_support(name)
    quiet = shift.strength * (1.0 - min(1.0, theirs / shift.strength))
    if topology.supports(name):
        note = f"Nothing that {name} depends on is as unusual as itself"
    else:
        note = f"{name} depends on nothing that is known, and is unusual"
    found = metric_clue(Feature.QUIET_CALLEES, quiet, shift, subject=name, note=note)
    reached = min(topology.reached.get(name, 0.0), shift.strength)
    if name == topology.alarm:
        note = f"The trail of symptoms starts at {name}"
    else:
        note = f"An unbroken trail of symptoms leads from {topology.alarm} to {name}"
    return found + metric_clue(Feature.TRAIL, reached, shift, subject=name, note=note)


def _explained_away(name: str, topology: Topology) -> list[Evidence]:
    """Against: something that it depends on is as unusual, or more."""
    worst, theirs = topology.worst_support(name)
    if theirs <= 0:
        return []
    own = topology.strength(name)
    share = min(1.0, theirs / own) if own > 0 else 1.0
    note = f"{name} depends on {worst}, which is unusual too"
    return metric_clue(Feature.CALLEE_WORSE, share, topology.symptom[worst], subject=name, note=note)


def _gap(name: str, topology: Topology) -> list[Evidence]:
    blamed = topology.blame.get(name)
    if blamed is None:
        return []
    gap = blamed.gap
    note = f"{gap.caller} waits {quantity(gap.seconds, 's')} more for {gap.callee} than {gap.callee} takes"
    return metric_clue(Feature.EDGE_GAP, blamed.value, gap.shift, subject=name, note=note)
