"""Connections that the server has ended, or on which it no longer knows what was prepared."""

from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connections

from sre_copilot.adapters.django_orm.routing import ALIAS

Answer = TypeVar("Answer")


def renewing(ask: Callable[[], Answer]) -> Answer:
    """Return what the first question of a transaction gives. A connection that is of no use any more is renewed once."""
    connection = connections[ALIAS]
    joins = connection.in_atomic_block
    try:
        return ask()
    except (OperationalError, InterfaceError):
        if joins:
            raise
        connection.close()
        return ask()
