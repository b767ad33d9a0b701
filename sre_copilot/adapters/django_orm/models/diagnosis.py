"""Context snapshots, diagnoses, hypotheses and what people said of them."""

from django.db import models

from sre_copilot.adapters.django_orm.fields import DateTimeField
from sre_copilot.adapters.system import new_id


class ContextSnapshot(models.Model):
    """What was known at a moment (immutable)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey("Tenant", on_delete=models.PROTECT, related_name="+")
    incident = models.ForeignKey("Incident", on_delete=models.PROTECT, related_name="+")
    as_of = DateTimeField()
    body = models.JSONField()
    content_hash = models.CharField(max_length=64)

    class Meta:
        db_table = "context_snapshots"
        constraints = [models.UniqueConstraint(fields=["tenant", "id"], name="context_snapshots_tenant_id_unique")]

    def __str__(self) -> str:
        return f"{self.content_hash[:8]} as of {self.as_of}"


class Diagnosis(models.Model):
    """One run of a diagnosis."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey("Tenant", on_delete=models.PROTECT, related_name="+")
    incident = models.ForeignKey("Incident", on_delete=models.PROTECT, related_name="diagnoses")
    snapshot = models.ForeignKey("ContextSnapshot", on_delete=models.PROTECT, related_name="+")
    engine_version = models.CharField(max_length=100)
    at = DateTimeField()
    convincing = models.BooleanField()
    next_evidence = models.JSONField(default=list)
    calibration = models.CharField(max_length=200, default="", blank=True)
    slope = models.FloatField(default=1.0)
    similar = models.JSONField(default=list)

    class Meta:
        db_table = "diagnoses"
        indexes = [
            models.Index(fields=["incident", "-at"], name="diagnoses_latest"),
            models.Index(fields=["tenant", "at"], name="diagnoses_by_time"),
        ]
        constraints = [models.UniqueConstraint(fields=["tenant", "id"], name="diagnoses_tenant_id_unique")]

    def __str__(self) -> str:
        return f"{self.engine_version} at {self.at}"


class Hypothesis(models.Model):
    """Root cause hypothesis."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    incident = models.ForeignKey("Incident", on_delete=models.CASCADE, related_name="hypotheses")
    claim = models.TextField(help_text="Hypothesis claim (1-2 sentences)")
    description = models.TextField(blank=True, help_text="Detailed explanation")
    confidence_lower = models.FloatField(help_text="Lower bound of confidence interval")
    confidence_upper = models.FloatField(help_text="Upper bound of confidence interval")
    confidence_primary = models.FloatField(db_index=True, help_text="Primary confidence score")
    confidence_components = models.JSONField(
        default=dict, help_text="Breakdown: signal_strength, temporal_correlation, etc."
    )
    supporting_evidence = models.JSONField(default=list, help_text="List of evidence dicts")
    contradicting_evidence = models.JSONField(default=list, help_text="Contradicting evidence")
    similar_incidents = models.JSONField(default=list, help_text="List of similar incident IDs")
    precedent_count = models.IntegerField(default=0)
    rank = models.IntegerField(help_text="Rank among hypotheses for this incident")
    user_feedback = models.CharField(
        max_length=50,
        null=True,
        blank=True,
        choices=[("accepted", "Accepted"), ("rejected", "Rejected"), ("uncertain", "Uncertain")],
    )
    feedback_timestamp = DateTimeField(null=True, blank=True)
    feedback_user = models.ForeignKey("User", on_delete=models.SET_NULL, null=True, blank=True)
    feedback_notes = models.TextField(blank=True)
    llm_model = models.CharField(max_length=100, default="claude-sonnet-4-5")
    llm_prompt_tokens = models.IntegerField(null=True, blank=True)
    llm_completion_tokens = models.IntegerField(null=True, blank=True)
    created_at = DateTimeField(auto_now_add=True)

    # beyond the document: what the rules need
    tenant = models.ForeignKey("Tenant", on_delete=models.PROTECT, related_name="+")
    diagnosis = models.ForeignKey("Diagnosis", on_delete=models.PROTECT, related_name="hypotheses")
    kind = models.CharField(max_length=50)
    subject = models.CharField(max_length=255, blank=True)
    change_id = models.UUIDField(null=True, blank=True)
    change_summary = models.TextField(null=True, blank=True)
    llm_cost_microdollars = models.BigIntegerField(null=True, blank=True)
    score = models.FloatField()
    calibrated_on = models.IntegerField(default=0)

    class Meta:
        db_table = "hypotheses"
        ordering = ["rank"]
        indexes = [
            models.Index(fields=["incident", "rank"]),
            models.Index(fields=["incident", "confidence_primary"]),
            models.Index(fields=["user_feedback"]),
        ]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "id"], name="hypotheses_tenant_id_unique"),
            models.UniqueConstraint(fields=["tenant", "diagnosis", "rank"], name="hypotheses_rank_unique"),
            models.CheckConstraint(
                condition=models.Q(confidence_lower__gte=0)
                & models.Q(confidence_lower__lte=models.F("confidence_primary"))
                & models.Q(confidence_primary__lte=models.F("confidence_upper"))
                & models.Q(confidence_upper__lte=1),
                name="hypotheses_confidence_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.rank}: {self.claim[:50]}... ({self.confidence_primary:.2f})"


class HypothesisFeedback(models.Model):
    """One person's word on one hypothesis."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey("Tenant", on_delete=models.PROTECT, related_name="+")
    hypothesis = models.ForeignKey("Hypothesis", on_delete=models.PROTECT, related_name="feedback")
    user = models.ForeignKey("User", on_delete=models.PROTECT, related_name="+")
    feedback = models.CharField(max_length=50)
    notes = models.TextField(blank=True)
    at = DateTimeField()

    class Meta:
        db_table = "hypothesis_feedback"

    def __str__(self) -> str:
        return f"{self.feedback} at {self.at}"
