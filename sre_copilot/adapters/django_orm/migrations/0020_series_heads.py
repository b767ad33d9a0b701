"""What comes in order is recorded without reading the series' past: its row holds the head."""

from django.db import migrations, models

from sre_copilot.adapters.django_orm.fields import DateTimeField

TIMES = (
    "newest_occurred_at",
    "newest_started_at",
    "newest_received_at",
    "newest_seen_at",
    "newest_expires_at",
)


class Migration(migrations.Migration):
    dependencies = (("sre_copilot", "0019_response_times"),)

    operations = (
        migrations.AddField(
            model_name="series",
            name="newest_status",
            field=models.CharField(blank=True, max_length=20, null=True),
        ),
        *(
            migrations.AddField(model_name="series", name=name, field=DateTimeField(blank=True, null=True))
            for name in TIMES
        ),
        migrations.AddField(
            model_name="series",
            name="goes_on",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="series",
            name="head",
            field=models.JSONField(blank=True, null=True),
        ),
    )
