"""What people undid of what correlation decided, kept as examples."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

from sre_copilot.adapters.django_orm.fields import DateTimeField
from sre_copilot.adapters.postgres import row_security as sql
from sre_copilot.adapters.system import new_id

REFERENCES = (("user", "users"), ("left", "incidents"), ("joined", "incidents"))


def _names(kind: str, **options: Any) -> models.ForeignKey[Any, Any]:
    return models.ForeignKey(
        db_index=False,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to=f"sre_copilot.{kind}",
        **options,
    )


class Migration(migrations.Migration):
    dependencies = (("sre_copilot", "0024_precedents"),)

    operations = (
        migrations.CreateModel(
            name="Correction",
            fields=[
                ("id", models.UUIDField(default=new_id, editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=20)),
                ("at", DateTimeField()),
                ("reason", models.TextField(blank=True)),
                ("fingerprint", models.CharField(max_length=64)),
                ("episode_id", models.UUIDField()),
                ("signal_id", models.UUIDField()),
                ("outcome", models.CharField(blank=True, max_length=50, null=True)),
                ("threshold", models.FloatField(blank=True, null=True)),
                ("scores", models.TextField()),
                ("joined", _names("incident")),
                ("left", _names("incident", blank=True, null=True)),
                ("tenant", _names("tenant")),
                ("user", _names("user", blank=True, null=True)),
            ],
            options={
                "db_table": "corrections",
                "indexes": [models.Index(fields=["tenant", "fingerprint", "at"], name="corrections_of_series")],
            },
        ),
        migrations.RunSQL(sql.enable_row_security("corrections"), sql.disable_row_security("corrections")),
        *(
            migrations.RunSQL(
                sql.reference_within_tenant("corrections", name, parent, "NO ACTION"),
                sql.drop_reference_within_tenant("corrections", name),
            )
            for name, parent in REFERENCES
        ),
        migrations.RunSQL(sql.immutable_table("corrections"), sql.mutable_table("corrections")),
    )
