"""Incidents, their log and notes."""

from django.db import models

from sre_copilot.adapters.django_orm.fields import DateTimeField
from sre_copilot.adapters.system import new_id


class IncidentState(models.TextChoices):
    """The states of the lifecycle."""

    DETECTED = "detected", "Detected"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    INVESTIGATING = "investigating", "Investigating"
    MITIGATED = "mitigated", "Mitigated"
    RESOLVED = "resolved", "Resolved"
    LEARNED = "learned", "Learned"
    INCONCLUSIVE = "inconclusive", "Inconclusive"


class IncidentSeverity(models.TextChoices):
    """How bad it is."""

    CRITICAL = "critical", "Critical"
    HIGH = "high", "High"
    MEDIUM = "medium", "Medium"
    LOW = "low", "Low"
    INFO = "info", "Info"


class Incident(models.Model):
    """Production incident."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey("Tenant", on_delete=models.CASCADE, related_name="incidents", db_index=False)
    external_id = models.CharField(
        max_length=255, null=True, blank=True, help_text="External ID from PagerDuty, Datadog, etc."
    )
    title = models.CharField(max_length=500)
    description = models.TextField(blank=True)
    service_name = models.CharField(max_length=255, db_index=True)
    service_environment = models.CharField(
        max_length=50,
        choices=[("production", "Production"), ("staging", "Staging"), ("development", "Development")],
        default="production",
    )
    state = models.CharField(
        max_length=50, choices=IncidentState.choices, default=IncidentState.DETECTED, db_index=True
    )
    severity = models.CharField(max_length=50, choices=IncidentSeverity.choices, default=IncidentSeverity.MEDIUM)
    detected_at = DateTimeField()
    acknowledged_at = DateTimeField(null=True, blank=True)
    investigating_started_at = DateTimeField(null=True, blank=True)
    mitigated_at = DateTimeField(null=True, blank=True)
    resolved_at = DateTimeField(null=True, blank=True)
    assigned_to = models.ForeignKey(
        "User", on_delete=models.SET_NULL, null=True, blank=True, related_name="assigned_incidents", db_index=False
    )
    user_impact_description = models.TextField(blank=True)
    affected_user_count = models.IntegerField(null=True, blank=True)
    slo_breached = models.BooleanField(default=False)
    context_snapshot = models.JSONField(null=True, blank=True)
    context_snapshot_id = models.UUIDField(null=True, blank=True, unique=True)
    slack_thread_ts = models.CharField(max_length=50, null=True, blank=True, unique=True)
    slack_channel_id = models.CharField(max_length=50, null=True, blank=True)
    root_cause = models.TextField(blank=True)
    resolution_summary = models.TextField(blank=True)
    postmortem_url = models.URLField(null=True, blank=True)
    tags = models.JSONField(default=list, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    created_at = DateTimeField(auto_now_add=True)
    updated_at = DateTimeField(auto_now=True)

    # beyond the document: what the rules need
    acknowledged_by_person = models.BooleanField(default=False)
    resolution = models.CharField(max_length=50, null=True, blank=True)
    resolved_automatically = models.BooleanField(default=False)
    severity_overridden = models.BooleanField(default=False)
    declared = models.BooleanField(default=False)
    version = models.IntegerField(default=1)
    transition_count = models.IntegerField(default=0)
    reopen_count = models.IntegerField(default=0)
    last_signal_at = DateTimeField(null=True, blank=True)
    settle_at = DateTimeField(null=True, blank=True)
    settle_suggested_at = DateTimeField(null=True, blank=True)
    recurrence_of = models.UUIDField(null=True, blank=True)
    recurrence_count = models.IntegerField(default=0)

    class Meta:
        db_table = "incidents"
        indexes = [
            models.Index(fields=["tenant", "state"]),
            # Beyond the document's own fields, those by which a page goes on.
            models.Index(fields=["tenant", "detected_at", "id"], name="incidents_in_order"),
            models.Index(fields=["tenant", "service_name", "detected_at"], name="incidents_of_service"),
            models.Index(fields=["severity", "state"]),
            models.Index(fields=["detected_at"]),
            models.Index(
                fields=["tenant", "settle_at"],
                condition=models.Q(settle_at__isnull=False),
                name="incidents_settling",
            ),
            models.Index(fields=["tenant", "created_at"], name="incidents_by_creation"),
            models.Index(
                fields=["tenant", "detected_at", "id"],
                condition=models.Q(state__in=("detected", "acknowledged", "investigating", "mitigated")),
                name="incidents_open",
            ),
            models.Index(
                fields=["assigned_to", "detected_at", "id"],
                condition=models.Q(assigned_to__isnull=False),
                name="incidents_of_assignee",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "id"], name="incidents_tenant_id_unique"),
            models.CheckConstraint(condition=models.Q(state__in=IncidentState.values), name="incidents_state_known"),
            models.CheckConstraint(
                condition=models.Q(severity__in=IncidentSeverity.values), name="incidents_severity_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="resolved") | models.Q(resolved_at__isnull=False),
                name="incidents_resolved_has_its_time",
            ),
        ]

    def __str__(self) -> str:
        return f"[{self.severity}] {self.title}"

    @property
    def mttr_seconds(self) -> float | None:
        """Seconds from detection to resolution."""
        if self.resolved_at:
            return (self.resolved_at - self.detected_at).total_seconds()
        return None

    @property
    def mtta_seconds(self) -> float | None:
        """Seconds from detection to acknowledgement."""
        if self.acknowledged_at:
            return (self.acknowledged_at - self.detected_at).total_seconds()
        return None


class LegalTransition(models.Model):
    """The legal pairs of states; the log refers to them."""

    from_state = models.CharField(max_length=50)
    to_state = models.CharField(max_length=50)

    class Meta:
        db_table = "legal_transitions"
        constraints = [models.UniqueConstraint(fields=["from_state", "to_state"], name="legal_transitions_pair_unique")]

    def __str__(self) -> str:
        return f"{self.from_state} → {self.to_state}"


class IncidentStateTransition(models.Model):
    """Incident state transition log (immutable)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    incident = models.ForeignKey("Incident", on_delete=models.PROTECT, related_name="state_transitions", db_index=False)
    from_state = models.CharField(max_length=50)
    to_state = models.CharField(max_length=50)
    user = models.ForeignKey("User", on_delete=models.PROTECT, null=True, blank=True)
    reason = models.TextField(blank=True)
    automated = models.BooleanField(default=False, help_text="Was this an automated transition?")
    timestamp = DateTimeField(auto_now_add=True, db_index=True)

    tenant = models.ForeignKey("Tenant", on_delete=models.PROTECT, related_name="+", db_index=False)
    sequence = models.IntegerField()
    actor = models.CharField(max_length=100)

    class Meta:
        db_table = "incident_state_transitions"
        ordering = ["timestamp"]
        indexes = [models.Index(fields=["incident", "timestamp"])]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "incident", "sequence"], name="transitions_sequence_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.from_state} → {self.to_state} at {self.timestamp}"


class IncidentNote(models.Model):
    """A remark on the timeline."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey("Tenant", on_delete=models.PROTECT, related_name="+")
    incident = models.ForeignKey("Incident", on_delete=models.PROTECT, related_name="notes", db_index=False)
    user = models.ForeignKey("User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    text = models.TextField()
    at = DateTimeField()

    class Meta:
        db_table = "incident_notes"
        indexes = [models.Index(fields=["incident", "at"])]

    def __str__(self) -> str:
        return self.text[:50]
