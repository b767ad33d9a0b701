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
    InvalidInput,
    InvalidTransition,
)

CONSTRAINT_ERRORS: dict[str, type[CopilotError]] = {
    **dict.fromkeys(
        (
            "tenants_slug_key",
            "users_email_key",
            "users_azure_ad_id_key",
            "users_tenant_email_unique",
            "integrations_name_unique",
            "runbooks_slug_unique",
            "runbooks_embedding_vector_id_key",
            "services_name_unique",
            "service_calls_unique",
            "service_placements_unique",
            "series_fingerprint_unique",
            "signals_vendor_id_unique",
            "deliveries_vendor_id_unique",
            "episodes_one_open_per_series",
            "incidents_context_snapshot_id_key",
            "incidents_slack_thread_ts_key",
            "hypotheses_rank_unique",
            "legal_transitions_pair_unique",
            "users_tenant_id_unique",
            "integrations_tenant_id_unique",
            "runbooks_tenant_id_unique",
            "incidents_tenant_id_unique",
            "signals_tenant_id_unique",
            "context_snapshots_tenant_id_unique",
            "diagnoses_tenant_id_unique",
            "hypotheses_tenant_id_unique",
            "recommendations_tenant_id_unique",
        ),
        AlreadyExists,
    ),
    **dict.fromkeys(
        (
            "incidents_state_known",
            "incidents_severity_known",
            "incidents_resolved_has_its_time",
            "hypotheses_confidence_in_order",
        ),
        InvalidInput,
    ),
    "transitions_sequence_unique": ConcurrentTransition,
    "transitions_legal": InvalidTransition,
    **dict.fromkeys(
        (
            "signals_incident_of_tenant",
            "signals_integration_of_tenant",
            "signals_original_signal_of_tenant",
            "deliveries_integration_of_tenant",
            "episodes_incident_of_tenant",
            "incidents_assigned_to_of_tenant",
            "incident_state_transitions_incident_of_tenant",
            "incident_state_transitions_user_of_tenant",
            "incident_notes_incident_of_tenant",
            "incident_notes_user_of_tenant",
            "context_snapshots_incident_of_tenant",
            "diagnoses_incident_of_tenant",
            "diagnoses_snapshot_of_tenant",
            "hypotheses_incident_of_tenant",
            "hypotheses_diagnosis_of_tenant",
            "hypotheses_feedback_user_of_tenant",
            "hypothesis_feedback_hypothesis_of_tenant",
            "hypothesis_feedback_user_of_tenant",
            "runbooks_owner_of_tenant",
            "recommendations_incident_of_tenant",
            "recommendations_hypothesis_of_tenant",
            "recommendations_runbook_of_tenant",
            "recommendation_outcomes_recommendation_of_tenant",
            "recommendation_outcomes_incident_of_tenant",
            "recommendation_outcomes_runbook_of_tenant",
            "recommendation_outcomes_recorded_by_of_tenant",
            "audit_logs_user_of_tenant",
        ),
        ForeignReference,
    ),
}
"""Constraint name -> domain error. Django's foreign keys and PostgreSQL's primary keys are told by their suffix."""


@contextmanager
def translated() -> Iterator[None]:
    """Turn what the database refuses into the domain's errors; what has no translation passes as it is."""
    try:
        yield
    except IntegrityError as error:
        name = _diagnostic(error, "constraint_name")
        kind = CONSTRAINT_ERRORS.get(name) or _by_suffix(name)
        if kind is None:
            raise
        raise kind(constraint=name) from error
    except (OperationalError, InterfaceError) as error:
        raise DatabaseUnavailable(f"The database went away: {' '.join(str(error).split())}. Try again.") from error
    except (InternalError, Error) as error:
        if _diagnostic(error, "sqlstate") == IMMUTABLE:
            raise ImmutableRecord(table=_diagnostic(error, "table_name")) from error
        raise


def _by_suffix(name: str) -> type[CopilotError] | None:
    if name.endswith("_pkey"):
        return AlreadyExists
    return ForeignReference if "_fk_" in name else None


def _diagnostic(error: Exception, name: str) -> str:
    return str(getattr(getattr(error.__cause__, "diag", None), name, None) or "")
