"""SRE Copilot: from the first alert to ranked causes with evidence, and to what to do about them."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sre_copilot.application.copilot import Copilot as Copilot
    from sre_copilot.domain.errors import CopilotError as CopilotError
    from sre_copilot.hookspecs import hookimpl as hookimpl
    from sre_copilot.settings import Settings as Settings

__all__ = ["Copilot", "CopilotError", "Settings", "hookimpl"]

_HOMES = {
    "Copilot": "sre_copilot.application.copilot",
    "CopilotError": "sre_copilot.domain.errors",
    "Settings": "sre_copilot.settings",
    "hookimpl": "sre_copilot.hookspecs",
}


def __getattr__(name: str) -> Any:
    """Load the public names on first use, so that importing the package stays cheap."""
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
