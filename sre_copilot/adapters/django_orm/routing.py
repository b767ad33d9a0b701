"""The router that keeps the copilot's tables on the copilot's own database alias."""

from typing import Any

LABEL = "sre_copilot"
ALIAS = "sre_copilot"
"""The database alias of the app role; all use cases go through it."""
OWNER_ALIAS = "sre_copilot_owner"
"""The alias of the owner role; only migrations go through it."""


class CopilotRouter:
    """Sends our models to our alias, and everything else anywhere but there."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        """Our alias for our models, no opinion otherwise."""
        return ALIAS if model._meta.app_label == LABEL else None

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        """Ours only on our aliases, nothing else on them."""
        return (app_label == LABEL) if db in (ALIAS, OWNER_ALIAS) else (False if app_label == LABEL else None)
