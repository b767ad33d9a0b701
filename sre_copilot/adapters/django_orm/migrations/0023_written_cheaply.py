"""What is written with every signal costs the server less: no document is taken apart that only we read, and rows stay whole."""

from django.db import migrations, models

# Beyond its target PostgreSQL compresses a row, and then keeps its longest value in another table with an index of its
# own. These rows are a little longer than the 2 KB that are usual; so three signals still share a page.
TARGETS = {"signals": 2700, "deliveries": 4080}
ROOM = ("ALTER TABLE series SET (fillfactor = 30)", "ALTER TABLE series SET (fillfactor = 80)")
"""Each new row is replaced at once by one with its head, three times as long, which finds room on the page seven times of ten."""
COMPRESSED = {"signals": ("raw_data", "normalized_data"), "deliveries": ("body",)}
QUICKLY = """
DO $$ BEGIN
    IF 'lz4' = ANY (SELECT unnest(enumvals) FROM pg_settings WHERE name = 'default_toast_compression') THEN
        {};
    END IF;
END $$;
"""
"""The server that we bring has been built without lz4."""


def _target(table: str, size: int) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"ALTER TABLE {table} SET (toast_tuple_target = {size})", f"ALTER TABLE {table} RESET (toast_tuple_target)"
    )


def _compression(table: str, columns: tuple[str, ...]) -> migrations.RunSQL:
    ways = {
        way: f"ALTER TABLE {table} {', '.join(f'ALTER {column} SET COMPRESSION {way}' for column in columns)}"
        for way in ("lz4", "default")
    }
    return migrations.RunSQL(QUICKLY.format(ways["lz4"]), ways["default"])


class Migration(migrations.Migration):
    dependencies = (("sre_copilot", "0022_references_checked_once"),)

    operations = (
        migrations.AlterField(model_name="series", name="head", field=models.TextField(blank=True, null=True)),
        migrations.AlterField(model_name="correlationdecision", name="scores", field=models.TextField()),
        migrations.RunSQL(*ROOM),
        *(_target(table, size) for table, size in TARGETS.items()),
        *(_compression(table, columns) for table, columns in COMPRESSED.items()),
    )
