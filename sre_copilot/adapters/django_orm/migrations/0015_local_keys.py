"""Fewer indexes, and those that are left keep writes together: what is read by time, by incident, or not done yet.

Decision 0010 says which query reads each of them.
"""

from typing import Any

from django.contrib.postgres.indexes import BrinIndex
from django.db import migrations, models
from django.db.models.deletion import CASCADE, PROTECT, SET_NULL

from sre_copilot.adapters.django_orm.concurrently import (
    AddIndex,
    RemoveIndexConcurrently,
    drop_indexes,
    drop_twins,
)
from sre_copilot.adapters.django_orm.fields import DateTimeField

OPEN = ("detected", "acknowledged", "investigating", "mitigated")
ADDED = (
    ("episode", models.Index(fields=["incident"], condition=models.Q(ended_at__isnull=True), name="episodes_going_on")),
    ("incident", models.Index(fields=["tenant", "detected_at", "id"], name="incidents_in_order")),
    ("incident", models.Index(fields=["tenant", "service_name", "detected_at"], name="incidents_of_service")),
    (
        "incident",
        models.Index(fields=["tenant", "detected_at", "id"], condition=models.Q(state__in=OPEN), name="incidents_open"),
    ),
    (
        "incident",
        models.Index(
            fields=["assigned_to", "detected_at", "id"],
            condition=models.Q(assigned_to__isnull=False),
            name="incidents_of_assignee",
        ),
    ),
    ("signal", models.Index(fields=["tenant", "timestamp", "id"], name="signals_in_order")),
    ("signal", models.Index(fields=["incident", "timestamp", "id"], name="signals_of_incident")),
    ("signal", models.Index(fields=["integration", "timestamp", "id"], name="signals_of_integration")),
    (
        "signal",
        models.Index(
            fields=["original_signal"], condition=models.Q(original_signal__isnull=False), name="signals_of_original"
        ),
    ),
    (
        "signal",
        models.Index(
            fields=["processed", "tenant", "timestamp", "id"],
            condition=models.Q(processed=False),
            name="signals_unprocessed",
        ),
    ),
    (
        "signal",
        BrinIndex(fields=["timestamp"], pages_per_range=32, autosummarize=True, name="signals_by_time"),
    ),
)
REPLACED = (
    ("incident", "incidents_tenant__1956fd_idx"),
    ("incident", "incidents_tenant__b6e372_idx"),
    ("signal", "signals_tenant__30e556_idx"),
    ("signal", "signals_inciden_07a6aa_idx"),
    ("signal", "signals_series"),
    ("signal", "signals_waiting"),
)
"""By model: what a longer index, or one on less, does as well."""
PREFIXES = (
    ("audit_logs_event_type_624b5991", "audit_logs", "event_type"),
    ("audit_logs_tenant_id_1b186b1b", "audit_logs", "tenant_id"),
    ("audit_logs_user_id_752b0e2b", "audit_logs", "user_id"),
    ("correlation_decisions_tenant_id_af6ba432", "correlation_decisions", "tenant_id"),
    ("deliveries_tenant_id_02e3e111", "deliveries", "tenant_id"),
    ("episodes_tenant_id_53687b98", "episodes", "tenant_id"),
    ("incidents_assigned_to_id_72f35b2c", "incidents", "assigned_to_id"),
    ("incidents_detected_at_84721ee0", "incidents", "detected_at"),
    ("incidents_tenant_id_d43d666f", "incidents", "tenant_id"),
    ("incident_notes_incident_id_af032d50", "incident_notes", "incident_id"),
    ("incident_state_transitions_incident_id_cd2ea625", "incident_state_transitions", "incident_id"),
    ("incident_state_transitions_tenant_id_6ffabbb5", "incident_state_transitions", "tenant_id"),
    ("outbox_tenant_id_2b2cdb3b", "outbox", "tenant_id"),
    ("series_tenant_id_862ba861", "series", "tenant_id"),
    ("sightings_tenant_id_b40c2eca", "sightings", "tenant_id"),
    ("signals_fingerprint_1786530f", "signals", "fingerprint"),
    ("signals_incident_id_ed19cfc5", "signals", "incident_id"),
    ("signals_integration_id_8c9b2544", "signals", "integration_id"),
    ("signals_original_signal_id_f0ae9eba", "signals", "original_signal_id"),
    ("signals_processed_53d7a0f7", "signals", "processed"),
    ("signals_service_name_a49767f2", "signals", "service_name"),
    ("signals_tenant_id_0cfa7e1a", "signals", "tenant_id"),
    ("signals_timestamp_db918738", "signals", "timestamp"),
)
"""Indexes on a single column that another one begins with."""
TWINS = (
    "audit_logs_event_type_624b5991_like",
    "incidents_service_name_c740c0b3_like",
    "incidents_slack_thread_ts_79767509_like",
    "incidents_state_35ef5e8d_like",
    "signals_fingerprint_1786530f_like",
    "signals_service_name_a49767f2_like",
)


def _to(model: str, on_delete: Any, related_name: str | None = "+", *, nullable: bool = False) -> Any:
    return models.ForeignKey(
        f"sre_copilot.{model}",
        on_delete=on_delete,
        related_name=related_name,
        db_index=False,
        null=nullable,
        blank=nullable,
    )


FIELDS: tuple[tuple[str, str, Any], ...] = (
    ("auditlog", "event_type", models.CharField(max_length=100)),
    ("auditlog", "tenant", _to("tenant", PROTECT, "audit_logs")),
    ("auditlog", "user", _to("user", PROTECT, None, nullable=True)),
    ("correlationdecision", "tenant", _to("tenant", PROTECT)),
    ("delivery", "tenant", _to("tenant", PROTECT)),
    ("episode", "tenant", _to("tenant", PROTECT)),
    ("incident", "assigned_to", _to("user", SET_NULL, "assigned_incidents", nullable=True)),
    ("incident", "detected_at", DateTimeField()),
    ("incident", "tenant", _to("tenant", CASCADE, "incidents")),
    ("incidentnote", "incident", _to("incident", PROTECT, "notes")),
    ("incidentstatetransition", "incident", _to("incident", PROTECT, "state_transitions")),
    ("incidentstatetransition", "tenant", _to("tenant", PROTECT)),
    ("outboxmessage", "tenant", _to("tenant", PROTECT)),
    ("series", "tenant", _to("tenant", PROTECT)),
    ("sighting", "tenant", _to("tenant", PROTECT)),
    ("signal", "fingerprint", models.CharField(max_length=64, help_text="Hash for deduplication")),
    ("signal", "incident", _to("incident", SET_NULL, "signals", nullable=True)),
    ("signal", "integration", _to("integration", PROTECT)),
    ("signal", "original_signal", _to("signal", SET_NULL, "duplicates", nullable=True)),
    ("signal", "processed", models.BooleanField(default=False)),
    ("signal", "service_name", models.CharField(max_length=255, null=True, blank=True)),
    ("signal", "tenant", _to("tenant", CASCADE, "signals")),
    ("signal", "timestamp", DateTimeField(help_text="Signal occurrence time")),
)
"""What no longer asks for an index of its own."""

REWRITTEN = "fillfactor = {}, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.02"
"""Room on the page for the next version of a row, so that indexes on what did not change are left alone."""
STORAGE = {
    "incidents": REWRITTEN.format(85),
    "episodes": REWRITTEN.format(80),
    "series": REWRITTEN.format(80),
    "sightings": REWRITTEN.format(80),
    "signals": "autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.02",
}


def _storage(table: str, settings: str) -> migrations.RunSQL:
    names = ", ".join(setting.split(" = ")[0] for setting in settings.split(", "))
    return migrations.RunSQL(f"ALTER TABLE {table} SET ({settings})", f"ALTER TABLE {table} RESET ({names})")


class Migration(migrations.Migration):
    atomic = False
    dependencies = (("sre_copilot", "0014_listening"),)

    operations = (
        migrations.RunSQL(
            "UPDATE signals SET processed = false, processed_at = NULL WHERE waiting AND processed",
            "UPDATE signals SET processed = true, processed_at = created_at WHERE waiting AND NOT processed",
        ),
        *(AddIndex(model_name=model, index=index) for model, index in ADDED),
        *(RemoveIndexConcurrently(model_name=model, name=name) for model, name in REPLACED),
        migrations.SeparateDatabaseAndState(
            database_operations=[*drop_twins(TWINS), *drop_indexes(PREFIXES)],
            state_operations=[
                migrations.AlterField(model_name=model, name=name, field=field) for model, name, field in FIELDS
            ],
        ),
        *(_storage(table, settings) for table, settings in STORAGE.items()),
    )
