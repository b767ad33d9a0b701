"""Runbooks, recommendations and their outcomes."""

from django.db import models

from sre_copilot.adapters.django_orm.fields import DateTimeField
from sre_copilot.adapters.system import new_id

RISKS = [("low", "Low"), ("medium", "Medium"), ("high", "High"), ("critical", "Critical")]


class Runbook(models.Model):
    """Operational runbook/playbook."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey("Tenant", on_delete=models.CASCADE, related_name="runbooks")
    title = models.CharField(max_length=500)
    slug = models.SlugField(max_length=200)
    description = models.TextField()
    content = models.TextField(help_text="Markdown content")
    content_url = models.URLField(null=True, blank=True, help_text="External URL (Confluence, etc.)")
    service_names = models.JSONField(default=list, help_text="Applicable services")
    tags = models.JSONField(default=list)
    risk_level = models.CharField(max_length=50, choices=RISKS, default="medium")
    estimated_duration_minutes = models.IntegerField(null=True, blank=True)
    usage_count = models.IntegerField(default=0)
    success_count = models.IntegerField(default=0)
    failure_count = models.IntegerField(default=0)
    embedding_vector_id = models.CharField(max_length=255, null=True, blank=True, unique=True)
    owner = models.ForeignKey("User", on_delete=models.SET_NULL, null=True, blank=True)
    is_active = models.BooleanField(default=True)
    version = models.IntegerField(default=1)
    created_at = DateTimeField(auto_now_add=True)
    updated_at = DateTimeField(auto_now=True)

    actions = models.JSONField(default=list)
    source = models.TextField(blank=True, default="")
    source_hash = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        db_table = "runbooks"
        indexes = [models.Index(fields=["tenant", "is_active"]), models.Index(fields=["risk_level"])]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "id"], name="runbooks_tenant_id_unique"),
            models.UniqueConstraint(fields=["tenant", "slug"], name="runbooks_slug_unique"),
            models.UniqueConstraint(
                fields=["tenant", "source"], condition=~models.Q(source=""), name="runbooks_source_unique"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def success_rate(self) -> float | None:
        """Successes out of all uses."""
        total = self.usage_count
        if total == 0:
            return None
        return self.success_count / total


class RunbookVersion(models.Model):
    """The text of a runbook as somebody left it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey("Tenant", on_delete=models.PROTECT, related_name="+", db_index=False)
    runbook = models.ForeignKey("Runbook", on_delete=models.PROTECT, related_name="versions", db_index=False)
    version = models.IntegerField()
    title = models.CharField(max_length=500)
    description = models.TextField(blank=True)
    content = models.TextField(blank=True)
    content_url = models.URLField(null=True, blank=True)
    service_names = models.JSONField(default=list)
    tags = models.JSONField(default=list)
    risk_level = models.CharField(max_length=50, choices=RISKS)
    estimated_duration_minutes = models.IntegerField(null=True, blank=True)
    actions = models.JSONField(default=list)
    written_at = DateTimeField()
    written_by = models.ForeignKey(
        "User", on_delete=models.PROTECT, related_name="+", null=True, blank=True, db_index=False
    )

    class Meta:
        db_table = "runbook_versions"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "runbook", "version"], name="runbook_versions_number_unique")
        ]

    def __str__(self) -> str:
        return f"{self.title}, version {self.version}"


class Recommendation(models.Model):
    """AI-generated recommendation."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    incident = models.ForeignKey("Incident", on_delete=models.CASCADE, related_name="recommendations")
    hypothesis = models.ForeignKey(
        "Hypothesis", on_delete=models.CASCADE, null=True, blank=True, related_name="recommendations"
    )
    runbook = models.ForeignKey(
        "Runbook", on_delete=models.SET_NULL, null=True, blank=True, related_name="recommendations"
    )
    action_type = models.CharField(max_length=100, help_text="restart, scale, rollback, etc.")
    description = models.TextField()
    rationale = models.TextField()
    risk_level = models.CharField(max_length=50)
    estimated_impact = models.TextField()
    reversibility = models.CharField(
        max_length=50,
        choices=[
            ("instant", "Instantly Reversible"),
            ("manual", "Manually Reversible"),
            ("difficult", "Difficult to Reverse"),
            ("irreversible", "Irreversible"),
        ],
    )
    relevance_score = models.FloatField(help_text="Semantic similarity score")
    rank = models.IntegerField()
    status = models.CharField(
        max_length=50,
        choices=[
            ("pending", "Pending"),
            ("accepted", "Accepted"),
            ("rejected", "Rejected"),
            ("executed", "Executed"),
        ],
        default="pending",
    )
    user_notes = models.TextField(blank=True)
    created_at = DateTimeField(auto_now_add=True)
    status_updated_at = DateTimeField(null=True, blank=True)

    tenant = models.ForeignKey("Tenant", on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "recommendations"
        ordering = ["rank"]
        indexes = [models.Index(fields=["incident", "rank"]), models.Index(fields=["status"])]
        constraints = [models.UniqueConstraint(fields=["tenant", "id"], name="recommendations_tenant_id_unique")]

    def __str__(self) -> str:
        return f"{self.action_type}: {self.description[:50]}..."


class RecommendationOutcome(models.Model):
    """What came of an executed recommendation."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey("Tenant", on_delete=models.PROTECT, related_name="+")
    recommendation = models.ForeignKey("Recommendation", on_delete=models.PROTECT, related_name="outcomes")
    incident = models.ForeignKey("Incident", on_delete=models.PROTECT, related_name="+")
    runbook = models.ForeignKey("Runbook", on_delete=models.PROTECT, null=True, blank=True, related_name="outcomes")
    result = models.CharField(max_length=20)
    notes = models.TextField(blank=True)
    recorded_by = models.ForeignKey("User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    at = DateTimeField()

    class Meta:
        db_table = "recommendation_outcomes"

    def __str__(self) -> str:
        return f"{self.result} at {self.at}"
