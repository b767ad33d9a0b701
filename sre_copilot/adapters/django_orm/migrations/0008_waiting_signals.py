"""What waits for the plan's limit is found without reading what does not."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("sre_copilot", "0007_first_seen"),)

    operations = (
        migrations.AddIndex(
            model_name="signal",
            index=models.Index(
                fields=["tenant", "timestamp"], condition=models.Q(waiting=True), name="signals_waiting"
            ),
        ),
    )
