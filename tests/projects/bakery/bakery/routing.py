"""A router that has an opinion about everything."""

from typing import Any


class OneDatabase:
    """Every model is in the project's one database."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        """The only one."""
        return "default"

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        """Everything, there."""
        return db == "default"
