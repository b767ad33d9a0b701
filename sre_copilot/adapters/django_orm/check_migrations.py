"""`python -m sre_copilot.adapters.django_orm.check_migrations`: models and migrations say the same."""

import sys

from django.apps import apps
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from sre_copilot.adapters.django_orm.routing import LABEL
from sre_copilot.adapters.django_orm.setup import setup


def missing_changes() -> list[str]:
    """What the models have that no migration says, one sentence each. Files only: nothing is asked of a database."""
    loader = MigrationLoader(None)
    detector = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps))
    changes = detector.changes(graph=loader.graph, trim_to_apps={LABEL})
    return [operation.describe() for migration in changes.get(LABEL, []) for operation in migration.operations]


def main() -> int:
    """Return 0 where no migration is missing, else name what is and return 1."""
    setup("postgresql://nobody@localhost/none")
    missing = missing_changes()
    sys.stdout.writelines(f"No migration says: {change}\n" for change in missing)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
