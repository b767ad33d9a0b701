"""Response times added up by week, and which weeks have to be added up again."""

from django.db import models

from sre_copilot.adapters.system import new_id


class ResponseTimesOfWeek(models.Model):
    """The times of one week's incidents: of all (level 0), of one severity (1), of one service and severity (2).

    Sorted whole seconds, four bytes each, the highest byte first: so a figure is looked up, and nothing sorted again.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey("Tenant", on_delete=models.PROTECT, related_name="+", db_index=False)
    week = models.DateField()
    level = models.SmallIntegerField()
    service_name = models.CharField(max_length=255, blank=True)
    severity = models.CharField(max_length=50, blank=True)
    acknowledged = models.BinaryField()
    acknowledged_total = models.BigIntegerField()
    resolved = models.BinaryField()
    resolved_total = models.BigIntegerField()

    class Meta:
        db_table = "response_times"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "level", "service_name", "severity", "week"], name="response_times_unique"
            ),
        ]
        indexes = [models.Index(fields=["tenant", "week"], name="response_times_of_week")]

    def __str__(self) -> str:
        return f"{self.week}"


class ChangedWeek(models.Model):
    """That an incident of this week changed in what counts since the week was added up. A trigger writes it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey("Tenant", on_delete=models.PROTECT, related_name="+", db_index=False)
    week = models.DateField()

    class Meta:
        db_table = "response_time_changes"
        indexes = [models.Index(fields=["tenant", "week"], name="response_time_changes_of_week")]

    def __str__(self) -> str:
        return f"{self.week}"
