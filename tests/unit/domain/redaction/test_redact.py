"""One entry takes secrets and personal data out of texts and documents, says what it hid in hashes, and changes nothing else."""

from typing import Any
from uuid import UUID

import pytest

from sre_copilot.domain.redaction.documents import keyed_sha256, redact, redaction_key

KEY = redaction_key(b"sixteen bytes or more", UUID(int=1))
WORD = "hunter" + "2hunter3"


def hidden(document: Any) -> Any:
    return redact(document, key=KEY).document


def mark(kind: str, value: str) -> str:
    return f"[hidden:{kind}:{keyed_sha256(KEY, value)[:8]}]"


def test_a_text_keeps_everything_but_the_secret() -> None:
    assert hidden(f"retrying, password={WORD} after 3 s") == f"retrying, password={mark('password', WORD)} after 3 s"


def test_a_document_keeps_its_shape() -> None:
    document = {
        "labels": {"app": "cart", "db_password": WORD},
        "lines": ["ok", f"token={WORD}"],
        "n": 1,
        "x": None,
        "y": 0.5,
    }
    assert hidden(document) == {
        "labels": {"app": "cart", "db_password": mark("password", WORD)},
        "lines": ["ok", f"token={mark('token', WORD)}"],
        "n": 1,
        "x": None,
        "y": 0.5,
    }


def test_the_same_value_gives_the_same_digits_however_it_is_encoded() -> None:
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in WORD)
    percent = "".join(f"%{ord(letter):02X}" for letter in WORD)
    for text in (f"password={WORD}", f"password={escaped}", f"password%3D{percent}"):
        assert keyed_sha256(KEY, WORD)[:8] in hidden(text)


def test_two_tenants_have_different_placeholders_for_one_value() -> None:
    other = redaction_key(b"sixteen bytes or more", UUID(int=2))
    assert redact(f"password={WORD}", key=other).document != hidden(f"password={WORD}")


def test_the_report_counts_kinds_and_holds_no_value() -> None:
    report = redact(f"password={WORD} password={WORD} mail ann@shop.example.com", key=KEY).report
    assert report.kinds == {"email": 1, "password": 2}
    assert [(one.kind, one.count) for one in report.values] == [("email", 1), ("password", 2)]
    assert report.values[1].sha256 == keyed_sha256(KEY, WORD)
    assert WORD not in repr(report)


@pytest.mark.parametrize(
    "text",
    [
        f"postgres://app:{WORD}@db.prod:5432/cart",
        f"password={WORD}",
        f'{{"password": "{WORD}", "a": ["ann@shop.example.com"]}}',
        "user=ann.smith from 10.0.0.1",
        f"Authorization: Bearer {WORD}{WORD}",
    ],
)
def test_what_was_redacted_stays_as_it_is(text: str) -> None:
    once = redact(text, key=KEY)
    again = redact(once.document, key=KEY)
    assert once.report.total > 0
    assert again.document == once.document
    assert again.report.total == 0


def test_a_key_over_several_lines_of_a_list_is_hidden_in_all_of_them() -> None:
    begin, end = ("-----" + word + " RSA PRIVATE" + " KEY-----" for word in ("BEGIN", "END"))
    lines = ["before", f"10:00 {begin}", "10:00 " + "Ab1/" * 16, "10:00 " + "Cd2+" * 16, f"10:01 {end}", "after"]
    found = hidden(lines)
    assert len(found) == len(lines)
    assert (found[0], found[5]) == ("before", "after")
    assert not any(word in str(found) for word in ("Ab1/", "Cd2+"))


def test_names_of_fields_are_looked_at_and_stay_apart() -> None:
    found = hidden({"ann@shop.example.com": 1, "bob@shop.example.com": 2, "ANN@shop.example.com": 3})
    assert sorted(found.values()) == [1, 2, 3]
    assert "shop" not in str(found)


def test_numbers_under_a_secret_name_and_card_numbers_are_hidden() -> None:
    card = int("4" + "1" * 15)
    assert "1111" not in str(hidden({"card": card, "pin": 2468, "attempts": 2468}).pop("card"))
    found = hidden({"pin": 2468, "attempts": 2468})
    assert found["attempts"] == 2468
    assert found["pin"] != 2468


def test_a_document_that_json_cannot_say_is_refused() -> None:
    with pytest.raises(TypeError):
        redact({"a": object()}, key=KEY)
    with pytest.raises(TypeError):
        redact({1: "a"}, key=KEY)
    with pytest.raises(ValueError):
        redact("a", key=b"short")
    with pytest.raises(ValueError):
        redaction_key(b"short", UUID(int=1))
