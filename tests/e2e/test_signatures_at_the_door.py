"""Who may hand something in at a running server: only a vendor with its signature of now, or who has the key.

Every vendor that signs is tried with the same table of forgeries (tests/e2e/senders.py). What is refused leaves nothing
but an audit entry per integration, reason and minute.
"""

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import attrs
import pytest

from sre_copilot.adapters.system import SystemClock
from sre_copilot.hookspecs import ParsesDeliveries, VerifiesDeliveries
from tests.e2e.doors import Doors
from tests.e2e.installation import Installation
from tests.e2e.senders import PLUGINS, VENDORS, Sent, Vendor, forged, new_secret, sample_of, valid, with_several
from tests.e2e.server import Reply, Server, awaited

KEYED = sorted(
    kind
    for kind, plugin in PLUGINS.items()
    if isinstance(plugin, ParsesDeliveries) and not isinstance(plugin, VerifiesDeliveries)
)
"""Types whose vendors sign nothing."""
TOPIC = "arn:aws:sns:us-west-2:123456789012:alarms"


@pytest.fixture(scope="module")
def doors(server: Server, installation: Installation) -> Iterator[Doors]:
    with installation.open() as copilot:
        yield Doors(server=server, installation=installation, copilot=copilot)


def counted_once(first: Reply, again: Reply) -> None:
    """Assert that a delivery which came twice was known by its vendor's id, else each of its signals by what it says."""
    told, retold = first.document, again.document
    if "redelivered" not in told:
        assert (told, first.status) == (retold, again.status), "an answer in the vendor's own words"
        return
    assert not told["redelivered"]
    if retold["redelivered"]:
        assert (retold["delivery_id"], retold["accepted"]) == (told["delivery_id"], told["accepted"])
    else:
        assert (retold["accepted"], retold["duplicates"] + retold["repeats"]) == (0, told["accepted"])


def test_every_type_that_verifies_is_tried() -> None:
    verifying = {kind for kind, plugin in PLUGINS.items() if isinstance(plugin, VerifiesDeliveries)}
    assert {vendor.kind for vendor in VENDORS} | {"cloudwatch"} == verifying


@pytest.mark.parametrize("vendor", VENDORS, ids=str)
def test_a_forgery_is_refused_and_leaves_an_audit_entry_per_reason_and_minute(doors: Doors, vendor: Vendor) -> None:
    door = doors.signed(vendor)
    before, integration = door.stored(), door.ask("GET")
    door.refuse(*forged(vendor, door.secrets[vendor.secret], door.key))
    assert door.stored() == before
    assert door.ask("GET") == integration, "it is none the worse for it"
    refusals = door.refusals()
    assert {reason for reason, _ in refusals} == {"missing", "wrong"} | ({"stale"} if vendor.stamp else set())
    assert set(refusals.values()) == {1}
    assert not [text for text in (door.key, *door.secrets.values()) if text in "".join(door.server.lines)]


@pytest.mark.parametrize("vendor", VENDORS, ids=str)
def test_what_the_vendor_signed_is_taken_and_when_it_comes_again_counted_once(doors: Doors, vendor: Vendor) -> None:
    door = doors.signed(vendor)
    captured = valid(vendor, door.secrets[vendor.secret])
    first, signals = door.let_in(captured), door.stored()["signals"]
    again = door.let_in(captured)
    counted_once(first, again)
    assert door.stored()["signals"] == signals
    assert door.refusals() == {}


@pytest.mark.parametrize("vendor", [vendor for vendor in VENDORS if vendor.separator], ids=str)
def test_one_right_signature_among_several_is_enough(doors: Doors, vendor: Vendor) -> None:
    door = doors.signed(vendor)
    for sent in with_several(vendor, door.secrets[vendor.secret]):
        door.let_in(sent)


@pytest.mark.parametrize("vendor", VENDORS, ids=str)
def test_a_rotated_secret_is_good_until_its_overlap_ends(doors: Doors, vendor: Vendor) -> None:
    door = doors.signed(vendor)
    oldest = door.secrets[vendor.secret]

    def rotate(overlap: float) -> str:
        if vendor.is_made_here:
            return str(door.ask("POST", "/rotate-key", overlap=overlap)["secrets"][vendor.secret])
        given = new_secret()
        door.ask("PATCH", settings={vendor.secret: given}, overlap=overlap)
        return given

    old = rotate(3600)
    door.let_in(valid(vendor, oldest))
    door.let_in(valid(vendor, old))
    new = rotate(1)
    door.let_in(valid(vendor, new))
    door.refuse(valid(vendor, oldest))
    awaited(lambda: door.knock(valid(vendor, old)).status == 401, "the end of the overlap")
    newest = rotate(0)
    door.refuse(valid(vendor, new))
    door.let_in(valid(vendor, newest))


@pytest.mark.parametrize("vendor", VENDORS, ids=str)
def test_a_header_that_comes_twice_proves_no_more_than_once(doors: Doors, vendor: Vendor) -> None:
    door = doors.signed(vendor)
    right, wrong = valid(vendor, door.secrets[vendor.secret]), valid(vendor, new_secret())

    def status(first: str, second: str) -> int:
        headers = {**right.headers, vendor.header: first, vendor.header.title(): second}
        return door.knock(attrs.evolve(right, headers=headers)).status

    real, forgery = right.headers[vendor.header], wrong.headers[vendor.header]
    assert status(forgery, forgery) == 401
    assert {status(real, forgery), status(forgery, real)} <= {200, 202, 401}
    assert status(real, real) in (200, 202, 401)


def notification(**changes: Any) -> dict[str, Any]:
    """A message as Amazon SNS has it, whose signature nobody made."""
    return {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Message": "hello",
        "Timestamp": SystemClock().now().isoformat(),
        "SignatureVersion": "2",
        "Signature": b64encode(b"x" * 256).decode(),
        "SigningCertURL": "https://sns.us-west-2.amazonaws.com/SimpleNotificationService-0.pem",
        **changes,
    }


def test_amazon_is_believed_only_with_its_own_certificate_and_about_the_topics_that_are_named(doors: Doors) -> None:
    """A right signature needs Amazon's certificate: that one is taken is shown where a stand-in hands it out."""
    door = doors.of("cloudwatch", {"topic_arns": [TOPIC]})
    before, now = door.stored(), SystemClock().now()
    changes: Mapping[str, dict[str, Any]] = {
        "missing": {"Signature": ""},
        "not base64": {"Signature": "%%%"},
        "not ASCII": {"Signature": "é" * 344},
        "wrong length": {"Signature": "a"},
        "stale": {"Timestamp": (now - timedelta(hours=2)).isoformat()},
        "future": {"Timestamp": (now + timedelta(hours=2)).isoformat()},
        "without a time": {"Timestamp": ""},
        "another version": {"SignatureVersion": "3"},
        "another type": {"Type": "Other"},
        "another topic": {"TopicArn": f"{TOPIC}2"},
        **{
            url: {"SigningCertURL": url}
            for url in (
                "",
                "http://sns.us-west-2.amazonaws.com/SimpleNotificationService-0.pem",
                "https://sns.us-west-2.amazonaws.com.evil.example/SimpleNotificationService-0.pem",
                "https://sns.us-west-2.amazonaws.com@evil.example/SimpleNotificationService-0.pem",
                "https://sns.s3-us-west-2.amazonaws.com/SimpleNotificationService-0.pem",
                f"http://127.0.0.1:{door.server.port}/SimpleNotificationService-0.pem",
            )
        },
    }
    for name, change in changes.items():
        body = json.dumps(notification(**change)).encode()
        door.refuse(Sent(name=name, headers={"authorization": f"Bearer {door.key}"}, body=body))
    assert door.stored() == before
    assert {reason for reason, _ in door.refusals()} == {"missing", "wrong", "stale"}
    assert set(door.refusals().values()) == {1}


@pytest.mark.parametrize("kind", KEYED)
def test_where_nobody_signs_the_key_decides_and_no_other(doors: Doors, kind: str) -> None:
    door, other = doors.of(kind), doors.of(kind)
    sample = sample_of(kind, SystemClock().now())
    before = door.stored()

    def sent(name: str, authorization: str) -> Sent:
        return Sent(name=name, headers={**sample.headers, "authorization": authorization}, body=sample.body)

    basic = b64encode(f"{door.key}:".encode()).decode()
    door.refuse(
        Sent(name="missing", headers=sample.headers, body=sample.body),
        sent("empty", "Bearer "),
        sent("without a scheme", door.key),
        sent("another scheme", f"Token {door.key}"),
        sent("as a name, not a password", f"Basic {basic}"),
        sent("no base64", "Basic é"),
        sent("another tenant's", f"Bearer {other.key}"),
        sent("a token of the API", f"Bearer {door.token}"),
        sent("too short", f"Bearer {door.key[:-1]}"),
        sent("too long", f"Bearer {door.key}x"),
        sent("not ASCII, in Latin-1", f"Bearer {door.key[:-1]}é"),
        sent("not ASCII, in UTF-8", f"Bearer {door.key[:-1]}{'é'.encode().decode('latin-1')}"),
    )
    assert door.stored() == before
    assert {reason for reason, _ in door.refusals()} == {"missing", "wrong"}
    assert set(door.refusals().values()) == {1}
    first, signals = door.let_in(sent("right", f"Bearer {door.key}")), door.stored()["signals"]
    again = door.let_in(sent("right", f"Bearer {door.key}"))
    assert door.stored()["signals"] == signals
    counted_once(first, again)


def test_a_rotated_key_opens_until_its_overlap_ends_however_it_is_shown(doors: Doors) -> None:
    door = doors.of("prometheus")
    body = sample_of("prometheus", SystemClock().now()).body

    def statuses(key: str) -> set[int]:
        basic = b64encode(f"anybody:{key}".encode()).decode()
        ways = [
            door.knock(Sent(headers={"authorization": text}, body=body)) for text in (f"Bearer {key}", f"Basic {basic}")
        ]
        return {reply.status for reply in (*ways, door.knock(Sent(headers={}, body=body), query=f"?token={key}"))}

    old = str(door.ask("POST", "/rotate-key", overlap=3600)["key"])
    assert statuses(door.key) == statuses(old) == {202}
    new = str(door.ask("POST", "/rotate-key", overlap=1)["key"])
    assert (statuses(door.key), statuses(new)) == ({401}, {202})
    awaited(lambda: statuses(old) == {401}, "the end of the overlap")
    newest = str(door.ask("POST", "/rotate-key", overlap=0)["key"])
    assert (statuses(new), statuses(newest)) == ({401}, {202})
