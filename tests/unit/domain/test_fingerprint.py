"""The fingerprint: no two different identities share one."""

import hashlib
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.fingerprint import fingerprint
from sre_copilot.domain.signals import Environment, Severity, SignalDraft, SignalType

ONE = UUID(int=1)
TWO = UUID(int=2)
labels = st.dictionaries(st.text(max_size=4), st.text(max_size=4), min_size=1, max_size=4)


def keyed(key: str) -> SignalDraft:
    return SignalDraft(name="n", vendor_key=key)


def labelled(identity: dict[str, str]) -> SignalDraft:
    return SignalDraft(name="n", identity=identity)


def test_the_encoding_is_versioned_and_length_prefixed() -> None:
    encoded = b"1:1" + b"3:key" + b"36:00000000-0000-0000-0000-000000000001" + b"3:abc"
    assert fingerprint(ONE, keyed("abc")) == hashlib.sha256(encoded).hexdigest()


def test_labels_are_encoded_sorted_after_type_and_environment() -> None:
    parts = ["1", "labels", str(ONE), "alert", "development", "a", "1", "b", "2"]
    encoded = "".join(f"{len(part)}:{part}" for part in parts).encode()
    assert fingerprint(ONE, labelled({"b": "2", "a": "1"})) == hashlib.sha256(encoded).hexdigest()


def test_without_key_and_labels_the_raw_payload_identifies() -> None:
    parts = ["1", "raw", str(ONE), '{"a":1}']
    encoded = "".join(f"{len(part)}:{part}" for part in parts).encode()
    nothing: tuple[dict[str, str] | None, ...] = (None, {})
    for identity in nothing:
        draft = SignalDraft(name="n", raw={"a": 1}, identity=identity)
        assert fingerprint(ONE, draft) == hashlib.sha256(encoded).hexdigest()


@given(labels, labels)
def test_two_label_sets_share_a_fingerprint_only_where_they_are_equal(
    one: dict[str, str], other: dict[str, str]
) -> None:
    assert (fingerprint(ONE, labelled(one)) == fingerprint(ONE, labelled(other))) == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": "bc"}, {"ab": "c"}),
        ({"a": ""}, {"b": ""}),
        ({"a": "", "b": ""}, {"a": ""}),
        ({"a": "1:b"}, {"a": "1", "b": ""}),
        ({"a": "é"}, {"a": "e"}),
    ],
)
def test_no_ambiguity(one: dict[str, str], other: dict[str, str]) -> None:
    assert fingerprint(ONE, labelled(one)) != fingerprint(ONE, labelled(other))


@given(st.text(), st.text())
def test_a_vendor_key_identifies_and_nothing_else_does(one: str, other: str) -> None:
    assert (fingerprint(ONE, keyed(one)) == fingerprint(ONE, keyed(other))) == (one == other)
    dressed = attrs.evolve(
        keyed(one), severity=Severity.LOW, identity={"x": other}, raw={"y": 1}, signal_type=SignalType.LOG_PATTERN
    )
    assert fingerprint(ONE, dressed) == fingerprint(ONE, keyed(one))


def test_integration_type_and_environment_tell_series_apart_but_severity_and_text_do_not() -> None:
    draft = labelled({"a": "b"})
    assert fingerprint(ONE, draft) != fingerprint(TWO, draft)
    assert fingerprint(ONE, keyed("k")) != fingerprint(TWO, keyed("k"))
    assert fingerprint(ONE, draft) != fingerprint(ONE, attrs.evolve(draft, environment=Environment.PRODUCTION))
    assert fingerprint(ONE, draft) != fingerprint(ONE, attrs.evolve(draft, signal_type=SignalType.LOG_PATTERN))
    assert fingerprint(ONE, draft) == fingerprint(ONE, attrs.evolve(draft, title="other", severity=Severity.CRITICAL))
    assert len(fingerprint(ONE, draft)) == 64


@given(st.dictionaries(st.text(max_size=6), st.text(max_size=6), min_size=1, max_size=5))
def test_every_label_set_keeps_the_encoding_of_the_first_format(identity: dict[str, str]) -> None:
    parts = ["1", "labels", str(ONE), "alert", "development"]
    for name in sorted(identity):
        parts += [name, identity[name]]
    encoded = b"".join(str(len(part.encode())).encode() + b":" + part.encode() for part in parts)
    assert fingerprint(ONE, labelled(identity)) == hashlib.sha256(encoded).hexdigest()


def test_fingerprints_of_stored_series_stay_what_they_are() -> None:
    kept = {
        "alertname": "KubePodCrashLooping",
        "cluster": "eu-1",
        "namespace": "shop",
        "pod": "checkout-7d9f4c6b-x2x8z",
        "team": "Zürich",
    }
    assert fingerprint(ONE, labelled(kept)) == "401a59f01b949aa6af82b24d5547d3e90343130c07c5970853b552a9c4de8784"
    assert (
        fingerprint(ONE, keyed("Zahlung fällig")) == "00baf559478ef674e409aeb5dcace3ac3f3bed90a79e2a98c9799f75d0b81743"
    )
