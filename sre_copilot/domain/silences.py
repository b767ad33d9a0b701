"""Silences: for a time, signals that fit open and join no incident. They are recorded like any others."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from uuid import UUID

import attrs

from sre_copilot.domain.errors import InvalidInput
from sre_copilot.domain.expressions import LONGEST_TEXT, compiled
from sre_copilot.domain.integrations import Integration
from sre_copilot.domain.signals import Signal
from sre_copilot.domain.subjects import NAME_LABEL
from sre_copilot.domain.text import NAME_LENGTH, checked_text

MOST_MATCHERS = 20
MOST_SILENCES = 500
"""How many of a tenant may be in force or to come at a time: each new episode is held against all of them."""
LONGEST_VALUE = 2000
LONGEST_COMMENT = 2000
MOST_WORK = 1_000_000
"""Steps of regular expressions that one signal is worth, a few dozen milliseconds; nobody gets near with sane ones."""

_WRITTEN = re.compile(
    r'\s*([^\s=!~{},"]+)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"\s*|([^"{},=~\s][^"{},]*|))(?:,|$)', re.DOTALL
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class Operator(StrEnum):
    """How a value is compared."""

    EQUAL = "="
    NOT_EQUAL = "!="
    FITS = "=~"
    FITS_NOT = "!~"

    @property
    def is_negative(self) -> bool:
        """Whether it holds where the comparison doesn't."""
        return self in (Operator.NOT_EQUAL, Operator.FITS_NOT)

    @property
    def is_expression(self) -> bool:
        """Whether the value is a regular expression, which has to fit as a whole."""
        return self in (Operator.FITS, Operator.FITS_NOT)


Facts = Mapping[str, tuple[str, ...]]
"""What a signal says, by name. Where a field and a label have one name, both are there."""


@attrs.frozen
class Matcher:
    """One condition. `value` is a text, or a regular expression that has to fit as a whole; absent equals empty."""

    name: str
    operator: Operator
    value: str

    def holds(self, facts: Facts) -> bool:
        """Whether the signal meets it. A negative one asks that nothing of that name is what it says.

        A value of more than 256 characters is no case for a regular expression: then neither =~ nor !~ holds, as people
        are rather told once too often.
        """
        values = facts.get(self.name, ("",))
        if not self.operator.is_expression:
            return (self.value in values) is not self.operator.is_negative
        if any(len(value) > LONGEST_TEXT for value in values):
            return False
        expression = compiled(self.value)
        return any(expression.fits(value) for value in values) is not self.operator.is_negative

    def work(self, facts: Facts) -> int:
        """How many steps `holds` may take."""
        if not self.operator.is_expression:
            return 1
        expression = compiled(self.value)
        return sum(expression.work(value) for value in facts.get(self.name, ("",)))

    @property
    def accepts_anything(self) -> bool:
        """Whether it also holds where nothing of that name was said."""
        return self.holds({})

    def __str__(self) -> str:
        quoted = self.value.replace("\\", "\\\\").replace('"', '\\"')
        return f'{self.name}{self.operator}"{quoted}"'


class SilenceState(StrEnum):
    """Where a silence stands."""

    PENDING = "pending"
    ACTIVE = "active"
    EXPIRED = "expired"


@attrs.frozen(kw_only=True)
class Silence:
    """Keep what all its matchers fit from opening or joining an incident, from `starts_at` until before `ends_at`.

    `ended_at` is when people ended it early, or called it off before it began.
    """

    id: UUID
    tenant_id: UUID
    matchers: tuple[Matcher, ...]
    starts_at: datetime
    ends_at: datetime
    comment: str
    created_by: UUID | None
    created_at: datetime
    ended_at: datetime | None = None
    ended_by: UUID | None = None

    def stands(self, now: datetime) -> SilenceState:
        """Where it stands at `now`."""
        if self.ended_at is not None or self.ends_at <= now:
            return SilenceState.EXPIRED
        return SilenceState.ACTIVE if self.starts_at <= now else SilenceState.PENDING

    def ended(self, by: UUID | None, at: datetime) -> "Silence":
        """Return it ended early; one that is over stays as it is."""
        if self.stands(at) is SilenceState.EXPIRED:
            return self
        return attrs.evolve(self, ended_at=at, ended_by=by)

    def silences(self, facts: Facts) -> bool:
        """Whether all its matchers hold, at whatever time."""
        return all(matcher.holds(facts) for matcher in self.cheap_first)

    @cached_property
    def cheap_first(self) -> tuple[Matcher, ...]:
        """Its matchers, plain comparisons before regular expressions."""
        return tuple(sorted(self.matchers, key=lambda matcher: matcher.operator.is_expression))


@attrs.frozen(kw_only=True)
class ShownSilence(Silence):
    """A silence, with where it stood when somebody looked."""

    state: SilenceState

    @classmethod
    def of(cls, silence: Silence, now: datetime) -> "ShownSilence":
        """Return the silence as it stands at `now`."""
        fields = {field.name: getattr(silence, field.name) for field in attrs.fields(Silence) if field.init}
        return cls(**fields, state=silence.stands(now))


def silence_of(silences: Iterable[Silence], facts: Facts, *, most_work: int = MOST_WORK) -> Silence | None:
    """Return the first of these silences, all in force, that fits, or None.

    Where looking would take more than `most_work` steps of regular expressions, it ends and people are told.
    """
    work = 0
    for silence in silences:
        for matcher in silence.cheap_first:
            if matcher.operator.is_expression:
                work += matcher.work(facts)
                if work > most_work:
                    return None
            if not matcher.holds(facts):
                break
        else:
            return silence
    return None


def facts_of(signal: Signal, integration: Integration | None = None) -> Facts:
    """What matchers see of a signal: its labels and, under their names, its fields, with the vendor's own words for them.

    `service`, `environment`, `severity`, `name` and `alertname`, and `integration`: its type and id, and its name where it
    is given.
    """
    draft = signal.draft
    fields = (
        ("service", draft.service),
        ("environment", draft.environment.value),
        ("environment", draft.environment_word),
        ("severity", draft.severity.value),
        ("severity", draft.severity_word),
        ("name", draft.name),
        (NAME_LABEL, draft.name),
        ("integration", signal.source),
        ("integration", str(signal.integration_id)),
        ("integration", integration.name if integration is not None else ""),
    )
    facts = {name: (value,) for name, value in draft.labels.items()}
    for name, value in fields:
        there = facts.get(name, ())
        if value and value not in there:
            facts[name] = (*there, value)
    return facts


def checked_comment(comment: str) -> str:
    """Return the comment without white space around it. Raises InvalidInput for a blank or overlong one."""
    stripped = checked_text("The comment", comment).strip()
    if not 0 < len(stripped) <= LONGEST_COMMENT:
        raise InvalidInput(f"Say why in a comment of 1 to {LONGEST_COMMENT} characters.")
    return stripped


def checked_matchers(matchers: Sequence[Matcher]) -> tuple[Matcher, ...]:
    """Return the matchers, each once.

    Raises InvalidInput where there are none or too many, one can't be understood, or all of them would hold for anything.
    """
    found = tuple(dict.fromkeys(matchers))
    if not 0 < len(found) <= MOST_MATCHERS:
        raise InvalidInput(f"Give 1 to {MOST_MATCHERS} matchers, such as service=checkout or alertname=~Disk.*")
    for matcher in found:
        if not 0 < len(checked_text("A matcher's name", matcher.name).strip()) <= NAME_LENGTH:
            raise InvalidInput(f"A matcher's name needs 1 to {NAME_LENGTH} characters.")
        if len(checked_text("A matcher's value", matcher.value)) > LONGEST_VALUE:
            raise InvalidInput(f"A matcher's value may have {LONGEST_VALUE} characters at most.")
        if matcher.operator.is_expression:
            compiled(matcher.value)
    if all(matcher.accepts_anything for matcher in found):
        raise InvalidInput(
            "These matchers would silence everything; give one that an absent value doesn't meet, such as service=~.+"
        )
    return found


def read_matchers(text: str) -> tuple[Matcher, ...]:
    """Read matchers as people write them: service=checkout, or {alertname=~"Disk.*", severity!="critical"}.

    Raises InvalidInput where they can't be understood; a value with a comma, a brace or a quote has to be quoted.
    """
    stripped = text.strip()
    if stripped.startswith("{") and stripped.endswith("}"):
        stripped = stripped[1:-1]
    found: list[Matcher] = []
    at = 0
    while at < len(stripped):
        written = _WRITTEN.match(stripped, at)
        if written is None:
            raise InvalidInput(
                'This is no matcher; write name, one of = != =~ !~, and a value: service=checkout or alertname=~"Disk.*"'
            )
        name, operator, quoted, plain = written.groups()
        value = _ESCAPED.sub(r"\1", quoted) if quoted is not None else plain.strip()
        found.append(Matcher(name, Operator(operator), value))
        at = written.end()
    return tuple(found)
