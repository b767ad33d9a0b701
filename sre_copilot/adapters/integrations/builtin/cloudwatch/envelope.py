"""The envelope of Amazon SNS: who signed it, and which addresses in it may be followed."""

import re
from base64 import b64decode
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime, timedelta
from threading import Lock
from typing import Literal

import attrs

from sre_copilot.application.ports.outgoing import Request
from sre_copilot.domain.errors import NotAuthentic, OutgoingFailed, UnreadableCertificate
from sre_copilot.domain.payloads import Fields, any_time, wrong
from sre_copilot.domain.signatures import require_fresh
from sre_copilot.hookspecs import Tools

_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
SIGNED: Mapping[str, tuple[str, ...]] = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": _CONFIRMATION,
    "UnsubscribeConfirmation": _CONFIRMATION,
}
"""Type of a message -> the fields that are signed, in their order; a notification may lack its subject."""
ALGORITHMS: Mapping[str, Literal["sha1", "sha256"]] = {"1": "sha1", "2": "sha256"}
LONGEST_RETRY = timedelta(hours=1)
"""SNS tries a delivery again for at most this long. Its time is that of the publication."""
CERTIFICATE_AGE = timedelta(hours=1)
MOST_CERTIFICATES = 16
FETCH_SECONDS = 4.0

# Regions are named like us-east-1 and us-gov-west-1. Nothing looser: there are buckets called
# sns.s3-us-west-2.amazonaws.com, and what lies in them is not of SNS.
_HOST = r"https://sns\.[a-z]{2}(?:-[a-z]{2,12}){1,3}-[0-9]{1,2}\.amazonaws\.com(?:\.cn)?/"
_CERTIFICATE_URL = re.compile(_HOST + r"SimpleNotificationService-[0-9A-Za-z]{1,128}\.pem", re.ASCII)
_SUBSCRIBE_URL = re.compile(_HOST + r"\?Action=ConfirmSubscription&[0-9A-Za-z%&=:._~+-]{1,2000}", re.ASCII)


@attrs.define
class Certificates:
    """Certificates of SNS, each fetched anew after an hour; one per process. Thread-safe."""

    _kept: OrderedDict[str, tuple[datetime, bytes]] = attrs.field(factory=OrderedDict, init=False, repr=False)
    _lock: Lock = attrs.field(factory=Lock, init=False, repr=False)

    def get(self, url: str, tools: Tools) -> bytes:
        """Return the certificate at an address. Raises OutgoingFailed and OutgoingRefused."""
        with self._lock:
            fetched_at, pem = self._kept.get(url, (None, b""))
        if fetched_at is not None and abs(tools.now - fetched_at) < CERTIFICATE_AGE:
            return pem
        answer = tools.http.send(Request(url=url), deadline=FETCH_SECONDS)
        if not answer.ok:
            raise OutgoingFailed(f"Amazon SNS answered with status {answer.status} when asked for its certificate.")
        with self._lock:
            self._kept[url] = (tools.now, answer.body)
            self._kept.move_to_end(url)
            while len(self._kept) > MOST_CERTIFICATES:
                self._kept.popitem(last=False)
        return answer.body

    def forget(self, url: str) -> None:
        """Fetch it anew the next time: what was there is no certificate."""
        with self._lock:
            self._kept.pop(url, None)


def check_signature(envelope: Fields, certificates: Certificates, tools: Tools) -> None:
    """Return where SNS signed the message, within the last hour or so.

    Raises NotAuthentic, UnreadableDelivery for a field of a wrong type, and OutgoingFailed and OutgoingRefused where the
    certificate can't be had.
    """
    message = signed_text(envelope)
    algorithm = ALGORITHMS.get(envelope.text("SignatureVersion"))
    if algorithm is None:
        raise NotAuthentic("The version of the signature is neither 1 nor 2.", reason="wrong")
    stamp = any_time("Timestamp", envelope.required("Timestamp"))
    require_fresh(str(max(int(stamp.timestamp()), 0)), tools.now, tolerance=LONGEST_RETRY + timedelta(minutes=5))
    url = envelope.text("SigningCertURL")
    if not _CERTIFICATE_URL.fullmatch(url):
        raise NotAuthentic("The certificate is not one of Amazon SNS, by its address.", reason="wrong")
    try:
        signature = b64decode(envelope.required("Signature"), validate=True)
        fits = tools.signatures.rsa_verifies(
            certificate_pem=certificates.get(url, tools),
            message=message,
            signature=signature,
            algorithm=algorithm,
            now=tools.now,
        )
    except UnreadableCertificate:
        certificates.forget(url)
        fits = False
    except ValueError:
        fits = False
    if not fits:
        raise NotAuthentic("The signature does not fit the message and the certificate.", reason="wrong")


def signed_text(envelope: Fields) -> bytes:
    """Return what SNS signs of a message: each signed field's name and value, each on a line of its own.

    Only the message itself may have several lines: else two different envelopes could share one signature. Raises
    NotAuthentic, and UnreadableDelivery where a field is missing or no text.
    """
    kind = envelope.required("Type")
    if kind not in SIGNED:
        raise NotAuthentic("Messages of this type are not signed.", reason="wrong")
    lines = []
    for name in SIGNED[kind]:
        if name == "Subject" and envelope.values.get(name) is None:
            continue
        value = envelope.text(name) if name in ("Message", "Subject") else envelope.required(name)
        if "\n" in value and name != "Message":
            raise NotAuthentic(f"{name} has several lines, which Amazon SNS never sends.", reason="wrong")
        lines.append(f"{name}\n{value}\n")
    return "".join(lines).encode("utf-8", "surrogatepass")


def confirmation(envelope: Fields) -> str:
    """Return the address that confirms a subscription. Raises UnreadableDelivery where it is not one of SNS."""
    url = envelope.required("SubscribeURL")
    if not _SUBSCRIBE_URL.fullmatch(url):
        raise wrong("SubscribeURL", "must be an address of sns.<region>.amazonaws.com that confirms a subscription")
    return url
