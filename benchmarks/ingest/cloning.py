"""Fills a database with years of signals: what one tenant really stored, again and again, for other tenants and times.

A sample is taken in by the copilot itself. Its rows are then copied by PostgreSQL with other ids, fingerprints and times,
the oldest first, and each time for the tenants in another order. Nothing is known here of a table's columns but what
`ENDED` says: what lies back is over, so that its episodes have ended and its incidents are resolved.
"""

import random
from collections.abc import Callable, Iterator, Mapping

import attrs
import psycopg
from psycopg.sql import SQL, Composable, Composed, Identifier

STATIC = ("tenants", "users", "integrations", "services")
"""Of these each tenant has one set, however many signals it has."""
LEFT_OUT = ("procrastinate_", "django_", "legal_transitions", "tokens", "schedule_runs")
ENDED: Mapping[str, Mapping[str, str]] = {
    "episodes": {
        "ended_at": "t.last_seen_at + interval '5 minutes'",
        "end": "'resolved'",
        "due_at": "NULL::timestamptz",
    },
    "incidents": {
        "state": "'resolved'",
        "resolved_at": "t.updated_at + interval '10 minutes'",
        "settle_at": "NULL::timestamptz",
    },
}
FUNCTIONS = """
CREATE SCHEMA cloning;
CREATE FUNCTION cloning.other(one uuid, tenant int) RETURNS uuid LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE tenant WHEN 0 THEN one ELSE md5(one::text || ':' || tenant)::uuid END $$;
-- Ids begin with their time, and go on doing so.
CREATE FUNCTION cloning.earlier(one uuid, tenant int, days int) RETURNS uuid LANGUAGE sql IMMUTABLE AS
$$ SELECT (lpad(to_hex(('x' || left(replace(one::text, '-', ''), 12))::bit(48)::bigint - days * 86400000::bigint), 12, '0')
    || right(md5(one::text || ':' || tenant || ':' || days), 20))::uuid $$;
CREATE FUNCTION cloning.renamed(one text, tenant int, days int) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE length(one) WHEN 64 THEN encode(sha256(convert_to(one || ':' || tenant || ':' || days, 'UTF8')), 'hex')
    ELSE one || '-' || tenant || '-' || days END $$;
CREATE FUNCTION cloning.renamed(one bytea, tenant int, days int) RETURNS bytea LANGUAGE sql IMMUTABLE AS
$$ SELECT sha256(one || convert_to(':' || tenant || ':' || days, 'UTF8')) $$;
"""
TABLES = """
SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY relname
"""
COLUMNS = """
SELECT a.attname, format_type(a.atttypid, NULL),
    a.attidentity <> '' OR a.attgenerated <> '' OR coalesce(pg_get_expr(d.adbin, d.adrelid), '') LIKE 'nextval%%',
    EXISTS (SELECT FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisunique AND a.attnum = ANY (i.indkey))
FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""


@attrs.define(kw_only=True)
class Cloning:
    """A database with a sample in it; `db` is the superuser's connection to it."""

    db: "psycopg.Connection[tuple[object, ...]]"
    tenants: int = 20
    _statements: dict[str, Composed] = attrs.field(factory=dict, init=False)

    def fill(self, signals: int) -> Iterator[int]:
        """Add signals until there are so many, and yield how many there are after each step."""
        self.db.execute(FUNCTIONS.encode())
        # Neither triggers nor foreign keys: the rows are copies of rows that were checked.
        self.db.execute("SET session_replication_role = replica")
        self.db.execute("SET synchronous_commit = off")
        self._take_sample()
        stored = sample = self._count("signals")
        for tenant in range(1, self.tenants):
            self._insert(STATIC, tenant, 0)
        rounds = max(1, round(signals / sample / self.tenants))
        chance = random.Random(1)
        for days in range(rounds, 0, -1):
            for tenant in chance.sample(range(self.tenants), self.tenants):
                self._insert([name for name in self._statements if name not in STATIC], tenant, days)
                stored += sample
                yield stored
        self.db.execute("SET session_replication_role = origin")
        self.db.execute("VACUUM (ANALYZE)")
        self.db.execute("CHECKPOINT")

    def _take_sample(self) -> None:
        static: set[object] = set()
        names = [str(name) for (name,) in self.db.execute(TABLES).fetchall()]
        for name in STATIC:
            static |= {key for (key,) in self.db.execute(SQL("SELECT id FROM {}").format(Identifier(name))).fetchall()}
        for name in names:
            if not name.startswith(LEFT_OUT) and self._count(name):
                self.db.execute(
                    SQL("CREATE TABLE cloning.{} AS SELECT * FROM public.{}").format(Identifier(name), Identifier(name))
                )
                self._statements[name] = self._statement(name, static)

    def _statement(self, name: str, static: set[object]) -> Composed:
        names: list[Composable] = []
        values: list[Composable] = []
        for column, kind, generated, unique in self.db.execute(COLUMNS, [f"public.{name}"]).fetchall():
            if not generated:
                names.append(Identifier(str(column)))
                values.append(self._value(name, str(column), str(kind), static, unique=bool(unique)))
        return SQL("INSERT INTO public.{} ({}) SELECT {} FROM cloning.{} t").format(
            Identifier(name), SQL(", ").join(names), SQL(", ").join(values), Identifier(name)
        )

    def _value(self, table: str, column: str, kind: str, static: set[object], *, unique: bool) -> Composable:
        own = SQL("t.{}").format(Identifier(column))
        if (fixed := ENDED.get(table, {}).get(column)) is not None:
            own = SQL("({})").format(SQL(fixed))
        tenant, days = SQL("%(tenant)s::int"), SQL("%(days)s::int")
        if kind == "uuid":
            is_static = bool(self._values(table, column) & static)
            return SQL("cloning.other({}, {})" if is_static else "cloning.earlier({}, {}, {})").format(
                *((own, tenant) if is_static else (own, tenant, days))
            )
        if kind == "timestamp with time zone":
            return SQL("{} - make_interval(days => {})").format(own, days)
        if kind in ("character varying", "text", "bytea") and (unique or column == "fingerprint"):
            return SQL("cloning.renamed({}, {}, {})").format(own, tenant, days)
        return own

    def _values(self, table: str, column: str) -> set[object]:
        query = SQL("SELECT DISTINCT {} FROM cloning.{} LIMIT 1000").format(Identifier(column), Identifier(table))
        return {value for (value,) in self.db.execute(query).fetchall()}

    def _insert(self, names: "Iterator[str] | list[str] | tuple[str, ...]", tenant: int, days: int) -> None:
        with self.db.transaction():
            for name in names:
                if name in self._statements:
                    self.db.execute(self._statements[name], {"tenant": tenant, "days": days})

    def _count(self, name: str) -> int:
        found = self.db.execute(SQL("SELECT count(*) FROM {}").format(Identifier(name))).fetchall()
        return int(str(found[0][0]))


def filled(url: str, signals: int, note: Callable[[int], None]) -> None:
    """Fill a database that has a sample in it, and say now and then how far that is."""
    with psycopg.connect(url, autocommit=True) as db:
        for stored in Cloning(db=db).fill(signals):
            note(stored)
        db.execute("DROP SCHEMA cloning CASCADE")
