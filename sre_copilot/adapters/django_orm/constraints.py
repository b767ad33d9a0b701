"""What the database refuses, in the domain's words."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import Error, IntegrityError, InterfaceError, InternalError, OperationalError

from sre_copilot.adapters.postgres.row_security import IMMUTABLE
from sre_copilot.domain.errors import (
    AlreadyExists,
    ConcurrentTransition,
    CopilotError,
    DatabaseUnavailable,
    ForeignReference,
    ImmutableRecord,
    InvalidTransition,
)

CONSTRAINT_ERRORS: dict[str, type[CopilotError]] = {
    "tenants_slug_key": AlreadyExists,
    "users_email_key": AlreadyExists,
    "integrations_name_unique": AlreadyExists,
    "transitions_sequence_unique": ConcurrentTransition,
    "transitions_legal": InvalidTransition,
    "signals_incident_of_tenant": ForeignReference,
    "incident_state_transitions_incident_of_tenant": ForeignReference,
    "incident_notes_incident_of_tenant": ForeignReference,
    "episodes_incident_of_tenant": ForeignReference,
    "context_snapshots_incident_of_tenant": ForeignReference,
    "diagnoses_incident_of_tenant": ForeignReference,
    "hypotheses_incident_of_tenant": ForeignReference,
    "recommendations_incident_of_tenant": ForeignReference,
}
"""Constraint name -> domain error. Django's own foreign keys are recognised by their suffix."""


@contextmanager
def translated() -> Iterator[None]:
    """Turn what the database refuses into the domain's errors; what has no translation passes as it is."""
    try:
        yield
    except IntegrityError as error:
        name = _diagnostic(error, "constraint_name")
        kind = CONSTRAINT_ERRORS.get(name) or (ForeignReference if "_fk_" in name else None)
        if kind is None:
            raise
        raise kind(constraint=name) from error
    except (OperationalError, InterfaceError) as error:
        raise DatabaseUnavailable(f"The database went away: {' '.join(str(error).split())}. Try again.") from error
    except (InternalError, Error) as error:
        if _diagnostic(error, "sqlstate") == IMMUTABLE:
            raise ImmutableRecord(table=_diagnostic(error, "table_name")) from error
        raise


def _diagnostic(error: Exception, name: str) -> str:
    return str(getattr(getattr(error.__cause__, "diag", None), name, None) or "")
