"""Planted secrets and personal data are gone, whatever their kind and encoding; ordinary lines of logs stay as they are."""

import json
from importlib.resources import files

import pytest

from sre_copilot.domain.redaction.documents import redact
from sre_copilot.testing.redaction.encodings import ALL
from sre_copilot.testing.redaction.planted import of_kind

KEY = b"a key of the tests alone"
ORDINARY = files("sre_copilot.testing.redaction").joinpath("ordinary.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("kind", ALL)
def test_nothing_planted_is_left_in_a_text(kind: str) -> None:
    for _, planted in of_kind({kind: ALL[kind]}, seed=11, count=6):
        assert planted.is_left_in(planted.text), "a plant that could not be seen would prove nothing"
        redacted = redact(planted.text, key=KEY)
        assert not planted.is_left_in(redacted.document), planted.text
        assert redact(redacted.document, key=KEY).document == redacted.document


def test_nothing_planted_is_left_within_documents() -> None:
    for kind, planted in of_kind(ALL, seed=12, count=1):
        lines = planted.text.split("\n")
        document = {
            "a": 1,
            "annotations": {"text": planted.text},
            "lines": ["first", *lines, "last"],
            "raw": [{"b": [planted.text]}],
        }
        written = json.dumps(redact(document, key=KEY).document, ensure_ascii=False)
        assert not planted.is_left_in(written.replace("\\\\", "\\")), (kind, written)


def test_ordinary_lines_stay_as_they_are() -> None:
    assert len(ORDINARY) >= 150
    altered = [line for line in ORDINARY if redact(line, key=KEY).document != line]
    assert len(altered) * 100 <= len(ORDINARY), altered


def test_ordinary_lines_stay_as_they_are_together() -> None:
    document = redact(ORDINARY, key=KEY).document
    assert sum(one != other for one, other in zip(document, ORDINARY, strict=True)) * 50 <= len(ORDINARY)
