"""Precedents, and what a diagnosis was calibrated on and compared with."""

import django.db.models.deletion
from django.db import migrations, models

from sre_copilot.adapters.django_orm.fields import DateTimeField
from sre_copilot.adapters.postgres import row_security as sql
from sre_copilot.adapters.system import new_id

REFERENCES = (("precedents", "confirmed_by", "users"), ("precedents", "forgotten_by", "users"))


def _person() -> models.ForeignKey:  # type: ignore[type-arg]
    return models.ForeignKey(
        blank=True,
        db_index=False,
        null=True,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to="sre_copilot.user",
    )


class Migration(migrations.Migration):
    dependencies = (("sre_copilot", "0023_written_cheaply"),)

    operations = (
        migrations.AddField("diagnosis", "calibration", models.CharField(blank=True, default="", max_length=200)),
        migrations.AddField("diagnosis", "slope", models.FloatField(default=1.0)),
        migrations.AddField("diagnosis", "similar", models.JSONField(default=list)),
        migrations.AddIndex("diagnosis", models.Index(fields=["tenant", "at"], name="diagnoses_by_time")),
        migrations.CreateModel(
            name="Precedent",
            fields=[
                ("id", models.UUIDField(default=new_id, editable=False, primary_key=True, serialize=False)),
                ("incident_id", models.UUIDField()),
                ("title", models.CharField(max_length=500)),
                ("symptoms", models.JSONField()),
                ("learned_at", DateTimeField()),
                ("kind", models.CharField(blank=True, max_length=50)),
                ("subject", models.CharField(blank=True, max_length=255)),
                ("change_kind", models.CharField(blank=True, max_length=50)),
                ("place", models.CharField(blank=True, max_length=50)),
                ("hypothesis_id", models.UUIDField(blank=True, null=True)),
                ("confirmed_at", DateTimeField(blank=True, null=True)),
                ("rejected", models.JSONField(default=list)),
                ("answer", models.JSONField(blank=True, null=True)),
                ("answered_at", DateTimeField(blank=True, null=True)),
                ("forgotten_at", DateTimeField(blank=True, null=True)),
                ("confirmed_by", _person()),
                ("forgotten_by", _person()),
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
                "db_table": "precedents",
                "indexes": [
                    models.Index(fields=["tenant", "learned_at", "id"], name="precedents_by_time"),
                    models.Index(
                        condition=models.Q(("answered_at__isnull", False)),
                        fields=["tenant", "answered_at", "id"],
                        name="precedents_answered",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "id"), name="precedents_tenant_id_unique"),
                    models.UniqueConstraint(fields=("tenant", "incident_id"), name="precedents_incident_unique"),
                    models.CheckConstraint(
                        condition=models.Q(kind="", hypothesis_id=None, confirmed_at=None, confirmed_by=None)
                        | (
                            ~models.Q(kind="")
                            & models.Q(
                                hypothesis_id__isnull=False, confirmed_at__isnull=False, confirmed_by__isnull=False
                            )
                        ),
                        name="precedents_confirmed_by_somebody",
                    ),
                ],
            },
        ),
        migrations.RunSQL(sql.enable_row_security("precedents"), sql.disable_row_security("precedents")),
        *(
            migrations.RunSQL(
                sql.reference_within_tenant(child, name, parent, "NO ACTION"),
                sql.drop_reference_within_tenant(child, name),
            )
            for child, name, parent in REFERENCES
        ),
    )
