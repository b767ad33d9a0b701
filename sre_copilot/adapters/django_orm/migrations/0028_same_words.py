"""Texts of runbooks fall into words as queries do: "node.kubernetes.io/disk-pressure" is found by "disk", "http2" by "http"."""

from django.db import migrations

HEAD = """
CREATE OR REPLACE FUNCTION sre_copilot_split(words text) RETURNS text LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS $$
"""
CAMEL = r"regexp_replace(regexp_replace(words, '([a-z0-9])([A-Z])', '\1 \2', 'g'), '([A-Z])([A-Z][a-z])', '\1 \2', 'g')"
# ASCII by name: what counts as a letter beyond it depends on the locale of the database.
PUNCTUATION = r"""[]!"#$%&''()*+,./:;<=>?@\\^_`{|}~[-]+"""
NUMBERED = rf"regexp_replace({CAMEL}, '([A-Za-z]{{2}})([0-9])', '\1 \2', 'g')"
APART = f"regexp_replace({NUMBERED}, '{PUNCTUATION}', ' ', 'g')"
COLUMN = """
ALTER TABLE runbooks DROP COLUMN search;
ALTER TABLE runbooks ADD COLUMN search tsvector GENERATED ALWAYS AS (
    setweight(to_tsvector('english', public.sre_copilot_split(title)), 'A')
    || setweight(to_tsvector('english', public.sre_copilot_split({tags})), 'B')
    || setweight(to_tsvector('english', public.sre_copilot_split(public.sre_copilot_words(service_names))), 'B')
    || setweight(to_tsvector('english', public.sre_copilot_split(description)), 'C')
    || setweight(to_tsvector('english', public.sre_copilot_split(content)), 'D')
) STORED;
"""
TAGS = "public.sre_copilot_words(tags)"
OLD_TAGS = f"replace({TAGS}, '-', ' ')"


class Migration(migrations.Migration):
    dependencies = (("sre_copilot", "0027_runbook_versions"),)

    operations = (
        migrations.RunSQL(
            f"{HEAD} SELECT {APART} $$; {COLUMN.format(tags=TAGS)}",
            f"{HEAD} SELECT {CAMEL} $$; {COLUMN.format(tags=OLD_TAGS)}",
        ),
    )
