"""What the API answers with: the domain's own objects, field by field, in the same words as `--json` of the command line.

The shapes are made from the classes, so that nothing is said twice. The test of docs/reference/openapi.json sees to it
that a change of the domain does not change the API unnoticed.
"""

import re
import types
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin

import attrs
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, create_model

HIDDEN = frozenset({"tenant_id", "raw"})
"""Whoever asks knows the tenant, and what a vendor sent is read with its delivery."""
Seconds = Annotated[timedelta, WithJsonSchema({"type": "number", "description": "Seconds."})]
Duration = Annotated[float, Field(description="Seconds.", ge=0, le=10**9, strict=True)]
"""The same as people send it."""


def _written(told: object) -> str:
    # Else a number would be taken for seconds or milliseconds since 1970, whichever is likelier.
    if not isinstance(told, str) or not re.match(r"\d{4}-\d\d-\d\d[Tt ]", told, re.ASCII):
        raise ValueError("must be a time after RFC 3339, such as 2026-03-01T12:00:00Z")
    return told


Moment = Annotated[AwareDatetime, BeforeValidator(_written)]
"""A time as people send it in a query."""


class Shape(BaseModel):
    """What is read from an object's attributes."""

    model_config = ConfigDict(from_attributes=True)


class Asked(BaseModel):
    """What people send; a field that nobody knows is refused."""

    model_config = ConfigDict(extra="forbid")


@cache
def shape(kind: type[Any], name: str | None = None, without: frozenset[str] = frozenset(), **more: Any) -> type[Shape]:
    """Return the shape of a class, `without` some fields; `more` are properties shown as well, with their types."""
    fields: dict[str, Any] = {
        field.name: (_shaped(field.type), ...)
        for field in attrs.fields(kind)
        if field.init and field.name not in HIDDEN | without
    }
    fields |= {other: (_shaped(told), ...) for other, told in more.items()}
    return create_model(name or kind.__name__, __base__=Shape, __doc__=kind.__doc__, **fields)


@cache
def list_shape(kind: type[Shape]) -> type[Shape]:
    """Return the shape of a whole list."""
    return create_model(f"{kind.__name__}List", __base__=Shape, items=(list[kind], ...))  # type: ignore[valid-type]


@cache
def page_shape(kind: type[Shape]) -> type[Shape]:
    """Return the shape of a page of a list."""
    told = Field(description="The cursor of the next page, null on the last.")
    name = f"{kind.__name__}Page"
    return create_model(name, __base__=list_shape(kind), next=(Annotated[str | None, told], ...))


def _shaped(told: Any) -> Any:
    if told is timedelta:
        return Seconds
    if isinstance(told, type) and attrs.has(told):
        return shape(told)
    arguments = get_args(told)
    if not arguments:
        return told
    shaped = tuple(_shaped(argument) for argument in arguments)
    origin = get_origin(told)
    if origin in (Union, types.UnionType):
        return Union[shaped]  # noqa: UP007 - made at run time
    if origin is not None and issubclass(origin, Mapping):
        return types.GenericAlias(dict, shaped)
    return origin[shaped] if origin is not None else told
