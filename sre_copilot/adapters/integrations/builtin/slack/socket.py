"""Socket Mode: Slack speaks through a WebSocket that we open, so that it needs no address of ours.

An envelope is acknowledged by its id. What is taken in is its payload without the envelope, which has other words when
Slack sends the same again; commands and buttons are known by their trigger, events by their own id.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sre_copilot.adapters.integrations.builtin.slack.hiding import KEY
from sre_copilot.domain.deliveries import Reply
from sre_copilot.domain.listening import Heard

CARRIERS = frozenset({"events_api", "slash_commands", "interactive"})
"""The envelopes that have a delivery in them."""


def heard(message: str) -> Heard:
    """Return what a message is; what can't be read is nothing."""
    try:
        said: Any = json.loads(message)
    except (ValueError, RecursionError):
        return Heard()
    if not isinstance(said, dict):
        return Heard()
    envelope, kind = said.get("envelope_id"), said.get("type")
    if kind == "disconnect":
        return Heard(is_last=True)
    if not isinstance(envelope, str) or not envelope:
        return Heard()
    payload = said.get("payload")
    if kind not in CARRIERS or not isinstance(payload, dict):
        return Heard(envelope=envelope)
    takes_reply = said.get("accepts_response_payload") is True
    return Heard(body=_body(str(kind), payload), envelope=envelope, takes_reply=takes_reply)


def acknowledgement(heard: Heard, reply: Reply | None) -> str:
    """Return the envelope's id, with what the person who typed a command is to read."""
    told: dict[str, Any] = {"envelope_id": heard.envelope}
    if heard.takes_reply and reply is not None and reply.body and reply.content_type == "application/json":
        told["payload"] = json.loads(reply.body)
    return json.dumps(told)


def _body(kind: str, payload: Mapping[str, Any]) -> bytes:
    told: dict[str, Any] = {"type": kind, "payload": payload}
    trigger = payload.get("trigger_id")
    if isinstance(trigger, str) and trigger:
        told[KEY] = hashlib.sha256(trigger.encode("utf-8", "surrogatepass")).hexdigest()
    return json.dumps(told, separators=(",", ":")).encode()
