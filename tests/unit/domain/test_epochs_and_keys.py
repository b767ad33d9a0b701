"""Readers of numbers that are times, of ids that are numbers or texts, and keys made of several parts."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.errors import UnreadableDelivery
from sre_copilot.domain.payloads import MILLISECONDS, NANOSECONDS, SECONDS, Fields, epoch_time, joined_key

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "per_second", "microsecond"),
    [
        (1772366400, SECONDS, 0),
        ("1772366400", SECONDS, 0),
        (1772366400.5, SECONDS, 500_000),
        ("1772366400.25", SECONDS, 250_000),
        (1772366400123, MILLISECONDS, 123_000),
        ("1772366400123", MILLISECONDS, 123_000),
        ("1772366400123456789", NANOSECONDS, 123_456),
    ],
)
def test_a_number_since_1970_is_a_time_cut_to_microseconds(value: Any, per_second: int, microsecond: int) -> None:
    moment = datetime(2026, 3, 1, 12, 0, 0, microsecond, tzinfo=UTC)
    assert epoch_time("at", value, NOW, per_second=per_second) == moment
    assert Fields({"at": value}).epoch("at", NOW, per_second=per_second) == moment


@pytest.mark.parametrize("value", [None, "", 0, "0", 0.0, "0.0"])
def test_nothing_and_zero_are_no_time(value: Any) -> None:
    assert epoch_time("at", value, NOW, per_second=SECONDS) is None
    assert Fields({}).epoch("at", NOW, per_second=SECONDS) is None


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (True, "must be a time"),
        (False, "must be a time"),
        ("yesterday", "must be a time"),
        ("-5", "must be a time"),
        ("1e9", "must be a time"),
        ("١٧٧٢٣٦٦٤٠٠", "must be a time"),
        ("9" * 21, "must be a time"),
        ([], "must be a time"),
        (1, "before the year 2000"),
        (-1.5, "before the year 2000"),
        (1772366400 + 86_401, "more than 24 hours"),
        (10**19, "is not a time that exists"),
        ("9" * 20, "is not a time that exists"),
        (1e308, "is not a time that exists"),
    ],
)
def test_another_number_is_refused_with_its_path(value: Any, words: str) -> None:
    with pytest.raises(UnreadableDelivery, match=rf"^list\[2\]\.at .*{words}"):
        Fields({"at": value}, "list[2]").epoch("at", NOW, per_second=SECONDS)


@given(
    st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=25),
    st.sampled_from([1, 1000, 10**9]),
)
def test_any_number_is_a_time_within_the_limits_or_refused(value: Any, per_second: int) -> None:
    try:
        moment = epoch_time("at", value, NOW, per_second=per_second)
    except UnreadableDelivery:
        return
    assert moment is None or moment.year >= 2000


def test_an_id_may_be_a_text_or_a_whole_number() -> None:
    assert Fields({"id": 5}).number_or_key("id") == Fields({"id": "5"}).number_or_key("id") == "5"
    assert Fields({"id": ""}).number_or_key("id") is None
    for value in (True, 5.0, [5]):
        with pytest.raises(UnreadableDelivery, match=r"^x\.id must be a string"):
            Fields({"id": value}, "x").number_or_key("id")


@given(st.lists(st.text(max_size=5), min_size=1, max_size=4), st.lists(st.text(max_size=5), min_size=1, max_size=4))
def test_different_parts_never_make_the_same_key(one: list[str], other: list[str]) -> None:
    assert (joined_key(*one) == joined_key(*other)) == (one == other)


def test_a_key_reads_like_its_parts_and_a_long_one_is_hashed() -> None:
    assert joined_key("service", "a/b", "100%") == "service/a%2Fb/100%25"
    long = joined_key("a" * 200, "b" * 200)
    assert len(long) == 64
    assert long != joined_key("a" * 200, "b" * 201)
