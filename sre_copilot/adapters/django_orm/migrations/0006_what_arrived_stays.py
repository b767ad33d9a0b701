"""A stored signal changes its place only, and what was known when an incident was detected stays."""

from django.db import migrations

from sre_copilot.adapters.postgres import row_security as sql

CHANGING = (
    "incident_id",
    "is_duplicate",
    "original_signal_id",
    "episode_id",
    "waiting",
    "context_snapshot_id",
    "processed",
    "processed_at",
    "processing_error",
)
"""The signal's place, and how far it has been processed."""

DETECTION = """
CREATE TRIGGER incidents_detection_stays BEFORE UPDATE OF context_snapshot_id, context_snapshot ON incidents
FOR EACH ROW WHEN (
    OLD.context_snapshot_id IS NOT NULL
    AND (OLD.context_snapshot_id, OLD.context_snapshot) IS DISTINCT FROM (NEW.context_snapshot_id, NEW.context_snapshot)
) EXECUTE FUNCTION sre_copilot_refuse();
ALTER TABLE incidents ENABLE ALWAYS TRIGGER incidents_detection_stays;
"""


class Migration(migrations.Migration):
    dependencies = (("sre_copilot", "0005_split_names_in_search"),)

    operations = (
        migrations.RunSQL(sql.KEEP, sql.DROP_KEEP),
        migrations.RunSQL(sql.kept_table("signals", *CHANGING), "DROP TRIGGER signals_keep ON signals;"),
        migrations.RunSQL(DETECTION, "DROP TRIGGER incidents_detection_stays ON incidents;"),
    )
