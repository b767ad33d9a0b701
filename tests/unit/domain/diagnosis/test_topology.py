"""Which share of the trouble is a component's own, and how unbroken the trail to it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.diagnosis.shifts import Shift
from sre_copilot.domain.diagnosis.topology import Topology
from sre_copilot.domain.diagnosis.units import DELAY, FAILURE, SYMPTOMS
from sre_copilot.domain.snapshots import MetricKind
from tests.unit.domain.diagnosis.measured import failing, make_shift, make_topology, traffic

CHAIN = [("shop", "pay"), ("pay", "db")]


def own_delays(topology: Topology) -> dict[str, float]:
    return {name: round(share.own, 6) for name, share in topology.own_delay.items()}


def own_failures(topology: Topology) -> dict[str, float]:
    return {name: round(share.own, 6) for name, share in topology.own_failures.items()}


def test_a_component_depends_on_its_callees_and_then_the_hosts_of_its_pods() -> None:
    topology = make_topology(
        calls=[("shop", "pay"), ("shop", "db")], placed=[("shop", "host-2"), ("shop", "host-1"), ("pay", "host-3")]
    )
    assert topology.supports("shop") == ("db", "pay", "host-1", "host-2")
    assert topology.supports("host-1") == ()


def test_what_callees_pass_up_is_taken_away_from_their_callers() -> None:
    shifts = [make_shift("shop", 0.1, 1.3), make_shift("pay", 0.1, 1.2), make_shift("db", 0.1, 1.1)]
    assert own_delays(make_topology(*shifts, calls=CHAIN)) == {"shop": 0.1, "pay": 0.1, "db": 1.0}


def test_what_passes_up_is_shared_out_among_the_callers_by_their_own_excess() -> None:
    shifts = [make_shift("shop", 0.1, 3.1), make_shift("web", 0.1, 1.1), make_shift("db", 0.1, 2.1)]
    topology = make_topology(*shifts, calls=[("shop", "db"), ("web", "db")])
    assert own_delays(topology) == {"shop": 1.5, "web": 0.5, "db": 2.0}


def test_a_host_passes_all_of_its_excess_up_to_every_service_on_it() -> None:
    shifts = [make_shift("shop", 0.1, 1.1), make_shift("host-1", 0.1, 0.5)]
    assert own_delays(make_topology(*shifts, placed=[("shop", "host-1")])) == {"shop": 0.6, "host-1": 0.4}


def test_nobody_owns_less_than_nothing_and_a_rise_within_the_normal_is_none() -> None:
    shifts = [make_shift("shop", 0.1, 0.2), make_shift("pay", 0.1, 1.1), make_shift("db", 0.1, 0.9, spreads=1.0)]
    assert own_delays(make_topology(*shifts, calls=CHAIN)) == {"shop": 0.0, "pay": 1.0, "db": 0.0}


def test_a_delay_that_only_the_caller_sees_is_the_callees_own() -> None:
    seen = make_shift("shop", 0.1, 1.1, callee="pay", name="client_p50")
    topology = make_topology(make_shift("shop", 0.1, 1.1), seen, calls=CHAIN)
    assert own_delays(topology) == {"shop": 0.0, "pay": 1.0}
    assert topology.own_delay["pay"].shift == seen
    assert list(topology.gaps) == [("shop", "pay")]
    assert [gap.caller for gap in topology.gaps_into["pay"]] == ["shop"]
    assert topology.blame["pay"].value == 1.0


def test_of_several_callers_the_one_that_waits_longest_tells_the_unseen_delay() -> None:
    seen = [make_shift(name, 0.1, 0.1 + rise, callee="pay") for name, rise in (("shop", 1.0), ("web", 3.0))]
    topology = make_topology(make_shift("pay", 0.1, 0.15), *seen)
    assert own_delays(topology)["pay"] == pytest.approx(0.05 + 2.95)


def test_delays_and_failures_are_looked_at_only_where_the_incident_is_about_them() -> None:
    shifts = [make_shift("shop"), failing("shop")]
    assert own_delays(make_topology(*shifts, focus=FAILURE)) == {}
    assert own_failures(make_topology(*shifts, focus=DELAY)) == {}
    assert own_failures(make_topology(*shifts, focus=FAILURE)) == {"shop": 0.5}


@pytest.mark.parametrize(
    ("shift", "expected"),
    [
        (failing("db", 0.0, 0.4), {"db": 0.4}),
        (failing("db", 0.5, 0.4), {"db": 0.0}),
        (failing("db", 0.0, 0.4, spreads=1.0), {"db": 0.0}),
        (failing("db", 0.0, 40.0, unit="percent"), {"db": 0.4}),
        (failing("db", 1.0, 0.7, kind=MetricKind.AVAILABILITY), {"db": 0.3}),
        (failing("db", 0.0, 4.0, unit="errors/s"), {}),
        (make_shift("db"), {}),
    ],
    ids=["more", "fewer", "as usual", "per cent", "availability", "no share", "a delay"],
)
def test_failures_begin_where_the_share_of_failed_requests_grew(shift: Shift, expected: dict[str, float]) -> None:
    assert own_failures(make_topology(shift)) == expected


@pytest.mark.parametrize("turned", [False, True])
def test_the_series_with_the_most_failures_speaks_for_a_component(turned: bool) -> None:
    few, many = failing("db", 0.0, 0.1, name="a"), failing("db", 0.0, 0.6, name="b")
    topology = make_topology(*((many, few) if turned else (few, many)))
    assert topology.own_failures["db"].shift == many


def test_series_that_are_no_share_of_requests_do_not_hide_those_that_are() -> None:
    shifts = [failing("db", 0.0, 4.0, unit="errors/s"), make_shift("db"), failing("db", 0.0, 0.4)]
    assert own_failures(make_topology(*shifts)) == {"db": 0.4}


def test_failures_count_per_request_of_the_alarm_during_the_incident() -> None:
    shifts = [failing("db", 0.0, 0.1), traffic("db", 10.0, 40.0), traffic("shop", 10.0, 20.0)]
    assert own_failures(make_topology(*shifts)) == {"db": 0.2}


def test_delays_count_per_request_of_the_alarm_as_usual() -> None:
    shifts = [make_shift("db", 0.1, 0.3), traffic("db", 30.0, 90.0), traffic("shop", 10.0, 1.0)]
    assert own_delays(make_topology(*shifts)) == {"db": 0.6}


@pytest.mark.parametrize(
    ("mine", "alarm", "expected"),
    [(30.0, 10.0, 3.0), (None, 10.0, 1.0), (30.0, None, 1.0), (30.0, 0.0, 1.0), (900.0, 1.0, 20.0), (-5.0, 1.0, 0.0)],
)
def test_calls_per_request_lie_between_nought_and_twenty_and_are_one_where_unknown(
    mine: float | None, alarm: float | None, expected: float
) -> None:
    shifts = [traffic(name, rate) for name, rate in (("db", mine), ("shop", alarm)) if rate is not None]
    assert make_topology(*shifts).calls_per_request("db") == expected


def test_the_busiest_traffic_series_counts() -> None:
    shifts = [traffic("db", 5.0), traffic("db", 30.0), traffic("shop", 10.0)]
    assert make_topology(*shifts).calls_per_request("db") == 3.0


def test_a_symptom_is_of_the_alarms_kind_but_a_host_may_show_any() -> None:
    shifts = [failing("db"), make_shift("pay"), failing("host-1")]
    topology = make_topology(*shifts, placed=[("db", "host-1")], focus=DELAY)
    assert set(topology.symptom) == {"pay", "host-1"}
    assert (topology.strength("pay"), topology.strength("db")) == (1.0, 0.0)
    assert topology.focus == DELAY


def test_a_component_that_is_not_measured_itself_shows_what_its_callers_see() -> None:
    weak, clear = (failing("shop", callee="pay", spreads=s, name=f"e{s}") for s in (20.0, 90.0))
    assert make_topology(weak, clear, focus=FAILURE).symptom["pay"] == clear
    assert make_topology(clear, weak, focus=FAILURE).symptom["pay"] == clear
    assert set(make_topology(clear, focus=DELAY).symptom) == set()
    measured = failing("pay", spreads=5.0)
    assert make_topology(clear, measured, focus=FAILURE).symptom["pay"] == measured


def test_a_gap_before_a_component_is_a_symptom_of_it_where_delays_matter() -> None:
    seen, own = make_shift("shop", 0.1, 1.1, callee="pay", spreads=90.0), make_shift("pay", 0.1, 0.11, spreads=4.0)
    assert make_topology(seen, own, focus=DELAY).symptom["pay"] == seen
    assert make_topology(seen, own, failing("pay", spreads=5.0), focus=FAILURE).symptom["pay"] != seen


def test_the_worst_support_is_the_callee_or_host_with_the_clearest_symptom() -> None:
    topology = make_topology(
        make_shift("pay", spreads=20.0),
        make_shift("host-1", spreads=90.0),
        calls=[("shop", "pay"), ("shop", "db")],
        placed=[("shop", "host-1")],
    )
    assert topology.worst_support("shop") == ("host-1", topology.strength("host-1"))
    assert topology.worst_support("db") == ("", 0.0)


def test_the_trail_is_as_strong_as_its_weakest_link_and_its_end_does_not_count() -> None:
    shifts = [make_shift("pay", spreads=20.0), make_shift("db", spreads=90.0)]
    topology = make_topology(*shifts, calls=[*CHAIN, ("db", "disk"), ("shop", "quiet"), ("quiet", "mail")])
    assert topology.reached == {
        "shop": 1.0,
        "pay": 1.0,
        "quiet": 1.0,
        "db": topology.strength("pay"),
        "disk": topology.strength("pay"),
    }


def test_of_two_trails_the_stronger_one_counts() -> None:
    shifts = [make_shift("weak", spreads=5.0), make_shift("strong", spreads=150.0)]
    topology = make_topology(*shifts, calls=[("shop", "weak"), ("shop", "strong"), ("weak", "db"), ("strong", "db")])
    assert topology.reached["db"] == topology.strength("strong")


services = st.sampled_from(["shop", "pay", "db", "mail"])
hosts = st.sampled_from(["host-1", "host-2"])
measures = st.lists(
    st.builds(make_shift, services | hosts, st.floats(0, 2), st.floats(0, 2), spreads=st.floats(0, 300))
    | st.builds(failing, services | hosts, st.floats(0, 1), st.floats(0, 1), spreads=st.floats(0, 300))
    | st.builds(traffic, services, st.floats(0, 100), st.floats(0, 100))
    | st.builds(make_shift, services, st.floats(0, 2), st.floats(0, 2), callee=services, spreads=st.floats(0, 300)),
    max_size=10,
)


@given(measures, st.lists(st.tuples(services, services), max_size=6), st.lists(st.tuples(services, hosts), max_size=4))
def test_shares_and_trails_stay_in_bounds_on_any_graph(
    shifts: list[Shift], calls: list[tuple[str, str]], placed: list[tuple[str, str]]
) -> None:
    topology = make_topology(*shifts, calls=calls, placed=placed, focus=SYMPTOMS)
    assert all(0.0 <= link <= 1.0 for link in topology.reached.values())
    assert topology.reached["shop"] == 1.0
    assert all(share.own >= 0.0 for share in (*topology.own_delay.values(), *topology.own_failures.values()))
    assert all(0.0 <= topology.worst_support(name)[1] <= 1.0 for name in topology.components)
