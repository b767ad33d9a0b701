"""The three roles: the owner migrates, the app serves, maintenance retains and dumps."""

import psycopg

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

    They need a role that may create roles and owns the database, no superuser. Passwords are set by whoever runs them.
    """
    name = database.replace('"', '""')
    lines = [
        f"-- Roles of SRE Copilot for the database {database!r}. Run them connected to it, as its owner.",
        "-- Afterwards set a password for each role that signs in: ALTER ROLE ... PASSWORD '...';",
    ]
    lines += [_created(group, "NOLOGIN") for group in GROUPS.values()]
    lines += [_created(login, "LOGIN") for login in LOGINS.values()]
    lines += [_member(GROUPS[role], login) for role, login in LOGINS.items()]
    lines += [
        f"-- What the owner creates belongs to the group {OWNER}.",
        f"ALTER ROLE {LOGINS['owner']} IN DATABASE \"{name}\" SET role = '{OWNER}';",
        f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC;',
        f'GRANT CONNECT ON DATABASE "{name}" TO {OWNER}, {APP}, {MAINTENANCE};',
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC;",
        f"GRANT USAGE ON SCHEMA public TO {APP}, {MAINTENANCE};",
        f"GRANT USAGE, CREATE ON SCHEMA public TO {OWNER};",
        "-- Before the first migration: what the owner will create, the others may use.",
        f"GRANT {OWNER} TO CURRENT_USER;",
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APP};",
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {APP}, {MAINTENANCE};",
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public GRANT SELECT, INSERT, DELETE ON TABLES TO {MAINTENANCE};",
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;",
    ]
    return "\n".join(lines) + "\n"


def _created(role: str, login: str) -> str:
    return (
        f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') "
        f"THEN CREATE ROLE {role} {login} NOCREATEDB NOCREATEROLE; END IF; END $$;"
    )


def _member(group: str, login: str) -> str:
    return f"GRANT {group} TO {login};"


WEAKNESSES = f"""
SELECT r.rolsuper, r.rolbypassrls, r.rolcreaterole,
       EXISTS (SELECT FROM pg_roles o WHERE o.rolname = '{OWNER}' AND pg_has_role(current_user, o.oid, 'MEMBER')),
       has_schema_privilege(current_user, 'public', 'CREATE'),
       has_database_privilege(current_user, current_database(), 'TEMP'),
       EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid AND c.relnamespace = 'public'::regnamespace)
FROM pg_roles r WHERE r.rolname = current_user
"""  # noqa: S608 - only our own role names are put in
NAMES = (
    "is a superuser",
    "bypasses row security",
    "may create roles",
    f"is a member of {OWNER}",
    "may create tables in the schema public",
    "may create temporary tables",
    "owns tables",
)


def check_app_role(url: str) -> None:
    """Refuse anything stronger than the app role, and name roles that are missing.

    Raises DatabaseUnavailable, DatabaseNotReady, UnsafeDatabaseRole.
    """
    try:
        with psycopg.connect(url, connect_timeout=5) as db:
            missing = _missing(db)
            if missing:
                raise DatabaseNotReady(
                    f"The database lacks the roles {', '.join(missing)}. Run what `sre-copilot roles sql` prints, "
                    "then `sre-copilot migrate`."
                )
            row = db.execute(WEAKNESSES.encode()).fetchone() or ()
            user = db.info.user
    except psycopg.Error as error:
        raise DatabaseUnavailable(
            f"The database at DATABASE_URL can't be reached: {' '.join(str(error).split())}. Check that it runs and that the "
            "address and the password are right."
        ) from error
    found = [name for name, is_so in zip(NAMES, row, strict=False) if is_so]
    if found:
        raise UnsafeDatabaseRole(
            f"DATABASE_URL signs in as {user}, which {' and '.join(found)}, so row security would not hold. Use "
            f"{LOGINS['app']}; `sre-copilot roles sql` prints how to create it."
        )


def _missing(db: "psycopg.Connection[tuple[object, ...]]") -> list[str]:
    rows = db.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [list(GROUPS.values())]).fetchall()
    return sorted(set(GROUPS.values()) - {str(name) for (name,) in rows})
