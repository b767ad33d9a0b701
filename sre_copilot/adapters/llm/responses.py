"""What the Messages API answered, read as strictly as anything else that comes from outside."""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from sre_copilot.application.ports.outgoing import MAX_ANSWER_BYTES
from sre_copilot.domain.advice import Statement, SummaryLine, Usage, Wording
from sre_copilot.domain.errors import MalformedDelivery
from sre_copilot.domain.hypotheses import Polarity
from sre_copilot.domain.strict_json import read_json

MOST_TOKENS = 10_000_000
"""No single response can claim to have cost more."""
MOST_ITEMS = 100


class Unreadable(Exception):
    """A response that is not what it should be; says what, never with words of the response."""


@attrs.frozen(kw_only=True)
class ToolUse:
    """That the model wants to use a tool."""

    id: str
    name: str
    given: Mapping[str, str]


@attrs.frozen(kw_only=True)
class Message:
    """One response. `content` is as it came, to be given back in the next request: thinking is bound to its conversation."""

    stop: str
    content: Sequence[Mapping[str, Any]]
    usage: Usage

    @property
    def text(self) -> str:
        """What it says."""
        return "".join(_str(block, "text") for block in self.content if block.get("type") == "text")

    @property
    def tool_uses(self) -> list[ToolUse]:
        """What it wants to read."""
        found = []
        for block in self.content:
            if block.get("type") == "tool_use":
                given = block.get("input")
                arguments = given if isinstance(given, dict) else {}
                texts = {name: value for name, value in arguments.items() if isinstance(value, str)}
                found.append(ToolUse(id=_str(block, "id"), name=_str(block, "name"), given=texts))
        return found


def read_message(body: bytes) -> Message:
    """Return the response. Raises Unreadable."""
    found = _json(body)
    content = found.get("content")
    usage = found.get("usage")
    if not isinstance(content, list) or not all(isinstance(block, dict) for block in content):
        raise Unreadable("it has no content")
    if not isinstance(usage, dict):
        raise Unreadable("it does not say what it cost")
    plain, read, written = (
        _tokens(usage, name) for name in ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    )
    cost = Usage(
        prompt=plain + read + written,
        completion=_tokens(usage, "output_tokens"),
        cache_read=read,
        cache_written=written,
    )
    return Message(stop=_str(found, "stop_reason"), content=content, usage=cost)


def read_answer(
    text: str,
) -> tuple[tuple[Statement, ...], tuple[Wording, ...], tuple[SummaryLine, ...]]:
    """Return statements, wordings and summary of the answer's JSON. Raises Unreadable."""
    found = _json(text.encode("utf-8", "surrogatepass"))
    statements = tuple(
        Statement(option=_str(item, "candidate"), polarity=_polarity(item), cites=_keys(item), text=_str(item, "text"))
        for item in _items(found, "statements")
    )
    wordings = tuple(
        Wording(option=_str(item, "candidate"), cites=_keys(item), text=_str(item, "text"))
        for item in _items(found, "descriptions")
    )
    lines = tuple(SummaryLine(text=_str(item, "text"), cites=_keys(item)) for item in _items(found, "summary"))
    return statements, wordings, lines


def _json(body: bytes) -> dict[str, Any]:
    try:
        found = read_json(body, max_bytes=MAX_ANSWER_BYTES)
    except MalformedDelivery:
        raise Unreadable("it is no JSON") from None
    if not isinstance(found, dict):
        raise Unreadable("it is no object")
    return found


def _str(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str):
        raise Unreadable(f"it has no text {name!r}")
    return value


def _tokens(usage: Mapping[str, Any], name: str) -> int:
    value = usage.get(name, 0)
    if value is None:
        return 0
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST_TOKENS:
        raise Unreadable("what it says of its cost is no number of tokens")
    return value


def _items(found: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    items = found.get(name)
    if not isinstance(items, list) or len(items) > MOST_ITEMS or not all(isinstance(item, dict) for item in items):
        raise Unreadable(f"it has no list {name!r}")
    return items


def _keys(item: Mapping[str, Any]) -> tuple[str, ...]:
    keys = item.get("cites")
    if not isinstance(keys, list) or len(keys) > MOST_ITEMS or not all(isinstance(key, str) for key in keys):
        raise Unreadable("its citations are no list of texts")
    return tuple(keys)


def _polarity(item: Mapping[str, Any]) -> Polarity:
    try:
        return Polarity(_str(item, "verdict"))
    except ValueError:
        raise Unreadable("a verdict is neither supports nor contradicts") from None
