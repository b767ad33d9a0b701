"""The base of all errors: the class docstring is the default message, and data travels as attributes."""

import inspect
from typing import ClassVar


class CopilotError(Exception):
    """Something went wrong that has no better name. Run `sre-copilot doctor` to see the state of the installation."""

    code: ClassVar[str] = "error"

    def __init__(self, message: str | None = None, **data: object) -> None:
        self.data = data
        for name, value in data.items():
            setattr(self, name, value)
        super().__init__(message or self._default_message())

    def _default_message(self) -> str:
        text = " ".join(inspect.cleandoc(type(self).__doc__ or "").split())
        details = ", ".join(f"{name}: {_readable(value)}" for name, value in self.data.items())
        return f"{text} ({details})" if details else text


def _readable(value: object) -> str:
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(sorted(str(item) for item in value)) or "none"
    return str(value)
