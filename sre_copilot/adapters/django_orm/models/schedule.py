"""The runs of the schedule."""

from django.db import models

from sre_copilot.adapters.django_orm.fields import DateTimeField


class ScheduleRun(models.Model):
    """What is known of one entry of the schedule: its last run, who runs it now, and when it is due. Of no tenant."""

    name = models.CharField(max_length=100, primary_key=True)
    next_at = DateTimeField()
    started_at = DateTimeField(null=True, blank=True)
    finished_at = DateTimeField(null=True, blank=True)
    ok = models.BooleanField(null=True)
    result = models.CharField(max_length=200, blank=True)
    holder = models.CharField(max_length=200, blank=True)
    running_since = DateTimeField(null=True, blank=True)
    held_until = DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "schedule_runs"

    def __str__(self) -> str:
        return f"{self.name}, next at {self.next_at}"
