"""The three roles: the owner migrates, the app serves, maintenance retains and dumps."""

from contextlib import suppress
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from sre_copilot.domain.errors import DatabaseNotReady, DatabaseUnavailable, UnsafeDatabaseRole

OWNER, APP, MAINTENANCE = "sre_copilot_owner", "sre_copilot_app", "sre_copilot_maintenance"
"""Group roles that no one signs in as; policies and grants name them."""
LOGINS = {
    "owner": "sre_copilot_owner_login",
    "app": "sre_copilot_app_login",
    "maintenance": "sre_copilot_maintenance_login",
}
"""Role of the house -> role that signs in."""
GROUPS = {"owner": OWNER, "app": APP, "maintenance": MAINTENANCE}


def roles_sql(database: str) -> str:
    """Return the statements that create the roles in `database`; they may be run again.

    They need a role that owns the database and may create roles, no superuser: managed PostgreSQL gives none, and before
    16 only a superuser may even mention BYPASSRLS. Passwords are set by whoever runs them.
    """
    name = '"' + database.replace('"', '""') + '"'
    default = f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER}"
    lines = [
        "-- The roles of SRE Copilot. Run this connected to its database, as the database's owner with CREATEROLE, before",
        "-- the first migration. It may be run again. Afterwards give each role that signs in a password, in psql with:",
        *(f"--   \\password {login}" for login in LOGINS.values()),
        "BEGIN;",
        "",
        "-- Groups, which policies and grants name, and the roles that sign in.",
        *(_created(group, "NOLOGIN") for group in GROUPS.values()),
        *(_created(login, "LOGIN") for login in LOGINS.values()),
        *(f"GRANT {GROUPS[role]} TO {login};" for role, login in LOGINS.items()),
        "",
        "-- A role that existed before may be stronger than row security can bear.",
        _refuse_strong_roles(),
        "",
        "-- Who sets things up for the owner has to be a member.",
        _join_owner(),
        "",
        "-- What the owner's login creates belongs to the group, whoever else joins it.",
        f"ALTER ROLE {LOGINS['owner']} IN DATABASE {name} SET role = '{OWNER}';",
        "",
        "-- Only the owner creates anything; nobody makes temporary tables, which could stand in front of ours.",
        f"REVOKE ALL ON DATABASE {name} FROM PUBLIC;",
        f"GRANT CONNECT ON DATABASE {name} TO {OWNER}, {APP}, {MAINTENANCE};",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC;",
        f"GRANT USAGE ON SCHEMA public TO {APP}, {MAINTENANCE};",
        f"GRANT USAGE, CREATE ON SCHEMA public TO {OWNER};",
        "",
        "-- What the owner will create, the others may use.",
        f"{default} IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APP};",
        f"{default} IN SCHEMA public GRANT SELECT, INSERT, DELETE ON TABLES TO {MAINTENANCE};",
        f"{default} IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {APP}, {MAINTENANCE};",
        f"{default} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;",
        "",
        "COMMIT;",
    ]
    return "\n".join(lines) + "\n"


def _created(role: str, login: str) -> str:
    return (
        f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') "
        f"THEN CREATE ROLE {role} {login}; END IF; END $$;"
    )


def _refuse_strong_roles() -> str:
    names = ", ".join(f"'{role}'" for role in (*GROUPS.values(), *LOGINS.values()))
    return f"""DO $$ DECLARE strong text; BEGIN
    SELECT string_agg(rolname, ', ') INTO strong FROM pg_roles
    WHERE rolname IN ({names}) AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication);
    IF strong IS NOT NULL THEN
        RAISE EXCEPTION 'too strong: %', strong
            USING HINT = 'ALTER ROLE ... NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB NOREPLICATION';
    END IF;
END $$;"""  # noqa: S608 - only our own role names are put in


def _join_owner() -> str:
    condition = "(SELECT rolsuper FROM pg_roles WHERE rolname = current_user)"
    return f"DO $$ BEGIN IF NOT {condition} THEN GRANT {OWNER} TO CURRENT_USER; END IF; END $$;"


STRENGTHS = {
    "is a superuser": "EXISTS (SELECT FROM reach WHERE rolsuper)",
    "bypasses row security": "EXISTS (SELECT FROM reach WHERE rolbypassrls)",
    "may create roles": "EXISTS (SELECT FROM reach WHERE rolcreaterole)",
    "may create databases": "EXISTS (SELECT FROM reach WHERE rolcreatedb)",
    "may replicate": "EXISTS (SELECT FROM reach WHERE rolreplication)",
    f"is a member of {OWNER}": f"EXISTS (SELECT FROM reach WHERE rolname = '{OWNER}')",
    f"is a member of {MAINTENANCE}": f"EXISTS (SELECT FROM reach WHERE rolname = '{MAINTENANCE}')",
    "may read or write the server's files or run programs there": (
        "EXISTS (SELECT FROM reach WHERE rolname IN "
        "('pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program'))"
    ),
    "owns the database": (
        "EXISTS (SELECT FROM pg_database d JOIN reach ON reach.oid = d.datdba WHERE d.datname = current_database())"
    ),
    "owns tables": "EXISTS (SELECT FROM ours JOIN reach ON reach.oid = ours.relowner)",
    "may truncate tables": (
        "EXISTS (SELECT FROM ours CROSS JOIN reach "
        "WHERE relkind IN ('r', 'p') AND has_table_privilege(reach.oid, ours.oid, 'TRUNCATE'))"
    ),
    "may create tables in the schema public": (
        "EXISTS (SELECT FROM reach WHERE has_schema_privilege(reach.oid, 'public', 'CREATE'))"
    ),
    "may create schemas": "EXISTS (SELECT FROM reach WHERE has_database_privilege(oid, current_database(), 'CREATE'))",
    "may create temporary tables": (
        "EXISTS (SELECT FROM reach WHERE has_database_privilege(oid, current_database(), 'TEMP'))"
    ),
}
"""What the app role must not be -> the condition. `reach` is every role that the session can become."""

EXAMINE = f"""
WITH reach AS (
    SELECT r.* FROM pg_catalog.pg_roles r
    WHERE pg_has_role(session_user, r.oid, 'MEMBER') OR pg_has_role(current_user, r.oid, 'MEMBER')
), ours AS (
    SELECT oid, relowner, relkind FROM pg_catalog.pg_class
    WHERE relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = 'public')
)
SELECT session_user::text, EXISTS (SELECT FROM reach WHERE rolname = '{APP}'), {", ".join(STRENGTHS.values())}
"""  # noqa: S608 - only our own role names are put in


def check_role(connection: "psycopg.Connection[Any]") -> None:
    """Refuse a session that is, or could become, stronger than the app role, so that row security would not hold.

    Also counts what it could reach with SET ROLE or RESET ROLE. Raises UnsafeDatabaseRole, and DatabaseNotReady where
    the role is no member of the app group.
    """
    with connection.transaction(), connection.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(EXAMINE.encode()).fetchone()
    user, is_app, *strengths = row or ("nobody", False)
    found = [name for name, is_so in zip(STRENGTHS, strengths, strict=True) if is_so]
    if found:
        # A superuser is and may everything; the rest of the list would say nothing.
        said = found[:1] if found[0] == "is a superuser" else found
        raise UnsafeDatabaseRole(
            f"DATABASE_URL signs in as {user}, which {', '.join(said)}, so row security would not hold. Use "
            f"{LOGINS['app']}; `sre-copilot roles sql` prints how to create it."
        )
    if not is_app:
        raise DatabaseNotReady(
            f"DATABASE_URL signs in as {user}, which is no member of {APP} and so may see no table. Use {LOGINS['app']}; "
            "`sre-copilot roles sql` prints how to create it."
        )


def database_name(url: str) -> str | None:
    """The database that an address names, None where it names none or is no address."""
    with suppress(psycopg.ProgrammingError):
        return str(psycopg.conninfo.conninfo_to_dict(url).get("dbname") or "") or None
    return None


def check_app_role(url: str) -> None:
    """Sign in at `url`, refuse anything stronger than the app role, and name roles that are missing.

    Raises DatabaseUnavailable, DatabaseNotReady, UnsafeDatabaseRole.
    """
    try:
        psycopg.conninfo.conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        # Its message quotes the address with the password in it, so it is not passed on.
        raise DatabaseUnavailable(
            "DATABASE_URL is not a PostgreSQL address; write postgresql://user:password@host:5432/database."
        ) from None
    try:
        with psycopg.connect(url, connect_timeout=5) as db:
            missing = missing_roles(db)
            if missing:
                raise DatabaseNotReady(
                    f"The database lacks the roles {', '.join(missing)}. Run what `sre-copilot roles sql` prints, "
                    "then `sre-copilot migrate`."
                )
            check_role(db)
    except psycopg.Error as error:
        raise DatabaseUnavailable(
            f"The database at DATABASE_URL can't be reached: {' '.join(str(error).split()).rstrip('.?')}. Check that it runs, that "
            "address and password are right, and that its roles exist: `sre-copilot roles sql` prints how to create them."
        ) from error


def missing_roles(connection: "psycopg.Connection[Any]") -> list[str]:
    """The group roles that the server lacks, sorted. Raises psycopg.Error."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(
            "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [list(GROUPS.values())]
        ).fetchall()
    return sorted(set(GROUPS.values()) - {str(name) for (name,) in rows})
