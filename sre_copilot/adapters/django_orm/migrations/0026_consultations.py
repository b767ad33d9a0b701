"""Consultations of a language model, and what its part in a hypothesis cost."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

from sre_copilot.adapters.django_orm.fields import DateTimeField
from sre_copilot.adapters.postgres import row_security as sql
from sre_copilot.adapters.system import new_id

ENDING = (
    "outcome",
    "ended_at",
    "advised_id",
    "prompt_tokens",
    "completion_tokens",
    "cache_read_tokens",
    "cache_written_tokens",
    "cost_microdollars",
    "cited",
    "dropped",
    "summary",
    "detail",
    "sent",
)
"""What is only known when a consultation has ended."""
REFERENCES = (("incident", "incidents"), ("diagnosis", "diagnoses"), ("advised", "diagnoses"))


def reference(to: str, **more: Any) -> Any:
    return models.ForeignKey(
        db_index=False,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to=f"sre_copilot.{to}",
        **more,
    )


class Migration(migrations.Migration):
    dependencies = (("sre_copilot", "0025_corrections"),)

    operations = (
        migrations.AddField(
            model_name="hypothesis",
            name="llm_cost_microdollars",
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name="Consultation",
            fields=[
                ("id", models.UUIDField(default=new_id, editable=False, primary_key=True, serialize=False)),
                ("at", DateTimeField()),
                ("day", models.DateField()),
                ("ended_at", DateTimeField(blank=True, null=True)),
                ("asked_by_person", models.BooleanField()),
                ("model", models.CharField(max_length=100)),
                ("prompt", models.CharField(max_length=100)),
                ("outcome", models.CharField(max_length=50)),
                ("reserved_tokens", models.BigIntegerField()),
                ("prompt_tokens", models.BigIntegerField()),
                ("completion_tokens", models.BigIntegerField()),
                ("cache_read_tokens", models.BigIntegerField()),
                ("cache_written_tokens", models.BigIntegerField()),
                ("cost_microdollars", models.BigIntegerField()),
                ("cited", models.IntegerField()),
                ("dropped", models.JSONField(default=dict)),
                ("summary", models.JSONField(default=list)),
                ("detail", models.TextField(blank=True)),
                ("sent", models.JSONField(default=list)),
                ("advised", reference("diagnosis", blank=True, null=True)),
                ("diagnosis", reference("diagnosis")),
                ("incident", reference("incident")),
                ("tenant", reference("tenant")),
            ],
            options={
                "db_table": "consultations",
                "indexes": [
                    models.Index(fields=["tenant", "day"], name="consultations_of_day"),
                    models.Index(fields=["incident", "-at"], name="consultations_latest"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "id"), name="consultations_tenant_id_unique"),
                ],
            },
        ),
        migrations.RunSQL(sql.enable_row_security("consultations"), sql.disable_row_security("consultations")),
        migrations.RunSQL(
            sql.kept_table("consultations", *ENDING), "DROP TRIGGER consultations_keep ON consultations;"
        ),
        *(
            migrations.RunSQL(
                sql.reference_within_tenant("consultations", name, parent, "NO ACTION"),
                sql.drop_reference_within_tenant("consultations", name),
            )
            for name, parent in REFERENCES
        ),
    )
