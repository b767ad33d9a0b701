"""`from sre_copilot import ...` gives everything that an embedding service needs."""

import importlib
import inspect

import pytest

import sre_copilot
from sre_copilot.domain import errors


@pytest.mark.parametrize("name", sre_copilot.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert callable(getattr(sre_copilot, name))


def test_every_error_is_public() -> None:
    classes = {name for name, kind in vars(errors).items() if inspect.isclass(kind) and issubclass(kind, Exception)}
    assert classes <= set(sre_copilot.__all__)


def test_opening_a_copilot_is_a_function_whatever_was_imported_before() -> None:
    module = importlib.import_module("sre_copilot.bootstrap")
    assert sre_copilot.open_copilot is module.bootstrap


def test_an_unknown_name_is_refused_as_python_does() -> None:
    with pytest.raises(AttributeError, match="no attribute 'copilot_opened'"):
        _ = sre_copilot.copilot_opened
