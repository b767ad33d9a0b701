"""How ids are written on the command line."""

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import click

FEWEST = 6
"""So many characters of an incident's id are the least that is looked up."""
_PART = re.compile(f"[0-9a-f-]{{{FEWEST},35}}")


class IdType(click.ParamType[UUID]):
    """A full id as it is printed everywhere."""

    name = "id"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> UUID:
        """Return the UUID, or fail with what an id looks like."""
        if isinstance(value, UUID):
            return value
        try:
            return UUID(str(value))
        except ValueError:
            self.fail(f"{value!r} is not an id; ids look like 0198c5d2-7a3e-7b1c-9f00-1c2d3e4f5a6b.", param, ctx)


class IncidentType(click.ParamType["UUID | str"]):
    """The id of an incident, or a part of it that `Session.find` looks up."""

    name = "incident"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> UUID | str:
        """Return the UUID or the part, or fail with what either looks like."""
        if isinstance(value, UUID):
            return value
        word = str(value).lower()
        try:
            return UUID(word)
        except ValueError:
            if _PART.fullmatch(word):
                return word
            self.fail(
                f"{value!r} is not the id of an incident; give all of 0198c5d2-7a3e-7b1c-9f00-1c2d3e4f5a6b, or at least "
                f"{FEWEST} characters of its beginning or end, such as 3e4f5a6b.",
                param,
                ctx,
            )


ID = IdType()
INCIDENT = IncidentType()


def incident_argument(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command its INCIDENT, and its help a line on what that may be."""
    function.__doc__ = (
        f"{function.__doc__}\n\nINCIDENT is an id, or at least {FEWEST} characters of its beginning or end; "
        "`incidents list` shows the last 8."
    )
    return click.argument("incident", type=INCIDENT, metavar="INCIDENT")(function)


def short(identifier: UUID) -> str:
    """The last 8 characters: unlike the first ones, which tell the time, they differ from row to row."""
    return str(identifier)[-8:]
