"""Advisors: whatever they are made of, they answer within the rules of the port."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

import attrs
import pytest

from sre_copilot.application.ports.advisor import MOST_CALLS, Advisor, Tool
from sre_copilot.domain.advice import Answer, Exhibit, Option, Question, Reply, Statement, SummaryLine, Wording
from sre_copilot.domain.hypotheses import CandidateKind, EvidenceKind, Polarity

TENANT = UUID(int=11)
QUESTION = Question(
    title="shop is slow",
    alarm="shop",
    onset=datetime(2026, 3, 1, 12, 15, tzinfo=UTC),
    options=(Option(key="c1", kind=CandidateKind.SERVICE, subject="shop", claim="It is shop.", supporting=("e1",)),),
    exhibits=(
        Exhibit(key="e1", kind=EvidenceKind.SIGNAL, refers_to="signal-1", subject="shop", summary="shop: is slow"),
    ),
)
STATEMENT = Statement(option="c1", polarity=Polarity.SUPPORTS, cites=("e1",), text="It fits.")
WORDING = Wording(option="c1", cites=("e1",), text="It became slow.")
LINE = SummaryLine(text="Look at shop.", cites=("e1",))


@attrs.frozen
class Uses:
    """The model wants to use a tool with these arguments."""

    tool: str
    given: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class Says:
    """The model answers with these."""

    statements: Sequence[Statement] = ()
    wordings: Sequence[Wording] = ()
    summary: Sequence[SummaryLine] = ()


Turn = Uses | Says | Reply


class AdvisorConformance:
    """Subclass it and say how to make an advisor whose model takes these turns; the last one is repeated."""

    @abstractmethod
    def advisor(self, *turns: Turn) -> Advisor:
        """Return the advisor."""

    def ask(self, *turns: Turn, tools: Sequence[Tool] = ()) -> Answer:
        """Return what it answers to the question of this kit."""
        return self.advisor(*turns).ask(QUESTION, tools, tenant_id=TENANT)

    def test_it_tells_its_terms(self) -> None:
        """Which model, which prompt, and how much it may cost."""
        terms = self.advisor(Says()).terms
        assert terms is not None
        assert terms.model
        assert terms.prompt
        assert 0 < terms.tokens_each <= terms.tokens_a_day

    def test_what_the_model_says_comes_back_as_it_is(self) -> None:
        """Nothing is judged here, that is for the domain."""
        answer = self.ask(Says((STATEMENT,), (WORDING,), (LINE,)))
        assert (answer.reply, answer.statements) == (Reply.ANSWERED, (STATEMENT,))
        assert (answer.wordings, answer.summary) == ((WORDING,), (LINE,))
        assert answer.usage.prompt > 0
        assert answer.usage.completion > 0
        assert answer.sent

    @pytest.mark.parametrize("reply", [Reply.REFUSED, Reply.TRUNCATED, Reply.UNREADABLE, Reply.UNAVAILABLE])
    def test_without_an_answer_it_says_why_and_nothing_else(self, reply: Reply) -> None:
        """In a few words, never with an error."""
        answer = self.ask(reply)
        assert answer.reply is reply
        assert 0 < len(answer.detail) < 200
        assert (answer.statements, answer.wordings, answer.summary) == ((), (), ())

    def test_a_tool_is_given_what_the_model_gives_and_knows(self) -> None:
        """Unknown parameters are left out."""
        given: list[Mapping[str, str]] = []
        answer = self.ask(Uses("peek", {"service": "shop", "path": "/"}), Says((STATEMENT,)), tools=(peek(given),))
        assert given == [{"service": "shop"}]
        assert answer.statements == (STATEMENT,)

    def test_a_model_that_only_reads_is_stopped(self) -> None:
        """After as many uses as there may be."""
        given: list[Mapping[str, str]] = []
        answer = self.ask(Uses("peek"), tools=(peek(given),))
        assert answer.reply is not Reply.ANSWERED
        assert len(given) == MOST_CALLS

    def test_a_tool_that_there_is_not_is_not_used(self) -> None:
        """And the model may still answer."""
        given: list[Mapping[str, str]] = []
        answer = self.ask(Uses("resolve"), Says((STATEMENT,)), tools=(peek(given),))
        assert (answer.reply, given) == (Reply.ANSWERED, [])


def peek(given: list[Mapping[str, str]]) -> Tool:
    """Return a tool that notes what it is given."""

    def read(arguments: Mapping[str, str]) -> str:
        given.append(arguments)
        return "nothing unusual"

    return Tool(name="peek", description="Reads.", parameters={"service": "Which one."}, read=read)
