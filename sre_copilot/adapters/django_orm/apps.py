"""The Django app."""

from django.apps import AppConfig


class SreCopilotConfig(AppConfig):
    """All tables of the copilot, under the label `sre_copilot`."""

    name = "sre_copilot.adapters.django_orm"
    label = "sre_copilot"
    default_auto_field = "django.db.models.BigAutoField"
