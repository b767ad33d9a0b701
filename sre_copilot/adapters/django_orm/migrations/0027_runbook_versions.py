"""What runbooks said before they were edited, and where they were imported from."""

import django.db.models.deletion
from django.db import migrations, models

from sre_copilot.adapters.django_orm.fields import DateTimeField
from sre_copilot.adapters.postgres import row_security as sql
from sre_copilot.adapters.system import new_id

RISKS = [("low", "Low"), ("medium", "Medium"), ("high", "High"), ("critical", "Critical")]
REFERENCES = (("runbook", "runbooks"), ("written_by", "users"))
KEEP_WHAT_IS_THERE = """
INSERT INTO runbook_versions (
    id, tenant_id, runbook_id, version, title, description, content, content_url, service_names, tags, risk_level,
    estimated_duration_minutes, actions, written_at
)
SELECT
    gen_random_uuid(), tenant_id, id, version, title, description, content, content_url, service_names, tags, risk_level,
    estimated_duration_minutes, actions, created_at
FROM runbooks;
"""


class Migration(migrations.Migration):
    dependencies = (("sre_copilot", "0026_consultations"),)

    operations = (
        migrations.AddField(model_name="runbook", name="source", field=models.TextField(blank=True, default="")),
        migrations.AddField(
            model_name="runbook",
            name="source_hash",
            field=models.CharField(blank=True, default="", max_length=64),
        ),
        migrations.AddConstraint(
            model_name="runbook",
            constraint=models.UniqueConstraint(
                condition=models.Q(("source", ""), _negated=True),
                fields=("tenant", "source"),
                name="runbooks_source_unique",
            ),
        ),
        migrations.CreateModel(
            name="RunbookVersion",
            fields=[
                ("id", models.UUIDField(default=new_id, editable=False, primary_key=True, serialize=False)),
                ("version", models.IntegerField()),
                ("title", models.CharField(max_length=500)),
                ("description", models.TextField(blank=True)),
                ("content", models.TextField(blank=True)),
                ("content_url", models.URLField(blank=True, null=True)),
                ("service_names", models.JSONField(default=list)),
                ("tags", models.JSONField(default=list)),
                ("risk_level", models.CharField(choices=RISKS, max_length=50)),
                ("estimated_duration_minutes", models.IntegerField(blank=True, null=True)),
                ("actions", models.JSONField(default=list)),
                ("written_at", DateTimeField()),
                (
                    "runbook",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="sre_copilot.runbook",
                    ),
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
                (
                    "written_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="sre_copilot.user",
                    ),
                ),
            ],
            options={
                "db_table": "runbook_versions",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "runbook", "version"), name="runbook_versions_number_unique"
                    ),
                ],
            },
        ),
        # Before anything refers to anything: a row whose references are still to be checked keeps the table from changing.
        migrations.RunSQL(KEEP_WHAT_IS_THERE, migrations.RunSQL.noop),
        migrations.RunSQL(sql.enable_row_security("runbook_versions"), sql.disable_row_security("runbook_versions")),
        *(
            migrations.RunSQL(
                sql.reference_within_tenant("runbook_versions", name, parent, "NO ACTION"),
                sql.drop_reference_within_tenant("runbook_versions", name),
            )
            for name, parent in REFERENCES
        ),
        migrations.RunSQL(sql.immutable_table("runbook_versions"), sql.mutable_table("runbook_versions")),
    )
