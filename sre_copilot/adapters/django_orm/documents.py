"""Domain values as JSON documents, for columns that hold a whole."""

from typing import Any, TypeVar
from uuid import UUID

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
