"""When nothing is convincing: the checks that would most change the ranking."""

from collections.abc import Sequence

from sre_copilot.domain.diagnosis.clues import Candidate
from sre_copilot.domain.diagnosis.scoring import Feature, Weights, values
from sre_copilot.domain.hypotheses import CandidateKind, NextEvidence

LOOKED_AT = 4
_CHECKS: tuple[tuple[tuple[Feature, ...], str, str], ...] = (
    (
        (Feature.SYMPTOM, Feature.QUIET, Feature.OWN_DELAY, Feature.OWN_FAILURES, Feature.LEADING_SYMPTOM),
        "Look at latency and error rate of {name} since before the incident.",
        "None of its symptoms is measured here; they would show whether the trouble begins there or passes through.",
    ),
    (
        (Feature.RESOURCE, Feature.LEADING_RESOURCE),
        "Look at CPU, memory, connections and restarts of {name}.",
        "None of its resources is known to have moved; one that did would single it out.",
    ),
    (
        (Feature.CHANGE_TEXT, Feature.CHANGE_RISK),
        "Look for deploys, configuration and flag changes of {name} before the onset, and read the diff.",
        "A change whose text fits the symptoms would raise it most.",
    ),
    (
        (Feature.EDGE_GAP, Feature.QUIET_CALLEES),
        "Compare what callers of {name} see with what it reports itself, and check what it depends on.",
        "A gap points at the network between them, quiet dependencies at the component itself.",
    ),
)


def next_evidence(ranked: Sequence[Candidate], weights: Weights, count: int = 2) -> tuple[NextEvidence, ...]:
    """Return the `count` checks with the most weight still unknown, for the leading candidates, one per check kind.

    The gain of a check is the sum of the weights of its features that say nothing yet, for a leading
    candidate more than for the next.
    """
    leading = [item for item in ranked if item.subject and item.kind is not CandidateKind.NONE_OF_THESE]
    named: dict[str, Candidate] = {}
    for item in leading:
        named.setdefault(item.subject, item)
    gains: list[tuple[float, int, int, NextEvidence]] = []
    for place, item in enumerate(list(named.values())[:LOOKED_AT]):
        known = values(item.evidence)
        for order, (features, check, why) in enumerate(_CHECKS):
            open_ = sum(abs(weights.features.get(feature, 0.0)) for feature in features if feature not in known)
            entry = NextEvidence(subject=item.subject, check=check.format(name=item.subject), why=why)
            gains.append((open_ / (place + 1), place, order, entry))
    gains.sort(key=lambda gain: (-gain[0], gain[1], gain[2]))
    chosen: list[NextEvidence] = []
    used: set[int] = set()
    for _, _, order, entry in gains:
        if order not in used and len(chosen) < count:
            used.add(order)
            chosen.append(entry)
    return tuple(chosen)
