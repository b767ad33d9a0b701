"""Who is to be listened to: asked before a tenant is known."""

from django.db import migrations

from sre_copilot.adapters.postgres import row_security as sql

INTEGRATIONS_OF = sql.definer_function(
    "sre_copilot_integrations_of",
    "kinds text[]",
    "TABLE (tenant_id uuid, integration_id uuid)",
    "SELECT i.tenant_id, i.id FROM public.integrations i WHERE i.is_active AND i.integration_type = ANY (kinds) ORDER BY i.id",
)


class Migration(migrations.Migration):
    dependencies = (("sre_copilot", "0013_outbox"),)

    operations = (migrations.RunSQL(INTEGRATIONS_OF, "DROP FUNCTION sre_copilot_integrations_of(text[]);"),)
