"""Reading what Slack sends: events, slash commands and pressed buttons, over HTTP or through a socket."""

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sre_copilot.adapters.integrations.builtin.slack.blocks import OF_INCIDENT, OF_RECOMMENDATION
from sre_copilot.adapters.integrations.builtin.slack.hiding import KEY
from sre_copilot.domain.commands import STEPS, Command, Verb, Way, spoken
from sre_copilot.domain.deliveries import Delivery, Parsed, Reply
from sre_copilot.domain.payloads import Fields
from sre_copilot.domain.strict_json import read_form_or_json, read_json

NOTHING = Reply(body="", content_type="text/plain")
PERSONS_WORDS = frozenset({"", "thread_broadcast"})
"""The subtypes of messages that people write: all others tell that somebody came, changed, or is a bot."""
_MARKED = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>")


def read(delivery: Delivery) -> Any:
    """Return the payload as an object: of a form its fields, a button's `payload` read as JSON. Raises MalformedDelivery."""
    said = read_form_or_json(delivery)
    if isinstance(said, dict) and isinstance(said.get("payload"), str):
        return {**said, "payload": read_json(said["payload"].encode("utf-8", "surrogatepass"))}
    return said


def delivery_id(payload: Any) -> str | None:
    """Return Slack's id of an event, else the one that was made of the trigger's id."""
    outer = Fields.of(payload)
    said = _said(outer)
    return said.key("event_id") or outer.key(KEY)


def parse(payload: Any) -> Parsed:
    """Return what a delivery asks for. Raises UnreadableDelivery where a field that decides has another type."""
    outer = Fields.of(payload)
    said = _said(outer)
    kind = said.text("type")
    if kind == "url_verification":
        return Parsed(reply=Reply(body=said.text("challenge"), content_type="text/plain"))
    if kind == "event_callback":
        return Parsed(reply=NOTHING, command=_in_thread(said.object("event")))
    if kind == "block_actions":
        return Parsed(reply=NOTHING, command=_pressed(said))
    if said.text("command"):
        return Parsed(reply=NOTHING, command=_typed(said))
    return Parsed(reply=NOTHING)


def _said(outer: Fields) -> Fields:
    inner = outer.values.get("payload")
    return Fields.of(inner, "payload") if isinstance(inner, dict) else outer


def _typed(said: Fields) -> Command:
    return spoken(plain(said.text("text")), by=said.text("user_id"), channel=said.text("channel_id"))


def _in_thread(event: Fields) -> Command | None:
    """What a person says in a thread. What else happens in channels is nobody's command."""
    by, thread, text = event.text("user"), event.text("thread_ts"), plain(event.text("text"))
    if event.text("type") != "message" or event.text("bot_id") or event.text("subtype") not in PERSONS_WORDS:
        return None
    if not (by and thread and text):
        return None
    return Command(by=by, verb=Verb.NOTE, text=text, channel=event.text("channel"), thread=thread, answered=Way.SILENT)


def _pressed(said: Fields) -> Command | None:
    """What the first of the pressed buttons means, where it is one of ours."""
    actions = said.objects("actions")
    if not actions:
        return None
    name, value = actions[0].text("action_id"), actions[0].text("value")
    container, message = said.object("container"), said.object("message")
    common: Mapping[str, Any] = {
        "by": said.object("user").text("id"),
        "channel": container.text("channel_id") or said.object("channel").text("id"),
        "thread": message.text("thread_ts") or container.text("thread_ts") or container.text("message_ts"),
        "answered": Way.MESSAGE,
    }
    verb = next((one for one in Verb if one.value == name.rpartition(".")[2]), None)
    if name.startswith(OF_INCIDENT) and verb in STEPS and _is_uuid(value):
        return Command(verb=verb, incident=value, **common)
    incident, _, subject = value.partition(" ")
    if name.startswith(OF_RECOMMENDATION) and verb in (Verb.ACCEPT, Verb.REJECT) and _is_uuid(incident):
        return Command(verb=verb, incident=incident, subject=subject, **common)
    return None


def plain(text: str) -> str:
    """Return what a person reads of Slack's text: mentions and links in plain words."""
    words = _MARKED.sub(_unmarked, text)
    return words.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def _unmarked(match: "re.Match[str]") -> str:
    target, label = match[1], match[2]
    if target[:1] in ("@", "#", "!"):
        return f"{'#' if target[0] == '#' else '@'}{label or target[1:]}"
    return f"{label} ({target})" if label and label != target else target


def _is_uuid(word: str) -> bool:
    try:
        return str(UUID(word)) == word
    except ValueError:
        return False
