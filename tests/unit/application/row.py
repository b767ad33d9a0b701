"""A row of the table of everything that can be asked, and who is meant by whom."""

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from tests.unit.application.scene import Scene

Asked = tuple[type[Any], str]
"""A class, and the method that is called."""

NOBODY: frozenset[str] = frozenset()
READERS = frozenset({"viewer", "engineer", "admin", "system"})
RESPONDERS = frozenset({"engineer", "admin", "system"})
PEOPLE_WHO_RESPOND = frozenset({"engineer", "admin"})
ADMINISTRATORS = frozenset({"admin"})
SENDERS = frozenset({"admin", "integration", "system"})
AUTOMATION = frozenset({"system"})


@attrs.frozen(kw_only=True)
class Row:
    """What to give besides the actor, who is permitted, and the audit entries of one success.

    `finds` says that it names something stored, which nobody of another tenant may find.
    """

    given: Callable[[Scene], Mapping[str, Any]]
    permitted: frozenset[str]
    leaves: tuple[str, ...] = ()
    finds: bool = True
    in_steps: bool = False
    """Whether it takes several units of work on purpose, each whole by itself, and is safe to ask again at any point."""
