"""Precedents."""

from django.db import models

from sre_copilot.adapters.django_orm.fields import DateTimeField
from sre_copilot.adapters.system import new_id


class Precedent(models.Model):
    """What was learned from one incident. It names incident and hypothesis without a reference, and outlives both."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey("Tenant", on_delete=models.PROTECT, related_name="+", db_index=False)
    incident_id = models.UUIDField()
    title = models.CharField(max_length=500)
    symptoms = models.JSONField()
    learned_at = DateTimeField()
    kind = models.CharField(max_length=50, blank=True)
    subject = models.CharField(max_length=255, blank=True)
    change_kind = models.CharField(max_length=50, blank=True)
    place = models.CharField(max_length=50, blank=True)
    hypothesis_id = models.UUIDField(null=True, blank=True)
    confirmed_at = DateTimeField(null=True, blank=True)
    confirmed_by = models.ForeignKey(
        "User", on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    rejected = models.JSONField(default=list)
    answer = models.JSONField(null=True, blank=True)
    answered_at = DateTimeField(null=True, blank=True)
    forgotten_at = DateTimeField(null=True, blank=True)
    forgotten_by = models.ForeignKey(
        "User", on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )

    class Meta:
        db_table = "precedents"
        indexes = [
            models.Index(fields=["tenant", "learned_at", "id"], name="precedents_by_time"),
            models.Index(
                fields=["tenant", "answered_at", "id"],
                condition=models.Q(answered_at__isnull=False),
                name="precedents_answered",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "id"], name="precedents_tenant_id_unique"),
            models.UniqueConstraint(fields=["tenant", "incident_id"], name="precedents_incident_unique"),
            models.CheckConstraint(
                condition=models.Q(kind="", hypothesis_id=None, confirmed_at=None, confirmed_by=None)
                | (
                    ~models.Q(kind="")
                    & models.Q(hypothesis_id__isnull=False, confirmed_at__isnull=False, confirmed_by__isnull=False)
                ),
                name="precedents_confirmed_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"
