"""The tables of the ovens."""

from django.db import migrations, models
from django.db.models import deletion


class Migration(migrations.Migration):
    """Ovens, and when they were cold."""

    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Oven",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40, unique=True)),
            ],
        ),
        migrations.CreateModel(
            name="Outage",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("incident", models.UUIDField(unique=True)),
                ("oven", models.ForeignKey(on_delete=deletion.PROTECT, to="ovens.oven")),
            ],
        ),
    ]
