"""What metrics say about a component: strength, timing, silence."""

from datetime import timedelta

import pytest

from sre_copilot.domain.diagnosis.metric_clues import field, metric_clues
from sre_copilot.domain.diagnosis.scoring import Feature
from sre_copilot.domain.diagnosis.shifts import Shift
from sre_copilot.domain.diagnosis.topology import Topology
from sre_copilot.domain.diagnosis.units import SYMPTOMS
from sre_copilot.domain.hypotheses import Evidence
from sre_copilot.domain.service_graph import ServiceGraph
from sre_copilot.domain.snapshots import MetricKind
from sre_copilot.testing.snapshots import ONSET, make_values
from tests.unit.domain.diagnosis.measured import make_readings, make_shift

ALARM = make_shift("shop", values=make_values(0.1, 1.1), spreads=100.0)


def busy(component: str, spreads: float, **given_: object) -> Shift:
    return make_shift(component, 0.2, 0.9, kind=MetricKind.CPU, unit="ratio", spreads=spreads, **given_)  # type: ignore[arg-type]


def clues(name: str, *shifts: Shift, alarm: Shift | None = None) -> dict[str, Evidence]:
    readings = make_readings(*shifts, alarm=alarm)
    names = tuple(sorted({shift.series.component for shift in shifts}))
    topology = Topology(graph=ServiceGraph(), readings=readings, alarm="shop", components=names, hosts=frozenset())
    assert readings.focus == SYMPTOMS
    return {item.feature: item for item in metric_clues(name, field(readings, topology))}


def test_a_symptom_counts_by_its_strength_and_leads_by_its_distance_to_the_next() -> None:
    found = clues("pay", make_shift("pay", spreads=200.0), make_shift("db", spreads=50.0))
    assert found[Feature.SYMPTOM].strength == 1.0
    assert found[Feature.LEADING_SYMPTOM].strength == pytest.approx(0.75)
    assert found[Feature.LEADING_SYMPTOM].summary.startswith("No other component shows a symptom as far out as pay (")
    assert found[Feature.SYMPTOM].summary.startswith("latency of pay rose from 0.1 s to 1.1 s, 200 spreads, at ")


def test_resources_are_compared_with_resources() -> None:
    found = clues("pay", busy("pay", 100.0), busy("db", 75.0), make_shift("db", spreads=900.0))
    assert found[Feature.LEADING_RESOURCE].strength == pytest.approx(0.25)
    assert Feature.RESOURCE in found
    assert Feature.SYMPTOM not in found
    assert found[Feature.LEADING_RESOURCE].summary.startswith(
        "No other component's resources stand out like those of pay"
    )


def test_whoever_is_not_first_or_shares_the_first_place_leads_nobody() -> None:
    second = clues("db", make_shift("pay", spreads=200.0), make_shift("db", spreads=50.0))
    assert Feature.LEADING_SYMPTOM not in second
    tie = clues("db", make_shift("pay", spreads=50.0), make_shift("db", spreads=50.0))
    assert Feature.LEADING_SYMPTOM not in tie


def test_the_only_unusual_component_leads_fully() -> None:
    assert clues("pay", make_shift("pay"), make_shift("db", spreads=1.0))[Feature.LEADING_SYMPTOM].strength == 1.0


@pytest.mark.parametrize(
    ("seconds", "feature", "strength"),
    [
        (-300, Feature.EARLY, 1.0),
        (0, Feature.EARLY, 1.0),
        (15, Feature.EARLY, 1.0),
        (45, Feature.LATE, 0.5),
        (75, Feature.LATE, 1.0),
        (900, Feature.LATE, 1.0),
    ],
)
def test_moving_not_later_than_the_alarm_by_more_than_a_sample_speaks_for_and_later_against(
    seconds: float, feature: Feature, strength: float
) -> None:
    found = clues("pay", make_shift("pay", onset=ONSET + timedelta(seconds=seconds)), alarm=ALARM)
    timing = {name: item.strength for name, item in found.items() if name in (Feature.EARLY, Feature.LATE)}
    assert timing == {feature: pytest.approx(strength)}


def test_a_late_component_is_told_by_how_much() -> None:
    found = clues("pay", make_shift("pay", onset=ONSET + timedelta(seconds=75)), alarm=ALARM)
    assert found[Feature.LATE].summary.startswith("pay moved 75 s after the alarm's own metric (")
    early = clues("pay", make_shift("pay"), alarm=ALARM)
    assert early[Feature.EARLY].summary.startswith("pay moved not later than the alarm's own metric (")


def test_the_first_of_its_series_to_move_counts() -> None:
    late, early = make_shift("pay", onset=ONSET + timedelta(seconds=900)), busy("pay", 9.0)
    assert clues("pay", late, early, alarm=ALARM)[Feature.EARLY].refers_to == "pay/cpu"


@pytest.mark.parametrize(
    ("shift", "alarm"),
    [
        (make_shift("pay", onset=None), ALARM),
        (make_shift("pay", spreads=1.0), ALARM),
        (make_shift("pay"), make_shift("shop", values=make_values(0.1, 1.1), onset=None)),
        (make_shift("pay"), None),
    ],
    ids=["no onset", "unmoved", "alarm without onset", "no alarm"],
)
def test_where_a_moment_is_unknown_nothing_is_said_of_early_or_late(shift: Shift, alarm: Shift | None) -> None:
    assert not {Feature.EARLY, Feature.LATE} & clues("pay", shift, alarm=alarm).keys()


def test_moving_with_the_alarm_couples_and_says_with_what() -> None:
    pay = make_shift("pay", values=make_values(0.1, 0.4))
    found = clues("pay", pay, alarm=ALARM)[Feature.COUPLING]
    assert found.strength == pytest.approx(1.0)
    assert found.summary.startswith("pay moved with shop/latency, correlation 1.00 (")
    own = clues("shop", ALARM, alarm=ALARM)[Feature.COUPLING]
    assert own.summary.startswith("The alarm is about shop itself (")
    assert Feature.COUPLING not in clues("pay", pay)


@pytest.mark.parametrize(("spreads", "strength"), [(0.0, 1.0), (-9.0, 1.0), (1.5, 0.75), (3.0, 0.5)])
def test_a_measured_component_that_did_not_move_is_quiet(spreads: float, strength: float) -> None:
    found = clues("pay", make_shift("pay", spreads=spreads), busy("pay", -20.0))
    assert {name: item.strength for name, item in found.items()} == {Feature.QUIET: pytest.approx(strength)}
    assert found[Feature.QUIET].summary == "None of the 2 metrics of pay left its normal"


def test_one_that_moved_or_is_not_measured_is_not_quiet() -> None:
    assert Feature.QUIET not in clues("pay", make_shift("pay", spreads=0.0), busy("pay", 9.0))
    assert clues("stranger", make_shift("pay")) == {}
