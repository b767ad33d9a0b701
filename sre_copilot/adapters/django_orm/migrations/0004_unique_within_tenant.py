"""Unique within the tenant: a unique constraint is checked at once, before the reference is, and so would tell of others' rows."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("sre_copilot", "0003_tenant_references"),)

    operations = (
        migrations.RemoveConstraint(model_name="hypothesis", name="hypotheses_rank_unique"),
        migrations.AddConstraint(
            model_name="hypothesis",
            constraint=models.UniqueConstraint(fields=("tenant", "diagnosis", "rank"), name="hypotheses_rank_unique"),
        ),
        migrations.RemoveConstraint(model_name="incidentstatetransition", name="transitions_sequence_unique"),
        migrations.AddConstraint(
            model_name="incidentstatetransition",
            constraint=models.UniqueConstraint(
                fields=("tenant", "incident", "sequence"), name="transitions_sequence_unique"
            ),
        ),
    )
