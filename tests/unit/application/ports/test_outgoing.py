"""Requests and answers: what they show of themselves, and how an answer is read."""

from contextlib import nullcontext
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.application.ports.outgoing import LONGEST_WAIT, Answer, Request
from sre_copilot.domain.errors import CopilotError, CredentialsRefused, NotifyLater, NotifyRefused, OutgoingFailed
from sre_copilot.testing.clock import BEGINNING


def waiting(word: str) -> timedelta | None:
    return Answer(status=429, headers={"retry-after": word}).retry_after(BEGINNING)


def test_a_request_shows_where_it_goes_and_nothing_that_is_secret() -> None:
    url = "https://ada:planted@hooks.example.com:8443/planted/path?key=planted#planted"
    request = Request(method="POST", url=url, headers={"Authorization": "planted"}, body=b"planted", trust="planted")
    assert "https://hooks.example.com/..." in repr(request)
    assert "planted" not in repr(request)


def test_a_request_to_no_url_at_all_can_be_shown_too() -> None:
    assert "planted" not in repr(Request(url="https://[planted"))


def test_an_answer_shows_its_status_only() -> None:
    assert repr(Answer(status=200, headers={"set-cookie": "planted"}, body=b"planted")) == "Answer(status=200)"


@pytest.mark.parametrize(("status", "ok"), [(199, False), (200, True), (299, True), (302, False), (404, False)])
def test_an_answer_is_ok_when_its_status_says_success(status: int, ok: bool) -> None:
    assert Answer(status=status).ok is ok


def test_json_is_read() -> None:
    assert Answer(status=200, body=b'{"ok": true}').json() == {"ok": True}


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"a": 1, "a": 2}', b"[NaN]", b"[" * 40 + b"]" * 40, b'"\xff"'])
def test_what_is_no_strict_json_is_an_answer_that_cannot_be_used(body: bytes) -> None:
    with pytest.raises(OutgoingFailed, match="status 502"):
        Answer(status=502, body=body).json()


@pytest.mark.parametrize(
    ("word", "wait"),
    [
        ("0", timedelta(0)),
        (" 30 ", timedelta(seconds=30)),
        ("9" * 5000, LONGEST_WAIT),
        ("86401", LONGEST_WAIT),
        ("Mon, 05 Jan 2026 09:01:30 GMT", timedelta(seconds=90)),
        ("Mon, 05 Jan 2026 08:00:00 GMT", timedelta(0)),
        ("Fri, 01 Jan 9999 00:00:00 GMT", LONGEST_WAIT),
        ("Sat, 31 Jan 2026 23:59:60 GMT", LONGEST_WAIT),
    ],
)
def test_a_server_may_say_how_long_to_wait_in_seconds_or_by_a_date(word: str, wait: timedelta) -> None:
    assert waiting(word) == wait


@pytest.mark.parametrize(
    "word",
    ["", "-1", "1.5", "soon", "²", "٣", "Mon, 05 Foo 2026 09:00:00 GMT", "Mon, 31 Feb 2026 09:00:00 GMT",
     "Mon, 05 Jan 2026 25:00:00 GMT", "Mon, 05 Jan 2026 09:00:00"],
)  # fmt: skip
def test_an_unreadable_wait_is_none(word: str) -> None:
    assert waiting(word) is None


def test_without_the_header_no_wait_is_asked_for() -> None:
    assert Answer(status=429).retry_after(BEGINNING) is None


@given(st.text(max_size=40), st.datetimes(timezones=st.just(BEGINNING.tzinfo)))
def test_no_word_of_a_server_breaks_the_reading_of_its_wait(word: str, now: datetime) -> None:
    wait = Answer(status=429, headers={"retry-after": word}).retry_after(now)
    assert wait is None or timedelta(0) <= wait <= LONGEST_WAIT


@pytest.mark.parametrize(
    ("status", "raised"),
    [
        (200, None),
        (204, None),
        (400, NotifyRefused),
        (410, NotifyRefused),
        (429, NotifyLater),
        (404, OutgoingFailed),
        (500, OutgoingFailed),
    ],
)
def test_a_message_was_taken_or_will_be_later_or_never(status: int, raised: type[CopilotError] | None) -> None:
    with nullcontext() if raised is None else pytest.raises(raised):
        Answer(status=status).require_taken(BEGINNING)


@pytest.mark.parametrize(
    ("status", "headers", "raised", "words"),
    [
        (401, {}, CredentialsRefused, r"^No\.$"),
        (403, {}, CredentialsRefused, r"^No\.$"),
        (429, {"x-wait": "12", "retry-after": "1"}, OutgoingFailed, r"^Acme asks to wait 12 seconds \(status 429\)\.$"),
        (429, {"x-wait": "9" * 7}, OutgoingFailed, r"^Acme asks to wait \(status 429\)\.$"),
        (429, {"x-wait": "²"}, OutgoingFailed, r"^Acme asks to wait \(status 429\)\.$"),
        (302, {}, OutgoingFailed, r"^Acme answered 302\.$"),
    ],
)
def test_a_question_that_is_not_answered_says_why(
    status: int, headers: dict[str, str], raised: type[CopilotError], words: str
) -> None:
    with pytest.raises(raised, match=words):
        Answer(status=status, headers=headers).require_told("Acme", denied="No.", wait_header="x-wait")
    Answer(status=200, headers=headers).require_told("Acme", denied="No.")
