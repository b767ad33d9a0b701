"""How measurements, claims and words are said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.diagnosis.wording import brief, claim, moved, quantity, spreads
from sre_copilot.domain.diagnosis.words import spoken, stem, words
from sre_copilot.domain.hypotheses import CandidateKind
from sre_copilot.testing.snapshots import make_observed_change
from tests.unit.domain.diagnosis.measured import make_shift


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (0.05, "s", "50 ms"),
        (0.1, "s", "0.1 s"),
        (1234.5, "ms", "1.23 s"),
        (-0.5, "s", "-0.5 s"),
        (2, "minutes", "120 s"),
        (0.1234, "ratio", "12.3 %"),
        (0.5, "", "50 %"),
        (12.34, "Percent", "12.3 %"),
        (999.4, "requests/s", "999 requests/s"),
        (12345.6, "bytes", "12,346 bytes"),
        (-12345.6, "bytes", "-12,346 bytes"),
    ],
)
def test_a_value_is_said_with_its_unit_in_three_digits(value: float, unit: str, said: str) -> None:
    assert quantity(value, unit) == said


@pytest.mark.parametrize(
    ("value", "said"), [(4.25, "4.2 spreads"), (9.99, "10.0 spreads"), (10.4, "10 spreads"), (-200.0, "-200 spreads")]
)
def test_spreads_are_whole_from_ten_on(value: float, said: str) -> None:
    assert spreads(value) == said


@pytest.mark.parametrize(("before", "after", "verb"), [(0.2, 1.9, "rose"), (1.9, 0.2, "fell"), (0.2, 0.2, "stayed")])
def test_a_shift_is_said_with_what_moved_how_far_and_when(before: float, after: float, verb: str) -> None:
    said = moved(make_shift("pay", before, after, spreads=14.0, name="p99"))
    first, second = quantity(before, "s"), quantity(after, "s")
    assert said == f"p99 of pay {verb} from {first} to {second}, 14 spreads, at 12:15:00"


def test_a_shift_of_a_call_names_both_ends_and_one_without_an_onset_no_moment() -> None:
    call = make_shift("shop", 0.2, 1.9, spreads=14.0, callee="pay", onset=None)
    assert moved(call) == "latency of shop calling pay rose from 0.2 s to 1.9 s, 14 spreads"
    assert brief(call) == "latency of shop calling pay 0.2 s -> 1.9 s"
    assert brief(make_shift("pay", 0.2, 1.9)) == "latency of pay 0.2 s -> 1.9 s"


@pytest.mark.parametrize(
    ("kind", "subject", "said"),
    [
        (CandidateKind.SERVICE, "pay", "The trouble begins in pay itself."),
        (CandidateKind.HOST, "h1", "The trouble begins at the host h1."),
        (CandidateKind.NONE_OF_THESE, "", "None of these: the cause lies outside of what is known here."),
        (CandidateKind.OTHERS, "", "One of the other candidates."),
    ],
)
def test_every_kind_of_cause_has_its_claim(kind: CandidateKind, subject: str, said: str) -> None:
    assert claim(kind, subject, None) == said


def test_a_change_is_claimed_with_its_time_and_its_summary() -> None:
    change = make_observed_change("pay", "smaller pool")
    assert claim(CandidateKind.CHANGE, "pay", change) == "The change to pay at 12:10:00 caused it: smaller pool."


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("CPUThrottlingHigh", {"cpu": "cpu", "throttl": "throttling", "high": "high"}),
        ("max_connections=50", {"max": "max", "connection": "connections"}),
        ("the new deploy of a service", {}),
        ("p99 5xx db", {}),
        ("retries retry", {"retr": "retries"}),
        ("", {}),
    ],
)
def test_words_are_split_at_case_and_punctuation_and_stemmed(text: str, found: dict[str, str]) -> None:
    assert spoken(text) == found
    assert words(text) == set(found)


@pytest.mark.parametrize(
    ("word", "cut"),
    [("timeouts", "timeout"), ("failed", "fail"), ("used", "used"), ("queries", "quer"), ("lag", "lag")],
)
def test_one_ending_is_cut_where_four_letters_stay(word: str, cut: str) -> None:
    assert stem(word) == cut


@given(st.text(alphabet="abdeginorstyAB_- ", max_size=30), st.text(alphabet="abdegi ", max_size=30))
def test_the_words_of_two_texts_are_those_of_either(one: str, other: str) -> None:
    assert words(one, other) == words(one) | words(other)
    assert words(one) == words(one, one)
