"""Vendors' signatures: what fits, what doesn't, and what it is refused for."""

from base64 import b64decode
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.errors import NotAuthentic
from sre_copilot.domain.signatures import MOST_SIGNATURES, hmac_base64, hmac_hex, require_fresh, require_match

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def reason(refused: "pytest.ExceptionInfo[NotAuthentic]") -> str:
    return refused.value.reason


def test_hmacs_are_those_of_rfc_4231() -> None:
    # Test case 2 of the RFC.
    wanted = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert hmac_hex("Jefe", b"what do ya want for nothing?") == wanted
    assert b64decode(hmac_base64(b"Jefe", b"what do ya want for nothing?")).hex() == wanted


def test_one_of_several_that_fits_is_enough() -> None:
    require_match(["a", "b"], ["c", "b"])


@pytest.mark.parametrize("given_signatures", [[], [""], ["", ""]])
def test_none_is_missing(given_signatures: list[str]) -> None:
    with pytest.raises(NotAuthentic) as refused:
        require_match(given_signatures, ["b"])
    assert reason(refused) == "missing"


@pytest.mark.parametrize("wrong", ["a", "bb", "", "ü", "b\udcff", "b" * 10_000])
def test_whatever_does_not_fit_is_wrong(wrong: str) -> None:
    with pytest.raises(NotAuthentic) as refused:
        require_match(["x", wrong], ["b"])
    assert reason(refused) == "wrong"


def test_nothing_fits_where_no_secret_is_valid() -> None:
    with pytest.raises(NotAuthentic):
        require_match(["b"], [])


def test_no_more_than_ten_are_compared() -> None:
    with pytest.raises(NotAuthentic):
        require_match(["x"] * MOST_SIGNATURES + ["b"], ["b"])


@pytest.mark.parametrize("seconds", [-300, -1, 0, 1, 300])
def test_within_five_minutes_it_is_fresh(seconds: int) -> None:
    require_fresh(str(int((NOW + timedelta(seconds=seconds)).timestamp())), NOW)


@pytest.mark.parametrize("seconds", [-301, 301, 10**11])
def test_beyond_five_minutes_it_is_stale_in_both_directions(seconds: int) -> None:
    with pytest.raises(NotAuthentic) as refused:
        require_fresh(str(int(NOW.timestamp()) + seconds), NOW)
    assert reason(refused) == "stale"


@given(st.text().filter(lambda text: not (text.isascii() and text.isdigit())))
def test_what_is_no_number_is_missing_or_wrong(stamp: str) -> None:
    with pytest.raises(NotAuthentic) as refused:
        require_fresh(stamp, NOW)
    assert reason(refused) == ("wrong" if stamp else "missing")


@given(st.integers(min_value=0))
def test_no_number_brings_another_error(stamp: int) -> None:
    try:
        require_fresh(str(stamp), NOW)
    except NotAuthentic as refused:
        assert refused.reason in ("stale", "wrong")
