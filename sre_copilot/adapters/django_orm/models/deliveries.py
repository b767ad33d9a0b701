"""The ledger of deliveries."""

from django.db import models

from sre_copilot.adapters.django_orm.fields import DateTimeField
from sre_copilot.adapters.system import new_id


class Delivery(models.Model):
    """One message from a vendor, as received, and what became of it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # The database checks the integration with the tenant beside it, and so both.
    tenant = models.ForeignKey(
        "Tenant", on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    integration = models.ForeignKey("Integration", on_delete=models.PROTECT, related_name="+", db_constraint=False)
    vendor_id = models.CharField(max_length=500, null=True, blank=True)
    path = models.CharField(max_length=500, blank=True)
    headers = models.JSONField(default=dict, blank=True)
    body = models.BinaryField()
    body_hash = models.CharField(max_length=64)
    received_at = DateTimeField()
    status = models.CharField(max_length=20)
    quarantine_reason = models.CharField(max_length=50, null=True, blank=True)
    receipt = models.JSONField()
    assigned_key = models.CharField(max_length=500, null=True, blank=True)
    verdict = models.CharField(max_length=20, default="handed_in", db_default="handed_in")
    replayed_at = DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "deliveries"
        indexes = [
            models.Index(fields=["tenant", "received_at", "id"], name="deliveries_in_order"),
            models.Index(
                fields=["tenant", "received_at", "id"],
                condition=models.Q(status="quarantined"),
                name="deliveries_quarantined",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "integration", "vendor_id"],
                condition=models.Q(vendor_id__isnull=False),
                name="deliveries_vendor_id_unique",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.body_hash[:8]} at {self.received_at}"
