"""The outgoing webhook: each message one POST, signed after the Standard Webhooks specification (standardwebhooks.com).

    {"type": "incident.opened", "timestamp": "2026-03-01T12:00:00.000000Z",
     "data": {"sequence": 1, "incident": {...}, "happening": {...}}}

`webhook-id` is the idempotency key: it stays the same when a message is sent again. `docs/reference/outgoing-webhook.md`
lists the fields.
"""

import json
from base64 import b64decode
from datetime import datetime
from typing import Any

import attrs

from sre_copilot.application.ports.outgoing import Request
from sre_copilot.domain.canonical import plain, timestamp
from sre_copilot.domain.errors import NotifyRefused, OutgoingFailed, OutgoingRefused
from sre_copilot.domain.integrations import Integration, Secrets, Setting
from sre_copilot.domain.outbound import Message, Sent
from sre_copilot.domain.signatures import hmac_base64
from sre_copilot.hookspecs import IntegrationPlugin, Tools, hookimpl

URL = "url"
SECRET = "signing_secret"
SETTINGS = (
    Setting(name=URL, help="Where messages are posted, https.", secret=True, required=True),
    Setting(
        name=SECRET,
        help="The secret that messages are signed with, after the Standard Webhooks specification.",
        secret=True,
        generated="whsec_",
    ),
)


@attrs.frozen
class Webhook:
    """Posts every message to one address."""

    type: str = "webhook"
    title: str = "Outgoing webhook"
    settings: tuple[Setting, ...] = SETTINGS

    def notify(self, integration: Integration, secrets: Secrets, message: Message, tools: Tools) -> Sent:
        """Post a message. Raises NotifyLater, NotifyRefused, OutgoingFailed, OutgoingRefused."""
        payload = document(message)
        try:
            request = signed_request(secrets, message.key, payload, tools.now)
        except OutgoingRefused as error:
            raise NotifyRefused(str(error)) from None
        answer = tools.http.send(request)
        answer.require_taken(tools.now)
        return Sent(receipt={"status": answer.status})

    def check(self, integration: Integration, secrets: Secrets, tools: Tools) -> str:
        """Post a message of the type `ping`. Raises OutgoingFailed, and OutgoingRefused without a usable secret too."""
        ping = {"type": "ping", "timestamp": timestamp(tools.now), "data": {}}
        answer = tools.http.send(signed_request(secrets, f"ping_{int(tools.now.timestamp())}", ping, tools.now))
        if not answer.ok:
            raise OutgoingFailed(f"The server does not take the message `ping` (status {answer.status}).")
        return f"The server took the message `ping` (status {answer.status})."


def signed_request(secrets: Secrets, key: str, payload: dict[str, Any], now: datetime) -> Request:
    """The request that carries a payload. Raises OutgoingRefused where no usable secret is set."""
    body = json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()
    stamp = str(int(now.timestamp()))
    # While the secret is being rotated both sign, so that the receiver can change over when it likes.
    signatures = [f"v1,{signature(secret, key, stamp, body)}" for secret in secrets.valid(SECRET)]
    if not signatures:
        raise OutgoingRefused("No signing secret is set; `sre-copilot integrations rotate-key` makes one.")
    return Request(
        method="POST",
        url=secrets.current(URL),
        headers={
            "content-type": "application/json",
            "webhook-id": key,
            "webhook-timestamp": stamp,
            "webhook-signature": " ".join(signatures),
        },
        body=body,
    )


def signature(secret: str, key: str, stamp: str, body: bytes) -> str:
    """The signature of a message in base64. Raises OutgoingRefused for a secret that is none."""
    try:
        raw = b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        raise OutgoingRefused("The signing secret is not base64 after `whsec_`; set another one.") from None
    return hmac_base64(raw, f"{key}.{stamp}.".encode() + body)


def document(message: Message) -> dict[str, Any]:
    """The payload: what happened, when, to which incident, as it was then."""
    content, happening = message.content, message.content.happening
    if happening is None:
        raise NotifyRefused("A webhook is told what happens to incidents, and nothing else.")
    said = {name: value for name, value in plain(happening).items() if name not in ("event", "at")}
    return {
        "type": happening.event.value,
        "timestamp": timestamp(happening.at),
        "data": {"sequence": message.sequence, "incident": plain(content.incident), "happening": said},
    }


@hookimpl
def sre_copilot_integrations() -> list[IntegrationPlugin]:
    """Return the outgoing webhook."""
    return [Webhook()]
