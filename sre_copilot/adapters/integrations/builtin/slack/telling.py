"""Telling people in Slack: an incident is one thread, and the message that it begins with shows how it stands.

Slack knows no idempotency key. Ours goes along as metadata, and a message that may have arrived already is looked for by
it before it is posted again; where the app may not read the channel it is posted again.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

import attrs

from sre_copilot.adapters.integrations.builtin.slack.api import Api, Declined
from sre_copilot.adapters.integrations.builtin.slack.blocks import Block, card, escaped, reply, summary
from sre_copilot.domain.errors import NotifyLater, NotifyRefused, OutgoingFailed
from sre_copilot.domain.outbound import Answer, Event, Happening, IncidentFacts, Message, Sent

METADATA = "sre_copilot_message"
CHANNEL_ID = re.compile(r"[CGD][A-Z0-9]{5,30}")
SHOWN_ON_CARD = frozenset({Event.STATE_CHANGED, Event.SEVERITY_CHANGED, Event.ASSIGNED})
"""What changes the message that the thread begins with."""
GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed", "is_inactive"})
"""That the thread's first message can't be changed any more is no reason not to go on in the thread."""
NOBODY_THERE = frozenset({"user_not_in_channel", "channel_not_found", "not_in_channel", "user_not_found"})
LOOKED_BACK = timedelta(minutes=5)
MOST_LOOKED_AT = 100


@attrs.frozen(kw_only=True)
class Telling:
    """One message on its way into a channel."""

    api: Api
    channel: str
    message: Message

    def tell(self) -> Sent:
        """Post it. Raises what a call of the API raises, and NotifyRefused for what nobody could be told."""
        content = self.message.content
        if content.answer is not None:
            return self._answer(content.answer)
        if content.incident is None or content.happening is None:
            raise NotifyRefused("The message says nothing that Slack could be told.")
        thread = self.message.thread
        if isinstance(thread.get("channel"), str) and isinstance(thread.get("thread_ts"), str):
            return self._go_on(content.incident, content.happening, thread["channel"], thread["thread_ts"])
        return self._begin(content.incident, content.happening)

    def _begin(self, incident: IncidentFacts, happening: Happening) -> Sent:
        channel, ts = self._posted(card(incident), summary(happening, incident), "card")
        if happening.event is not Event.OPENED:
            # Whoever hears of it only now hears what happened as well.
            self._posted(reply(happening, incident), summary(happening, incident), "reply", channel=channel, thread=ts)
        return Sent(receipt={"channel": channel, "ts": ts, "thread_ts": ts}, channel=channel, thread=ts)

    def _go_on(self, incident: IncidentFacts, happening: Happening, channel: str, thread: str) -> Sent:
        if happening.event in SHOWN_ON_CARD:
            self._redraw(incident, happening, channel, thread)
        _, ts = self._posted(
            reply(happening, incident), summary(happening, incident), "reply", channel=channel, thread=thread
        )
        return Sent(receipt={"channel": channel, "ts": ts, "thread_ts": thread})

    def _redraw(self, incident: IncidentFacts, happening: Happening, channel: str, ts: str) -> None:
        try:
            self.api.call(
                "chat.update", channel=channel, ts=ts, blocks=card(incident), text=summary(happening, incident)
            )
        except Declined as declined:
            if declined.error not in GONE:
                raise

    def _posted(
        self, blocks: list[Block], text: str, part: str, *, channel: str = "", thread: str = ""
    ) -> tuple[str, str]:
        """Post, unless it is there already; return channel and time."""
        where = channel or self.channel
        found = self._found(part, where, thread) if self.message.attempt > 1 else None
        if found is not None:
            return where, found
        told: dict[str, Any] = {
            "channel": where,
            "blocks": blocks,
            "text": text,
            "mrkdwn": False,
            "parse": "none",
            "link_names": False,
            "unfurl_links": False,
            "unfurl_media": False,
            "metadata": {"event_type": METADATA, "event_payload": {"key": self.message.key, "part": part}},
        }
        answer = self.api.call("chat.postMessage", **told, **({"thread_ts": thread} if thread else {}))
        posted_in, ts = answer.get("channel"), answer.get("ts")
        if not isinstance(posted_in, str) or not isinstance(ts, str):
            raise OutgoingFailed("Slack's answer to chat.postMessage lacks channel and ts.")
        return posted_in, ts

    def _found(self, part: str, channel: str, thread: str) -> str | None:
        if not CHANNEL_ID.fullmatch(channel):
            return None
        oldest = (self.message.created_at - LOOKED_BACK).timestamp()
        options: dict[str, Any] = {"channel": channel, "limit": MOST_LOOKED_AT, "include_all_metadata": "true"}
        options["oldest"] = f"{oldest:.6f}"
        with suppress(Declined, OutgoingFailed, NotifyRefused, NotifyLater):
            if thread:
                answer = self.api.ask("conversations.replies", ts=thread, **options)
            else:
                answer = self.api.ask("conversations.history", **options)
            return _with_key(answer, self.message.key, part)
        return None

    def _answer(self, answer: Answer) -> Sent:
        told = {"channel": answer.channel, "user": answer.to, "text": escaped(answer.text), "parse": "none"}
        try:
            self.api.call("chat.postEphemeral", **told, **({"thread_ts": answer.thread} if answer.thread else {}))
        except Declined as declined:
            if declined.error in NOBODY_THERE:
                raise NotifyRefused(f"Nobody is there to be answered: {declined.error}.") from None
            raise
        return Sent()


def _with_key(answer: Mapping[str, Any], key: str, part: str) -> str | None:
    messages = answer.get("messages")
    for row in messages if isinstance(messages, list) else ():
        metadata = row.get("metadata") if isinstance(row, dict) else None
        ours = {"event_type": METADATA, "event_payload": {"key": key, "part": part}}
        if isinstance(metadata, dict) and metadata == {**metadata, **ours} and isinstance(row.get("ts"), str):
            return str(row["ts"])
    return None
