"""Silences, and which of them a decision was left to."""

from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models

from sre_copilot.adapters.django_orm.fields import DateTimeField
from sre_copilot.adapters.postgres import row_security as sql
from sre_copilot.adapters.system import new_id

OUTBOX = import_module("sre_copilot.adapters.django_orm.migrations.0013_outbox")
BEFORE: str = OUTBOX.BEFORE.replace("ORDER BY t.id", OUTBOX.MESSAGES)
OVER = """
    OR EXISTS (
        SELECT FROM public.silences s
        WHERE s.tenant_id = t.id AND s.lifted_at IS NULL AND (s.ends_at <= at OR s.ended_at IS NOT NULL)
    )
    ORDER BY t.id
"""
CHANGING = ("ended_at", "ended_by_id", "lifted_at")
"""Of a silence only its end ever changes: decisions name it."""
REFERENCES = (
    ("silences", "created_by", "users"),
    ("silences", "ended_by", "users"),
    ("correlation_decisions", "silence", "silences"),
)


class Migration(migrations.Migration):
    dependencies = (("sre_copilot", "0015_local_keys"),)

    operations = (
        migrations.CreateModel(
            name="Silence",
            fields=[
                ("id", models.UUIDField(default=new_id, editable=False, primary_key=True, serialize=False)),
                ("matchers", models.JSONField()),
                ("starts_at", DateTimeField()),
                ("ends_at", DateTimeField()),
                ("comment", models.TextField()),
                ("created_at", DateTimeField()),
                ("ended_at", DateTimeField(blank=True, null=True)),
                ("lifted_at", DateTimeField(blank=True, null=True)),
                *(
                    (
                        name,
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to="sre_copilot.user",
                        ),
                    )
                    for name in ("created_by", "ended_by")
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="sre_copilot.tenant",
                    ),
                ),
            ],
            options={
                "db_table": "silences",
                "indexes": [
                    models.Index(fields=["tenant", "created_at", "id"], name="silences_by_creation"),
                    models.Index(
                        condition=models.Q(("lifted_at", None)), fields=["tenant", "ends_at"], name="silences_unlifted"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "id"), name="silences_tenant_id_unique"),
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                        name="silences_end_after_their_start",
                    ),
                ],
            },
        ),
        migrations.RunSQL(sql.enable_row_security("silences"), sql.disable_row_security("silences")),
        migrations.RunSQL(sql.kept_table("silences", *CHANGING), "DROP TRIGGER silences_keep ON silences;"),
        migrations.AddField(
            model_name="correlationdecision",
            name="silence",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="sre_copilot.silence",
            ),
        ),
        *(
            migrations.RunSQL(
                sql.reference_within_tenant(child, name, parent, "NO ACTION"),
                sql.drop_reference_within_tenant(child, name),
            )
            for child, name, parent in REFERENCES
        ),
        migrations.RunSQL(OUTBOX.due_tenants(BEFORE.replace("ORDER BY t.id", OVER)), OUTBOX.due_tenants(BEFORE)),
    )
