"""Response times, added up by week when somebody asks, and again where a trigger noted a change since."""

import sys
from array import array
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

import attrs
from django.db import connections

from sre_copilot.adapters.django_orm.constraints import translated
from sre_copilot.adapters.django_orm.routing import ALIAS
from sre_copilot.application.ports.response_times import ResponseTimesFilter
from sre_copilot.domain.incidents import MERGED_INTO
from sre_copilot.domain.response_times import UNCOUNTED, WEEK, Times, WeekOfTimes

STALE = """
SELECT asked.week FROM unnest(%s::date[]) AS asked (week)
WHERE NOT EXISTS (
    SELECT FROM response_times done WHERE done.tenant_id = %s AND done.level = 0 AND done.service_name = ''
    AND done.severity = '' AND done.week = asked.week
) OR EXISTS (SELECT FROM response_time_changes noted WHERE noted.tenant_id = %s AND noted.week = asked.week)
"""
FORGET_CHANGES = """
DELETE FROM response_time_changes WHERE id IN (
    SELECT id FROM response_time_changes WHERE tenant_id = %s AND week = ANY(%s::date[]) FOR UPDATE SKIP LOCKED
)
"""
"""A note that is locked belongs to a change that is not committed: it stays, and the week is added up again."""
FORGET_WEEKS = "DELETE FROM response_times WHERE tenant_id = %s AND week = ANY(%s::date[])"
ADD_UP = """
WITH timed AS (
    SELECT i.service_name, i.severity,
        CASE WHEN i.acknowledged_by_person AND i.acknowledged_at IS NOT NULL
            THEN greatest(0, floor(extract(epoch FROM i.acknowledged_at - i.detected_at)))::integer END AS acknowledged,
        CASE WHEN i.resolved_at IS NOT NULL
            THEN greatest(0, floor(extract(epoch FROM i.resolved_at - i.detected_at)))::integer END AS resolved
    FROM incidents i WHERE i.tenant_id = %(tenant)s AND i.detected_at >= %(start)s AND i.detected_at < %(end)s
        AND (i.resolved_at IS NOT NULL OR i.acknowledged_by_person)
        AND (i.resolution IS NULL OR i.resolution <> ALL(%(uncounted)s))
        AND NOT jsonb_exists(i.metadata, %(merged)s)
)
INSERT INTO response_times
    (id, tenant_id, week, level, service_name, severity, acknowledged, acknowledged_total, resolved, resolved_total)
SELECT gen_random_uuid(), %(tenant)s, %(week)s, CASE GROUPING(service_name, severity) WHEN 3 THEN 0 WHEN 2 THEN 1 ELSE 2 END,
    coalesce(service_name, ''), coalesce(severity, ''),
    coalesce(string_agg(int4send(acknowledged), '' ORDER BY acknowledged) FILTER (WHERE acknowledged IS NOT NULL), ''),
    coalesce(sum(acknowledged), 0),
    coalesce(string_agg(int4send(resolved), '' ORDER BY resolved) FILTER (WHERE resolved IS NOT NULL), ''),
    coalesce(sum(resolved), 0)
FROM timed GROUP BY GROUPING SETS ((), (severity), (service_name, severity))
"""
READ = """
SELECT week, acknowledged, acknowledged_total, resolved, resolved_total FROM response_times
WHERE tenant_id = %(tenant)s AND week >= %(first)s AND week < %(end)s AND level = %(level)s
AND service_name = %(service)s AND (%(severity)s IS NULL OR severity = %(severity)s)
"""


@attrs.frozen
class DjangoResponseTimes:
    """The response times of the tenant's incidents."""

    tenant_id: UUID

    def weeks(self, narrowed: ResponseTimesFilter) -> Sequence[WeekOfTimes]:
        """Every week that is asked for, by time. Two queries, and one for each week that changed since somebody asked."""
        asked = [narrowed.first + place * WEEK for place in range((narrowed.end - narrowed.first) // WEEK)]
        with translated(), connections[ALIAS].cursor() as cursor:
            cursor.execute(STALE, [asked, self.tenant_id, self.tenant_id])
            stale = [week for (week,) in cursor.fetchall()]
            if stale:
                self._add_up(cursor, stale)
            rows = self._rows(cursor, narrowed)
        parts: dict[date, list[tuple[Times, Times]]] = {}
        for week, acknowledged, acknowledged_total, resolved, resolved_total in rows:
            both = _times(acknowledged, acknowledged_total), _times(resolved, resolved_total)
            parts.setdefault(week, []).append(both)
        return [
            WeekOfTimes(
                week=week,
                acknowledged=Times.joined([one for one, _ in parts.get(week, [])]),
                resolved=Times.joined([one for _, one in parts.get(week, [])]),
            )
            for week in asked
        ]

    def _add_up(self, cursor: Any, stale: Sequence[date]) -> None:
        # One at a time, or who read earlier could store last.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 4))", [str(self.tenant_id)])
        cursor.execute(FORGET_CHANGES, [self.tenant_id, stale])
        cursor.execute(FORGET_WEEKS, [self.tenant_id, stale])
        common = {"tenant": self.tenant_id, "uncounted": list(UNCOUNTED), "merged": MERGED_INTO}
        for week in stale:
            # One by one with plain values: of a join with the weeks the planner thinks that it needs the whole table.
            start = datetime.combine(week, time(), UTC)
            cursor.execute(ADD_UP, {**common, "week": week, "start": start, "end": start + WEEK})

    def _rows(self, cursor: Any, narrowed: ResponseTimesFilter) -> Sequence[tuple[Any, ...]]:
        level = 2 if narrowed.service is not None else 0 if narrowed.severity is None else 1
        # Where nothing is narrowed, the rows have no severity.
        everything = "" if level == 0 else None
        cursor.execute(
            READ,
            {
                "tenant": self.tenant_id,
                "first": narrowed.first,
                "end": narrowed.end,
                "level": level,
                "service": narrowed.service or "",
                "severity": narrowed.severity.value if narrowed.severity else everything,
            },
        )
        found: Sequence[tuple[Any, ...]] = cursor.fetchall()
        return found


def _times(packed: bytes, total: int) -> Times:
    if not packed:
        return Times()
    run = array("i")
    run.frombytes(packed)
    if sys.byteorder == "little":
        run.byteswap()
    return Times(runs=(run,), total=total)
