"""Domain values as JSON documents, for columns that hold a whole."""

from typing import Any, TypeVar

from cattrs.preconf.orjson import make_converter

T = TypeVar("T")

_converter = make_converter()


def to_document(value: object) -> Any:
    """Return an attrs value as JSON types."""
    return _converter.unstructure(value)


def from_document(document: Any, kind: type[T]) -> T:
    """Return the attrs value that a document was made from."""
    return _converter.structure(document, kind)
