"""What the database refuses, in the domain's words."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DataError, Error, IntegrityError, InterfaceError, OperationalError

from sre_copilot.adapters.django_orm.asking import Outdated
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
    WriteConflict,
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
            "runbooks_source_unique",
            "runbook_versions_number_unique",
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
            "api_tokens_tenant_id_unique",
            "api_tokens_hash_unique",
            "routing_rules_name_unique",
            "response_times_unique",
            "integrations_key_hash_unique",
            "silences_tenant_id_unique",
            "precedents_tenant_id_unique",
            "consultations_tenant_id_unique",
            "precedents_incident_unique",
        ),
        AlreadyExists,
    ),
    **dict.fromkeys(
        (
            "incidents_state_known",
            "incidents_severity_known",
            "incidents_resolved_has_its_time",
            "hypotheses_confidence_in_order",
            "silences_end_after_their_start",
            "precedents_confirmed_by_somebody",
        ),
        InvalidInput,
    ),
    **dict.fromkeys(("transitions_sequence_unique", "outbox_sequence_unique"), ConcurrentTransition),
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
            "runbook_versions_runbook_of_tenant",
            "runbook_versions_written_by_of_tenant",
            "recommendations_incident_of_tenant",
            "recommendations_hypothesis_of_tenant",
            "recommendations_runbook_of_tenant",
            "recommendation_outcomes_recommendation_of_tenant",
            "recommendation_outcomes_incident_of_tenant",
            "recommendation_outcomes_runbook_of_tenant",
            "recommendation_outcomes_recorded_by_of_tenant",
            "audit_logs_user_of_tenant",
            "api_tokens_user_of_tenant",
            "routing_rules_integration_of_tenant",
            "outbox_integration_of_tenant",
            "outbox_incident_of_tenant",
            "silences_created_by_of_tenant",
            "silences_ended_by_of_tenant",
            "precedents_confirmed_by_of_tenant",
            "precedents_forgotten_by_of_tenant",
            "correlation_decisions_silence_of_tenant",
            "corrections_user_of_tenant",
            "consultations_incident_of_tenant",
            "consultations_diagnosis_of_tenant",
            "consultations_advised_of_tenant",
            "corrections_left_of_tenant",
            "corrections_joined_of_tenant",
        ),
        ForeignReference,
    ),
}
"""Constraint name -> domain error. Django's foreign keys and PostgreSQL's primary keys are told by their suffix."""


GAVE_WAY = frozenset({"40P01", "40001", "55P03"})
"""The SQLSTATEs of a deadlock, of a failed serialization and of a lock that somebody has and that is not waited for."""

UNSTORABLE = "A text has a NUL or half of a surrogate pair in it, which can't be stored; remove it and try again."
UNFIT = {
    # The driver itself finds a NUL, and has no code for it; within JSON the server finds both.
    **dict.fromkeys(("", "22021", "22P02", "22P05"), UNSTORABLE),
    "22001": "A text is longer than its place allows; shorten it and try again.",
    "22003": "A number is out of range; give one that is nearer to zero.",
}
"""What doesn't fit into a column, by SQLSTATE. None of it quotes the value, which may be anybody's secret."""


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
    except (DataError, UnicodeEncodeError) as error:
        raise InvalidInput(
            UNFIT.get(_diagnostic(error, "sqlstate"), "A value does not fit into its place; correct it and try again.")
        ) from error
    except (OperationalError, InterfaceError) as error:
        # Whoever meets an outdated statement is as well off as one who gave way: nothing was stored, and another attempt helps.
        if _diagnostic(error, "sqlstate") in GAVE_WAY or isinstance(error.__cause__, Outdated):
            raise WriteConflict from error
        raise DatabaseUnavailable(f"The database went away: {' '.join(str(error).split())}. Try again.") from error
    except Error as error:
        if _diagnostic(error, "sqlstate") == IMMUTABLE:
            raise ImmutableRecord(table=_diagnostic(error, "table_name")) from error
        raise


def _by_suffix(name: str) -> type[CopilotError] | None:
    if name.endswith("_pkey"):
        return AlreadyExists
    return ForeignReference if "_fk_" in name else None


def _diagnostic(error: Exception, name: str) -> str:
    return str(getattr(getattr(error.__cause__, "diag", None), name, None) or "")
