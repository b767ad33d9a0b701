"""`sre-copilot diagnose` with a key for Claude, which answers over real HTTP."""

from collections.abc import Iterator

import pytest

from sre_copilot.testing.messages_api import MessagesApi, refuses
from tests.e2e.command_line import Terminal, new_tenant
from tests.e2e.installation import Installation

KEY = "sk-ant-planted-4711"


@pytest.fixture
def api() -> Iterator[MessagesApi]:
    with MessagesApi([refuses]) as running:
        yield running


def test_what_became_of_the_question_is_said_on_the_incident(installation: Installation, api: MessagesApi) -> None:
    terminal: Terminal = new_tenant(installation, "prometheus")
    incident = terminal.told("incidents", "declare", "Checkout fails", "--service", "checkout")["id"]
    with_key = {
        "SRE_COPILOT_LLM_KEY": KEY,
        "SRE_COPILOT_LLM_BASE_URL": api.base_url,
        "SRE_COPILOT_ALLOW_PRIVATE_ADDRESSES": "true",
    }
    refused = terminal("diagnose", incident, environment=with_key, columns=200).expect(0).out
    assert "claude-sonnet-5-5 gave no usable answer: the model declined to answer." in refused
    assert "Hypotheses" in refused
    no_tokens = {**with_key, "SRE_COPILOT_LLM_DAILY_TOKENS": "1000"}
    over = terminal("diagnose", incident, environment=no_tokens, columns=200).expect(0).out
    assert "claude-sonnet-5-5 was not asked: the budget of 1000 tokens" in over
    assert len(api.received) == 1
    shown = terminal("incidents", "show", incident, columns=200).expect(0).out
    assert "was not asked: the budget of 1000 tokens" in shown
    usage = terminal("reports", "language-model", "--json").expect(0)
    assert [(day["asked"], day["over_budget"], day["prompt_tokens"]) for day in usage.document] == [(1, 1, 1000)]
    doctor = terminal.installation.call("doctor", **with_key)
    assert "claude-sonnet-5-5 at http://127.0.0.1" in doctor.out.replace("\n", " ")
    assert KEY not in refused + over + shown + usage.out + doctor.out + doctor.err
