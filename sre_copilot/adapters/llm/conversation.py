"""One consultation: the question, what the model wants to read, and its answer, within a deadline and a budget."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import attrs

from sre_copilot.adapters.llm.prompting import (
    ANSWER_SCHEMA,
    as_data,
    question_document,
    system_prompt,
    tool_definitions,
)
from sre_copilot.adapters.llm.responses import Message, Unreadable, read_answer, read_message
from sre_copilot.adapters.llm.sending import Ended, Sending
from sre_copilot.application.ports.advisor import LONGEST_READING, MOST_CALLS, Tool
from sre_copilot.domain.advice import Answer, Question, Reply, Usage
from sre_copilot.domain.errors import CopilotError

MOST_COMPLETION = 4_096
"""Tokens of one response, thinking included."""
BYTES_PER_TOKEN = 2
"""Fewer than text of any kind has, so that an estimate is never too low."""
CACHED = {"type": "ephemeral"}
"""Marks the end of what stays the same: tools and prompt for all questions, and the question for its own conversation."""
LEAST_TIME_TO_READ = 12.0
"""Seconds that have to be left for the use of a tool, which may take 10."""
ENOUGH = "There are no more uses of tools. Answer now with what you have."
_STOPPED = {
    "refusal": (Reply.REFUSED, "the model declined to answer"),
    "max_tokens": (Reply.TRUNCATED, "the answer was longer than it may be"),
    "model_context_window_exceeded": (Reply.TRUNCATED, "the question was longer than the model can read"),
}


@attrs.define(kw_only=True)
class Conversation:
    """Asks once. `redact` takes out of a JSON-like document what may not leave; `digest` gives the hash that is kept of a text."""

    sending: Sending
    model: str
    effort: str
    tokens_each: int
    tools: Sequence[Tool]
    redact: Callable[[Any], Any]
    digest: Callable[[str], str]
    usage: Usage = attrs.field(factory=Usage, init=False)
    sent: list[str] = attrs.field(factory=list, init=False)
    _uses: int = attrs.field(default=0, init=False)

    def hold(self, question: Question) -> Answer:
        """Return what came of it."""
        try:
            statements, wordings, summary = self._asked(question)
        except Ended as end:
            return Answer(reply=end.reply, detail=end.detail, usage=self.usage, sent=tuple(self.sent))
        except Unreadable as error:
            return Answer(
                reply=Reply.UNREADABLE,
                detail=f"the answer can't be read: {error}",
                usage=self.usage,
                sent=tuple(self.sent),
            )
        return Answer(
            reply=Reply.ANSWERED,
            statements=statements,
            wordings=wordings,
            summary=summary,
            usage=self.usage,
            sent=tuple(self.sent),
        )

    def _asked(self, question: Question) -> Any:
        asked = as_data(self.redact(question_document(question)), "incident")
        messages: list[dict[str, Any]] = [
            {"role": "user", "content": [{"type": "text", "text": asked, "cache_control": CACHED}]}
        ]
        self.sent.append(self.digest(asked))
        # A round for each use of a tool, one in which it hears that there are no more, and its answer.
        for _ in range(MOST_CALLS + 2):
            message = self._round(messages)
            if message.stop == "end_turn":
                return read_answer(message.text)
            if message.stop in _STOPPED:
                raise Ended(*_STOPPED[message.stop])
            if message.stop != "tool_use":
                raise Unreadable("it stopped for an unknown reason")
            messages += [{"role": "assistant", "content": list(message.content)}, self._read(message)]
        raise Ended(Reply.UNREADABLE, "the model kept on reading and never answered")

    def _round(self, messages: list[dict[str, Any]]) -> Message:
        request = self._request(messages)
        size = len(json.dumps(request, ensure_ascii=False).encode("utf-8", "surrogatepass"))
        estimated = Usage(prompt=size // BYTES_PER_TOKEN, completion=MOST_COMPLETION)
        if self.usage.total + estimated.total > self.tokens_each:
            raise Ended(Reply.OVER_TOKENS, "more would have had to be sent than one consultation may cost")
        before = self.usage
        # Until it says what it cost, it may have cost all that it could.
        self.usage = before.plus(estimated)
        try:
            body = self.sending.send(request)
        except Ended as end:
            if end.reply is not Reply.LATE:
                self.usage = before
            raise
        message = read_message(body)
        self.usage = before.plus(message.usage)
        return message

    def _request(self, messages: list[dict[str, Any]]) -> dict[str, Any]:
        output: dict[str, Any] = {"format": {"type": "json_schema", "schema": ANSWER_SCHEMA}}
        if self.effort:
            output["effort"] = self.effort
        request: dict[str, Any] = {
            "model": self.model,
            "max_tokens": MOST_COMPLETION,
            "system": [{"type": "text", "text": system_prompt(), "cache_control": CACHED}],
            "messages": messages,
            "output_config": output,
        }
        if self.tools:
            request["tools"] = tool_definitions(self.tools)
        return request

    def _read(self, message: Message) -> dict[str, Any]:
        """The results of the tools that were asked for: all in one message, as the API wants it."""
        uses = message.tool_uses
        if not uses:
            raise Unreadable("it wants to use a tool and names none")
        return {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": use.id, "content": self._used(use.name, use.given)}
                for use in uses
            ],
        }

    def _used(self, name: str, given: Any) -> str:
        tool = next((one for one in self.tools if one.name == name), None)
        if tool is None:
            return "There is no such tool."
        if self._uses >= MOST_CALLS or self.sending.until.left < LEAST_TIME_TO_READ:
            return ENOUGH
        self._uses += 1
        known = {parameter: value for parameter, value in given.items() if parameter in tool.parameters}
        try:
            text = tool.read(known)[:LONGEST_READING]
        except CopilotError:
            text = "That can't be read now."
        read = as_data(self.redact(text), "data")
        self.sent.append(self.digest(read))
        return read
