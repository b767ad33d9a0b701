"""Time columns that keep what the domain says."""

from typing import TYPE_CHECKING

from django.db import models

__all__ = ["DateTimeField"]

if TYPE_CHECKING:
    from django.db.models import DateTimeField
else:

    class DateTimeField(models.DateTimeField):
        """Django's own, but a value that is given is kept: times are the domain's, so that recordings replay exactly."""

        def pre_save(self, model_instance, add):
            """Fill in the present only where there is no value."""
            given = getattr(model_instance, self.attname)
            return given if given is not None else super().pre_save(model_instance, add)

        def deconstruct(self):
            """Appear in migrations under this class."""
            name, _, args, kwargs = super().deconstruct()
            return name, "sre_copilot.adapters.django_orm.fields.DateTimeField", args, kwargs
