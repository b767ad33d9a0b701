"""What the doors stand on: keys, health and cursors of integrations, API tokens, replays of deliveries."""

import django.db.models.deletion
from django.db import migrations, models

import sre_copilot.adapters.django_orm.fields
import sre_copilot.adapters.system
from sre_copilot.adapters.postgres import row_security as sql

REPLAYED = ("status", "quarantine_reason", "vendor_id", "receipt", "assigned_key", "replayed_at")
"""Of a stored delivery only what became of it changes, when it is parsed again."""
FIND_INTEGRATION = sql.definer_function(
    "sre_copilot_find_integration", "wanted uuid", "uuid", "SELECT tenant_id FROM public.integrations WHERE id = wanted"
)
FIND_ACTIVE_INTEGRATION = sql.definer_function(
    "sre_copilot_find_integration",
    "wanted uuid",
    "uuid",
    "SELECT tenant_id FROM public.integrations WHERE id = wanted AND is_active",
)
FIND_BY_KEY = sql.definer_function(
    "sre_copilot_find_integration_by_key",
    "wanted text",
    "TABLE (tenant_id uuid, integration_id uuid)",
    "SELECT tenant_id, id FROM public.integrations WHERE key_hash = wanted OR previous_key_hash = wanted",
)
FIND_TOKEN = sql.definer_function(
    "sre_copilot_find_token",
    "wanted text",
    "TABLE (tenant_id uuid, token_id uuid)",
    "SELECT tenant_id, id FROM public.api_tokens WHERE token_hash = wanted",
)
DROP_FIND_INTEGRATION = "DROP FUNCTION sre_copilot_find_integration(uuid);"


class Migration(migrations.Migration):
    dependencies = [
        ("sre_copilot", "0010_jobs"),
    ]

    operations = [
        migrations.CreateModel(
            name="ApiToken",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=sre_copilot.adapters.system.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=255)),
                ("token_hash", models.CharField(max_length=64)),
                ("hint", models.CharField(max_length=20)),
                ("role", models.CharField(max_length=50)),
                ("scopes", models.JSONField(default=list)),
                ("created_at", sre_copilot.adapters.django_orm.fields.DateTimeField()),
                ("expires_at", sre_copilot.adapters.django_orm.fields.DateTimeField(blank=True, null=True)),
                ("last_used_at", sre_copilot.adapters.django_orm.fields.DateTimeField(blank=True, null=True)),
                ("revoked_at", sre_copilot.adapters.django_orm.fields.DateTimeField(blank=True, null=True)),
            ],
            options={
                "db_table": "api_tokens",
            },
        ),
        migrations.RemoveIndex(
            model_name="delivery",
            name="deliveries_by_time",
        ),
        migrations.AddField(
            model_name="delivery",
            name="replayed_at",
            field=sre_copilot.adapters.django_orm.fields.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="delivery",
            name="verdict",
            field=models.CharField(db_default="handed_in", default="handed_in", max_length=20),
        ),
        migrations.AddField(
            model_name="integration",
            name="cursor",
            field=models.JSONField(blank=True, db_default={}, default=dict),
        ),
        migrations.AddField(
            model_name="integration",
            name="expected_every_seconds",
            field=models.FloatField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="integration",
            name="key_hash",
            field=models.CharField(blank=True, max_length=64, null=True),
        ),
        migrations.AddField(
            model_name="integration",
            name="next_poll_at",
            field=sre_copilot.adapters.django_orm.fields.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="integration",
            name="plugin_failures",
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="integration",
            name="previous_key_hash",
            field=models.CharField(blank=True, db_index=True, max_length=64, null=True),
        ),
        migrations.AddField(
            model_name="integration",
            name="previous_key_until",
            field=sre_copilot.adapters.django_orm.fields.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="integration",
            name="silence_noticed_at",
            field=sre_copilot.adapters.django_orm.fields.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="integration",
            name="integration_type",
            field=models.CharField(
                choices=[
                    ("prometheus", "Prometheus"),
                    ("pagerduty", "PagerDuty"),
                    ("datadog", "Datadog"),
                    ("grafana", "Grafana"),
                    ("slack", "Slack"),
                    ("generic", "Generic"),
                    ("sentry", "Sentry"),
                    ("cloudwatch", "AWS CloudWatch"),
                    ("azure_monitor", "Azure Monitor"),
                    ("opsgenie", "Opsgenie"),
                    ("new_relic", "New Relic"),
                    ("zabbix", "Zabbix"),
                    ("nagios", "Nagios and Icinga"),
                    ("github", "GitHub"),
                    ("gitlab", "GitLab"),
                    ("argocd", "Argo CD"),
                    ("jenkins", "Jenkins"),
                    ("kubernetes", "Kubernetes"),
                    ("cloudevents", "CloudEvents"),
                    ("opentelemetry", "OpenTelemetry"),
                    ("webhook", "Outgoing webhook"),
                    ("email", "E-mail"),
                ],
                max_length=50,
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["tenant", "received_at", "id"], name="deliveries_in_order"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("status", "quarantined")),
                fields=["tenant", "received_at", "id"],
                name="deliveries_quarantined",
            ),
        ),
        migrations.AddConstraint(
            model_name="integration",
            constraint=models.UniqueConstraint(fields=("key_hash",), name="integrations_key_hash_unique"),
        ),
        migrations.AddField(
            model_name="apitoken",
            name="tenant",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="sre_copilot.tenant"
            ),
        ),
        migrations.AddField(
            model_name="apitoken",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="sre_copilot.user"
            ),
        ),
        migrations.AddIndex(
            model_name="apitoken",
            index=models.Index(fields=["tenant", "created_at"], name="api_tokens_by_creation"),
        ),
        migrations.AddConstraint(
            model_name="apitoken",
            constraint=models.UniqueConstraint(fields=("tenant", "id"), name="api_tokens_tenant_id_unique"),
        ),
        migrations.AddConstraint(
            model_name="apitoken",
            constraint=models.UniqueConstraint(fields=("token_hash",), name="api_tokens_hash_unique"),
        ),
        migrations.RunSQL(
            sql.reference_within_tenant("api_tokens", "user", "users", "NO ACTION"),
            sql.drop_reference_within_tenant("api_tokens", "user"),
        ),
        migrations.RunSQL(sql.enable_row_security("api_tokens"), sql.disable_row_security("api_tokens")),
        migrations.RunSQL(sql.kept_table("deliveries", *REPLAYED), "DROP TRIGGER deliveries_keep ON deliveries;"),
        # A disabled integration is told that it is, once its sender has proven itself.
        migrations.RunSQL(DROP_FIND_INTEGRATION + FIND_INTEGRATION, DROP_FIND_INTEGRATION + FIND_ACTIVE_INTEGRATION),
        migrations.RunSQL(FIND_BY_KEY, "DROP FUNCTION sre_copilot_find_integration_by_key(text);"),
        migrations.RunSQL(FIND_TOKEN, "DROP FUNCTION sre_copilot_find_token(text);"),
    ]
