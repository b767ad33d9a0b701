"""Ovens, and when they were cold."""

from django.db import models


class Oven(models.Model):
    """An oven that bakes."""

    name = models.CharField(max_length=40, unique=True)


class Outage(models.Model):
    """An oven was cold; the copilot's incident about it."""

    oven = models.ForeignKey(Oven, on_delete=models.PROTECT)
    incident = models.UUIDField(unique=True)
