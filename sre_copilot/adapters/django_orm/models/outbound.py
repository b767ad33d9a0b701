"""Outgoing messages, and the rules that say who is told what."""

from django.db import models

from sre_copilot.adapters.django_orm.fields import DateTimeField
from sre_copilot.adapters.system import new_id

PENDING = models.Q(status="pending")


class RoutingRule(models.Model):
    """Which incidents a target is told of."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey("Tenant", on_delete=models.PROTECT, related_name="+")
    integration = models.ForeignKey("Integration", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=255)
    address = models.CharField(max_length=500, blank=True)
    services = models.JSONField(default=list)
    minimum_severity = models.CharField(max_length=50)
    states = models.JSONField(default=list)
    events = models.JSONField(default=list)
    environments = models.JSONField(default=list)
    is_active = models.BooleanField(default=True)
    created_at = DateTimeField()

    class Meta:
        db_table = "routing_rules"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "name"], name="routing_rules_name_unique"),
        ]

    def __str__(self) -> str:
        return self.name


class OutboxMessage(models.Model):
    """A message to a target, kept with what is needed to write it, and with what became of it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey("Tenant", on_delete=models.PROTECT, related_name="+", db_index=False)
    integration = models.ForeignKey("Integration", on_delete=models.PROTECT, related_name="+")
    incident = models.ForeignKey("Incident", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    address = models.CharField(max_length=500, blank=True)
    sequence = models.IntegerField()
    event = models.CharField(max_length=100)
    content = models.JSONField()
    created_at = DateTimeField()
    status = models.CharField(max_length=20)
    attempts = models.IntegerField(default=0)
    due_at = DateTimeField()
    fence = models.IntegerField(default=0)
    lease_until = DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)
    receipt = models.JSONField(default=dict, blank=True)
    channel = models.CharField(max_length=100, blank=True)
    thread = models.CharField(max_length=100, blank=True)
    sent_at = DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "outbox"
        indexes = [
            models.Index(fields=["tenant", "created_at", "id"], name="outbox_by_creation"),
            models.Index(fields=["tenant", "integration", "due_at"], condition=PENDING, name="outbox_due"),
            models.Index(
                fields=["tenant", "integration", "incident", "address", "sequence"],
                condition=PENDING,
                name="outbox_in_order",
            ),
            models.Index(
                fields=["tenant", "channel", "thread"], condition=~models.Q(thread=""), name="outbox_by_thread"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "incident", "integration", "address", "sequence"], name="outbox_sequence_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} ({self.status})"
