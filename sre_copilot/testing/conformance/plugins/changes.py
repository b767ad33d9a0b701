"""Changes to JSON values: where something stands in them, and what they are with something else there."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

Path = tuple[str | int, ...]

REMOVED = object()
"""In place of a value: it is not there at all."""
OTHER_TYPES: tuple[Any, ...] = (
    None, True, -1, 1.5, 2**63, "", " ", "word", "\x00", "é\u202e\U0001f525", "x" * 300, [], [None], {}, {"a": "b"},
    [{}], [[]],
)  # fmt: skip
"""What may stand where something else is meant."""
RAW_TOKENS: Mapping[str, str] = {
    "NaN": "NaN",
    "an infinity": "-Infinity",
    "a number without end": "1e999",
    "an integer of 5,000 digits": "9" * 5_000,
    "a fraction of 5,000 digits": "0." + "9" * 5_000,
    "half of a surrogate pair": r'"\ud800"',
    "the other half": r'["\udfff", {"\udc00": 1}]',
    "NUL": r'"a\u0000b"',
    "a string of 65 KiB": '"' + "x" * 65 * 1024 + '"',
    "a string of 60 KiB": '"' + "é" * 30 * 1024 + '"',
    "100 levels": "[" * 100 + "]" * 100,
    "30 levels": '{"a":' * 20 + "1" + "}" * 20,
    "a name twice": '{"a": 1, "a": 2}',
    "10,000 names": "{" + ",".join(f'"{number}":{number}' for number in range(10_000)) + "}",
    "10,000 items": "[" + ",".join(["{}"] * 10_000) + "]",
}
"""What some parsers take and others don't, or what is large, as it is written in JSON."""

_MARK = "put the token here"


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """The path of everything in a value, its own first."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


def at(value: Any, path: Path) -> Any:
    """What stands at a path."""
    for key in path:
        value = value[key]
    return value


def leaves(value: Any, *kinds: type) -> Iterator[tuple[Path, Any]]:
    """The places and values of these types exactly, such as `str`."""
    for path in places(value):
        found = at(value, path)
        if type(found) in kinds:
            yield path, found


def with_change(value: Any, path: Path, change: Any) -> Any:
    """The value with what is at the path replaced, or taken out where `change` is REMOVED; the given one stays as it is."""
    if not path:
        return None if change is REMOVED else change
    copy = json.loads(json.dumps(value))
    parent = at(copy, path[:-1])
    if change is REMOVED:
        del parent[path[-1]]
    else:
        parent[path[-1]] = change
    return copy


def with_token(value: Any, path: Path, token: str) -> bytes:
    """The value as JSON text, with this text at the path."""
    return json.dumps(with_change(value, path, _MARK)).replace(json.dumps(_MARK), token, 1).encode()


def reversed_keys(value: Any) -> Any:
    """The value with the names of every object in reversed order."""
    if isinstance(value, dict):
        return {key: reversed_keys(value[key]) for key in reversed(value)}
    return [reversed_keys(item) for item in value] if isinstance(value, list) else value


def shown(path: Path) -> str:
    """A path for people: `alerts[0].labels`."""
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
    return text.lstrip(".") or "the body"
