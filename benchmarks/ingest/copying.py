"""What PostgreSQL takes to store the same rows when nothing else is done: binary COPY into copies of the tables.

Which rows belong to which batch is noted after each one, by their primary keys. Afterwards they are read back from every
table that has new rows, and stored once more, a batch for a batch, by a superuser into tables with the same columns, indexes
and constraints, foreign keys included, without row security and without triggers.
"""

import time
from collections.abc import Iterable, Mapping, Sequence

import attrs
import psycopg
from psycopg.sql import SQL, Composed, Identifier, Literal

TABLES = """
SELECT c.relname, array_agg(a.attname ORDER BY a.attnum)
FROM pg_class c
JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
GROUP BY c.relname ORDER BY c.relname
"""
COLUMNS = """
SELECT attname FROM pg_attribute
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum
"""
FOREIGN_KEYS = """
SELECT conname, pg_get_constraintdef(oid), confrelid::regclass::text FROM pg_constraint
WHERE contype = 'f' AND conrelid = %s::regclass
"""


@attrs.frozen(kw_only=True)
class Batches:
    """The rows of a database by the batch that they came with, 0 for what was there before."""

    db: "psycopg.Connection[tuple[object, ...]]"

    @classmethod
    def begin(cls, url: str) -> "Batches":
        """Note what is there. `url` is the superuser's."""
        db = psycopg.connect(url, autocommit=True)
        db.execute("CREATE SCHEMA bench")
        db.execute("CREATE TABLE bench.seen (name text, key text, batch integer, PRIMARY KEY (name, key))")
        batches = cls(db=db)
        batches.note(0)
        return batches

    def note(self, batch: int) -> None:
        """What is new belongs to this batch."""
        for table, keys in self._tables().items():
            self.db.execute(
                SQL(
                    "INSERT INTO bench.seen SELECT {name}, {key}, {batch} FROM public.{table} t WHERE NOT EXISTS"
                    " (SELECT FROM bench.seen s WHERE s.name = {name} AND s.key = {key})"
                ).format(name=Literal(table), key=_key(keys), batch=Literal(batch), table=Identifier(table))
            )

    def written(self) -> list[str]:
        """The tables with new rows, those that others refer to first."""
        rows = self.db.execute("SELECT DISTINCT name FROM bench.seen WHERE batch > 0").fetchall()
        left = {str(name) for (name,) in rows}
        ordered: list[str] = []
        while left:
            free = sorted(name for name in left if not (self._referred(name) - {name}) & left) or sorted(left)
            ordered += free
            left -= set(free)
        return ordered

    def rows(self) -> dict[str, int]:
        """How many new rows each table has."""
        found = self.db.execute("SELECT name, count(*) FROM bench.seen WHERE batch > 0 GROUP BY name").fetchall()
        return {str(name): int(str(count)) for name, count in found}

    def read(self, table: str, batch: int) -> bytes:
        """The rows of a batch as COPY writes them."""
        names = SQL(", ").join(SQL("t.") + Identifier(name) for name in self._columns(table))
        query = SQL(
            "COPY (SELECT {names} FROM public.{table} t JOIN bench.seen s ON s.name = {name} AND s.key = {key}"
            " AND s.batch = {batch} ORDER BY t.ctid) TO STDOUT (FORMAT BINARY)"
        ).format(
            names=names,
            table=Identifier(table),
            name=Literal(table),
            key=_key(self._tables()[table]),
            batch=Literal(batch),
        )
        with self.db.cursor() as cursor, cursor.copy(query) as copy:
            return b"".join(bytes(part) for part in copy)

    def make_copies(self, tables: Sequence[str]) -> None:
        """Make the tables that are copied into."""
        self.db.execute("CREATE SCHEMA copied")
        for table in tables:
            name = Identifier(table)
            self.db.execute(SQL("CREATE TABLE copied.{} (LIKE public.{} INCLUDING ALL)").format(name, name))
        for table in tables:
            for key, definition, referred in self._foreign_keys(table):
                if referred.rpartition(".")[2] in tables:
                    bare = referred.rpartition(".")[2]
                    definition = definition.replace(f"REFERENCES {referred}(", f"REFERENCES copied.{bare}(")
                    definition = definition.replace(f"REFERENCES {bare}(", f"REFERENCES copied.{bare}(")
                self.db.execute(
                    SQL("ALTER TABLE copied.{} ADD CONSTRAINT {} ").format(Identifier(table), Identifier(key))
                    + SQL(definition)
                )

    def copy(self, batches: Iterable[Mapping[str, bytes]]) -> list[float]:
        """Store batches, each in one transaction, and return how many seconds each took."""
        taken = []
        self.db.autocommit = False
        for batch in batches:
            began = time.perf_counter()
            with self.db.cursor() as cursor:
                for table, content in batch.items():
                    with cursor.copy(self._into(table)) as copy:
                        copy.write(content)
            self.db.commit()
            taken.append(time.perf_counter() - began)
        self.db.autocommit = True
        return taken

    def _into(self, table: str) -> Composed:
        names = SQL(", ").join(map(Identifier, self._columns(table)))
        return SQL("COPY copied.{} ({}) FROM STDIN (FORMAT BINARY)").format(Identifier(table), names)

    def _tables(self) -> dict[str, list[str]]:
        return {str(name): list(keys) for name, keys in self.db.execute(TABLES).fetchall()}  # type: ignore[call-overload]

    def _columns(self, table: str) -> list[str]:
        return [str(name) for (name,) in self.db.execute(COLUMNS, [f"public.{table}"]).fetchall()]

    def _foreign_keys(self, table: str) -> list[tuple[str, str, str]]:
        found = self.db.execute(FOREIGN_KEYS, [f"public.{table}"]).fetchall()
        return [(str(key), str(definition), str(referred)) for key, definition, referred in found]

    def _referred(self, table: str) -> set[str]:
        return {referred.rpartition(".")[2] for _, _, referred in self._foreign_keys(table)}


def copied(batches: Batches, last: int) -> list[float]:
    """Store batches 1 to `last` once more, after what was there before; return how many seconds each took."""
    tables = batches.written()
    batches.make_copies(tables)
    # Nothing is encoded while the clock runs: the bytes are those that PostgreSQL gave.
    content = [{table: batches.read(table, batch) for table in tables} for batch in range(last + 1)]
    batches.copy(content[:1])
    batches.db.execute("CHECKPOINT")
    return batches.copy(content[1:])


def _key(columns: Sequence[str]) -> Composed:
    return SQL("concat_ws(' ', {})").format(SQL(", ").join(SQL("t.") + Identifier(name) for name in columns))
