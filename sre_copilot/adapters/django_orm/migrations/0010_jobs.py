"""Jobs, on procrastinate's tables, and the runs of the schedule; whose tenants' time has come is asked of one function."""

from pathlib import Path

from django.db import migrations, models

from sre_copilot.adapters.django_orm.fields import DateTimeField
from sre_copilot.adapters.postgres import row_security as sql
from sre_copilot.adapters.postgres.roles import APP

SCHEMA = Path(__file__).with_name("procrastinate_03_04_00.sql").read_text(encoding="utf-8")
DROP_SCHEMA = """
DROP FUNCTION procrastinate_fetch_job_v2;
DROP TABLE procrastinate_periodic_defers, procrastinate_events, procrastinate_jobs, procrastinate_workers;
DO $$ DECLARE one regprocedure; BEGIN
    FOR one IN SELECT oid FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND starts_with(proname, 'procrastinate_')
    LOOP
        EXECUTE format('DROP FUNCTION %s', one);
    END LOOP;
END $$;
DROP TYPE procrastinate_job_to_defer_v1, procrastinate_job_event_type, procrastinate_job_status;
"""

USED = (
    "procrastinate_fetch_job_v2(character varying[], bigint)",
    "procrastinate_register_worker_v1()",
    "procrastinate_unregister_worker_v1(bigint)",
    "procrastinate_update_heartbeat_v1(bigint)",
    "procrastinate_prune_stalled_workers_v1(double precision)",
    "sre_copilot_job_failed(bigint, integer, bigint, timestamptz, text)",
    "sre_copilot_take_over_jobs(interval, integer)",
)
"""The functions that the app calls."""

# No search_path of their own: they run as whoever calls, and procrastinate's triggers look for their tables by it.
FAILED = """
CREATE FUNCTION sre_copilot_job_failed(
    failed bigint, attempt integer, worker bigint, again_at timestamptz, reason text
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    mine procrastinate_jobs;
    note jsonb := jsonb_build_object('last_error', reason);
BEGIN
    -- The fence: once somebody else has taken the job over it has another number of attempts.
    SELECT * INTO mine FROM procrastinate_jobs
    WHERE id = failed AND status = 'doing' AND attempts = attempt AND (worker_id = worker OR worker_id IS NULL)
    FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'lost';
    END IF;
    IF again_at IS NULL THEN
        UPDATE procrastinate_jobs SET status = 'failed', attempts = attempt + 1, args = args || note WHERE id = failed;
        RETURN 'dead';
    END IF;
    LOOP
        -- Where the same was asked for meanwhile one of the two is enough; it takes over how often this one was tried.
        UPDATE procrastinate_jobs
        SET attempts = greatest(attempts, attempt + 1), scheduled_at = again_at, args = args || note
        WHERE queueing_lock = mine.queueing_lock AND status = 'todo';
        IF FOUND THEN
            DELETE FROM procrastinate_jobs WHERE id = failed;
            RETURN 'merged';
        END IF;
        BEGIN
            UPDATE procrastinate_jobs
            SET status = 'todo', attempts = attempt + 1, scheduled_at = again_at, args = args || note
            WHERE id = failed;
            RETURN 'waiting';
        EXCEPTION WHEN unique_violation THEN
            -- Somebody has asked for it between the two statements.
        END;
    END LOOP;
END $$;
"""
TAKE_OVER = """
CREATE FUNCTION sre_copilot_take_over_jobs(silent interval, attempts_at_most integer) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    orphan record;
    taken integer := 0;
BEGIN
    FOR orphan IN
        SELECT job.id, job.attempts, job.worker_id FROM procrastinate_jobs job
        LEFT JOIN procrastinate_workers worker ON worker.id = job.worker_id
        WHERE job.status = 'doing' AND (worker.id IS NULL OR worker.last_heartbeat < now() - silent)
        ORDER BY job.id FOR UPDATE OF job SKIP LOCKED
    LOOP
        PERFORM sre_copilot_job_failed(
            orphan.id, orphan.attempts, orphan.worker_id,
            CASE WHEN orphan.attempts + 1 < attempts_at_most THEN now() END, 'worker_lost'
        );
        taken := taken + 1;
    END LOOP;
    RETURN taken;
END $$;
"""

# Asked for each tenant by itself, so that every condition has an index that begins with the tenant.
DUE_TENANTS = """
    SELECT t.id FROM public.tenants t
    WHERE EXISTS (
        SELECT FROM public.incidents i
        WHERE i.tenant_id = t.id AND i.settle_at <= at
        AND i.state IN ('detected', 'acknowledged', 'investigating', 'mitigated')
    ) OR EXISTS (
        SELECT FROM public.episodes e WHERE e.tenant_id = t.id AND e.due_at <= at AND e.ended_at IS NULL
    ) OR EXISTS (
        SELECT FROM public.incidents i
        WHERE i.tenant_id = t.id AND i.created_at >= at - interval '24 hours'
        AND NOT i.declared AND i.context_snapshot_id IS NULL
    ) OR (
        EXISTS (SELECT FROM public.episodes e WHERE e.tenant_id = t.id AND e.waiting AND e.ended_at IS NULL)
        AND t.max_incidents_per_month > (
            SELECT count(*) FROM public.incidents i
            WHERE i.tenant_id = t.id AND i.created_at >= date_trunc('month', at, 'UTC')
        )
    )
    ORDER BY t.id
"""


class Migration(migrations.Migration):
    dependencies = (("sre_copilot", "0009_changes_and_creation"),)

    operations = (
        migrations.RunSQL(SCHEMA, DROP_SCHEMA),
        migrations.RunSQL(FAILED, "DROP FUNCTION sre_copilot_job_failed(bigint, integer, bigint, timestamptz, text);"),
        migrations.RunSQL(TAKE_OVER, "DROP FUNCTION sre_copilot_take_over_jobs(interval, integer);"),
        migrations.CreateModel(
            name="ScheduleRun",
            fields=[
                ("name", models.CharField(max_length=100, primary_key=True, serialize=False)),
                ("next_at", DateTimeField()),
                ("started_at", DateTimeField(blank=True, null=True)),
                ("finished_at", DateTimeField(blank=True, null=True)),
                ("ok", models.BooleanField(null=True)),
                ("result", models.CharField(blank=True, max_length=200)),
                ("holder", models.CharField(blank=True, max_length=200)),
                ("running_since", DateTimeField(blank=True, null=True)),
                ("held_until", DateTimeField(blank=True, null=True)),
            ],
            options={"db_table": "schedule_runs"},
        ),
        *(
            migrations.RunSQL(sql.only_for_app(table, *privileges), sql.writable_table(table))
            for table, privileges in sql.APP_WRITES.items()
        ),
        *(migrations.RunSQL(f"GRANT EXECUTE ON FUNCTION {function} TO {APP};", "") for function in USED),
        migrations.RunSQL(
            sql.definer_function("sre_copilot_due_tenants", "at timestamptz", "SETOF uuid", DUE_TENANTS),
            "DROP FUNCTION sre_copilot_due_tenants(timestamptz);",
        ),
    )
