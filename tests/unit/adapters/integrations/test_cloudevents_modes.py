"""CloudEvents at the edges: what else the HTTP binding allows, and what is refused."""

from typing import Any

import pytest

from sre_copilot.domain.deliveries import MAX_SIGNALS, Parsed
from sre_copilot.domain.errors import MalformedDelivery, UnreadableDelivery
from tests.unit.adapters.integrations.door import NOW, Door

DOOR = Door(type="cloudevents")
HEADERS = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "a.alert", "ce-subject": "x"}
EVENT = {"specversion": "1.0", "id": "1", "source": "/s", "type": "a.alert", "subject": "x"}
JSON_TYPE = {"content-type": "application/json"}


def binary(body: bytes = b"", **more: str) -> Any:
    return DOOR.signal(body, {**HEADERS, **{name.replace("_", "-"): value for name, value in more.items()}})


def test_headers_are_percent_decoded_unquoted_and_found_in_any_case() -> None:
    assert binary(ce_subject="Euro%20%E2%82%AC%20%F0%9F%98%80").raw["subject"] == "Euro € 😀"
    assert binary(ce_subject='"a \\"b\\" c"').raw["subject"] == 'a "b" c'
    assert binary(ce_subject="%00%zz%ff").raw["subject"] == "\ufffd%zz\ufffd"
    upper = {name.upper(): value for name, value in HEADERS.items()}
    assert DOOR.signal(b"", upper) == binary()


def test_data_that_is_no_json_is_text_and_else_base64() -> None:
    assert binary(b"disk \x00 full", content_type="text/plain").description == "disk \ufffd full"
    assert binary(b"\xff\xfe", content_type="application/octet-stream").raw["data_base64"] == "//4="
    assert "data" not in binary(content_type="text/plain").raw
    with pytest.raises(MalformedDelivery, match="65536 bytes at most"):
        binary(b"a" * 65_537, content_type="text/plain")


@pytest.mark.parametrize(
    "media_type", ["application/json", "application/vnd.example+json; charset=utf-8", "text/json", ""]
)
def test_data_that_says_it_is_json_must_be(media_type: str) -> None:
    assert binary(b'{"title": "Disk"}', content_type=media_type).title == "Disk"
    with pytest.raises(MalformedDelivery, match="not JSON"):
        binary(b"Disk", content_type=media_type)


def test_encoded_data_of_a_structured_event_is_read() -> None:
    encoded = {**EVENT, "data_base64": "eyJ0aXRsZSI6ICJEaXNrIn0="}
    assert DOOR.signal(encoded, JSON_TYPE).title == "Disk"
    assert DOOR.signal({**encoded, "datacontenttype": "image/png"}, JSON_TYPE).title == "a.alert x"
    for wrong in ("e30", "e30=x", "//4=", "ew=="):
        with pytest.raises(UnreadableDelivery, match=r"^data_base64 holds no readable JSON"):
            DOOR.read({**EVENT, "data_base64": wrong}, JSON_TYPE)


@pytest.mark.parametrize("data", [None, 5, "text", [1], [{"title": "a"}]])
def test_data_that_is_no_object_decides_nothing(data: Any) -> None:
    draft = DOOR.signal({**EVENT, "data": data}, JSON_TYPE)
    assert (draft.service, draft.title) == ("unknown", "a.alert x")
    assert draft.description == (data if data == "text" else "")


def test_times_are_optional_and_the_datas_own_start_comes_first() -> None:
    assert DOOR.signal(EVENT).occurred_at is None
    told = {**EVENT, "time": NOW.isoformat(), "data": {"occurred_at": "2026-03-01T11:00:00Z"}}
    occurred_at = DOOR.signal(told).occurred_at
    assert occurred_at is not None
    assert occurred_at.hour == 11


@pytest.mark.parametrize(
    "media_type", ["application/cloudevents+xml", "application/cloudevents-batch+avro", "application/cloudevents"]
)
def test_other_formats_than_json_are_refused(media_type: str) -> None:
    with pytest.raises(MalformedDelivery, match=r"send application/cloudevents\+json"):
        DOOR.read(b"<event/>", {"content-type": media_type})


def test_a_batch_of_too_many_events_is_refused() -> None:
    with pytest.raises(MalformedDelivery, match="send it in parts"):
        DOOR.read([{}] * (MAX_SIGNALS + 1))


def test_an_unknown_attribute_changes_nothing() -> None:
    one = DOOR.signal({**EVENT, "newextension": "x", "data": {"title": "a", "more": {"deep": [1]}}})
    other = DOOR.signal({**EVENT, "data": {"title": "a"}})
    assert (one.identity, one.vendor_id, one.severity) == (other.identity, other.vendor_id, other.severity)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"id": None}, "id is missing"),
        ({"id": 5}, "id must be a string"),
        ({"source": ""}, "source is missing"),
        ({"type": " "}, "type is missing"),
        ({"specversion": None}, "specversion is missing"),
        ({"specversion": "0.3"}, "specversion must be 1.0"),
        ({"subject": 5}, "subject must be a string"),
        ({"time": "yesterday"}, "time must be an RFC 3339 time"),
        ({"data": {"dedup_key": 5}}, "data.dedup_key must be a string"),
        ({"data": {"occurred_at": "then"}}, "data.occurred_at must be an RFC 3339 time"),
    ],
)
def test_a_wrong_field_is_named_and_the_event_in_a_batch(change: dict[str, Any], words: str) -> None:
    with pytest.raises(UnreadableDelivery, match=f"^{words}"):
        DOOR.read({**EVENT, **change})
    with pytest.raises(UnreadableDelivery, match=rf"^\[1\]\.{words}"):
        DOOR.read([EVENT, {**EVENT, **change}])


def test_a_long_source_and_id_still_name_the_event() -> None:
    draft = DOOR.signal({**EVENT, "source": "s" * 300})
    assert draft.vendor_id is not None
    assert len(draft.vendor_id) == 64
    assert draft.vendor_id != DOOR.signal({**EVENT, "source": "s" * 301}).vendor_id
    assert DOOR.read({**EVENT, "type": "x.y", "source": "s" * 300}) == Parsed()
