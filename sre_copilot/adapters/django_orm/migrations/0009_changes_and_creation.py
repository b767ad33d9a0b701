"""A month's incidents are counted, and the changes before an incident found, without reading everything else."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("sre_copilot", "0008_waiting_signals"),)

    operations = (
        # The foreign key has an index of its own; an incident has few episodes, so their order costs nothing.
        migrations.RemoveIndex(model_name="episode", name="episodes_of_incident"),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(fields=["tenant", "created_at"], name="incidents_by_creation"),
        ),
        migrations.AddIndex(
            model_name="signal",
            index=models.Index(
                fields=["tenant", "timestamp"],
                condition=models.Q(signal_type__in=("deploy_event", "config_change")),
                name="signals_changes",
            ),
        ),
    )
