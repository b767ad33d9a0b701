"""When a signal was first seen, by whichever of its repeats: what follows from it must not depend on their order."""

from django.db import migrations
from django.db.models.functions import Now

from sre_copilot.adapters.django_orm.fields import DateTimeField


class Migration(migrations.Migration):
    dependencies = (("sre_copilot", "0006_what_arrived_stays"),)

    operations = (
        migrations.AddField(model_name="sighting", name="first_seen_at", field=DateTimeField(db_default=Now())),
    )
