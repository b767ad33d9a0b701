"""What Slack can do, and what is set up of it."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import attrs

from sre_copilot.adapters.integrations.builtin.slack.answering import reply
from sre_copilot.adapters.integrations.builtin.slack.api import DEFAULT_URL, Api, Declined
from sre_copilot.adapters.integrations.builtin.slack.hiding import hidden
from sre_copilot.adapters.integrations.builtin.slack.reading import delivery_id, parse, read
from sre_copilot.adapters.integrations.builtin.slack.samples import samples
from sre_copilot.adapters.integrations.builtin.slack.socket import acknowledgement, heard
from sre_copilot.adapters.integrations.builtin.slack.telling import CHANNEL_ID, Telling
from sre_copilot.domain.commands import Command, Response
from sre_copilot.domain.deliveries import Delivery, Parsed, Reply, Sample
from sre_copilot.domain.errors import InvalidInput, NotAuthentic, NotifyLater, NotifyRefused, OutgoingFailed
from sre_copilot.domain.integrations import Integration, Secrets, Setting
from sre_copilot.domain.listening import Heard
from sre_copilot.domain.outbound import Message, Sent
from sre_copilot.domain.signatures import hmac_hex, require_fresh, require_match
from sre_copilot.hookspecs import Tools

BOT_TOKEN, SIGNING_SECRET, APP_TOKEN = "bot_token", "signing_secret", "app_token"
SETTINGS = (
    Setting(
        name="channel", help="The channel that is told, unless a rule says: its id, such as C0123456789, or #name."
    ),
    Setting(
        name=BOT_TOKEN, help="The bot token, xoxb-...; at Slack: OAuth & Permissions.", secret=True, sent_to="api_url"
    ),
    Setting(name=SIGNING_SECRET, help="What Slack signs requests with; at Slack: Basic Information.", secret=True),
    Setting(
        name=APP_TOKEN,
        help="For Socket Mode: the app-level token, xapp-..., with connections:write.",
        secret=True,
        sent_to="api_url",
    ),
    Setting(name="api_url", help="Where Slack's API is.", default=DEFAULT_URL),
)
_NAME = re.compile(r"#[^\s#,<>&]{1,80}")


@attrs.frozen
class Slack:
    """Slack."""

    type: str = "slack"
    title: str = "Slack"
    settings: tuple[Setting, ...] = SETTINGS

    kept_headers: tuple[str, ...] = ("x-slack-retry-num", "x-slack-retry-reason")

    def verify(self, integration: Integration, secrets: Secrets, delivery: Delivery, tools: Tools) -> bool:
        """Compare the signature `v0` over time and body. Raises NotAuthentic; also where no secret is set: Slack always signs."""
        stamp = delivery.header("x-slack-request-timestamp")
        given = delivery.header("x-slack-signature")
        if not secrets.valid(SIGNING_SECRET):
            raise NotAuthentic(
                "No signing secret is set; without one nothing from Slack can be believed.", reason="wrong"
            )
        right = [signature(secret, stamp, delivery.body) for secret in secrets.valid(SIGNING_SECRET)]
        require_match([given], right)
        require_fresh(stamp, tools.now)
        return True

    def sign(self, secrets: Secrets, delivery: Delivery, now: datetime) -> Delivery:
        """Sign as Slack does."""
        stamp = str(int(now.timestamp()))
        signed = signature(secrets.current(SIGNING_SECRET), stamp, delivery.body)
        added = {"x-slack-request-timestamp": stamp, "x-slack-signature": signed}
        return attrs.evolve(delivery, headers={**delivery.headers, **added})

    def without_credentials(self, body: bytes) -> bytes:
        """Return the body without tokens, response addresses, triggers, and what is said outside of threads."""
        return hidden(body)

    def read(self, delivery: Delivery) -> Any:
        """Read JSON, a form, or a form that carries JSON. Raises MalformedDelivery."""
        return read(delivery)

    def delivery_id(self, payload: Any, delivery: Delivery) -> str | None:
        """Return by what a redelivery is known."""
        return delivery_id(payload)

    def parse(self, integration: Integration, payload: Any, delivery: Delivery) -> Parsed:
        """Return what a person asks for. Raises UnreadableDelivery."""
        return parse(payload)

    def answer(self, command: Command, response: Response) -> Reply:
        """Return what the person who typed a command reads."""
        return reply(command, response)

    def samples(self, now: datetime) -> Sequence[Sample]:
        """Return a command, a pressed button and a word in a thread."""
        return samples(now)

    def listen_at(self, integration: Integration, secrets: Secrets, tools: Tools) -> str | None:
        """Ask Slack for an address to listen at; None without an app-level token. Raises OutgoingFailed, OutgoingRefused."""
        if not secrets.current(APP_TOKEN):
            return None
        try:
            url = api_of(integration, secrets, APP_TOKEN, tools).call("apps.connections.open").get("url")
        except (Declined, NotifyLater, NotifyRefused) as error:
            raise OutgoingFailed(str(error)) from None
        if not isinstance(url, str):
            raise OutgoingFailed("Slack's answer to apps.connections.open has no url.")
        return url

    def heard(self, message: str) -> Heard:
        """Return what an envelope has in it."""
        return heard(message)

    def acknowledgement(self, heard: Heard, reply: Reply | None) -> str:
        """Return the acknowledgement of an envelope."""
        return acknowledgement(heard, reply)

    def address(self, word: str) -> str:
        """Return a channel as it is kept. Raises InvalidInput."""
        channel = word.strip()
        if not (CHANNEL_ID.fullmatch(channel) or _NAME.fullmatch(channel)):
            raise InvalidInput("A channel is its id, such as C0123456789, or its name, such as #ops.")
        return channel

    def notify(self, integration: Integration, secrets: Secrets, message: Message, tools: Tools) -> Sent:
        """Post a message. Raises NotifyLater, NotifyRefused, OutgoingFailed, OutgoingRefused."""
        channel = message.address or str(integration.settings.get("channel", ""))
        if not channel and message.content.answer is None and not message.thread:
            raise NotifyRefused("Neither the integration nor the rule says which channel; set `channel`.")
        telling = Telling(api=api_of(integration, secrets, BOT_TOKEN, tools), channel=channel, message=message)
        try:
            return telling.tell()
        except Declined as declined:
            raise OutgoingFailed(str(declined)) from None

    def check(self, integration: Integration, secrets: Secrets, tools: Tools) -> str:
        """Ask who we are there. Raises OutgoingFailed, OutgoingRefused."""
        try:
            said = api_of(integration, secrets, BOT_TOKEN, tools).call("auth.test")
        except (Declined, NotifyLater, NotifyRefused) as error:
            raise OutgoingFailed(str(error)) from None
        return f"Signed in as {said.get('user', 'somebody')} at {said.get('team', 'a workspace')}."


def signature(secret: str, stamp: str, body: bytes) -> str:
    """Slack's signature of a request."""
    return f"v0={hmac_hex(secret, f'v0:{stamp}:'.encode('utf-8', 'surrogatepass') + body)}"


def api_of(integration: Integration, secrets: Secrets, token: str, tools: Tools) -> Api:
    """The API with one of the tokens."""
    url = str(integration.settings.get("api_url") or DEFAULT_URL).rstrip("/")
    return Api(http=tools.http, now=tools.now, token=secrets.current(token), url=url)
