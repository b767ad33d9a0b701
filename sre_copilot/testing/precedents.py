"""Precedents in memory, and builders of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import attrs

from sre_copilot.adapters.system import new_id
from sre_copilot.application.ports.precedents import PrecedentFilter
from sre_copilot.domain.errors import AlreadyExists, NotFound
from sre_copilot.domain.hypotheses import CandidateKind
from sre_copilot.domain.precedents import (
    Cause,
    FirstAnswer,
    JudgedCause,
    Place,
    Precedent,
    SeenPrecedent,
    Symptoms,
    TopologyRole,
)
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.tables import TenantTables

PAYMENTS = Cause(kind=CandidateKind.SERVICE, subject="payments", place=Place.DOWNSTREAM)


@attrs.frozen
class InMemoryPrecedents:
    """The tenant's precedents."""

    tables: TenantTables

    def save(self, precedent: Precedent) -> None:
        """Store a precedent, new or changed. Raises AlreadyExists for another one of the same incident."""
        there = self.of_incident(precedent.incident_id)
        if there is not None and there.id != precedent.id:
            raise AlreadyExists(incident=precedent.incident_id)
        self.tables.precedents[precedent.id] = precedent

    def get(self, precedent_id: UUID, *, lock: bool = False) -> Precedent:
        """One precedent. Raises NotFound."""
        if precedent_id not in self.tables.precedents:
            raise NotFound(precedent=precedent_id)
        return self.tables.precedents[precedent_id]

    def of_incident(self, incident_id: UUID) -> Precedent | None:
        """The one of an incident, or None."""
        return next((row for row in self.tables.precedents.values() if row.incident_id == incident_id), None)

    def list(self, narrowed: PrecedentFilter) -> Sequence[Precedent]:
        """Precedents in which there is a cause, by when they were learned, newest first."""
        found = [
            row
            for row in self._newest()
            if narrowed.forgotten in (None, row.forgotten_at is not None)
            and (narrowed.before is None or (row.learned_at, row.id) < narrowed.before)
            and row.restored().says_something
        ]
        return found[: narrowed.limit]

    def usable(self, *, until: datetime, other_than: UUID, limit: int) -> Sequence[Precedent]:
        """Those learned by `until` that are not forgotten and hold a cause, newest first."""
        found = [
            row
            for row in self._newest()
            if row.says_something and row.learned_at <= until and row.incident_id != other_than
        ]
        return found[:limit]

    def answers(self, *, since: datetime | None, until: datetime, limit: int) -> Sequence[FirstAnswer]:
        """First answers given in [since, until) of which is known whether they were right, newest first."""
        found = [
            (row.answer, row.id)
            for row in self.tables.precedents.values()
            if row.answer and row.answer.right is not None and row.answer.at < until
            if since is None or row.answer.at >= since
        ]
        return [one for one, _ in sorted(found, key=lambda pair: (pair[0].at, pair[1]), reverse=True)][:limit]

    def _newest(self) -> Sequence[Precedent]:
        return sorted(self.tables.precedents.values(), key=lambda row: (row.learned_at, row.id), reverse=True)


def make_answer(primary: float = 0.7, *, right: bool | None = True, **given: Any) -> FirstAnswer:
    """Return a first answer of that primary, with one other candidate."""
    defaults = {"diagnosis_id": new_id(), "at": BEGINNING, "chances": (primary, 1.0 - primary), "right": right}
    return FirstAnswer(**{**defaults, **given})


def make_symptoms(**given: Any) -> Symptoms:
    """Return the symptoms of an entry that became slow with something behind it."""
    defaults = {
        "metrics": ("latency up alarm", "cpu up other"),
        "words": ("slow", "timeout"),
        "signals": ("high",),
        "role": TopologyRole.ENTRY,
    }
    return Symptoms(**{**defaults, **given})


def make_judged(**given: Any) -> JudgedCause:
    """Return what a stranger said of payments, in a hypothesis of its own."""
    defaults = {"cause": PAYMENTS, "hypothesis_id": new_id(), "user_id": new_id(), "at": BEGINNING}
    return JudgedCause(**{**defaults, **given})


def make_precedent(**given: Any) -> Precedent:
    """Return a precedent that blames payments."""
    defaults = {
        "id": new_id(),
        "incident_id": new_id(),
        "title": "Checkout is slow",
        "symptoms": make_symptoms(),
        "learned_at": BEGINNING,
        "confirmed": make_judged(),
    }
    return Precedent(**{**defaults, **given})


def make_seen(**given: Any) -> SeenPrecedent:
    """Return one as a snapshot holds it, as similar as can be."""
    defaults = {
        "id": new_id(),
        "incident_id": new_id(),
        "title": "Checkout is slow",
        "similarity": 1.0,
        "cause": PAYMENTS,
    }
    return SeenPrecedent(**{**defaults, **given})
