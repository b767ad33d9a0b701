"""Response times by week, and a trigger that notes which weeks have to be added up again."""

import django.db.models.deletion
from django.db import migrations, models

import sre_copilot.adapters.system
from sre_copilot.adapters.postgres import row_security as sql
from sre_copilot.adapters.postgres.roles import MAINTENANCE

# A note that is there already will do, unless whoever adds up is just taking it away: then it is locked, and skipped.
NOTE = """
CREATE FUNCTION sre_copilot_note_week() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    moment timestamptz;
    monday date;
BEGIN
    FOREACH moment IN ARRAY CASE WHEN TG_OP = 'INSERT' THEN ARRAY[NEW.detected_at] ELSE ARRAY[OLD.detected_at, NEW.detected_at] END
    LOOP
        monday := date_trunc('week', moment AT TIME ZONE 'UTC');
        PERFORM FROM public.response_time_changes WHERE tenant_id = NEW.tenant_id AND week = monday
        LIMIT 1 FOR KEY SHARE SKIP LOCKED;
        IF NOT FOUND THEN
            INSERT INTO public.response_time_changes (id, tenant_id, week)
            VALUES (gen_random_uuid(), NEW.tenant_id, monday);
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
"""
WHAT_COUNTS = (
    "{0}.acknowledged_at, {0}.acknowledged_by_person, {0}.resolved_at, {0}.resolution, {0}.detected_at, {0}.severity, "
    "{0}.service_name, jsonb_exists({0}.metadata, 'merged_into')"
)
TRIGGERS = f"""
CREATE TRIGGER incidents_note_new AFTER INSERT ON incidents FOR EACH ROW
WHEN (NEW.acknowledged_at IS NOT NULL OR NEW.resolved_at IS NOT NULL) EXECUTE FUNCTION sre_copilot_note_week();
CREATE TRIGGER incidents_note_changed AFTER UPDATE ON incidents FOR EACH ROW
WHEN (
    ({WHAT_COUNTS.format("OLD")}) IS DISTINCT FROM ({WHAT_COUNTS.format("NEW")})
    AND coalesce(OLD.acknowledged_at, OLD.resolved_at, NEW.acknowledged_at, NEW.resolved_at) IS NOT NULL
) EXECUTE FUNCTION sre_copilot_note_week();
"""
DROP_TRIGGERS = "DROP TRIGGER incidents_note_new ON incidents; DROP TRIGGER incidents_note_changed ON incidents;"
# Whoever restores incidents notes their weeks as well, and a lock on a row takes the right to update it.
LET_RESTORE = f"GRANT UPDATE ON response_time_changes TO {MAINTENANCE};"
# Numbers in order are hardly worth compressing, and unpacking them would take longer than reading them.
PLAIN = """
ALTER TABLE response_times ALTER acknowledged SET STORAGE EXTERNAL, ALTER resolved SET STORAGE EXTERNAL;
"""


def _id() -> models.UUIDField:  # type: ignore[type-arg]
    return models.UUIDField(
        default=sre_copilot.adapters.system.new_id, editable=False, primary_key=True, serialize=False
    )


def _tenant() -> models.ForeignKey:  # type: ignore[type-arg]
    return models.ForeignKey(
        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="sre_copilot.tenant"
    )


class Migration(migrations.Migration):
    dependencies = (("sre_copilot", "0018_ruled_out"),)

    operations = (
        migrations.CreateModel(
            name="ChangedWeek",
            fields=[("id", _id()), ("week", models.DateField()), ("tenant", _tenant())],
            options={"db_table": "response_time_changes"},
        ),
        migrations.AddIndex(
            model_name="changedweek",
            index=models.Index(fields=["tenant", "week"], name="response_time_changes_of_week"),
        ),
        migrations.CreateModel(
            name="ResponseTimesOfWeek",
            fields=[
                ("id", _id()),
                ("week", models.DateField()),
                ("level", models.SmallIntegerField()),
                ("service_name", models.CharField(blank=True, max_length=255)),
                ("severity", models.CharField(blank=True, max_length=50)),
                ("acknowledged", models.BinaryField()),
                ("acknowledged_total", models.BigIntegerField()),
                ("resolved", models.BinaryField()),
                ("resolved_total", models.BigIntegerField()),
                ("tenant", _tenant()),
            ],
            options={"db_table": "response_times"},
        ),
        migrations.AddIndex(
            model_name="responsetimesofweek",
            index=models.Index(fields=["tenant", "week"], name="response_times_of_week"),
        ),
        migrations.AddConstraint(
            model_name="responsetimesofweek",
            constraint=models.UniqueConstraint(
                fields=("tenant", "level", "service_name", "severity", "week"), name="response_times_unique"
            ),
        ),
        migrations.RunSQL(sql.enable_row_security("response_times"), sql.disable_row_security("response_times")),
        migrations.RunSQL(
            sql.enable_row_security("response_time_changes"), sql.disable_row_security("response_time_changes")
        ),
        migrations.RunSQL(LET_RESTORE, migrations.RunSQL.noop),
        migrations.RunSQL(PLAIN, migrations.RunSQL.noop),
        migrations.RunSQL(NOTE, "DROP FUNCTION sre_copilot_note_week();"),
        migrations.RunSQL(TRIGGERS, DROP_TRIGGERS),
    )
