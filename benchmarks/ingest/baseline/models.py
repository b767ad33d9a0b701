"""Tables of the baseline."""

from django.db import models


class Tenant(models.Model):
    """Whose alerts they are."""

    name = models.CharField(max_length=200)
    token = models.CharField(max_length=200, unique=True)


class Alert(models.Model):
    """One row for each fingerprint."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE)
    fingerprint = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    status = models.CharField(max_length=20)
    severity = models.CharField(max_length=50)
    service = models.CharField(max_length=200, db_index=True)
    labels = models.JSONField(default=dict)
    annotations = models.JSONField(default=dict)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    first_seen = models.DateTimeField(auto_now_add=True)
    last_seen = models.DateTimeField(db_index=True)
    count = models.IntegerField(default=0)

    class Meta:
        """One per tenant and fingerprint."""

        unique_together = [("tenant", "fingerprint")]


class Event(models.Model):
    """One row for each event; its alert is the group that it belongs to."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE)
    event_id = models.CharField(max_length=200, unique=True)
    payload = models.JSONField()
    occurred_at = models.DateTimeField(db_index=True)
    created_at = models.DateTimeField(auto_now_add=True)
