"""Input that is made to cost much costs little, and what is beyond the limits is left out and counted."""

import base64
import gzip
from typing import Any

import pytest

from sre_copilot.domain.redaction.documents import DEEPEST, LEFT_OUT, MOST_CHARACTERS, redact

KEY = b"a key of the tests alone"
# Each makes a rule that looks ahead too far, or starts again at every letter, take hours for a megabyte.
REPEATED = {
    "letters": "aB9",
    "mail without an end": "a@",
    "names without a value": "a.",
    "names of passwords": "password=",
    "open quotes": 'password:"',
    "backslashes": "\\",
    "percent signs": "%25",
    "escapes": "\\u0041",
    "heads of tokens": "eyJ",
    "heads of keys": "-----" + "BEGIN PRIVATE" + " KEY-----\n",
    "URLs without an end": "://a:b",
    "digits with gaps": "4 ",
    "lists in lists": '{"token":[',
    "invisible letters": "\u200b",
    "commands without arguments": "curl -u ",
    "blocks": "password: |\n  a\n",
    "encoded secrets": "cGFzc3dvcmQ9aHVudGVyMg== ",
}


@pytest.mark.parametrize("text", REPEATED.values(), ids=REPEATED)
def test_what_repeats_is_read_in_bounded_time_into_bounded_text(text: str) -> None:
    whole = text * (40_000 // len(text))
    redacted = redact(whole, key=KEY)
    assert len(redacted.document) <= 5 * len(whole)


def test_a_megabyte_is_read() -> None:
    whole = ("aB9" * 333_334)[:1_000_000]
    redacted = redact(whole, key=KEY)
    assert redacted.report.left_out == 0
    assert len(redacted.document) <= len(whole) + 500_000


def test_what_is_beyond_the_limit_is_left_out_at_the_end_of_a_line() -> None:
    secret = "gh" + "p_" + "aB3" * 12
    line = "x" * 99 + "\n"
    text = line * (MOST_CHARACTERS // 100 - 1) + "y" * 80 + secret + "z\n" + line
    redacted = redact(text, key=KEY)
    assert redacted.document.endswith("x\n" + LEFT_OUT) or redacted.document.endswith("x" + LEFT_OUT)
    assert redacted.report.left_out == len(text) - (len(redacted.document) - len(LEFT_OUT))


def test_what_is_beyond_the_deepest_level_is_left_out() -> None:
    document: Any = "password=" + "hunter" + "2"
    for _ in range(DEEPEST + 10_000):
        document = [document]
    redacted = redact(document, key=KEY)
    assert redacted.report.left_out == 1
    assert LEFT_OUT in str(redacted.document)


def test_an_archive_that_unpacks_to_much_more_is_not_unpacked_whole() -> None:
    bomb = base64.b64encode(gzip.compress(b"password=hunter2 " + b"a" * 20_000_000, mtime=0)).decode()
    assert redact(f"got {bomb}", key=KEY).report.kinds == {"unread": 1}
