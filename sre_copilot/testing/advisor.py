"""An advisor that says what a test wrote down, and keeps what it was asked."""

from collections.abc import Callable, Sequence
from uuid import UUID

import attrs

from sre_copilot.application.ports.advisor import MOST_CALLS, Prices, Terms, Tool
from sre_copilot.domain.advice import Answer, Question, Reply, Usage

PRICES = Prices(prompt=2.0, completion=10.0, cache_read=0.1, cache_written=2.5)
TERMS = Terms(model="claude-fake", prompt="diagnosis-1", prices=PRICES, tokens_a_day=500_000, tokens_each=60_000)
COST = Usage(prompt=1000, completion=100)


@attrs.frozen
class Use:
    """The model wants to use a tool first."""

    tool: str
    given: dict[str, str] = attrs.field(factory=dict)


Saying = Answer | Use | Callable[[Question], Answer]


def answered(**said: object) -> Answer:
    """Return an answer that cost 1,000 tokens in and 100 out."""
    return Answer(**{"reply": Reply.ANSWERED, "usage": COST, "sent": ("0" * 64,), **said})  # type: ignore[arg-type]


@attrs.define
class ScriptedAdvisor:
    """Says what is written down, one after the other; the last one stays. `asked` are the questions, oldest first."""

    says: list[Saying] = attrs.field(factory=lambda: [answered()])
    terms: Terms | None = TERMS
    asked: list[Question] = attrs.field(factory=list, init=False)

    def ask(self, question: Question, tools: Sequence[Tool], *, tenant_id: UUID) -> Answer:
        """Return what is written down, after the tools that it wants to use."""
        self.asked.append(question)
        uses = 0
        while isinstance(said := self._next(), Use):
            tool = next((one for one in tools if one.name == said.tool), None)
            if uses == MOST_CALLS:
                return Answer(reply=Reply.UNREADABLE, detail="it never stopped reading", usage=COST)
            uses += 1
            if tool is not None:
                tool.read({name: value for name, value in said.given.items() if name in tool.parameters})
        return said(question) if callable(said) else said

    def _next(self) -> Saying:
        return self.says.pop(0) if len(self.says) > 1 else self.says[0]
