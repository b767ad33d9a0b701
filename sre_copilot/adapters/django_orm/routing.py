"""The router that keeps the copilot's tables on the copilot's own database alias."""

from typing import Any

LABEL = "sre_copilot"
ALIASES = frozenset({"sre_copilot", "sre_copilot_owner"})


class CopilotRouter:
    """Sends our models to our alias, and everything else anywhere but there."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        """Our alias for our models, no opinion otherwise."""
        return "sre_copilot" if model._meta.app_label == LABEL else None

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        """Ours only on our aliases, nothing else on them."""
        return (app_label == LABEL) if db in ALIASES else (False if app_label == LABEL else None)
