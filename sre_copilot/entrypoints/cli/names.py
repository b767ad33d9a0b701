"""How names are written on the command line."""

from typing import Any

import click

from sre_copilot.domain.errors import InvalidInput
from sre_copilot.domain.text import checked_name


class NameType(click.ParamType[str]):
    """A name as it can be stored."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return it without white space around it, or fail where it is empty or too long."""
        try:
            return checked_name("A name", str(value))
        except InvalidInput as error:
            self.fail(str(error), param, ctx)


NAME = NameType()
