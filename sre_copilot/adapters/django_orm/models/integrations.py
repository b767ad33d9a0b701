"""External tool integrations."""

from django.db import models

from sre_copilot.adapters.django_orm.fields import DateTimeField
from sre_copilot.adapters.system import new_id


class IntegrationType(models.TextChoices):
    """The document's types, then those that follow its "more types"."""

    PROMETHEUS = "prometheus", "Prometheus"
    PAGERDUTY = "pagerduty", "PagerDuty"
    DATADOG = "datadog", "Datadog"
    GRAFANA = "grafana", "Grafana"
    SLACK = "slack", "Slack"
    GENERIC = "generic", "Generic"
    SENTRY = "sentry", "Sentry"
    CLOUDWATCH = "cloudwatch", "AWS CloudWatch"
    AZURE_MONITOR = "azure_monitor", "Azure Monitor"
    OPSGENIE = "opsgenie", "Opsgenie"
    NEW_RELIC = "new_relic", "New Relic"
    ZABBIX = "zabbix", "Zabbix"
    NAGIOS = "nagios", "Nagios and Icinga"
    GITHUB = "github", "GitHub"
    GITLAB = "gitlab", "GitLab"
    ARGOCD = "argocd", "Argo CD"
    JENKINS = "jenkins", "Jenkins"
    KUBERNETES = "kubernetes", "Kubernetes"
    CLOUDEVENTS = "cloudevents", "CloudEvents"
    OPENTELEMETRY = "opentelemetry", "OpenTelemetry"
    WEBHOOK = "webhook", "Outgoing webhook"
    EMAIL = "email", "E-mail"


class Integration(models.Model):
    """External tool integration."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey("Tenant", on_delete=models.CASCADE, related_name="integrations")
    integration_type = models.CharField(max_length=50, choices=IntegrationType.choices)
    name = models.CharField(max_length=255, help_text="User-friendly name")
    config = models.JSONField(help_text="Integration-specific config (URLs, credentials, etc.)")
    is_healthy = models.BooleanField(default=True)
    last_sync_at = DateTimeField(null=True, blank=True)
    last_sync_status = models.CharField(max_length=50, null=True, blank=True)
    last_error = models.TextField(null=True, blank=True)
    consecutive_failures = models.IntegerField(default=0)
    sync_interval_seconds = models.IntegerField(default=30, help_text="For pull-based integrations")
    enabled_features = models.JSONField(default=list, help_text="Which features are enabled")
    is_active = models.BooleanField(default=True)
    created_at = DateTimeField(auto_now_add=True)
    updated_at = DateTimeField(auto_now=True)

    dedup_window_seconds = models.FloatField(default=43200.0)
    environments = models.JSONField(default=dict)
    # beyond the document: the door's key, how its plugin is doing, how far a poll has come, the normal silence
    key_hash = models.CharField(max_length=64, null=True, blank=True)
    previous_key_hash = models.CharField(max_length=64, null=True, blank=True, db_index=True)
    previous_key_until = DateTimeField(null=True, blank=True)
    plugin_failures = models.IntegerField(default=0, db_default=0)
    cursor = models.JSONField(default=dict, db_default={}, blank=True)
    next_poll_at = DateTimeField(null=True, blank=True)
    expected_every_seconds = models.FloatField(null=True, blank=True)
    silence_noticed_at = DateTimeField(null=True, blank=True)
    expects_heartbeat = models.BooleanField(default=False, db_default=False)
    last_heartbeat_at = DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "integrations"
        indexes = [models.Index(fields=["tenant", "integration_type"]), models.Index(fields=["is_healthy"])]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "id"], name="integrations_tenant_id_unique"),
            models.UniqueConstraint(fields=["tenant", "name"], name="integrations_name_unique"),
            models.UniqueConstraint(fields=["key_hash"], name="integrations_key_hash_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.integration_type})"
