"""The audit trail."""

from django.db import models

from sre_copilot.adapters.django_orm.fields import DateTimeField
from sre_copilot.adapters.system import new_id
from sre_copilot.domain.audit import FORMAT


class AuditLog(models.Model):
    """Immutable audit log."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey("Tenant", on_delete=models.PROTECT, related_name="audit_logs", db_index=False)
    user = models.ForeignKey("User", on_delete=models.PROTECT, null=True, blank=True, db_index=False)
    event_type = models.CharField(max_length=100)
    resource_type = models.CharField(max_length=100, null=True, blank=True)
    resource_id = models.UUIDField(null=True, blank=True)
    action = models.CharField(
        max_length=50,
        choices=[
            ("create", "Create"),
            ("read", "Read"),
            ("update", "Update"),
            ("delete", "Delete"),
            ("execute", "Execute"),
        ],
    )
    ip_address = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.CharField(max_length=500, null=True, blank=True)
    request_method = models.CharField(max_length=10, null=True, blank=True)
    request_path = models.CharField(max_length=500, null=True, blank=True)
    details = models.JSONField(default=dict, blank=True)
    result = models.CharField(max_length=50, null=True, blank=True)
    timestamp = DateTimeField(auto_now_add=True, db_index=True)

    # beyond the document: who acted where no person did, the hash of the canonical form, and that form's version
    actor_kind = models.CharField(max_length=20)
    actor_id = models.UUIDField(null=True, blank=True)
    origin = models.CharField(max_length=500, blank=True)
    row_hash = models.CharField(max_length=64)
    # Rows of code that does not name a format yet are of the first.
    format = models.PositiveSmallIntegerField(default=FORMAT, db_default=1)

    class Meta:
        db_table = "audit_logs"
        indexes = [
            models.Index(fields=["tenant", "timestamp"]),
            models.Index(fields=["user", "timestamp"]),
            models.Index(fields=["event_type", "timestamp"]),
            models.Index(fields=["resource_type", "resource_id"]),
        ]

    def __str__(self) -> str:
        return f"[{self.event_type}] {self.action} by {self.user_id} at {self.timestamp}"
