"""No row refers to another tenant's, unique constraints have names of ours, and global tables are read-only."""

from django.db import migrations, models

from sre_copilot.adapters.postgres import row_security as sql

STAYS = "NO ACTION"
REFERENCES = (
    ("incidents", "assigned_to", "users", "SET NULL (assigned_to_id)"),
    ("incident_state_transitions", "user", "users", STAYS),
    ("incident_notes", "user", "users", STAYS),
    ("signals", "integration", "integrations", STAYS),
    ("signals", "original_signal", "signals", "SET NULL (original_signal_id)"),
    ("deliveries", "integration", "integrations", STAYS),
    ("diagnoses", "snapshot", "context_snapshots", STAYS),
    ("hypotheses", "diagnosis", "diagnoses", STAYS),
    ("hypotheses", "feedback_user", "users", "SET NULL (feedback_user_id)"),
    ("hypothesis_feedback", "hypothesis", "hypotheses", STAYS),
    ("hypothesis_feedback", "user", "users", STAYS),
    ("runbooks", "owner", "users", "SET NULL (owner_id)"),
    ("recommendations", "hypothesis", "hypotheses", "CASCADE"),
    ("recommendations", "runbook", "runbooks", "SET NULL (runbook_id)"),
    ("recommendation_outcomes", "recommendation", "recommendations", STAYS),
    ("recommendation_outcomes", "incident", "incidents", STAYS),
    ("recommendation_outcomes", "runbook", "runbooks", STAYS),
    ("recommendation_outcomes", "recorded_by", "users", STAYS),
    ("audit_logs", "user", "users", STAYS),
)
"""Child, what it names, parent, what happens to the child's reference when the parent goes."""


class Migration(migrations.Migration):
    dependencies = (("sre_copilot", "0002_rules"),)

    operations = (
        migrations.AlterUniqueTogether(
            name="runbook",
            unique_together=set(),
        ),
        migrations.AlterUniqueTogether(
            name="user",
            unique_together=set(),
        ),
        migrations.AddField(
            model_name="auditlog",
            name="format",
            field=models.PositiveSmallIntegerField(db_default=1, default=1),
        ),
        migrations.AddConstraint(
            model_name="contextsnapshot",
            constraint=models.UniqueConstraint(fields=("tenant", "id"), name="context_snapshots_tenant_id_unique"),
        ),
        migrations.AddConstraint(
            model_name="diagnosis",
            constraint=models.UniqueConstraint(fields=("tenant", "id"), name="diagnoses_tenant_id_unique"),
        ),
        migrations.AddConstraint(
            model_name="hypothesis",
            constraint=models.UniqueConstraint(fields=("tenant", "id"), name="hypotheses_tenant_id_unique"),
        ),
        migrations.AddConstraint(
            model_name="integration",
            constraint=models.UniqueConstraint(fields=("tenant", "id"), name="integrations_tenant_id_unique"),
        ),
        migrations.AddConstraint(
            model_name="recommendation",
            constraint=models.UniqueConstraint(fields=("tenant", "id"), name="recommendations_tenant_id_unique"),
        ),
        migrations.AddConstraint(
            model_name="runbook",
            constraint=models.UniqueConstraint(fields=("tenant", "id"), name="runbooks_tenant_id_unique"),
        ),
        migrations.AddConstraint(
            model_name="runbook",
            constraint=models.UniqueConstraint(fields=("tenant", "slug"), name="runbooks_slug_unique"),
        ),
        migrations.AddConstraint(
            model_name="signal",
            constraint=models.UniqueConstraint(fields=("tenant", "id"), name="signals_tenant_id_unique"),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.UniqueConstraint(fields=("tenant", "id"), name="users_tenant_id_unique"),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.UniqueConstraint(fields=("tenant", "email"), name="users_tenant_email_unique"),
        ),
        *(
            migrations.RunSQL(
                sql.reference_within_tenant(child, name, parent, action),
                sql.drop_reference_within_tenant(child, name),
            )
            for child, name, parent, action in REFERENCES
        ),
        *(
            migrations.RunSQL(sql.read_only_table(table), sql.writable_table(table))
            for table in ("legal_transitions", "django_migrations")
        ),
    )
