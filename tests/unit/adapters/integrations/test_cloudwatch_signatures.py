"""How messages of Amazon SNS prove where they come from, and which addresses in them are followed."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from sre_copilot.adapters.integrations.builtin.cloudwatch.envelope import MOST_CERTIFICATES, Certificates
from sre_copilot.adapters.integrations.manager import PluginManager
from sre_copilot.domain.deliveries import Parsed
from sre_copilot.domain.errors import MalformedDelivery, NotAuthentic, OutgoingFailed, UnreadableDelivery
from sre_copilot.testing.doors import toolbox
from tests.unit.adapters.integrations.door import NOW
from tests.unit.adapters.integrations.sns import (
    CERTIFICATE,
    SUBSCRIBE,
    TOPIC,
    UNSUBSCRIBE,
    SnsDoor,
    amazon,
    envelope,
    pem,
    signed,
    subscription,
)


def at(delta: timedelta) -> str:
    return (NOW + delta).isoformat(timespec="milliseconds").replace("+00:00", "Z")


TAKEN: dict[str, dict[str, Any]] = {
    "version 2": envelope("disk is full"),
    "version 1": envelope("disk is full", SignatureVersion="1"),
    "without a subject": envelope("disk is full", Subject=None),
    "an empty subject": envelope("disk is full", Subject=""),
    "several lines and not ASCII": envelope("1\n2\nTopicArn\nö\n"),
    "China": envelope("m", SigningCertURL="https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-0a.pem"),
    "GovCloud": envelope("m", SigningCertURL="https://sns.us-gov-west-1.amazonaws.com/SimpleNotificationService-0.pem"),
    "tried again for an hour": envelope("m", Timestamp=at(timedelta(minutes=-64))),
    "a clock that runs ahead": envelope("m", Timestamp=at(timedelta(minutes=4))),
    "a subscription": subscription(),
    "the end of one": subscription(Type="UnsubscribeConfirmation"),
}


@pytest.mark.parametrize("told", TAKEN.values(), ids=TAKEN)
def test_a_message_that_sns_signed_of_a_topic_that_is_named_is_taken(told: dict[str, Any]) -> None:
    assert SnsDoor().verify(signed(told))


def test_without_named_topics_the_key_decides_too_because_anybody_has_topics() -> None:
    assert not SnsDoor(settings={}).verify(signed(envelope("m")))
    assert not SnsDoor(settings={"topic_arns": ()}).verify(signed(envelope("m")))
    with pytest.raises(NotAuthentic):
        SnsDoor(settings={}).verify({**signed(envelope("m")), "Message": "other"})


Change = Callable[[dict[str, Any]], Any]


def but(**changes: Any) -> Change:
    """A message that is changed after it was signed."""
    return lambda told: {**signed(told), **changes}


def made(by: int = 0, **changes: Any) -> Change:
    """A message that is signed as it is."""
    return lambda told: signed({**told, **changes}, by=by)


REFUSED: dict[str, tuple[Change, str]] = {
    "no signature": (lambda told: told, "missing"),
    "an empty signature": (but(Signature=""), "missing"),
    "a bare alarm": (lambda told: {"AlarmName": "a", "NewStateValue": "ALARM"}, "missing"),
    "a signature of a wrong type": (but(Signature=5), "wrong"),
    "no base64": (but(Signature="###"), "wrong"),
    "not ASCII": (but(Signature="ü" * 344), "wrong"),
    "a short signature": (but(Signature="AAAA"), "wrong"),
    "another key": (made(by=1), "wrong"),
    "another version": (but(SignatureVersion="3"), "wrong"),
    "no version": (but(SignatureVersion=None), "wrong"),
    "the other version": (but(SignatureVersion="1"), "wrong"),
    "another message": (but(Message="disk is fuLl"), "wrong"),
    "another id": (but(MessageId="22b80b92-fdea-4c2c-8f9d-bdfb0c7bf325"), "wrong"),
    "the subject taken away": (but(Subject=None), "wrong"),
    "another topic": (made(TopicArn=TOPIC + "2"), "wrong"),
    "another topic, once signed": (but(TopicArn=TOPIC + "2"), "wrong"),
    "no topic": (but(TopicArn=None), "wrong"),
    "another type": (but(Type="SubscriptionConfirmation", Token="t", SubscribeURL="u"), "wrong"),
    "an unknown type": (but(Type="Other"), "wrong"),
    "no type": (but(Type=None), "wrong"),
    "stale": (made(Timestamp=at(timedelta(minutes=-66))), "stale"),
    "of the future": (made(Timestamp=at(timedelta(minutes=66))), "stale"),
    "sent again with a new time": (but(Timestamp=at(timedelta(0))), "wrong"),
    "a time that is none": (made(Timestamp="today"), "wrong"),
    "no time": (but(Timestamp=None), "wrong"),
    "lines in the id": (made(MessageId="a\nSubject\nb"), "wrong"),
    "lines in the subject": (made(Subject="a\nTimestamp\nb"), "wrong"),
    "no object": (lambda told: [signed(told)], "wrong"),
}


@pytest.mark.parametrize(("change", "reason"), REFUSED.values(), ids=REFUSED)
def test_anything_else_is_refused_with_its_reason(change: Change, reason: str) -> None:
    with pytest.raises(NotAuthentic) as refused:
        SnsDoor().verify(change(envelope("disk is full")))
    assert refused.value.reason == reason


def test_a_plain_text_is_no_envelope() -> None:
    with pytest.raises(MalformedDelivery):
        SnsDoor().verify(b"disk is full")


@pytest.mark.parametrize(
    "url",
    [
        "",
        CERTIFICATE.replace("https", "http"),
        CERTIFICATE.replace("amazonaws.com", "amazonaws.com.evil.example"),
        CERTIFICATE.replace("amazonaws.com", "evil.example"),
        CERTIFICATE.replace("sns.us-west-2", "sns.evil"),
        CERTIFICATE.replace("sns.us-west-2", "sns.s3"),
        CERTIFICATE.replace("sns.us-west-2", "sns.s3-us-west-2"),
        CERTIFICATE.replace("sns.us-west-2", "evil.sns.us-west-2"),
        CERTIFICATE.replace("sns.us-west-2", "sns.us-west-2.evil"),
        CERTIFICATE.replace("sns.us-west-2", "snsxus-west-2"),
        CERTIFICATE.replace("https://", "https://user@"),
        CERTIFICATE.replace("https://", "https://evil.example#"),
        CERTIFICATE.replace("https://", "https://evil.example\\@"),
        CERTIFICATE.replace(".com/", ".com:8443/"),
        CERTIFICATE.replace("/Simple", "/../Simple"),
        CERTIFICATE + "?a",
        CERTIFICATE + "\n",
        CERTIFICATE.replace(".pem", ".PEM"),
        CERTIFICATE.replace("sns", "ｓns"),
    ],
)
def test_a_certificate_from_anywhere_else_is_never_fetched(url: str) -> None:
    door = SnsDoor()
    with pytest.raises(NotAuthentic) as refused:
        door.verify(signed(envelope("m", SigningCertURL=url)))
    assert refused.value.reason == "wrong"
    assert door.outgoing.requests == []


def test_a_topic_that_is_not_named_costs_no_request() -> None:
    door = SnsDoor()
    with pytest.raises(NotAuthentic, match="topic_arns"):
        door.verify(signed(envelope("m", TopicArn=f"{TOPIC}-of-somebody-else")))
    assert door.outgoing.requests == []


def test_a_certificate_is_fetched_once_an_hour() -> None:
    outgoing, manager = amazon(), PluginManager([])
    for minutes, fetched in ((0, 1), (59, 1), (60, 2)):
        moment = NOW + timedelta(minutes=minutes)
        told = envelope("m", Timestamp=moment.isoformat())
        assert SnsDoor(outgoing=outgoing, manager=manager, now=moment).verify(signed(told))
        assert len(outgoing.requests) == fetched


@pytest.mark.parametrize("body", [b"<html>", b"", pem(end=NOW - timedelta(seconds=1)), pem(1)])
def test_what_is_no_certificate_or_not_the_right_one_proves_nothing(body: bytes) -> None:
    with pytest.raises(NotAuthentic):
        SnsDoor(outgoing=amazon(body)).verify(signed(envelope("m")))


def test_what_is_no_certificate_is_not_kept() -> None:
    manager = PluginManager([])
    with pytest.raises(NotAuthentic):
        SnsDoor(outgoing=amazon(b"<html>"), manager=manager).verify(signed(envelope("m")))
    assert SnsDoor(manager=manager).verify(signed(envelope("m")))


def test_a_certificate_that_cant_be_had_is_no_refusal() -> None:
    manager = PluginManager([])
    with pytest.raises(OutgoingFailed, match="503"):
        SnsDoor(outgoing=amazon(status=503), manager=manager).verify(signed(envelope("m")))
    assert SnsDoor(manager=manager).verify(signed(envelope("m")))


def test_only_the_latest_certificates_are_kept() -> None:
    certificates, outgoing = Certificates(), amazon()
    tools = toolbox(outgoing=outgoing).at(NOW)
    urls = [CERTIFICATE.replace("f3", f"{number:02d}") for number in range(MOST_CERTIFICATES + 1)]
    for url in [*urls, urls[-1], urls[1], urls[0]]:
        assert certificates.get(url, tools) == pem()
    assert [request.url for request in outgoing.requests] == [*urls, urls[0]]


def test_a_subscription_is_confirmed_by_visiting_its_address() -> None:
    assert SnsDoor().read(subscription()) == Parsed(visits=(SUBSCRIBE,), vendor_id=envelope()["MessageId"])


@pytest.mark.parametrize(
    "url",
    [
        "",
        SUBSCRIBE.replace("https", "http"),
        SUBSCRIBE.replace("sns.us-west-2.amazonaws.com", "evil.example"),
        SUBSCRIBE.replace("sns.us-west-2", "sns.s3-us-west-2"),
        SUBSCRIBE.replace("https://", "https://evil.example/?"),
        SUBSCRIBE.replace("ConfirmSubscription", "Unsubscribe"),
        SUBSCRIBE + "#fragment",
        SUBSCRIBE + "\r\nX: y",
    ],
)
def test_no_other_address_is_ever_visited(url: str) -> None:
    with pytest.raises(UnreadableDelivery, match="SubscribeURL"):
        SnsDoor().read(subscription(SubscribeURL=url))


def test_the_end_of_a_subscription_is_only_taken_note_of() -> None:
    assert SnsDoor().read(subscription(Type="UnsubscribeConfirmation")).visits == ()


def test_the_address_that_ends_the_subscription_is_not_kept() -> None:
    door = SnsDoor()
    body = json.dumps(signed(envelope("m"))).encode()
    kept = door.gateway.strip(door.integration, door.delivery(body)).body
    assert UNSUBSCRIBE in body.decode()
    assert UNSUBSCRIBE not in kept.decode()
    assert UNSUBSCRIBE not in repr(door.signal(body))
