"""Domain values as JSON documents, for columns that hold a whole."""

from collections.abc import Mapping
from typing import Any, TypeVar
from uuid import UUID

import orjson
from cattrs.preconf.json import make_converter

T = TypeVar("T")

_converter = make_converter()
_converter.register_unstructure_hook(UUID, str)
_converter.register_structure_hook(UUID, lambda text, _: UUID(text))


def to_document(value: object) -> Any:
    """Return an attrs value as JSON types."""
    return _converter.unstructure(value)


def from_document(document: Any, kind: type[T]) -> T:
    """Return the attrs value that a document was made from."""
    return _converter.structure(document, kind)


def to_text(value: object) -> str:
    """Return an attrs value as the text of its document."""
    return text_of(_converter.unstructure(value))


def text_of(document: object) -> str:
    """Return JSON types, times, UUIDs and enums as the text of a document."""
    return orjson.dumps(document, default=_plain).decode()


def _plain(value: object) -> object:
    # Integers beyond 64 bits come from nowhere but our own tests; mappings that are no dict from plugins.
    return dict(value) if isinstance(value, Mapping) else _converter.unstructure(value)
