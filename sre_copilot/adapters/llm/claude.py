"""Claude as an advisor: one conversation at a time within one deadline and one budget; every failure is an answer too."""

import random
import time
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import attrs

from sre_copilot.adapters.llm.breaker import FAILURES, Breaker
from sre_copilot.adapters.llm.conversation import Conversation
from sre_copilot.adapters.llm.prompting import PROMPT
from sre_copilot.adapters.llm.sending import Sending
from sre_copilot.adapters.llm.transport import Until
from sre_copilot.application.ports.advisor import Prices, Terms, Tool
from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.outgoing import Outgoing
from sre_copilot.domain.advice import Answer, Question, Reply
from sre_copilot.domain.redaction.documents import keyed_sha256, redact, redaction_key

LONGEST = 60.0
"""Seconds that a consultation takes at most, whatever is configured."""
DOWN = frozenset({Reply.UNAVAILABLE, Reply.LATE})
"""What says that the service is in trouble; that it refuses, or talks nonsense, does not."""


@attrs.frozen(kw_only=True)
class ClaudeAdvisor:
    """Asks the Messages API at `base_url`. Thread-safe.

    Requests go through the guarded client of all outgoing requests and to `base_url` alone. `secret` (16 bytes or more) makes
    the keys that redaction hashes with. `deadline` is in seconds, at most 60.
    """

    key: str = attrs.field(repr=False)
    secret: bytes = attrs.field(repr=False)
    outgoing: Outgoing
    clock: Clock
    model: str
    base_url: str
    prices: Prices
    tokens_a_day: int
    tokens_each: int
    effort: str = ""
    deadline: float = LONGEST
    breaker: Breaker = attrs.field(factory=Breaker)
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random

    @property
    def terms(self) -> Terms:
        """What was configured."""
        return Terms(
            model=self.model,
            prompt=PROMPT,
            prices=self.prices,
            tokens_a_day=self.tokens_a_day,
            tokens_each=self.tokens_each,
        )

    def ask(self, question: Question, tools: Sequence[Tool], *, tenant_id: UUID) -> Answer:
        """Return the answer, or why there is none, within the deadline."""
        if not self.breaker.lets_through():
            return Answer(
                reply=Reply.UNAVAILABLE,
                detail=f"not asked: the last {FAILURES} or more questions failed, so it gets a rest",
            )
        key = redaction_key(self.secret, tenant_id)

        def redacted(document: Any) -> Any:
            return redact(document, key=key).document

        conversation = Conversation(
            sending=Sending(
                key=self.key,
                base_url=self.base_url,
                outgoing=self.outgoing,
                until=Until(time.monotonic() + min(self.deadline, LONGEST)),
                now=self.clock.now,
                sleep=self.sleep,
                chance=self.chance,
            ),
            model=self.model,
            effort=self.effort,
            tokens_each=self.tokens_each,
            tools=tools,
            redact=redacted,
            digest=lambda text: keyed_sha256(key, text),
        )
        answer = conversation.hold(question)
        self.breaker.note(worked=answer.reply not in DOWN)
        return answer
