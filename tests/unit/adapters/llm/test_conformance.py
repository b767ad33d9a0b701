"""The kit for advisors, on Claude over real HTTP and on the twin in memory."""

from collections.abc import Iterator

import pytest

from sre_copilot.application.ports.advisor import Advisor
from sre_copilot.domain.advice import Answer, Reply
from sre_copilot.testing.advisor import ScriptedAdvisor, Use, answered
from sre_copilot.testing.conformance.advisor import AdvisorConformance, Says, Turn, Uses
from sre_copilot.testing.messages_api import Behaviour, MessagesApi, answers, fails, garbage, reads, refuses, truncates
from tests.unit.adapters.llm.test_claude import advisor

FAILING: dict[Reply, Behaviour] = {
    Reply.REFUSED: refuses,
    Reply.TRUNCATED: truncates,
    Reply.UNREADABLE: garbage(),
    Reply.UNAVAILABLE: fails(529),
}


def behaviour(turn: Turn) -> Behaviour:
    if isinstance(turn, Uses):
        return reads(turn.tool, **turn.given)
    if isinstance(turn, Reply):
        return FAILING[turn]
    statements = [
        {"candidate": one.option, "verdict": one.polarity.value, "cites": list(one.cites), "text": one.text}
        for one in turn.statements
    ]
    descriptions = [{"candidate": one.option, "cites": list(one.cites), "text": one.text} for one in turn.wordings]
    summary = [{"text": one.text, "cites": list(one.cites)} for one in turn.summary]
    return answers({"statements": statements, "descriptions": descriptions, "summary": summary})


class TestClaude(AdvisorConformance):
    @pytest.fixture(autouse=True)
    def listening(self) -> Iterator[None]:
        with MessagesApi() as self.api:
            yield

    def advisor(self, *turns: Turn) -> Advisor:
        self.api.behave(*map(behaviour, turns))
        return advisor(self.api, deadline=60.0)


class TestTwin(AdvisorConformance):
    def advisor(self, *turns: Turn) -> Advisor:
        return ScriptedAdvisor([self.saying(turn) for turn in turns])

    def saying(self, turn: Turn) -> Answer | Use:
        if isinstance(turn, Uses):
            return Use(turn.tool, dict(turn.given))
        if isinstance(turn, Says):
            return answered(
                statements=tuple(turn.statements), wordings=tuple(turn.wordings), summary=tuple(turn.summary)
            )
        return Answer(reply=turn, detail="because")
