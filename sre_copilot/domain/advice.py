"""What an advisor is asked about a diagnosis, and what it answers. Nothing here knows which model that is."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import attrs

from sre_copilot.domain.hypotheses import CandidateKind, EvidenceKind, Polarity


@attrs.frozen(kw_only=True)
class Exhibit:
    """One stored thing that may be cited, by its `key` in the question.

    `refers_to` is what is stored, as evidence has it. `subject` is the component that it is about, "" where it is about
    several. `text` is what there is to read beyond the summary: the diff of a change, the lines of a log.
    """

    key: str
    kind: EvidenceKind
    refers_to: str
    subject: str
    summary: str
    text: str = attrs.field(default="", repr=False)
    at: datetime | None = None


@attrs.frozen(kw_only=True)
class Option:
    """One candidate that may be spoken of, by its `key` in the question; `supporting` and `contradicting` are keys of exhibits."""

    key: str
    kind: CandidateKind
    subject: str
    claim: str
    change_id: UUID | None = None
    supporting: tuple[str, ...] = ()
    contradicting: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Question:
    """The best candidates of a diagnosis, best first, with all that may be cited.

    Every text in it comes from outside and is data: alerts, commit messages, diffs, logs. Confidences are not told.
    """

    title: str
    alarm: str
    onset: datetime
    options: tuple[Option, ...]
    exhibits: tuple[Exhibit, ...]
    services: tuple[str, ...] = ()
    calls: tuple[tuple[str, str], ...] = ()


@attrs.frozen(kw_only=True)
class Statement:
    """That what is cited (keys of exhibits) speaks for or against a candidate (key of an option), and how, in a sentence."""

    option: str
    polarity: Polarity
    cites: tuple[str, ...]
    text: str


@attrs.frozen(kw_only=True)
class Wording:
    """How a candidate is described, by what is cited."""

    option: str
    cites: tuple[str, ...]
    text: str


@attrs.frozen(kw_only=True)
class SummaryLine:
    """One line of a summary, by what is cited. In a question's answer these are keys of exhibits, when kept what is stored."""

    text: str
    cites: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Usage:
    """Tokens that a consultation cost. `prompt` counts all that was sent; `cache_read` and `cache_written` are parts of it."""

    prompt: int = 0
    completion: int = 0
    cache_read: int = 0
    cache_written: int = 0

    @property
    def total(self) -> int:
        """What counts against a budget."""
        return self.prompt + self.completion

    def plus(self, other: "Usage") -> "Usage":
        """Return both together."""
        return Usage(
            prompt=self.prompt + other.prompt,
            completion=self.completion + other.completion,
            cache_read=self.cache_read + other.cache_read,
            cache_written=self.cache_written + other.cache_written,
        )


class Reply(StrEnum):
    """What became of a question."""

    ANSWERED = "answered"
    REFUSED = "refused"
    """The model declined to answer."""
    TRUNCATED = "truncated"
    """The answer was longer than it may be."""
    UNREADABLE = "unreadable"
    """The answer is not of the form that was asked for."""
    UNAVAILABLE = "unavailable"
    """Nobody answered: down, overloaded, or refusing our key."""
    LATE = "late"
    """The answer did not come within the deadline."""
    OVER_TOKENS = "over_tokens"
    """More would have had to be sent than one consultation may cost."""


@attrs.frozen(kw_only=True)
class Answer:
    """What the advisor said, and what it cost; everything but `reply` ANSWERED comes without a word.

    `detail` says in a few words why there is none; `sent` are SHA-256 hashes of what left, in order.
    """

    reply: Reply
    statements: tuple[Statement, ...] = ()
    wordings: tuple[Wording, ...] = ()
    summary: tuple[SummaryLine, ...] = ()
    usage: Usage = attrs.field(factory=Usage)
    detail: str = ""
    sent: tuple[str, ...] = ()


class Dropped(StrEnum):
    """Why something that an advisor said is not shown and counts nothing."""

    UNCITED = "uncited"
    UNKNOWN_EVIDENCE = "unknown_evidence"
    UNKNOWN_CANDIDATE = "unknown_candidate"
    CONTRADICTS_ITSELF = "contradicts_itself"
    UNFOUNDED_NUMBER = "unfounded_number"
    FORBIDDEN_WORDS = "forbidden_words"
    TOO_LONG = "too_long"
    TOO_MANY = "too_many"
