"""Answers of range queries become series of components."""

from typing import Any

import pytest

from sre_copilot.domain.range_queries import kind_of, read_query, series_of
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
