"""Names that are written together are found by their parts: "CPUThrottlingHigh" by "cpu throttling"."""

from django.db import migrations

SPLIT = """
CREATE FUNCTION sre_copilot_split(words text) RETURNS text LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT regexp_replace(regexp_replace(words, '([a-z0-9])([A-Z])', '\\1 \\2', 'g'), '([A-Z])([A-Z][a-z])', '\\1 \\2', 'g')
$$;
GRANT EXECUTE ON FUNCTION sre_copilot_split(text) TO sre_copilot_app, sre_copilot_maintenance;
"""


def search_column(title: str, tags: str, services: str, description: str, content: str) -> str:
    return f"""
DROP INDEX runbooks_search;
ALTER TABLE runbooks DROP COLUMN search;
ALTER TABLE runbooks ADD COLUMN search tsvector GENERATED ALWAYS AS (
    setweight(to_tsvector('english', {title}), 'A')
    || setweight(to_tsvector('english', {tags}), 'B')
    || setweight(to_tsvector('english', {services}), 'B')
    || setweight(to_tsvector('english', {description}), 'C')
    || setweight(to_tsvector('english', {content}), 'D')
) STORED;
"""


TAGS = "replace(public.sre_copilot_words(tags), '-', ' ')"
SERVICES = "public.sre_copilot_words(service_names)"
PLAIN = ("title", TAGS, SERVICES, "description", "content")


class Migration(migrations.Migration):
    dependencies = (("sre_copilot", "0004_unique_within_tenant"),)

    operations = (
        migrations.RunSQL(SPLIT, "DROP FUNCTION sre_copilot_split(text);"),
        migrations.RunSQL(
            # Without an index: under row security `@@` can't use one, and a tenant's runbooks are few.
            search_column(*(f"public.sre_copilot_split({part})" for part in PLAIN)),
            search_column(*PLAIN).replace("DROP INDEX runbooks_search;", "")
            + "CREATE INDEX runbooks_search ON runbooks USING gin (search);",
        ),
    )
