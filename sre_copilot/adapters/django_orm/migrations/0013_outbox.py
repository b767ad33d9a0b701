"""Who is told what, and the outbox of what is still to be told."""

from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models

import sre_copilot.adapters.django_orm.fields
import sre_copilot.adapters.system
from sre_copilot.adapters.postgres import row_security as sql

CHANGING = (
    "status",
    "attempts",
    "due_at",
    "fence",
    "lease_until",
    "last_error",
    "receipt",
    "channel",
    "thread",
    "sent_at",
)
"""Of a message only what becomes of it changes, never what it says or to whom."""
BEFORE: str = import_module("sre_copilot.adapters.django_orm.migrations.0010_jobs").DUE_TENANTS
# The first in line of each target and incident, where somebody takes it: the same as `CLAIMABLE` of the outbox.
MESSAGES = """
    OR EXISTS (
        SELECT FROM public.outbox o
        JOIN public.integrations i ON i.tenant_id = o.tenant_id AND i.id = o.integration_id
        WHERE o.tenant_id = t.id AND o.status = 'pending' AND o.due_at <= at
        AND (o.lease_until IS NULL OR o.lease_until <= at) AND i.is_active AND i.plugin_failures < 5
        AND NOT EXISTS (
            SELECT FROM public.outbox before
            WHERE before.tenant_id = o.tenant_id AND before.integration_id = o.integration_id
            AND before.incident_id = o.incident_id AND before.address = o.address
            AND before.status = 'pending' AND before.sequence < o.sequence
        )
    )
    ORDER BY t.id
"""
DROP = "DROP FUNCTION sre_copilot_due_tenants(timestamptz);"


def due_tenants(body: str) -> str:
    """The function anew."""
    return DROP + sql.definer_function("sre_copilot_due_tenants", "at timestamptz", "SETOF uuid", body)


class Migration(migrations.Migration):
    dependencies = [
        ("sre_copilot", "0012_polls_and_silence"),
    ]

    operations = [
        migrations.CreateModel(
            name="OutboxMessage",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=sre_copilot.adapters.system.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("address", models.CharField(blank=True, max_length=500)),
                ("sequence", models.IntegerField()),
                ("event", models.CharField(max_length=100)),
                ("content", models.JSONField()),
                ("created_at", sre_copilot.adapters.django_orm.fields.DateTimeField()),
                ("status", models.CharField(max_length=20)),
                ("attempts", models.IntegerField(default=0)),
                ("due_at", sre_copilot.adapters.django_orm.fields.DateTimeField()),
                ("fence", models.IntegerField(default=0)),
                ("lease_until", sre_copilot.adapters.django_orm.fields.DateTimeField(blank=True, null=True)),
                ("last_error", models.TextField(blank=True)),
                ("receipt", models.JSONField(blank=True, default=dict)),
                ("channel", models.CharField(blank=True, max_length=100)),
                ("thread", models.CharField(blank=True, max_length=100)),
                ("sent_at", sre_copilot.adapters.django_orm.fields.DateTimeField(blank=True, null=True)),
                (
                    "incident",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="sre_copilot.incident",
                    ),
                ),
                (
                    "integration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="sre_copilot.integration"
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="sre_copilot.tenant"
                    ),
                ),
            ],
            options={
                "db_table": "outbox",
                "indexes": [
                    models.Index(fields=["tenant", "created_at", "id"], name="outbox_by_creation"),
                    models.Index(
                        condition=models.Q(("status", "pending")),
                        fields=["tenant", "integration", "due_at"],
                        name="outbox_due",
                    ),
                    models.Index(
                        condition=models.Q(("status", "pending")),
                        fields=["tenant", "integration", "incident", "address", "sequence"],
                        name="outbox_in_order",
                    ),
                    models.Index(
                        condition=models.Q(("thread", ""), _negated=True),
                        fields=["tenant", "channel", "thread"],
                        name="outbox_by_thread",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "incident", "integration", "address", "sequence"),
                        name="outbox_sequence_unique",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RoutingRule",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=sre_copilot.adapters.system.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=255)),
                ("address", models.CharField(blank=True, max_length=500)),
                ("services", models.JSONField(default=list)),
                ("minimum_severity", models.CharField(max_length=50)),
                ("states", models.JSONField(default=list)),
                ("events", models.JSONField(default=list)),
                ("environments", models.JSONField(default=list)),
                ("is_active", models.BooleanField(default=True)),
                ("created_at", sre_copilot.adapters.django_orm.fields.DateTimeField()),
                (
                    "integration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="sre_copilot.integration"
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="sre_copilot.tenant"
                    ),
                ),
            ],
            options={
                "db_table": "routing_rules",
                "constraints": [models.UniqueConstraint(fields=("tenant", "name"), name="routing_rules_name_unique")],
            },
        ),
        *(
            migrations.RunSQL(sql.enable_row_security(table), sql.disable_row_security(table))
            for table in ("outbox", "routing_rules")
        ),
        *(
            migrations.RunSQL(
                sql.reference_within_tenant(child, name, parent, "NO ACTION"),
                sql.drop_reference_within_tenant(child, name),
            )
            for child, name, parent in (
                ("routing_rules", "integration", "integrations"),
                ("outbox", "integration", "integrations"),
                ("outbox", "incident", "incidents"),
            )
        ),
        migrations.RunSQL(sql.kept_table("outbox", *CHANGING), "DROP TRIGGER outbox_keep ON outbox;"),
        migrations.RunSQL(due_tenants(BEFORE.replace("ORDER BY t.id", MESSAGES)), due_tenants(BEFORE)),
    ]
