"""What people's words on the hypotheses of one incident amount to: a confirmed cause, rejected ones, a right first answer."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import attrs

from sre_copilot.domain.hypotheses import CandidateKind, Diagnosis, Feedback, Hypothesis, RankedCause
from sre_copilot.domain.incidents import Incident, Resolution
from sre_copilot.domain.lifecycle import State
from sre_copilot.domain.precedents import FirstAnswer
from sre_copilot.domain.timeline import Transition

NAMEABLE = frozenset({CandidateKind.SERVICE, CandidateKind.HOST, CandidateKind.CHANGE})
NO_INCIDENT = frozenset({Resolution.FALSE_ALARM, Resolution.DUPLICATE})
"""What was resolved like this had no cause of its own to learn from."""
CAUSE_ESTABLISHED = frozenset({State.RESOLVED, State.LEARNED})
CauseKey = tuple[CandidateKind, str, UUID | None]


@attrs.frozen(kw_only=True)
class Said:
    """One person's word on one hypothesis of an incident."""

    hypothesis: Hypothesis
    user_id: UUID
    feedback: Feedback
    at: datetime


@attrs.frozen(kw_only=True)
class Blamed:
    """A hypothesis that a person confirmed or rejected, and when."""

    hypothesis: Hypothesis
    user_id: UUID
    at: datetime


@attrs.frozen(kw_only=True)
class Lesson:
    """What is known of an incident's cause: at most one confirmed hypothesis, any number of rejected ones."""

    confirmed: Blamed | None = None
    rejected: tuple[Blamed, ...] = ()


def key_of(cause: RankedCause) -> CauseKey:
    """What makes two hypotheses of an incident the same one, whichever diagnosis they are of."""
    return cause.kind, cause.subject, cause.change_id


def lesson_of(
    incident: Incident, said: Iterable[Said], log: Sequence[Transition], latest: Sequence[Hypothesis]
) -> Lesson:
    """Return what was learned of the incident.

    Of each person only the last word on a cause counts. A cause is accepted where more people accept than reject it, and
    rejected the other way round. While the incident is resolved or learned, a root cause that names a hypothesis of the `latest`
    diagnosis confirms it, whatever was accepted before; else the cause that was accepted last is the confirmed one. A
    false alarm or duplicate teaches nothing.
    """
    if incident.resolution in NO_INCIDENT:
        return Lesson()
    words: dict[CauseKey, dict[UUID, Said]] = {}
    for word in sorted(said, key=lambda word: word.at):
        words.setdefault(key_of(word.hypothesis.cause), {})[word.user_id] = word
    accepted = [_last(each.values(), Feedback.ACCEPTED) for each in words.values() if _balance(each.values()) > 0]
    rejected = [_last(each.values(), Feedback.REJECTED) for each in words.values() if _balance(each.values()) < 0]
    confirmed = _by_root_cause(incident, log, latest) or max(accepted, key=_time, default=None)
    wrong = [one for one in rejected if confirmed is None or _key(one) != _key(confirmed)]
    return Lesson(confirmed=confirmed, rejected=tuple(sorted(wrong, key=_time)))


def named_by(root_cause: str, hypotheses: Sequence[Hypothesis]) -> Hypothesis | None:
    """Return the hypothesis that a root cause names: by its claim, its id, or the only name of a component in the text.

    Of a component and its changes the change is meant where the text has its summary. None where several components are
    named, or none is.
    """
    text = root_cause.casefold()
    for row in hypotheses:
        if row.cause.claim.casefold().rstrip(".") in text or str(row.id) in text:
            return row if row.cause.kind is not CandidateKind.OTHERS else None
    rows = [row for row in hypotheses if row.cause.kind in NAMEABLE and _names(text, row.cause.subject)]
    if len({row.cause.subject for row in rows}) != 1:
        return None
    changes = [row for row in rows if row.cause.change_summary and row.cause.change_summary.casefold() in text]
    components = [row for row in rows if row.cause.kind is not CandidateKind.CHANGE]
    return (changes or components or rows)[0]


def is_right(answer: RankedCause, confirmed: RankedCause) -> bool:
    """Whether a hypothesis was right: the same cause, or the component whose change was confirmed."""
    if key_of(answer) == key_of(confirmed):
        return True
    of_its_change = confirmed.kind is CandidateKind.CHANGE and answer.kind is not CandidateKind.CHANGE
    return of_its_change and bool(answer.subject) and answer.subject == confirmed.subject


def first_answer(diagnosis: Diagnosis, hypotheses: Sequence[Hypothesis], lesson: Lesson) -> FirstAnswer | None:
    """Return the incident's first answer, the hypothesis of rank 1, with whether it was right; None without hypotheses."""
    if not hypotheses:
        return None
    rows = sorted(hypotheses, key=lambda row: row.rank)
    first = rows[0].cause
    right: bool | None = None
    if lesson.confirmed is not None:
        right = is_right(first, lesson.confirmed.hypothesis.cause)
    elif key_of(first) in {_key(one) for one in lesson.rejected}:
        right = False
    return FirstAnswer(
        diagnosis_id=diagnosis.id,
        at=diagnosis.at,
        chances=tuple(row.cause.confidence.primary for row in rows),
        slope=diagnosis.slope,
        right=right,
    )


def _balance(words: Iterable[Said]) -> int:
    worth = {Feedback.ACCEPTED: 1, Feedback.REJECTED: -1, Feedback.UNCERTAIN: 0}
    return sum(worth[word.feedback] for word in words)


def _last(words: Iterable[Said], feedback: Feedback) -> Blamed:
    word = max((word for word in words if word.feedback is feedback), key=lambda word: (word.at, word.user_id))
    return Blamed(hypothesis=word.hypothesis, user_id=word.user_id, at=word.at)


def _by_root_cause(incident: Incident, log: Sequence[Transition], latest: Sequence[Hypothesis]) -> Blamed | None:
    closed = [row for row in log if row.user_id is not None and row.to_state == incident.state.value]
    if incident.state not in CAUSE_ESTABLISHED or not incident.root_cause or not closed:
        return None
    named = named_by(incident.root_cause, latest)
    last = closed[-1]
    return Blamed(hypothesis=named, user_id=last.user_id, at=last.timestamp) if named and last.user_id else None


def _names(text: str, name: str) -> bool:
    return bool(name) and re.search(rf"(?<![\w-]){re.escape(name.casefold())}(?![\w-])", text) is not None


def _key(one: Blamed) -> CauseKey:
    return key_of(one.hypothesis.cause)


def _time(one: Blamed) -> tuple[datetime, str]:
    return one.at, str(one.hypothesis.id)
