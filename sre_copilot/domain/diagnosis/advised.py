"""What an advisor's answer is worth: cited statements become evidence by our table, everything else is dropped and counted."""

from collections.abc import Iterable, Mapping, Sequence

import attrs

from sre_copilot.domain.advice import Answer, Dropped, Exhibit, Option, Question, Statement, SummaryLine
from sre_copilot.domain.diagnosis.advised_words import LONGEST_LINE, objection
from sre_copilot.domain.diagnosis.clues import clue
from sre_copilot.domain.diagnosis.scoring import Feature
from sre_copilot.domain.hypotheses import AddedEvidence, CandidateKind, EvidenceKind, Polarity

MOST_STATEMENTS = 12
MOST_LINES = 5
ONE_KIND, SEVERAL_KINDS = 0.5, 1.0
"""The strength of a reading by what it cites: one thing, or things of several kinds that agree."""


@attrs.frozen(kw_only=True)
class Counsel:
    """What is kept of an answer.

    `cited` counts the statements, wordings and lines that are kept, `dropped` the others by reason. `words` are
    descriptions by key of an option. The lines of `summary` cite what is stored, at most five.
    """

    added: tuple[AddedEvidence, ...] = ()
    words: Mapping[str, str] = attrs.field(factory=dict)
    summary: tuple[SummaryLine, ...] = ()
    cited: int = 0
    dropped: Mapping[Dropped, int] = attrs.field(factory=dict)

    @property
    def says_something(self) -> bool:
        """Whether anything is left."""
        return self.cited > 0


def counsel(question: Question, answer: Answer) -> Counsel:
    """Return what of `answer` is founded on what `question` showed. Pure; an answer that says nothing gives nothing."""
    return _Weighing(
        options={option.key: option for option in question.options},
        exhibits={exhibit.key: exhibit for exhibit in question.exhibits},
    ).of(answer)


@attrs.define
class _Weighing:
    options: Mapping[str, Option]
    exhibits: Mapping[str, Exhibit]
    cited: int = 0
    dropped: dict[Dropped, int] = attrs.field(factory=dict)

    def of(self, answer: Answer) -> Counsel:
        both_ways = _both_ways(answer.statements)
        added = [
            one
            for place, statement in enumerate(answer.statements)
            if (one := self._reading(place, statement, both_ways)) is not None
        ]
        words: dict[str, str] = {}
        for wording in answer.wordings:
            if wording.option in words:
                self._drop(Dropped.TOO_MANY)
            elif self._kept(wording.option, wording.cites, wording.text):
                words[wording.option] = wording.text.strip()
        return Counsel(
            added=tuple(added),
            words=words,
            summary=tuple(self._lines(answer.summary)),
            cited=self.cited,
            dropped=dict(sorted(self.dropped.items())),
        )

    def _reading(self, place: int, statement: Statement, both_ways: frozenset[tuple[str, str]]) -> AddedEvidence | None:
        if place >= MOST_STATEMENTS:
            self._drop(Dropped.TOO_MANY)
            return None
        if any((statement.option, key) in both_ways for key in statement.cites):
            self._drop(Dropped.CONTRADICTS_ITSELF)
            return None
        if not self._kept(statement.option, statement.cites, statement.text):
            return None
        option = self.options[statement.option]
        shown = [self.exhibits[key] for key in dict.fromkeys(statement.cites)]
        feature, read = _read(option, statement.polarity, shown)
        (evidence,) = clue(
            feature,
            SEVERAL_KINDS if len({one.kind for one in shown}) > 1 else ONE_KIND,
            subject=option.subject,
            kind=EvidenceKind.READING,
            refers_to=read.refers_to,
            summary=f"read by the model: {statement.text.strip()}",
            at=read.at,
        )
        return AddedEvidence(kind=option.kind, subject=option.subject, change_id=option.change_id, evidence=evidence)

    def _lines(self, lines: Sequence[SummaryLine]) -> Iterable[SummaryLine]:
        kept = 0
        for line in lines:
            if kept == MOST_LINES:
                self._drop(Dropped.TOO_MANY)
            elif self._founded(line.cites, line.text, longest=LONGEST_LINE):
                kept += 1
                stored = tuple(dict.fromkeys(self.exhibits[key].refers_to for key in line.cites))
                yield SummaryLine(text=line.text.strip(), cites=stored)

    def _kept(self, option: str, cites: Sequence[str], text: str) -> bool:
        found = self.options.get(option)
        if found is None or found.kind is CandidateKind.OTHERS:
            self._drop(Dropped.UNKNOWN_CANDIDATE)
            return False
        return self._founded(cites, text, found.subject, found.claim)

    def _founded(self, cites: Sequence[str], text: str, *known: str, longest: int | None = None) -> bool:
        if not cites:
            self._drop(Dropped.UNCITED)
            return False
        if any(key not in self.exhibits for key in cites):
            self._drop(Dropped.UNKNOWN_EVIDENCE)
            return False
        shown = [self.exhibits[key] for key in cites]
        grounds = [*known, *(text for one in shown for text in (one.subject, one.summary, one.text))]
        against = objection(text, grounds) if longest is None else objection(text, grounds, longest=longest)
        if against is not None:
            self._drop(against)
            return False
        self.cited += 1
        return True

    def _drop(self, why: Dropped) -> None:
        self.dropped[why] = self.dropped.get(why, 0) + 1


def _both_ways(statements: Sequence[Statement]) -> frozenset[tuple[str, str]]:
    """What is said to speak for a candidate and against it: neither counts."""
    said: dict[tuple[str, str], set[Polarity]] = {}
    for statement in statements:
        for key in statement.cites:
            said.setdefault((statement.option, key), set()).add(statement.polarity)
    return frozenset(pair for pair, polarities in said.items() if len(polarities) > 1)


def _read(option: Option, polarity: Polarity, shown: Sequence[Exhibit]) -> tuple[Feature, Exhibit]:
    """Return the feature that a reading feeds, and what it is foremost a reading of: a diff before a log before the rest."""
    own = [one for one in shown if _is_own(option, one)]
    diff = next((one for one in own if one.kind is EvidenceKind.CHANGE and one.text), None)
    log = next((one for one in own if one.kind is EvidenceKind.LOG_TEMPLATE), None)
    read = diff or log or shown[0]
    if polarity is Polarity.CONTRADICTS:
        return Feature.ADVISED_AGAINST, read
    if diff is not None:
        return Feature.ADVISED_DIFF, read
    return (Feature.ADVISED_LOGS if log is not None else Feature.ADVISED_FIT), read


def _is_own(option: Option, exhibit: Exhibit) -> bool:
    if option.change_id is not None and exhibit.kind is EvidenceKind.CHANGE:
        return exhibit.refers_to == str(option.change_id)
    return bool(option.subject) and option.subject == exhibit.subject
