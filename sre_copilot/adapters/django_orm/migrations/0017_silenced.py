"""What a silence holds is found without reading what was never silenced."""

from django.db import migrations, models

from sre_copilot.adapters.django_orm.concurrently import AddIndex


class Migration(migrations.Migration):
    atomic = False
    dependencies = (("sre_copilot", "0016_silences"),)

    operations = (
        AddIndex(
            model_name="correlationdecision",
            index=models.Index(
                fields=["tenant", "silence"], condition=models.Q(silence__isnull=False), name="correlation_silenced"
            ),
        ),
    )
