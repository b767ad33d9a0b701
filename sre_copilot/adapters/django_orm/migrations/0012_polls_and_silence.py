"""Whose poll is due, and who fell silent: asked before a tenant is known."""

from django.db import migrations, models

from sre_copilot.adapters.django_orm.fields import DateTimeField
from sre_copilot.adapters.postgres import row_security as sql

DUE_POLLS = sql.definer_function(
    "sre_copilot_due_polls",
    "moment timestamptz",
    "TABLE (tenant_id uuid, integration_id uuid)",
    "SELECT i.tenant_id, i.id FROM public.integrations i WHERE i.is_active AND i.enabled_features ? 'pull' "
    "AND (i.next_poll_at IS NULL OR i.next_poll_at <= moment) ORDER BY i.next_poll_at NULLS FIRST, i.id",
)
CHANGED_SILENCES = sql.definer_function(
    "sre_copilot_changed_silences",
    "moment timestamptz",
    "TABLE (tenant_id uuid, integration_id uuid)",
    "SELECT i.tenant_id, i.id FROM public.integrations i, LATERAL (SELECT coalesce(CASE WHEN i.expects_heartbeat "
    "THEN i.last_heartbeat_at ELSE i.last_sync_at END, i.created_at) AS last) heard WHERE i.is_active AND CASE "
    "WHEN i.silence_noticed_at IS NOT NULL THEN i.expected_every_seconds IS NULL OR heard.last > i.silence_noticed_at "
    "ELSE heard.last + i.expected_every_seconds * interval '1 second' < moment END",
)


class Migration(migrations.Migration):
    dependencies = (("sre_copilot", "0011_doors"),)

    operations = (
        migrations.AddField(
            model_name="integration",
            name="expects_heartbeat",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="integration", name="last_heartbeat_at", field=DateTimeField(blank=True, null=True)
        ),
        migrations.RunSQL(DUE_POLLS, "DROP FUNCTION sre_copilot_due_polls(timestamptz);"),
        migrations.RunSQL(CHANGED_SILENCES, "DROP FUNCTION sre_copilot_changed_silences(timestamptz);"),
    )
