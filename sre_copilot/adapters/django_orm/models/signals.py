"""Signals: raw observability signals."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from sre_copilot.adapters.django_orm.fields import DateTimeField
from sre_copilot.adapters.system import new_id


class SignalType(models.TextChoices):
    """The kinds of observation."""

    ALERT = "alert", "Alert"
    METRIC_DEVIATION = "metric_deviation", "Metric Deviation"
    LOG_PATTERN = "log_pattern", "Log Pattern"
    DEPLOY_EVENT = "deploy_event", "Deploy Event"
    CONFIG_CHANGE = "config_change", "Config Change"
    TRACE_ANOMALY = "trace_anomaly", "Trace Anomaly"


class Signal(models.Model):
    """Observability signal (alert, metric, log, event)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # The database checks these with the tenant beside them, and the tenant with the integration; once is enough.
    tenant = models.ForeignKey(
        "Tenant", on_delete=models.CASCADE, related_name="signals", db_index=False, db_constraint=False
    )
    incident = models.ForeignKey(
        "Incident",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="signals",
        db_index=False,
        db_constraint=False,
    )
    signal_type = models.CharField(max_length=50, choices=SignalType.choices)
    source = models.CharField(max_length=100, help_text="prometheus, pagerduty, datadog, etc.")
    severity = models.CharField(max_length=50)
    raw_data = models.JSONField(help_text="Original signal data")
    normalized_data = models.JSONField(help_text="Normalized signal data")
    service_name = models.CharField(max_length=255, null=True, blank=True)
    service_environment = models.CharField(max_length=50, null=True, blank=True)
    context_snapshot_id = models.UUIDField(null=True, blank=True)
    fingerprint = models.CharField(max_length=64, help_text="Hash for deduplication")
    is_duplicate = models.BooleanField(default=False)
    original_signal = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="duplicates",
        db_index=False,
        db_constraint=False,
    )
    processed = models.BooleanField(default=False)
    processed_at = DateTimeField(null=True, blank=True)
    processing_error = models.TextField(null=True, blank=True)
    timestamp = DateTimeField(help_text="Signal occurrence time")
    created_at = DateTimeField(auto_now_add=True)

    # beyond the document: what the rules need
    integration = models.ForeignKey(
        "Integration", on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    delivery_id = models.UUIDField()
    ordinal = models.IntegerField()
    status = models.CharField(max_length=20)
    occurred_at = DateTimeField()
    episode_started_at = DateTimeField(null=True, blank=True)
    expires_at = DateTimeField(null=True, blank=True)
    vendor_id = models.CharField(max_length=500, null=True, blank=True)
    vendor_position = models.IntegerField(default=0)
    content_hash = models.CharField(max_length=64)
    decision = models.CharField(max_length=50)
    waiting = models.BooleanField(default=False)
    episode_id = models.UUIDField(null=True, blank=True)

    class Meta:
        db_table = "signals"
        indexes = [
            # Beyond the document's own fields, those by which a page goes on.
            models.Index(fields=["tenant", "timestamp", "id"], name="signals_in_order"),
            models.Index(fields=["tenant", "processed"]),
            # Of the indexes this alone has random keys. A fingerprint belongs to one tenant: it is made of its integration.
            models.Index(fields=["fingerprint", "timestamp"]),
            models.Index(fields=["incident", "timestamp", "id"], name="signals_of_incident"),
            models.Index(fields=["service_name", "timestamp"]),
            models.Index(fields=["integration", "timestamp", "id"], name="signals_of_integration"),
            models.Index(
                fields=["original_signal"],
                condition=models.Q(original_signal__isnull=False),
                name="signals_of_original",
            ),
            models.Index(
                fields=["processed", "tenant", "timestamp", "id"],
                condition=models.Q(processed=False),
                name="signals_unprocessed",
            ),
            # For whoever goes through all tenants by time, such as retention: a few pages for millions of rows.
            BrinIndex(fields=["timestamp"], pages_per_range=32, autosummarize=True, name="signals_by_time"),
            models.Index(
                fields=["tenant", "timestamp"],
                condition=models.Q(signal_type__in=("deploy_event", "config_change")),
                name="signals_changes",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "id"], name="signals_tenant_id_unique"),
            models.UniqueConstraint(
                fields=["tenant", "integration", "vendor_id", "vendor_position"],
                condition=models.Q(vendor_id__isnull=False),
                name="signals_vendor_id_unique",
            ),
        ]

    def __str__(self) -> str:
        return f"[{self.signal_type}] {self.service_name} at {self.timestamp}"
