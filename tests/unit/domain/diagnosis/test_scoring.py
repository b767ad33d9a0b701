import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.diagnosis.scoring import COMPONENTS, Feature, Weights, polarity, values, weigh
from sre_copilot.domain.hypotheses import Component, Evidence, EvidenceKind, Polarity

features = st.sampled_from(list(Feature))
strengths = st.floats(0.0, 1.0)


def item(feature: Feature | str, strength: float, *, speaks: Polarity | None = None) -> Evidence:
    known = feature if isinstance(feature, Feature) else Feature.SYMPTOM
    return Evidence(
        id=f"{feature}-{strength}",
        kind=EvidenceKind.METRIC,
        polarity=speaks or polarity(known),
        component=COMPONENTS[known],
        strength=strength,
        refers_to="shop/latency",
        summary="it moved",
        feature=str(feature),
    )


evidence = st.lists(st.builds(item, features, strengths), max_size=20)
weightings = st.fixed_dictionaries(
    {feature: st.floats(-5, 0) if polarity(feature) is Polarity.CONTRADICTS else st.floats(0, 5) for feature in Feature}
).map(lambda found: Weights(version="test", features=found))


def test_every_feature_belongs_to_one_component() -> None:
    assert set(COMPONENTS) == set(Feature)


def test_only_features_of_the_contradiction_component_speak_against() -> None:
    against = {feature for feature in Feature if polarity(feature) is Polarity.CONTRADICTS}
    assert against == {f for f in Feature if COMPONENTS[f] is Component.CONTRADICTION}


def test_a_score_is_the_weighted_sum_of_its_features() -> None:
    weights = Weights(version="1", features={Feature.SYMPTOM: 2.0, Feature.EARLY: 0.5, Feature.QUIET: -1.0})
    score, components = weigh(
        [item(Feature.SYMPTOM, 0.5), item(Feature.EARLY, 1.0), item(Feature.QUIET, 0.25)], weights
    )
    assert score == 1.25
    assert components[Component.SIGNAL_STRENGTH].contribution == 1.0
    assert components[Component.TEMPORAL_CORRELATION].contribution == 0.5
    assert components[Component.CONTRADICTION].contribution == -0.25


def test_a_components_value_is_the_weighted_mean_of_its_features() -> None:
    weights = Weights(version="1", features={Feature.SYMPTOM: 3.0, Feature.RESOURCE: 1.0})
    _, components = weigh([item(Feature.SYMPTOM, 1.0)], weights)
    part = components[Component.SIGNAL_STRENGTH]
    assert (part.value, part.weight, part.contribution) == (0.75, 4.0, 3.0)


def test_a_component_without_evidence_is_shown_with_nought() -> None:
    _, components = weigh([], Weights(version="1", features={Feature.SYMPTOM: 3.0}))
    assert set(components) == set(Component)
    assert all((p.value, p.weight, p.contribution) == (0.0, 0.0, 0.0) for p in components.values())


def test_the_strongest_item_of_a_feature_counts() -> None:
    assert values([item(Feature.TRAIL, 0.2), item(Feature.TRAIL, 0.9), item(Feature.TRAIL, 0.4)]) == {
        Feature.TRAIL: 0.9
    }


def test_items_of_no_known_feature_count_nothing() -> None:
    assert values([item("", 1.0), item("made up", 1.0)]) == {}


def test_items_of_the_wrong_polarity_count_nothing() -> None:
    assert values([item(Feature.SYMPTOM, 1.0, speaks=Polarity.CONTRADICTS)]) == {}
    assert values([item(Feature.QUIET, 1.0, speaks=Polarity.SUPPORTS)]) == {}


def test_what_one_item_adds_is_its_weight_times_its_strength() -> None:
    weights = Weights(version="1", features={Feature.SYMPTOM: 3.0, Feature.QUIET: -2.0})
    assert weights.of(item(Feature.SYMPTOM, 0.5)) == 1.5
    assert weights.of(item(Feature.QUIET, 0.5)) == -1.0
    assert weights.of(item(Feature.EARLY, 0.5)) == 0.0
    assert weights.of(item("made up", 0.5)) == 0.0


@pytest.mark.parametrize(
    ("feature", "weight"),
    [
        (Feature.SYMPTOM, -0.1),
        (Feature.QUIET, 0.1),
        (Feature.SYMPTOM, math.nan),
        (Feature.SYMPTOM, math.inf),
        (Feature.LATE, -math.inf),
    ],
)
def test_weights_of_the_wrong_sign_or_size_are_refused(feature: Feature, weight: float) -> None:
    with pytest.raises(ValueError, match=feature.value):
        Weights(version="1", features={feature: weight})


def test_a_weight_of_nought_is_allowed_for_either_sign() -> None:
    weights = Weights(version="1", features={Feature.SYMPTOM: 0.0, Feature.QUIET: 0.0})
    assert weights.features == {Feature.SYMPTOM: 0.0, Feature.QUIET: 0.0}


@given(evidence, weightings)
def test_contributions_add_up_to_the_score_exactly(items: list[Evidence], weights: Weights) -> None:
    score, components = weigh(items, weights)
    assert math.fsum(part.contribution for part in components.values()) == score


@given(evidence, weightings)
def test_every_component_stays_in_its_bounds(items: list[Evidence], weights: Weights) -> None:
    score, components = weigh(items, weights)
    assert math.isfinite(score)
    for component, part in components.items():
        assert 0.0 <= part.value <= 1.0
        assert part.value * part.weight == pytest.approx(part.contribution, abs=1e-9)
        assert part.contribution <= 0 if component is Component.CONTRADICTION else part.contribution >= 0


@given(evidence, weightings, features, strengths)
def test_more_evidence_moves_the_score_only_the_way_that_it_speaks(
    items: list[Evidence], weights: Weights, feature: Feature, strength: float
) -> None:
    before, _ = weigh(items, weights)
    after, _ = weigh([*items, item(feature, strength)], weights)
    if polarity(feature) is Polarity.SUPPORTS:
        assert after >= before
    else:
        assert after <= before


@given(evidence, weightings, st.randoms(use_true_random=False))
def test_the_order_of_evidence_is_irrelevant(items: list[Evidence], weights: Weights, rng: random.Random) -> None:
    mixed = list(items)
    rng.shuffle(mixed)
    assert weigh(mixed, weights) == weigh(items, weights)


@given(evidence, weightings)
def test_duplicates_of_evidence_count_once(items: list[Evidence], weights: Weights) -> None:
    assert weigh([*items, *items], weights) == weigh(items, weights)
