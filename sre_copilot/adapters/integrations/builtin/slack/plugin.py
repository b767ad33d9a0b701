"""What Slack can do, and what is set up of it."""

import re

import attrs

from sre_copilot.adapters.integrations.builtin.slack.api import DEFAULT_URL, Api, Declined
from sre_copilot.adapters.integrations.builtin.slack.telling import CHANNEL_ID, Telling
from sre_copilot.domain.errors import InvalidInput, NotifyLater, NotifyRefused, OutgoingFailed
from sre_copilot.domain.integrations import Integration, Secrets, Setting
from sre_copilot.domain.outbound import Message, Sent
from sre_copilot.hookspecs import Tools

BOT_TOKEN, SIGNING_SECRET, APP_TOKEN = "bot_token", "signing_secret", "app_token"
SETTINGS = (
    Setting(
        name="channel", help="The channel that is told, unless a rule says: its id, such as C0123456789, or #name."
    ),
    Setting(name=BOT_TOKEN, help="The bot token, xoxb-...; at Slack: OAuth & Permissions.", secret=True),
    Setting(name=SIGNING_SECRET, help="What Slack signs requests with; at Slack: Basic Information.", secret=True),
    Setting(
        name=APP_TOKEN, help="For Socket Mode: the app-level token, xapp-..., with connections:write.", secret=True
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


def api_of(integration: Integration, secrets: Secrets, token: str, tools: Tools) -> Api:
    """The API with one of the tokens."""
    url = str(integration.settings.get("api_url") or DEFAULT_URL).rstrip("/")
    return Api(http=tools.http, now=tools.now, token=secrets.current(token), url=url)
