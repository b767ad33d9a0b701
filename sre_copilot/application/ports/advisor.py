"""Whoever can be asked about a diagnosis: a language model, near or far, or nobody."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol
from uuid import UUID

import attrs

from sre_copilot.domain.advice import Answer, Question, Reply, Usage

MOST_CALLS = 6
"""Uses of tools in one consultation; the advisor has to answer with what it knows by then."""
LONGEST_READING = 4_000
"""Characters of what a tool reads; the rest is cut off."""


@attrs.frozen(kw_only=True)
class Tool:
    """Something to read with. It changes nothing, and calls nobody whom the advisor names.

    `parameters` are names with what they mean; all are texts, and may be left out by the advisor. `read` gets those that
    were given and returns text from outside, which is data. It never raises for what an advisor gives it.
    """

    name: str
    description: str
    parameters: Mapping[str, str]
    read: Callable[[Mapping[str, str]], str]


@attrs.frozen(kw_only=True)
class Prices:
    """What a model costs, in US dollars per million tokens, which are millionths of a dollar per token."""

    prompt: float
    completion: float
    cache_read: float
    cache_written: float

    def microdollars(self, usage: Usage) -> int:
        """Return what `usage` costs in millionths of a US dollar, rounded up."""
        plain = max(0, usage.prompt - usage.cache_read - usage.cache_written)
        cost = (
            plain * self.prompt
            + usage.completion * self.completion
            + usage.cache_read * self.cache_read
            + usage.cache_written * self.cache_written
        )
        return int(-(-cost // 1))


@attrs.frozen(kw_only=True)
class Terms:
    """On which terms an advisor is asked. `prompt` names the version of what it is told; tokens are counted in and out."""

    model: str
    prompt: str
    prices: Prices
    tokens_a_day: int
    """For each tenant, by UTC day."""
    tokens_each: int
    """For one consultation; it never costs more."""


class Advisor(Protocol):
    """Reads what a diagnosis was made of. Slow; never asked in a transaction. Thread-safe. Has nothing to write with."""

    @property
    def terms(self) -> Terms | None:
        """The terms, None where nobody is to be asked."""

    @abstractmethod
    def ask(self, question: Question, tools: Sequence[Tool], *, tenant_id: UUID) -> Answer:
        """Return the answer within the advisor's own deadline, 60 s at most; whatever goes wrong is an answer too.

        At most `MOST_CALLS` uses of `tools`. Nothing leaves that was not redacted, as of the tenant.
        """


@attrs.frozen
class NoAdvisor:
    """Nobody to ask."""

    @property
    def terms(self) -> Terms | None:
        """None."""
        return None

    def ask(self, question: Question, tools: Sequence[Tool], *, tenant_id: UUID) -> Answer:
        """Say that nobody answers."""
        return Answer(reply=Reply.UNAVAILABLE, detail="Nobody is set up to be asked.")
