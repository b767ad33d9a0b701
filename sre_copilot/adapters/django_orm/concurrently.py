"""Indexes of tables that live: made and dropped while everybody goes on writing. For migrations with `atomic = False`."""

from collections.abc import Iterable

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import RunSQL
from django.db.migrations.state import ProjectState

__all__ = ["AddIndex", "RemoveIndexConcurrently", "drop_indexes", "drop_twins"]


class AddIndex(AddIndexConcurrently):
    """Makes an index. What a migration that was interrupted left of it, which nobody could use, goes first."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Drop what is left over, and make it."""
        if not self.allow_migrate_model(
            schema_editor.connection.alias, to_state.apps.get_model(app_label, self.model_name)
        ):
            # A database of the project's that is none of ours.
            return
        schema_editor.execute(f'DROP INDEX CONCURRENTLY IF EXISTS "{self.index.name}"')
        super().database_forwards(app_label, schema_editor, from_state, to_state)


def drop_indexes(indexes: Iterable[tuple[str, str, str]]) -> list[RunSQL]:
    """Drop indexes given by name, table and column. Backwards they are made again."""
    return [
        RunSQL(
            f'DROP INDEX CONCURRENTLY IF EXISTS "{name}"',
            f'CREATE INDEX CONCURRENTLY IF NOT EXISTS "{name}" ON "{table}" ("{column}")',
        )
        for name, table, column in indexes
    ]


def drop_twins(names: Iterable[str]) -> list[RunSQL]:
    """Drop the second indexes that Django makes of indexed words, for LIKE. Nobody asks so; they don't come back."""
    return [RunSQL(f'DROP INDEX CONCURRENTLY IF EXISTS "{name}"', RunSQL.noop) for name in names]
