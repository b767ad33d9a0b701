"""Bodies that people put together of a vendor's variables."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from sre_copilot.domain.errors import UnreadableDelivery
from sre_copilot.domain.payloads import SECONDS, Fields
from sre_copilot.domain.variables import Variables

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
UNSET = re.compile(r"\$[A-Z_]+|null")


def variables(values: dict[str, Any], **aliases: str) -> Variables:
    return Variables.of(Fields(values), unset=UNSET, aliases=aliases)


@pytest.mark.parametrize("name", ["EVENT.ID", "event_id", "eventId", "Event-Id", "EVENTID"])
def test_a_variable_is_found_however_its_field_is_spelt(name: str) -> None:
    found = variables({"other": "x", name: " 5 "})
    assert found.text("EVENT.ID") == found.key("event_id") == found.required("EVENT_ID") == "5"
    assert found.value("EVENT.ID") == " 5 "
    assert found.at("EVENT.ID") == name


def test_of_two_spellings_the_first_counts_and_an_alias_only_stands_in() -> None:
    assert variables({"event_id": "1", "EVENT.ID": "2"}).text("EVENT.ID") == "1"
    assert variables({"title": "a"}, Title="EVENT_TITLE").text("EVENT_TITLE") == "a"
    assert variables({"title": "a", "event_title": "b"}, title="EVENT_TITLE").text("EVENT_TITLE") == "b"


@pytest.mark.parametrize("value", [None, "", "  ", "$EVENT_ID", "null"])
def test_a_variable_without_a_value_is_missing(value: Any) -> None:
    found = variables({"id": value, "at": value})
    assert found.text("ID") == found.loose("ID") == ""
    assert found.key("ID") is None
    assert found.epoch("AT", NOW, per_second=SECONDS) is None
    with pytest.raises(UnreadableDelivery, match=r"^id is missing"):
        found.required("ID")
    with pytest.raises(UnreadableDelivery, match=r"^OTHER is missing"):
        found.required("OTHER")


def test_only_a_text_that_is_a_variable_as_a_whole_is_unset() -> None:
    assert variables({"id": "costs $EUR"}).text("ID") == "costs $EUR"


def test_a_whole_number_is_its_text_and_a_time() -> None:
    found = variables({"id": 7, "at": 1772366400})
    assert found.text("ID") == found.loose("ID") == "7"
    assert found.epoch("AT", NOW, per_second=SECONDS) == NOW


@pytest.mark.parametrize("value", [True, 1.5, [], {}])
def test_another_type_is_refused_and_where_it_decides_nothing_left_out(value: Any) -> None:
    found = variables({"id": value})
    assert found.loose("ID") == ""
    for read in (found.text, found.key, found.required):
        with pytest.raises(UnreadableDelivery, match=r"^id must be a string"):
            read("ID")


def test_a_long_key_is_refused_with_its_field_named() -> None:
    found = Variables.of(Fields({"id": "k" * 256, "at": "then"}, "top"), unset=UNSET)
    with pytest.raises(UnreadableDelivery, match=r"^top\.id is longer than 255"):
        found.key("ID")
    with pytest.raises(UnreadableDelivery, match=r"^top\.at must be a time"):
        found.epoch("AT", NOW, per_second=SECONDS)
