"""What a plugin says is looked at in a few steps, and refused as if each word were looked at by itself."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pytest

from sre_copilot.adapters.integrations.answers import checked_answer
from sre_copilot.adapters.integrations.isolation import Unfit
from sre_copilot.domain.deliveries import Parsed
from sre_copilot.domain.errors import UnreadableDelivery
from sre_copilot.testing.builders import make_delivery, make_draft

NUL, HALF = "a\x00b", "a\ud800b"
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    **{f"a NUL in {name}": ({name: NUL}, name) for name in ("name", "title", "description", "service")},
    **{f"half a pair in {name}": ({name: HALF}, name) for name in ("name", "title", "description", "severity_word")},
    "a number as a title": ({"title": 7}, "title is int, not a string"),
    "nothing as a description": ({"description": None}, "description is NoneType"),
    "a NUL in a label": ({"labels": {"a": NUL}}, "labels has a NUL"),
    "a NUL in a label's name": ({"labels": {NUL: "a"}}, "labels has a NUL"),
    "half a pair in a label": ({"labels": {"a": HALF}}, "labels has a NUL or half"),
    "a number as a label": ({"labels": {"a": 7}}, "labels must map strings"),
    "a number as a label's name": ({"labels": {7: "a"}}, "labels must map strings"),
    "labels that are a list": ({"labels": ["a"]}, "labels must map strings"),
    "a NUL in the identity": ({"identity": {"a": NUL}}, "identity has a NUL"),
    "a number in the identity": ({"identity": {"a": 7}}, "identity must map strings"),
    "a NUL in a link": ({"links": (NUL,)}, r"links\[0\] has a NUL"),
    "links that are a list": ({"links": ["a"]}, "links is list, not a tuple"),
    "links that are a string": ({"links": "abc"}, "links is str, not a tuple"),
    "a NUL in the vendor's fingerprint": ({"vendor_fingerprint": NUL}, "vendor_fingerprint has a NUL"),
    "a NUL in raw": ({"raw": {"a": [NUL]}}, "raw has a NUL"),
    "a NUL in a name in raw": ({"raw": {NUL: 1}}, "raw has a NUL"),
    "half a pair in raw": ({"raw": {"a": HALF}}, "raw is not plain JSON"),
    "not a number in raw": ({"raw": {"a": float("nan")}}, "raw is not plain JSON"),
    "an infinity in raw": ({"raw": {"a": [-float("inf")]}}, "raw is not plain JSON"),
    "a time without a zone in raw": ({"raw": {"a": datetime(2026, 1, 1)}}, "raw is not plain JSON"),  # noqa: DTZ001
    "bytes in raw": ({"raw": {"a": b"b"}}, "raw is not plain JSON"),
    "an object in raw": ({"raw": {"a": make_delivery()}}, "raw is not plain JSON"),
}


def check(given: Mapping[str, Any]) -> Parsed:
    return checked_answer(Parsed(drafts=(make_draft(), make_draft(**given))), make_delivery())


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_stored_is_refused_where_it_is(case: str) -> None:
    given, words = REFUSED[case]
    with pytest.raises(Unfit, match=words) as caught:
        check(given)
    assert "signals[1]" in str(caught.value)


@pytest.mark.parametrize("name", ["vendor_key", "vendor_id"])
def test_a_key_that_cannot_be_stored_is_the_senders_fault(name: str) -> None:
    with pytest.raises(UnreadableDelivery, match=name):
        check({name: NUL})


TAKEN: dict[str, dict[str, Any]] = {
    "a time and a set in raw, which have a form of their own": {
        "raw": {"a": datetime(2026, 1, 1, tzinfo=UTC), "b": {1}}
    },
    "nothing in raw": {"raw": {"a": None, "b": [None]}},
    "the word null in raw": {"raw": {"a": "null"}},
    "what only looks like a NUL": {"raw": {"a": "\\u0000"}, "title": "\\u0000"},
    "labels that are no dict": {"labels": MappingProxyType({"a": "b"})},
    "no identity": {"identity": None},
    "other letters": {"title": "ü \U0001f600", "labels": {"ü": "€"}, "raw": {"ü": "\U0001f600"}},
}


@pytest.mark.parametrize("case", TAKEN)
def test_what_needs_a_closer_look_is_taken_if_it_can_be_stored(case: str) -> None:
    assert check(TAKEN[case]).drafts[1] == make_draft(**TAKEN[case])
