"""Answers of range queries become series of components."""

from collections.abc import Iterable
from typing import Any

import attrs
import pytest

from sre_copilot.domain.errors import CredentialsRefused, OutgoingFailed
from sre_copilot.domain.range_queries import (
    ALL_QUERIES,
    MOST_QUERIES,
    kind_of,
    read_query,
    series_of,
    series_of_queries,
)
from sre_copilot.domain.snapshots import MetricKind, MetricSeries

STEP = 15.0


def row(values: list[Any], **labels: str) -> dict[str, Any]:
    """A raw series whose samples begin at the epoch, one step apart; None has none."""
    samples = [[place * STEP, str(value)] for place, value in enumerate(values) if value is not None]
    return {"metric": labels, "values": samples}


def only(name: str, unit: str, *rows: dict[str, Any]) -> MetricSeries:
    (found,) = series_of(name, unit, STEP, rows)
    return found


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("rate[req/s]=sum(x)", ("rate", "req/s", "sum(x)")),
        ("rate=sum(x)", ("rate", "", "sum(x)")),
        ('sum(x{a="b"})', ('sum(x{a="b"})'[:100], "", 'sum(x{a="b"})')),
        ("up", ("up", "", "up")),
    ],
)
def test_a_query_has_a_name_and_a_unit_where_it_says_so(text: str, read: tuple[str, str, str]) -> None:
    assert read_query(text) == read


@pytest.mark.parametrize(
    ("name", "unit", "kind"),
    [
        ("latency_p95", "", MetricKind.LATENCY),
        ("anything", "ms", MetricKind.LATENCY),
        ("error-ratio", "ratio", MetricKind.ERROR_RATE),
        ("up", "0 or 1", MetricKind.AVAILABILITY),
        ("heap_used", "bytes", MetricKind.MEMORY),
        ("queue_depth", "", MetricKind.SATURATION),
        ("things", "things/s", MetricKind.TRAFFIC),
        ("things", "", MetricKind.OTHER),
    ],
)
def test_what_is_measured_is_told_by_the_words_of_a_name_and_the_unit(name: str, unit: str, kind: MetricKind) -> None:
    assert kind_of(name, unit) is kind


def test_a_series_belongs_to_its_service_and_has_gaps_where_nothing_was_measured() -> None:
    found = only("request_rate", "req/s", row([1, None, "NaN", 4], service="cart"))
    assert (found.component, found.values, found.step_seconds) == ("cart", (1.0, None, None, 4.0), STEP)


def test_a_call_names_its_callee_and_other_labels_are_part_of_the_name() -> None:
    found = only("latency", "s", row([1], service="cart", upstream="db", quantile="0.9", pod="cart-1"))
    assert (found.component, found.callee, found.name) == ("cart", "db", "latency[0.9]")


@pytest.mark.parametrize(
    ("name", "unit", "value"),
    [("latency", "s", 3.0), ("used", "ratio", 3.0), ("queue_depth", "", 4.0), ("requests", "", 4.0), ("cpu", "", 2.0)],
)
def test_the_pods_of_a_service_are_put_together_by_what_is_measured(name: str, unit: str, value: float) -> None:
    found = only(name, unit, row([1], service="cart", pod="cart-1"), row([3], service="cart", pod="cart-2"))
    assert found.values == (value,)


def test_a_node_has_series_of_its_own_and_hears_whether_its_pods_are_up() -> None:
    assert only("cpu", "", row([1], node="n1")).component == "n1"
    assert only("cpu", "", row([1], node="n1", pod="cart-1", service="cart")).component == "cart"
    pods = series_of("up", "0 or 1", STEP, [row([1], node="n1", pod="cart-1", deployment="cart")])
    assert [found.component for found in pods] == ["cart", "n1"]


@pytest.mark.parametrize(
    "labels", [{"alertstate": "firing", "service": "cart"}, {"version": "2", "service": "cart"}, {"job": "x"}, {}]
)
def test_what_measures_no_component_is_left_out(labels: dict[str, str]) -> None:
    assert list(series_of("up", "", STEP, [row([1], **labels)])) == []


def test_series_without_a_number_are_left_out() -> None:
    assert list(series_of("up", "", STEP, [row([], service="cart"), row(["NaN"], service="cart")])) == []
    assert list(series_of("up", "", STEP, [])) == []


@attrs.define
class Vendor:
    """Answers each query after as many seconds as it says, or fails when its time is over."""

    now: float = 100.0
    given: list[float] = attrs.field(factory=list)

    def ask(self, name: str, unit: str, query: str, deadline: float) -> Iterable[MetricSeries]:
        self.given.append(deadline)
        if query == "denied":
            raise CredentialsRefused
        self.now += min(float(query), deadline)
        if float(query) > deadline:
            raise OutgoingFailed(f"{name} took too long.")
        return series_of(name, unit, STEP, [row([1], service=name)])

    def told(self, *queries: str) -> list[str]:
        named = [f"q{place}={query}" for place, query in enumerate(queries)]
        return [found.component for found in series_of_queries("It", named, self.ask, clock=lambda: self.now)]


def test_queries_that_hang_lose_none_of_the_others_and_all_end_in_time() -> None:
    vendor = Vendor()
    assert vendor.told("99", "99", "0.5", "99", "0.5", "1") == ["q2", "q4", "q5"]
    assert vendor.now <= 100 + ALL_QUERIES


def test_what_quick_queries_leave_goes_to_those_after_them() -> None:
    vendor = Vendor()
    assert vendor.told("0", "0", "0", "4.9") == ["q0", "q1", "q2", "q3"]
    assert vendor.given == [2.0, pytest.approx(8 / 3), 4.0, 5.0]


def test_no_more_queries_are_asked_than_there_is_time_for() -> None:
    vendor = Vendor()
    assert len(vendor.told(*["0"] * (MOST_QUERIES + 5))) == MOST_QUERIES

    def overrun(*asked: object) -> Iterable[MetricSeries]:
        vendor.now += ALL_QUERIES
        return series_of("up", "", STEP, [row([1], service="cart")])

    assert len(series_of_queries("It", ["a", "b"], overrun, clock=lambda: vendor.now)) == 1


def test_credentials_that_are_refused_end_it_at_once_and_failures_only_where_nothing_is_answered() -> None:
    vendor = Vendor()
    with pytest.raises(CredentialsRefused):
        vendor.told("denied", "0")
    assert len(vendor.given) == 1
    with pytest.raises(OutgoingFailed, match="q0 took too long"):
        vendor.told("99", "99")
    assert vendor.told() == []
