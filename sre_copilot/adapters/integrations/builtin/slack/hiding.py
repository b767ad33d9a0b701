"""What of a delivery is not kept: Slack's credentials, and what people say to each other outside of threads.

`token`, `response_url` and `trigger_id` would let whoever reads the ledger speak in our name. They aren't needed: commands
are answered at once, buttons by an ephemeral message with the bot's own token. A `trigger_id` also names its delivery, so
its SHA-256 takes its place.
"""

import hashlib
import json
from typing import Any
from urllib.parse import quote_plus, unquote_to_bytes

from sre_copilot.domain.hidden_values import HIDDEN, without_values

CREDENTIALS = frozenset({"token", "response_url", "response_urls", "trigger_id"})
SPOKEN = frozenset({"text", "blocks", "attachments", "files", "message", "previous_message"})
"""What a message says."""
KEY = "delivery_key"
"""The field that is added to a form: by it the delivery is known when it comes again."""


def hidden(body: bytes) -> bytes:
    """Return the body without them, whatever its bytes are."""
    return _json(body) if body.lstrip()[:1] in (b"{", b"[") else _form(body)


def _json(body: bytes) -> bytes:
    return without_values(body, CREDENTIALS | (frozenset() if _is_in_a_thread(body) else SPOKEN))


def _is_in_a_thread(body: bytes) -> bool:
    """Whether it may concern an incident: a command, a button, or what a person says in a thread."""
    try:
        said: Any = json.loads(body)
    except (ValueError, RecursionError):
        return False
    if isinstance(said, dict) and isinstance(said.get("payload"), dict):
        said = said["payload"]
    event = said.get("event") if isinstance(said, dict) else None
    return not isinstance(event, dict) or (bool(event.get("thread_ts")) and not event.get("bot_id"))


def _form(body: bytes) -> bytes:
    parts, key = [], b""
    for part in body.split(b"&"):
        name, _, value = part.partition(b"=")
        word = unquote_to_bytes(name.replace(b"+", b" ")).decode("utf-8", "replace").lower()
        text = unquote_to_bytes(value.replace(b"+", b" "))
        if word == "payload":
            key = key or _key_of(_trigger(text))
            parts.append(name + b"=" + _quoted(without_values(text, CREDENTIALS)))
        elif word in CREDENTIALS:
            key = key or (_key_of(text) if word == "trigger_id" else b"")
            parts.append(name + b"=" + _quoted(HIDDEN.encode()))
        else:
            parts.append(part)
    return b"&".join([*parts, KEY.encode() + b"=" + key] if key else parts)


def _trigger(payload: bytes) -> bytes:
    try:
        said: Any = json.loads(payload)
    except (ValueError, RecursionError):
        return b""
    found = said.get("trigger_id") if isinstance(said, dict) else None
    return found.encode("utf-8", "surrogatepass") if isinstance(found, str) else b""


def _key_of(trigger: bytes) -> bytes:
    known = trigger in (b"", HIDDEN.encode())
    return b"" if known else hashlib.sha256(trigger).hexdigest().encode()


def _quoted(text: bytes) -> bytes:
    return quote_plus(text).encode()
