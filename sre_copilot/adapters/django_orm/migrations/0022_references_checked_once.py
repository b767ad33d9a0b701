"""What arrives in a storm is checked once: the reference that has the tenant in it says all that the plain one says."""

from typing import Any

from django.db import migrations, models
from django.db.models.deletion import CASCADE, PROTECT, SET_NULL


def _once(model: str, name: str, to: str, **options: Any) -> migrations.AlterField:
    field: models.ForeignKey[Any, Any] = models.ForeignKey(to=f"sre_copilot.{to}", db_constraint=False, **options)
    return migrations.AlterField(model_name=model, name=name, field=field)


class Migration(migrations.Migration):
    # Each is dropped by itself, so that nobody who writes meanwhile waits for more than one of them.
    atomic = False
    dependencies = (("sre_copilot", "0021_numbered_decisions"),)

    operations = (
        _once("signal", "tenant", "tenant", db_index=False, on_delete=CASCADE, related_name="signals"),
        _once(
            "signal",
            "incident",
            "incident",
            blank=True,
            db_index=False,
            null=True,
            on_delete=SET_NULL,
            related_name="signals",
        ),
        _once("signal", "integration", "integration", db_index=False, on_delete=PROTECT, related_name="+"),
        _once(
            "signal",
            "original_signal",
            "signal",
            blank=True,
            db_index=False,
            null=True,
            on_delete=SET_NULL,
            related_name="duplicates",
        ),
        _once("episode", "incident", "incident", blank=True, null=True, on_delete=PROTECT, related_name="episodes"),
        _once(
            "correlationdecision",
            "silence",
            "silence",
            blank=True,
            db_index=False,
            null=True,
            on_delete=PROTECT,
            related_name="+",
        ),
        _once("delivery", "tenant", "tenant", db_index=False, on_delete=PROTECT, related_name="+"),
        _once("delivery", "integration", "integration", on_delete=PROTECT, related_name="+"),
    )
