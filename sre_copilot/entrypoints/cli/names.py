"""How names are written on the command line."""

from typing import Any

import click

from sre_copilot.domain.payloads import MAX_NAME_LENGTH


class NameType(click.ParamType[str]):
    """A name as it can be stored."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return it without white space around it, or fail where it is empty or too long."""
        word = str(value).strip()
        if not 0 < len(word) <= MAX_NAME_LENGTH:
            self.fail(f"a name has 1 to {MAX_NAME_LENGTH} characters; this one has {len(word)}.", param, ctx)
        return word


NAME = NameType()
