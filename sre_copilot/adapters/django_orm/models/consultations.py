"""Consultations of an advisor about diagnoses."""

from django.db import models

from sre_copilot.adapters.django_orm.fields import DateTimeField
from sre_copilot.adapters.system import new_id


class Consultation(models.Model):
    """That a language model was asked about a diagnosis, or why not, and what it cost."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey("Tenant", on_delete=models.PROTECT, related_name="+", db_index=False)
    incident = models.ForeignKey("Incident", on_delete=models.PROTECT, related_name="+", db_index=False)
    diagnosis = models.ForeignKey("Diagnosis", on_delete=models.PROTECT, related_name="+", db_index=False)
    advised = models.ForeignKey(
        "Diagnosis", on_delete=models.PROTECT, related_name="+", null=True, blank=True, db_index=False
    )
    at = DateTimeField()
    day = models.DateField()
    ended_at = DateTimeField(null=True, blank=True)
    asked_by_person = models.BooleanField()
    model = models.CharField(max_length=100)
    prompt = models.CharField(max_length=100)
    outcome = models.CharField(max_length=50)
    reserved_tokens = models.BigIntegerField()
    prompt_tokens = models.BigIntegerField()
    completion_tokens = models.BigIntegerField()
    cache_read_tokens = models.BigIntegerField()
    cache_written_tokens = models.BigIntegerField()
    cost_microdollars = models.BigIntegerField()
    cited = models.IntegerField()
    dropped = models.JSONField(default=dict)
    summary = models.JSONField(default=list)
    detail = models.TextField(blank=True)
    sent = models.JSONField(default=list)

    class Meta:
        db_table = "consultations"
        constraints = [models.UniqueConstraint(fields=["tenant", "id"], name="consultations_tenant_id_unique")]
        indexes = [
            models.Index(fields=["tenant", "day"], name="consultations_of_day"),
            models.Index(fields=["incident", "-at"], name="consultations_latest"),
        ]

    def __str__(self) -> str:
        return f"{self.model} at {self.at}: {self.outcome}"
