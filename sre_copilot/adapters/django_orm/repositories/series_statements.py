"""The statements by which series are locked, known, seen again and decided about."""

from psycopg import sql

LOCK = (
    sql.SQL(
        """
INSERT INTO series AS s (tenant_id, id, fingerprint, newest_status, newest_occurred_at, newest_started_at,
    newest_received_at, newest_seen_at, newest_expires_at)
SELECT %(tenant)b, * FROM unnest(%(ids)b::uuid[], %(names)b::text[], %(statuses)b::text[], %(occurred)b::timestamptz[],
    %(started)b::timestamptz[], %(received)b::timestamptz[], %(seen)b::timestamptz[], %(expires)b::timestamptz[])
ON CONFLICT (tenant_id, fingerprint) DO UPDATE SET
    newest_seen_at = CASE WHEN s.goes_on AND {same} THEN greatest(s.newest_seen_at, excluded.newest_seen_at)
        ELSE s.newest_seen_at END,
    newest_expires_at = CASE WHEN s.goes_on AND {same} THEN greatest(s.newest_expires_at, excluded.newest_expires_at)
        ELSE s.newest_expires_at END
RETURNING s.fingerprint, s.xmax = 0, s.goes_on, s.newest_status, {known}, s.head
"""
    )
    .format(
        same=sql.SQL(
            "(s.newest_status, s.newest_occurred_at) = (excluded.newest_status, excluded.newest_occurred_at) "
            "AND s.newest_started_at IS NOT DISTINCT FROM excluded.newest_started_at "
            "AND excluded.newest_received_at >= s.newest_received_at"
        ),
        # Of a new series that is what was said just now, and of one that does not go on nobody looks at it.
        known=sql.SQL(", ").join(
            sql.SQL("CASE WHEN s.goes_on THEN s.{} END").format(sql.Identifier(name))
            for name in (
                "newest_occurred_at",
                "newest_started_at",
                "newest_received_at",
                "newest_seen_at",
                "newest_expires_at",
            )
        ),
    )
    .as_bytes(None)
)
KNOWN = """
SELECT s.vendor_id, s.vendor_position, s.id, s.fingerprint, s.content_hash
FROM unnest(%(names)b::text[]) AS n (name), LATERAL (
    SELECT * FROM signals WHERE tenant_id = %(tenant)b AND integration_id = %(integration)b AND vendor_id = n.name
    ORDER BY vendor_position OFFSET 0
) s
"""
"""Name by name and in the order of the one index that leads there: a server that has not yet counted what a new tenant
sends takes its integration for as rare as a name, and would go through all of its signals."""
SEEN = b"""
INSERT INTO sightings (tenant_id, signal_id, first_seen_at, last_seen_at, expires_at)
SELECT %b, * FROM unnest(%b::uuid[], %b::timestamptz[], %b::timestamptz[], %b::timestamptz[])
ON CONFLICT (signal_id) DO UPDATE SET first_seen_at = excluded.first_seen_at, last_seen_at = excluded.last_seen_at,
    expires_at = excluded.expires_at
"""
DECIDED = b"""
INSERT INTO correlation_decisions (tenant_id, number, id, episode_id, signal_id, incident_id, outcome, threshold, scores,
    at, silence_id, ruled_out)
SELECT l.tenant_id, l.number + n.place, n.id, n.episode_id, n.signal_id, n.incident_id, n.outcome, n.threshold, n.scores,
    n.at, n.silence_id, n.ruled_out
FROM (SELECT %b::uuid AS tenant_id, coalesce(max(number), 0) AS number FROM correlation_decisions WHERE tenant_id = %b) l,
    unnest(%b::uuid[], %b::uuid[], %b::uuid[], %b::uuid[], %b::text[], %b::double precision[], %b::text[],
        %b::timestamptz[], %b::uuid[], %b::integer[])
    WITH ORDINALITY AS n (id, episode_id, signal_id, incident_id, outcome, threshold, scores, at, silence_id, ruled_out, place)
"""
