"""Decisions of a tenant are numbered in the order of their turns, so that a process reads only those it does not know."""

from django.db import migrations, models

from sre_copilot.adapters.django_orm.concurrently import AddIndex


class Migration(migrations.Migration):
    atomic = False
    dependencies = (("sre_copilot", "0020_series_heads"),)

    operations = (
        migrations.AddField(
            model_name="correlationdecision",
            name="number",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        AddIndex(
            model_name="correlationdecision",
            index=models.Index(fields=["tenant", "number"], name="correlation_in_order"),
        ),
    )
