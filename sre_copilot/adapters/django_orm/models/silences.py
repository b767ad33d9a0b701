"""Silences."""

from django.db import models

from sre_copilot.adapters.django_orm.fields import DateTimeField
from sre_copilot.adapters.system import new_id


class Silence(models.Model):
    """What is kept from opening or joining an incident, and until when."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey("Tenant", on_delete=models.PROTECT, related_name="+", db_index=False)
    matchers = models.JSONField()
    starts_at = DateTimeField()
    ends_at = DateTimeField()
    comment = models.TextField()
    created_by = models.ForeignKey("User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = DateTimeField()
    ended_at = DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey("User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    lifted_at = DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "silences"
        indexes = [
            models.Index(fields=["tenant", "created_at", "id"], name="silences_by_creation"),
            models.Index(fields=["tenant", "ends_at"], condition=models.Q(lifted_at=None), name="silences_unlifted"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "id"], name="silences_tenant_id_unique"),
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="silences_end_after_their_start"
            ),
        ]

    def __str__(self) -> str:
        return f"until {self.ends_at}"
