"""From evidence to a score: which feature feeds which component, and how much it weighs."""

import math
from collections.abc import Iterable, Mapping
from enum import StrEnum

import attrs

from sre_copilot.domain.hypotheses import Component, ComponentScore, Evidence, Polarity


class Feature(StrEnum):
    """The finer factors of the components. Every value is in [0, 1], 0 where nothing is known."""

    SYMPTOM = "symptom"
    LEADING_SYMPTOM = "leading_symptom"
    RESOURCE = "resource"
    LEADING_RESOURCE = "leading_resource"
    COUPLING = "coupling"
    EARLY = "early"
    FIRST_SIGNAL = "first_signal"
    OWN_DELAY = "own_delay"
    OWN_FAILURES = "own_failures"
    QUIET_CALLEES = "quiet_callees"
    TRAIL = "trail"
    EDGE_GAP = "edge_gap"
    SLOW_OPERATION = "slow_operation"
    CALL_GAP = "call_gap"
    LEADING_TRACES = "leading_traces"
    LOG_SURGE = "log_surge"
    LOG_STOP = "log_stop"
    LEADING_LOGS = "leading_logs"
    CHANGE_TEXT = "change_text"
    CHANGE_TIMING = "change_timing"
    CHANGE_RISK = "change_risk"
    CHANGE_DRIFT = "change_drift"
    EXPLAINED = "explained"
    SHARED_HOST = "shared_host"
    UNSEEN = "unseen"
    SURGE = "surge"
    EXTERNAL = "external"
    QUIET = "quiet"
    CALLEE_WORSE = "callee_worse"
    LATE = "late"
    CHANGE_MISFIT = "change_misfit"
    OUTSIDE_INSTEAD = "outside_instead"
    ADVISED_DIFF = "advised_diff"
    ADVISED_LOGS = "advised_logs"
    ADVISED_FIT = "advised_fit"
    ADVISED_AGAINST = "advised_against"
    PRECEDENT = "precedent"
    REJECTED_BEFORE = "rejected_before"


COMPONENTS: Mapping[Feature, Component] = {
    Feature.SYMPTOM: Component.SIGNAL_STRENGTH,
    Feature.LEADING_SYMPTOM: Component.SIGNAL_STRENGTH,
    Feature.RESOURCE: Component.SIGNAL_STRENGTH,
    Feature.LEADING_RESOURCE: Component.SIGNAL_STRENGTH,
    Feature.COUPLING: Component.TEMPORAL_CORRELATION,
    Feature.EARLY: Component.TEMPORAL_CORRELATION,
    Feature.FIRST_SIGNAL: Component.TEMPORAL_CORRELATION,
    Feature.OWN_DELAY: Component.TOPOLOGY,
    Feature.OWN_FAILURES: Component.TOPOLOGY,
    Feature.QUIET_CALLEES: Component.TOPOLOGY,
    Feature.TRAIL: Component.TOPOLOGY,
    Feature.EDGE_GAP: Component.TOPOLOGY,
    Feature.SLOW_OPERATION: Component.SIGNAL_STRENGTH,
    Feature.CALL_GAP: Component.TOPOLOGY,
    Feature.LEADING_TRACES: Component.TOPOLOGY,
    Feature.LOG_SURGE: Component.LOG_EVIDENCE,
    Feature.LOG_STOP: Component.LOG_EVIDENCE,
    Feature.LEADING_LOGS: Component.LOG_EVIDENCE,
    Feature.CHANGE_TEXT: Component.CHANGE_CORRELATION,
    Feature.CHANGE_TIMING: Component.CHANGE_CORRELATION,
    Feature.CHANGE_RISK: Component.CHANGE_CORRELATION,
    Feature.CHANGE_DRIFT: Component.CHANGE_CORRELATION,
    Feature.EXPLAINED: Component.COVERAGE,
    Feature.SHARED_HOST: Component.COVERAGE,
    Feature.UNSEEN: Component.COVERAGE,
    Feature.SURGE: Component.TEMPORAL_CORRELATION,
    Feature.EXTERNAL: Component.SIGNAL_STRENGTH,
    Feature.QUIET: Component.CONTRADICTION,
    Feature.CALLEE_WORSE: Component.CONTRADICTION,
    Feature.LATE: Component.CONTRADICTION,
    Feature.CHANGE_MISFIT: Component.CONTRADICTION,
    Feature.OUTSIDE_INSTEAD: Component.CONTRADICTION,
    Feature.ADVISED_DIFF: Component.CHANGE_CORRELATION,
    Feature.ADVISED_LOGS: Component.LOG_EVIDENCE,
    Feature.ADVISED_FIT: Component.COVERAGE,
    Feature.ADVISED_AGAINST: Component.CONTRADICTION,
    Feature.PRECEDENT: Component.HISTORICAL_PRECEDENT,
    Feature.REJECTED_BEFORE: Component.CONTRADICTION,
}

ADVISED: Mapping[Feature, float] = {
    Feature.ADVISED_DIFF: 1.0,
    Feature.ADVISED_LOGS: 0.75,
    Feature.ADVISED_FIT: 0.5,
    Feature.ADVISED_AGAINST: -1.0,
}
"""What an advisor's reading weighs at most. Set by hand and small: all of them together never outweigh own failures."""


def polarity(feature: Feature) -> Polarity:
    """Features of the contradiction component speak against a candidate, all others for it."""
    return Polarity.CONTRADICTS if COMPONENTS[feature] is Component.CONTRADICTION else Polarity.SUPPORTS


def _signed(instance: "Weights", attribute: object, features: Mapping[Feature, float]) -> None:
    for feature, weight in features.items():
        against = polarity(feature) is Polarity.CONTRADICTS
        if not math.isfinite(weight) or (weight > 0 if against else weight < 0):
            raise ValueError(
                f"the weight of {feature} is {weight}; it must be finite and {'<=' if against else '>='} 0"
            )


@attrs.frozen(kw_only=True)
class Weights:
    """What each feature adds to a score at its full value. Raises ValueError for a weight of the wrong sign.

    `version` names the training record that the weights came from. A feature without a weight counts nothing.
    """

    version: str
    features: Mapping[Feature, float] = attrs.field(validator=_signed)

    def of(self, evidence: Evidence) -> float:
        """What one item adds to a score when it is the strongest of its feature."""
        feature = _known(evidence)
        return self.features.get(feature, 0.0) * evidence.strength if feature else 0.0


def values(evidence: Iterable[Evidence]) -> dict[Feature, float]:
    """Return the value of each feature: its strongest item. So items count once, in any order, however often they come.

    Items of no known feature, or of a polarity that their feature doesn't have, count nothing.
    """
    found: dict[Feature, float] = {}
    for item in evidence:
        feature = _known(item)
        if feature is not None:
            found[feature] = max(found.get(feature, 0.0), item.strength)
    return found


_FEATURES = {feature.value: feature for feature in Feature}


def _known(item: Evidence) -> Feature | None:
    feature = _FEATURES.get(item.feature)
    return feature if feature is not None and item.polarity is polarity(feature) else None


def weigh(evidence: Iterable[Evidence], weights: Weights) -> tuple[float, dict[Component, ComponentScore]]:
    """Return the score and its components: the score is the sum of their contributions, to the last bit.

    A component's value is the weighted mean of its features' values, so it rises with each of them; its
    weight is the sum of theirs. What an advisor adds counts on top, up to a value of 1, so that its mere presence
    changes nothing for whom it says nothing of. Every component is there, with 0 where nothing speaks for or against.
    """
    strengths = values(evidence)
    components = {}
    for component in Component:
        features = [feature for feature in Feature if COMPONENTS[feature] is component]
        own = math.fsum(weights.features.get(feature, 0.0) for feature in features if feature not in ADVISED)
        full = own or math.fsum(weights.features.get(feature, 0.0) for feature in features)
        contribution = math.fsum(
            weights.features.get(feature, 0.0) * strengths.get(feature, 0.0) for feature in features
        )
        share = contribution / full if full else 0.0
        weight = contribution if share > 1.0 else full if share else 0.0
        components[component] = ComponentScore(value=min(1.0, share), weight=weight, contribution=contribution)
    return math.fsum(part.contribution for part in components.values()), components
