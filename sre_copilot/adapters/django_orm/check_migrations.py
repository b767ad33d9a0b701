"""`python -m sre_copilot.adapters.django_orm.check_migrations`: models and migrations say the same."""

import sys

from django.core.management import call_command

from sre_copilot.adapters.django_orm.setup import setup


def main() -> int:
    """Return 0 where no migration is missing, else name what differs and return 1; no database is needed."""
    setup("postgresql://nobody@localhost/none")
    try:
        call_command("makemigrations", "sre_copilot", check=True, dry_run=True, verbosity=1)
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


if __name__ == "__main__":
    sys.exit(main())
