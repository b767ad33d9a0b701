"""The SQL of row security, immutable tables and definer functions, as migrations apply it (as the owner)."""

from sre_copilot.adapters.postgres.roles import APP, MAINTENANCE, OWNER

GLOBAL_TABLES = {
    "legal_transitions": "the 19 legal pairs of states, the same for everybody and read-only",
    "django_migrations": "which migrations have been applied; holds no data of any tenant",
    "procrastinate_jobs": "workers take the jobs of all tenants; a job holds ids only, and no tenant is shown any",
    "procrastinate_events": "when a job changed its state; ids and times only",
    "procrastinate_periodic_defers": "unused and empty: the schedule is ours",
    "procrastinate_workers": "the signs of life of workers, which serve all tenants",
    "schedule_runs": "when each entry of the schedule ran; holds no data of any tenant",
}
"""Tables without row security, each with its reason. Every other table belongs to tenants."""

APP_WRITES: dict[str, tuple[str, ...]] = {
    "procrastinate_jobs": ("INSERT", "UPDATE", "DELETE"),
    "procrastinate_events": ("INSERT",),
    "procrastinate_periodic_defers": ("UPDATE",),
    "procrastinate_workers": ("INSERT", "UPDATE", "DELETE"),
    "schedule_runs": ("INSERT", "UPDATE"),
}
"""What the app may do to global tables besides reading; of the others it may change nothing.

A deleted job unlinks its periodic defer, by a trigger that runs as the app.
"""

GLOBAL_UNIQUES = {
    "tenants_slug_key": "tenants are told apart by it before one is known",
    "users_email_key": "the data model document: one account per e-mail, whichever the tenant",
    "users_azure_ad_id_key": "the data model document: one account per identity of the identity provider",
    "incidents_context_snapshot_id_key": "the data model document; the ids are random and made by us",
    "incidents_slack_thread_ts_key": "the data model document; Slack's times have microseconds and a counter",
    "runbooks_embedding_vector_id_key": "the data model document; the ids are made by us",
    "legal_transitions_pair_unique": "the table is global",
    "procrastinate_jobs_queueing_lock_idx_v1": "the table is global; the values lead with the tenant",
    "procrastinate_jobs_lock_idx_v1": "the table is global; the values lead with the tenant",
    "procrastinate_periodic_defers_unique": "the table is global",
    "integrations_key_hash_unique": "a door finds its integration by the key alone; the keys are random and made by us",
    "api_tokens_hash_unique": "a token is all that its bearer shows; the tokens are random and made by us",
}
"""Unique constraints that do not lead with the tenant, each with its reason."""

TENANT = "nullif(current_setting('sre_copilot.tenant_id', true), '')::uuid"
"""The tenant that the unit of work has set, or NULL."""
IMMUTABLE = "SC001"
"""The SQLSTATE with which a trail refuses to be changed."""


def enable_row_security(table: str, column: str = "tenant_id") -> str:
    """The app sees and writes only the rows of the tenant that is set; owner and maintenance all."""
    return f"""
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY {table}_tenant ON {table} TO {APP} USING ({column} = {TENANT}) WITH CHECK ({column} = {TENANT});
CREATE POLICY {table}_owner ON {table} TO {OWNER}, {MAINTENANCE} USING (true) WITH CHECK (true);
"""


def disable_row_security(table: str) -> str:
    """The reverse of `enable_row_security`."""
    return f"""
DROP POLICY {table}_tenant ON {table};
DROP POLICY {table}_owner ON {table};
ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;
ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
"""


REFUSE = f"""
CREATE FUNCTION sre_copilot_refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are part of a trail and never change', TG_TABLE_NAME
        USING ERRCODE = '{IMMUTABLE}', TABLE = TG_TABLE_NAME;
END $$;
"""
DROP_REFUSE = "DROP FUNCTION sre_copilot_refuse();"


def immutable_table(table: str) -> str:
    """UPDATE, DELETE and TRUNCATE are refused to everybody, whatever the session's replication role."""
    return f"""
CREATE TRIGGER {table}_rows_stay BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION sre_copilot_refuse();
CREATE TRIGGER {table}_stays BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION sre_copilot_refuse();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_rows_stay;
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_stays;
REVOKE UPDATE, DELETE ON {table} FROM {APP};
"""


def mutable_table(table: str) -> str:
    """The reverse of `immutable_table`."""
    return f"""
DROP TRIGGER {table}_rows_stay ON {table};
DROP TRIGGER {table}_stays ON {table};
GRANT UPDATE, DELETE ON {table} TO {APP};
"""


KEEP = f"""
CREATE FUNCTION sre_copilot_keep() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF to_jsonb(OLD) - TG_ARGV IS DISTINCT FROM to_jsonb(NEW) - TG_ARGV THEN
        RAISE EXCEPTION 'of rows of % nothing changes but %', TG_TABLE_NAME, array_to_string(TG_ARGV, ', ')
            USING ERRCODE = '{IMMUTABLE}', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;
"""
DROP_KEEP = "DROP FUNCTION sre_copilot_keep();"


def kept_table(table: str, *changing: str) -> str:
    """Of a stored row only the columns `changing` ever change; a column that comes later is kept as well."""
    names = ", ".join(f"'{column}'" for column in changing)
    return f"""
CREATE TRIGGER {table}_keep BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION sre_copilot_keep({names});
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_keep;
"""


def reference_within_tenant(child: str, name: str, parent: str, on_delete: str) -> str:
    """The child's `<name>_id` leads to a parent of the same tenant; the parent needs a unique (tenant_id, id)."""
    return f"""
ALTER TABLE {child} ADD CONSTRAINT {child}_{name}_of_tenant FOREIGN KEY (tenant_id, {name}_id)
REFERENCES {parent} (tenant_id, id) ON DELETE {on_delete} DEFERRABLE INITIALLY DEFERRED;
"""


def drop_reference_within_tenant(child: str, name: str) -> str:
    """The reverse of `reference_within_tenant`."""
    return f"ALTER TABLE {child} DROP CONSTRAINT {child}_{name}_of_tenant;"


def read_only_table(table: str) -> str:
    """Only the owner writes: for tables without row security, where everybody sees every row."""
    return f"REVOKE INSERT, UPDATE, DELETE ON {table} FROM {APP}, {MAINTENANCE};"


def only_for_app(table: str, *privileges: str) -> str:
    """Besides the owner only the app writes, and only so: for global tables that live."""
    return f"{read_only_table(table)} GRANT {', '.join(privileges)} ON {table} TO {APP};"


def writable_table(table: str) -> str:
    """The reverse of `read_only_table`, as the default privileges have it."""
    return f"""
GRANT INSERT, UPDATE, DELETE ON {table} TO {APP};
GRANT INSERT, DELETE ON {table} TO {MAINTENANCE};
"""


def definer_function(name: str, arguments: str, returns: str, body: str) -> str:
    """A function that runs as the owner: the one way in before a tenant is known. Only the app may call it."""
    return f"""
CREATE FUNCTION {name}({arguments}) RETURNS {returns} LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$ {body} $$;
REVOKE ALL ON FUNCTION {name}({arguments}) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION {name}({arguments}) TO {APP};
"""
