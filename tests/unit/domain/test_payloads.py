"""Readers of payloads: liberal about what is missing, strict about types, and clear about the place."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.errors import UnreadableDelivery
from sre_copilot.domain.payloads import Fields, any_time, first_text, fitting_key, kind, readable_time, web_links

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

TIMES = {
    "2026-03-01T11:00:00Z": datetime(2026, 3, 1, 11, tzinfo=UTC),
    "2026-03-01t11:00:00z": datetime(2026, 3, 1, 11, tzinfo=UTC),
    "2026-03-01 11:00:00Z": datetime(2026, 3, 1, 11, tzinfo=UTC),
    "2026-03-01T11:00:00.5Z": datetime(2026, 3, 1, 11, 0, 0, 500_000, tzinfo=UTC),
    "2026-03-01T11:00:00.123456789Z": datetime(2026, 3, 1, 11, 0, 0, 123_456, tzinfo=UTC),
    "2026-03-01T13:00:00+02:00": datetime(2026, 3, 1, 11, tzinfo=UTC),
    "2026-03-01T13:00:00.000+0200": datetime(2026, 3, 1, 11, tzinfo=UTC),
    "2000-01-01T00:00:00Z": datetime(2000, 1, 1, tzinfo=UTC),
    "2026-03-02T12:00:00Z": datetime(2026, 3, 2, 12, tzinfo=UTC),
}


@pytest.mark.parametrize("word", TIMES)
def test_a_time_is_read_in_utc_and_cut_to_microseconds(word: str) -> None:
    assert readable_time("at", word, NOW) == TIMES[word]
    assert readable_time("at", word, NOW).tzinfo is UTC


BAD_TIMES = {
    "": "RFC 3339",
    "yesterday": "RFC 3339",
    "2026-03-01": "RFC 3339",
    "20260301T110000Z": "RFC 3339",
    "1772362800": "RFC 3339",
    "2026-03-01T11:00:00Z ": "RFC 3339",
    "٢٠٢٦-03-01T11:00:00Z": "RFC 3339",
    "2026-03-01T11:00:00": "zone",
    "2026-02-30T11:00:00Z": "exists",
    "2026-03-01T25:00:00Z": "exists",
    "2026-03-01T11:00:00+25:00": "exists",
    "0000-03-01T11:00:00Z": "exists",
    "1999-12-31T23:59:59.999999Z": "before the year 2000",
    "0001-01-01T00:00:00+14:00": "before the year 2000",
    "2026-03-02T12:00:00.000001Z": "24 hours after",
    "9999-12-31T23:59:59-14:00": "24 hours after",
}


@pytest.mark.parametrize("word", BAD_TIMES)
def test_an_unusable_time_is_refused_with_its_field_named(word: str) -> None:
    with pytest.raises(UnreadableDelivery, match=rf"^signals\[0\]\.at .*{BAD_TIMES[word]}"):
        readable_time("signals[0].at", word, NOW)


@given(st.text(max_size=40) | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[Z.+0-9:-]*"))
def test_any_word_is_a_time_within_the_limits_or_refused(word: str) -> None:
    try:
        value = readable_time("at", word, NOW)
    except UnreadableDelivery:
        return
    assert datetime(2000, 1, 1, tzinfo=UTC) <= value <= NOW + timedelta(hours=24)


WRONG: dict[str, tuple[Any, str]] = {
    "a number as text": (lambda: Fields({"a": 1}, "x").text("a"), "x.a must be a string, not a number"),
    "a boolean as text": (lambda: Fields({"a": True}).text("a"), "a must be a string, not a boolean"),
    "a required field that is missing": (lambda: Fields({}).required("a"), "a is missing"),
    "a required field that is null": (lambda: Fields({"a": None}).required("a"), "a is missing"),
    "a required field that is blank": (lambda: Fields({"a": " "}).required("a"), "a is missing"),
    "a key that is too long": (lambda: Fields({"a": "k" * 256}).key("a"), "a is longer than 255"),
    "a list as an object": (lambda: Fields({"a": []}, "x").object("a"), "x.a must be an object, not a list"),
    "a body that is no object": (lambda: Fields.of("hello"), "the body must be an object, not a string"),
    "an object as a list": (lambda: Fields({"a": {}}).objects("a"), "a must be a list, not an object"),
    "a missing list": (lambda: Fields({}).objects("a"), "a must be a list, not nothing"),
    "a null in a list": (lambda: Fields({"a": [{}, None]}).objects("a"), r"a\[1\] must be an object, not nothing"),
    "a null among texts": (lambda: Fields({"b": None}, "labels").all_texts(), "labels.b must be a string"),
    "a time that is a number": (lambda: Fields({"a": 1}).time("a", NOW), "a must be a string, not a number"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_type_is_refused_with_its_path_and_without_its_value(case: str) -> None:
    read, words = WRONG[case]
    with pytest.raises(UnreadableDelivery, match=f"^{words}"):
        read()


def test_missing_and_null_fields_are_what_their_reader_says() -> None:
    for fields in (Fields({}), Fields({"a": None})):
        assert fields.text("a", "default") == "default"
        assert fields.key("a") is None
        assert fields.time("a", NOW) is None
        assert fields.object("a").values == {}
        assert fields.loose("a") == ""


def test_present_fields_are_read_with_their_paths() -> None:
    fields = Fields({"a": [{"b": {"c": "d"}}], "k": "key", "t": "2026-03-01T11:00:00Z", "n": 3}, "top")
    inner = fields.objects("a")[0].object("b")
    assert inner.path == "top.a[0].b"
    assert inner.all_texts() == {"c": "d"}
    assert fields.required("k") == fields.key("k") == fields.loose("k") == "key"
    assert fields.time("t", NOW) == datetime(2026, 3, 1, 11, tzinfo=UTC)
    assert fields.loose("n") == ""


def test_scalars_are_spelled_as_json_does_and_structures_are_left_out() -> None:
    values = {"s": "x", "i": 503, "f": 1.5, "t": True, "u": False, "n": None, "l": [1], "o": {}}
    assert Fields(values).scalars() == {"s": "x", "i": "503", "f": "1.5", "t": "true", "u": "false"}


def test_only_web_addresses_are_links_and_each_once() -> None:
    links = web_links("https://a", None, "javascript:alert(1)", 5, "?orgId=1", "HTTP://b", "https://a")
    assert links == ("https://a", "HTTP://b")


@pytest.mark.parametrize("word", ["", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z", "0001-01-01T00:00:00+01:00"])
def test_the_zero_time_of_go_is_no_time(word: str) -> None:
    assert Fields({"a": word}).time("a", NOW) is None
    assert Fields({"a": word}).time_word("a") == ""


def test_any_time_is_read_whatever_its_year() -> None:
    assert any_time("at", "9999-12-31T23:59:59-14:00").year == 9999
    assert any_time("at", "1970-01-01T00:00:00Z") == datetime(1970, 1, 1, tzinfo=UTC)
    with pytest.raises(UnreadableDelivery, match=r"^at must be a time with a zone"):
        any_time("at", "2026-03-01T11:00:00")


def test_the_first_text_that_says_something_is_taken() -> None:
    assert first_text({"a": " ", "b": " x ", "c": "y"}, ("z", "a", "b", "c")) == "x"
    assert first_text({"a": " "}, ("a", "b")) == ""


def test_a_key_that_is_too_long_is_told_by_its_hash() -> None:
    assert fitting_key("k" * 255) == "k" * 255
    assert len(fitting_key("k" * 256)) == 64
    assert fitting_key("k" * 256) != fitting_key("k" * 257)


def test_every_json_value_has_a_name() -> None:
    values: list[object] = [{}, [], "", True, 1, 1.0, None]
    assert [kind(value) for value in values] == [
        "an object", "a list", "a string", "a boolean", "a number", "a number", "nothing",
    ]  # fmt: skip
