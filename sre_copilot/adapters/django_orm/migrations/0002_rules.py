"""The rules that hold in the database too: row security, trails that stay, legal transitions, tenants kept apart."""

from django.db import migrations

from sre_copilot.adapters.postgres import row_security as sql

TENANT_TABLES = (
    "users",
    "incidents",
    "signals",
    "incident_state_transitions",
    "incident_notes",
    "series",
    "sightings",
    "episodes",
    "correlation_decisions",
    "deliveries",
    "services",
    "service_calls",
    "service_placements",
    "context_snapshots",
    "diagnoses",
    "hypotheses",
    "hypothesis_feedback",
    "runbooks",
    "recommendations",
    "recommendation_outcomes",
    "integrations",
    "audit_logs",
)
TRAILS = ("audit_logs", "incident_state_transitions", "context_snapshots", "correlation_decisions")
LEGAL = (
    ("", "detected"),
    ("detected", "acknowledged"),
    ("detected", "investigating"),
    ("detected", "mitigated"),
    ("detected", "resolved"),
    ("acknowledged", "investigating"),
    ("acknowledged", "mitigated"),
    ("acknowledged", "resolved"),
    ("investigating", "mitigated"),
    ("investigating", "resolved"),
    ("investigating", "inconclusive"),
    ("mitigated", "investigating"),
    ("mitigated", "resolved"),
    ("mitigated", "inconclusive"),
    ("resolved", "learned"),
    ("resolved", "investigating"),
    ("inconclusive", "resolved"),
    ("inconclusive", "learned"),
    ("inconclusive", "investigating"),
)
CHILDREN = (
    ("signals", "incident_id", "SET NULL (incident_id)"),
    ("incident_state_transitions", "incident_id", "NO ACTION"),
    ("incident_notes", "incident_id", "NO ACTION"),
    ("episodes", "incident_id", "NO ACTION"),
    ("context_snapshots", "incident_id", "NO ACTION"),
    ("diagnoses", "incident_id", "NO ACTION"),
    ("hypotheses", "incident_id", "CASCADE"),
    ("recommendations", "incident_id", "CASCADE"),
)
"""Children that name an incident: child, column, what happens when the incident goes."""


def run(forwards: str, backwards: str = "") -> migrations.RunSQL:
    return migrations.RunSQL(forwards, backwards)


LEGAL_ROWS = ", ".join(f"('{one}', '{other}')" for one, other in LEGAL)

SEARCH = """
CREATE FUNCTION sre_copilot_words(document jsonb) RETURNS text LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS $$ SELECT coalesce(string_agg(word, ' '), '') FROM jsonb_array_elements_text(document) word $$;
GRANT EXECUTE ON FUNCTION sre_copilot_words(jsonb) TO sre_copilot_app, sre_copilot_maintenance;
ALTER TABLE runbooks ADD COLUMN search tsvector GENERATED ALWAYS AS (
    setweight(to_tsvector('english', title), 'A')
    || setweight(to_tsvector('english', replace(public.sre_copilot_words(tags), '-', ' ')), 'B')
    || setweight(to_tsvector('english', public.sre_copilot_words(service_names)), 'B')
    || setweight(to_tsvector('english', description), 'C')
    || setweight(to_tsvector('english', content), 'D')
) STORED;
CREATE INDEX runbooks_search ON runbooks USING gin (search);
"""
DROP_SEARCH = "ALTER TABLE runbooks DROP COLUMN search; DROP FUNCTION sre_copilot_words(jsonb);"


class Migration(migrations.Migration):
    dependencies = (("sre_copilot", "0001_tables"),)

    operations = (
        run(
            f"INSERT INTO legal_transitions (from_state, to_state) VALUES {LEGAL_ROWS};",  # noqa: S608 - literals of this file
            "DELETE FROM legal_transitions;",
        ),
        run("REVOKE INSERT, UPDATE, DELETE ON legal_transitions FROM sre_copilot_app;"),
        run(
            "ALTER TABLE incident_state_transitions ADD CONSTRAINT transitions_legal "
            "FOREIGN KEY (from_state, to_state) REFERENCES legal_transitions (from_state, to_state);",
            "ALTER TABLE incident_state_transitions DROP CONSTRAINT transitions_legal;",
        ),
        *(
            run(
                f"ALTER TABLE {child} ADD CONSTRAINT {child}_incident_of_tenant FOREIGN KEY (tenant_id, {column}) "
                f"REFERENCES incidents (tenant_id, id) ON DELETE {action} DEFERRABLE INITIALLY DEFERRED;",
                f"ALTER TABLE {child} DROP CONSTRAINT {child}_incident_of_tenant;",
            )
            for child, column, action in CHILDREN
        ),
        run(SEARCH, DROP_SEARCH),
        run(sql.REFUSE, sql.DROP_REFUSE),
        *(run(sql.immutable_table(table), sql.mutable_table(table)) for table in TRAILS),
        run(sql.enable_row_security("tenants", "id"), sql.disable_row_security("tenants")),
        *(run(sql.enable_row_security(table), sql.disable_row_security(table)) for table in TENANT_TABLES),
        run(
            sql.definer_function(
                "sre_copilot_list_tenants",
                "",
                "SETOF public.tenants",
                "SELECT * FROM public.tenants ORDER BY created_at, id",
            ),
            "DROP FUNCTION sre_copilot_list_tenants();",
        ),
        run(
            sql.definer_function(
                "sre_copilot_find_integration",
                "wanted uuid",
                "uuid",
                "SELECT tenant_id FROM public.integrations WHERE id = wanted AND is_active",
            ),
            "DROP FUNCTION sre_copilot_find_integration(uuid);",
        ),
    )
