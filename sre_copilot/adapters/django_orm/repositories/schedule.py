"""The runs of the schedule. Each call is a statement of its own, outside of any tenant."""

from collections.abc import Mapping
from datetime import datetime

import attrs
from django.db import connections
from django.db.models import QuerySet

from sre_copilot.adapters.django_orm import models
from sre_copilot.adapters.django_orm.constraints import translated
from sre_copilot.adapters.django_orm.renewing import renewing
from sre_copilot.adapters.django_orm.routing import ALIAS
from sre_copilot.application.ports.schedule import FinishedRun, ScheduleState

RESULT_LENGTH = 200
CLAIM = """
INSERT INTO schedule_runs AS run (name, next_at, result, holder, running_since, held_until)
VALUES (%(name)s, %(now)s, '', %(holder)s, %(now)s, %(until)s)
ON CONFLICT (name) DO UPDATE SET holder = %(holder)s, running_since = %(now)s, held_until = %(until)s
WHERE run.next_at <= %(now)s AND (run.held_until IS NULL OR run.held_until <= %(now)s)
RETURNING name
"""


@attrs.frozen
class DjangoScheduleRuns:
    """Who runs which entry, and how the last runs went."""

    def claim(self, name: str, *, holder: str, now: datetime, until: datetime) -> bool:
        """Begin a run if the entry is due and nobody holds it."""

        def ask() -> bool:
            with connections[ALIAS].cursor() as cursor:
                cursor.execute(CLAIM, {"name": name, "holder": holder, "now": now, "until": until})
                return bool(cursor.fetchone())

        with translated():
            return renewing(ask)

    def prolong(self, name: str, *, holder: str, until: datetime) -> bool:
        """Hold a run of one's own for longer."""
        with translated():
            changed = renewing(lambda: _held(name, holder).update(held_until=until))
        return bool(changed == 1)

    def finish(self, name: str, run: FinishedRun, *, holder: str, next_at: datetime) -> bool:
        """Keep how a run of one's own went."""
        with translated():
            changed = renewing(
                lambda: _held(name, holder).update(
                    next_at=next_at,
                    started_at=run.started_at,
                    finished_at=run.finished_at,
                    ok=run.ok,
                    result=run.result[:RESULT_LENGTH],
                    holder="",
                    running_since=None,
                    held_until=None,
                )
            )
        return bool(changed == 1)

    def all(self, now: datetime) -> Mapping[str, ScheduleState]:
        """What is known of every entry that ever ran, by name."""
        with translated():
            rows = renewing(lambda: list(models.ScheduleRun.objects.using(ALIAS).order_by("name")))
        return {row.name: _state(row, now) for row in rows}


def _held(name: str, holder: str) -> "QuerySet[models.ScheduleRun]":
    return models.ScheduleRun.objects.using(ALIAS).filter(name=name, holder=holder)


def _state(row: models.ScheduleRun, now: datetime) -> ScheduleState:
    last = None
    if row.started_at is not None and row.finished_at is not None:
        last = FinishedRun(started_at=row.started_at, finished_at=row.finished_at, ok=bool(row.ok), result=row.result)
    held = row.held_until is not None and row.held_until > now
    return ScheduleState(next_at=row.next_at, last=last, running_since=row.running_since if held else None)
