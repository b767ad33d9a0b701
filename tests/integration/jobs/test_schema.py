"""The schema of the library that jobs are kept with, as our migration pins it."""

from pathlib import Path

import procrastinate.schema

from sre_copilot.adapters.django_orm import migrations


def test_the_pinned_schema_is_that_of_the_installed_library() -> None:
    """If this fails the library was upgraded: add a migration with what its new files say, as the decision record tells."""
    (pinned,) = Path(str(migrations.__file__)).parent.glob("procrastinate_*.sql")
    installed = procrastinate.schema.SchemaManager.get_schema()
    assert installed[installed.index("-- Enums") :] in pinned.read_text(encoding="utf-8")
    latest = max(path.stem for path in Path(procrastinate.schema.SchemaManager.get_migrations_path()).glob("*.sql"))
    assert latest in pinned.read_text(encoding="utf-8").splitlines()[0]
