"""A decision says how many open incidents could not have reached the threshold, and so were not scored."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("sre_copilot", "0017_silenced"),)

    operations = (
        migrations.AddField(
            model_name="correlationdecision",
            name="ruled_out",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
    )
