"""Learning from what people say of an incident's cause: the one place where a precedent is written and taken back."""

from datetime import datetime

import attrs

from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.unit_of_work import UnitOfWork
from sre_copilot.domain.diagnosis.precedent_clues import cause_of
from sre_copilot.domain.diagnosis.symptoms import symptoms_of
from sre_copilot.domain.hypotheses import Diagnosis
from sre_copilot.domain.incidents import Incident
from sre_copilot.domain.learning import Blamed, Lesson, first_answer, lesson_of
from sre_copilot.domain.lifecycle import Action
from sre_copilot.domain.precedents import JudgedCause, Precedent, Symptoms
from sre_copilot.domain.snapshots import ContextSnapshot

TEACHING = frozenset({Action.RESOLVE, Action.LEARN, Action.REOPEN})
"""Verbs with which a person confirms a root cause, or takes it back."""


def learn_from(uow: UnitOfWork, ids: Ids, incident: Incident, at: datetime) -> Precedent | None:
    """Make the precedent of an incident say what people say now, and return it; None where there is nothing to say.

    It is worked out anew from everybody's last words, so that who takes a word back takes back what was learned from it.
    That people have it forgotten stays so.
    """
    first = uow.diagnoses.first(incident.id)
    latest = uow.diagnoses.latest(incident.id)
    if first is None or latest is None:
        return None
    log = uow.incidents.transitions(incident.id)
    lesson = lesson_of(incident, uow.diagnoses.said_of(incident.id), log, latest[1])
    known = uow.precedents.of_incident(incident.id)
    if known is None and lesson == Lesson():
        return None
    learned = attrs.evolve(
        known or Precedent(id=ids.new(), incident_id=incident.id, title="", symptoms=Symptoms(), learned_at=at),
        title=incident.title,
        learned_at=at,
        confirmed=None,
        rejected=(),
        answer=first_answer(*first, lesson),
    )
    learned = _with_causes(uow, learned, lesson, latest[0])
    uow.precedents.save(learned)
    return learned


def _with_causes(uow: UnitOfWork, learned: Precedent, lesson: Lesson, latest: Diagnosis) -> Precedent:
    """The precedent with the lesson's causes and the symptoms under which the main one was found."""
    blamed = lesson.confirmed or (lesson.rejected[-1] if lesson.rejected else None)
    if blamed is None:
        return learned
    diagnosis_id = blamed.hypothesis.diagnosis_id
    found_in = latest if diagnosis_id == latest.id else uow.diagnoses.get(diagnosis_id)
    snapshot = uow.diagnoses.snapshot(found_in.snapshot_id)
    return attrs.evolve(
        learned,
        symptoms=symptoms_of(snapshot),
        confirmed=_judged(lesson.confirmed, snapshot) if lesson.confirmed else None,
        rejected=tuple(_judged(one, snapshot) for one in lesson.rejected),
    )


def _judged(blamed: Blamed, snapshot: ContextSnapshot) -> JudgedCause:
    cause = blamed.hypothesis.cause
    change = next((change for change in snapshot.changes if change.id == cause.change_id), None)
    return JudgedCause(
        cause=cause_of(cause.kind, cause.subject, change, snapshot),
        hypothesis_id=blamed.hypothesis.id,
        user_id=blamed.user_id,
        at=blamed.at,
    )
