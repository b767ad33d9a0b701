"""Telling people in Slack, over HTTP to a workspace on loopback that refuses what Slack refuses."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sre_copilot.adapters.integrations.builtin.slack.blocks import card, escaped, reply, summary
from sre_copilot.adapters.outgoing.connecting import Guard
from sre_copilot.adapters.outgoing.requests import GuardedClient
from sre_copilot.domain.errors import CopilotError, InvalidInput, NotifyLater, NotifyRefused, OutgoingFailed
from sre_copilot.domain.integrations import Secrets
from sre_copilot.domain.lifecycle import State
from sre_copilot.domain.outbound import AdviceFacts, Answer, CauseFacts, Content, Event, Message, Sent
from sre_copilot.domain.signals import Severity
from sre_copilot.testing.builders import make_integration
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.doors import plugin_notifiers
from sre_copilot.testing.outbound import make_facts, make_happening, make_message
from tests.slack_workspace import BOT_TOKEN, CHANNEL, Posted, Workspace, limited, workspace

FACTS = make_facts(title="Latency is high", service="checkout", severity=Severity.HIGH)
HOSTILE = "<!channel> <@U1> <https://evil.example.com|https://bank.example.com> *bold* @here :skull: & `code`"


@pytest.fixture
def slack() -> Iterator[Workspace]:
    with workspace() as opened:
        yield opened


def tell(slack: Workspace, message: Message, *, token: str = BOT_TOKEN, **given: Any) -> Sent:
    integration = make_integration(
        UUID(int=1), type="slack", settings={"channel": CHANNEL, "api_url": slack.url, **given}
    )
    notifiers = plugin_notifiers(outgoing=GuardedClient(guard=Guard(allow_private=True)))
    return notifiers.notify(integration, Secrets({"bot_token": (token,)}), message, BEGINNING)


def opened(slack: Workspace, **facts: Any) -> Sent:
    message = make_message(
        make_happening(Event.OPENED, before="", text="HighLatency"), incident=attrs.evolve(FACTS, **facts)
    )
    return tell(slack, message)


def followed(slack: Workspace, first: Sent, event: Event = Event.STATE_CHANGED, **given: Any) -> Sent:
    facts = given.pop("incident", FACTS)
    message = make_message(make_happening(event, **given), incident=facts, sequence=2, thread=first.receipt)
    return tell(slack, message)


def test_an_incident_begins_with_a_card_that_says_how_it_stands_and_has_its_verbs_as_buttons(slack: Workspace) -> None:
    sent = opened(slack)
    (root,) = slack.posted
    assert (sent.channel, sent.thread) == (CHANNEL, root.ts)
    assert sent.receipt == {"channel": CHANNEL, "ts": root.ts, "thread_ts": root.ts}
    for said in ("checkout: Latency is high", "State: detected", "Severity: high", "Environment: production"):
        assert said in root.words
    assert list(root.buttons()) == [
        f"incident.{verb}" for verb in ("acknowledge", "investigate", "mitigate", "resolve")
    ]
    assert root.buttons()["incident.acknowledge"]["value"] == str(FACTS.id)


def test_what_follows_is_said_in_the_thread_and_the_card_shows_how_the_incident_stands_then(slack: Workspace) -> None:
    first = opened(slack)
    facts = attrs.evolve(FACTS, state=State.RESOLVED, resolution="fixed", resolved_at=BEGINNING)
    second = followed(slack, first, incident=facts, before="investigating")
    root, said = slack.posted
    assert (said.thread, second.receipt["thread_ts"]) == (root.ts, root.ts)
    assert (second.channel, second.thread) == ("", "")
    assert "Resolved (fixed) by Ada Engineer, was investigating" in said.words
    assert "State: resolved" in root.words
    assert (root.changes, list(root.buttons())) == (1, ["incident.reopen"])


def test_causes_come_with_their_intervals_and_advice_with_buttons(slack: Workspace) -> None:
    first = opened(slack)
    cause = CauseFacts(
        hypothesis_id=UUID(int=1), rank=1, kind="change", claim="Deploy", lower=0.4, primary=0.6, upper=0.8
    )
    advice = AdviceFacts(
        recommendation_id=UUID(int=7),
        rank=1,
        title="Roll back",
        rationale="It began then.",
        risk="low",
        reversibility="instant",
    )
    followed(slack, first, Event.HYPOTHESES_READY, causes=(cause,), convincing=True)
    followed(slack, first, Event.RECOMMENDATIONS_READY, advice=(advice,))
    _, causes, advised = slack.posted
    assert "Deploy: 60% (40% to 80%)" in causes.words
    assert "Roll back (risk low, instant to take back)" in advised.words
    assert advised.buttons()["recommendation.accept"]["value"] == f"{FACTS.id} {UUID(int=7)}"
    assert slack.posted[0].changes == 0


def test_who_hears_of_an_incident_late_gets_the_card_and_what_happened(slack: Workspace) -> None:
    tell(slack, make_message(make_happening(Event.NOTED, text="rolled back"), incident=FACTS, sequence=1))
    root, said = slack.posted
    assert (root.thread, said.thread) == ("", root.ts)
    assert "Ada Engineer notes: rolled back" in said.words


def test_a_rule_may_name_another_channel_and_a_name_becomes_the_id(slack: Workspace) -> None:
    message = make_message(incident=FACTS, address="#ops")
    assert tell(slack, message, channel="C9999999999").channel == CHANNEL


def test_a_message_that_may_have_arrived_is_looked_for_by_its_key_before_it_is_posted_again(slack: Workspace) -> None:
    message = make_message(make_happening(Event.OPENED, before=""), incident=FACTS)
    first = tell(slack, message)
    again = tell(slack, attrs.evolve(message, attempt=2))
    assert again == first
    reply_ = make_message(make_happening(), incident=FACTS, sequence=2, thread=first.receipt)
    assert tell(slack, reply_) == tell(slack, attrs.evolve(reply_, attempt=3))
    assert len(slack.posted) == 2
    assert {row.key for row in slack.posted} == {message.key, reply_.key}


def test_where_the_channel_may_not_be_read_it_is_posted_again_under_the_same_key(slack: Workspace) -> None:
    slack.reads_history = False
    message = make_message(make_happening(Event.OPENED, before=""), incident=FACTS)
    for attempt in (1, 2):
        tell(slack, attrs.evolve(message, attempt=attempt))
    assert [row.key for row in slack.posted] == [message.key] * 2


def test_a_card_that_is_gone_is_no_reason_not_to_go_on_in_its_thread(slack: Workspace) -> None:
    first = opened(slack)
    slack.failures.append(lambda method: (200, {}, {"ok": False, "error": "message_not_found"}))
    followed(slack, first)
    assert len(slack.posted) == 2


FAILURES: list[tuple[Callable[[str], Any], type[CopilotError]]] = [
    (lambda _: limited(7), NotifyLater),
    (lambda _: (200, {"Retry-After": "7"}, {"ok": False, "error": "ratelimited"}), NotifyLater),
    (lambda _: (200, {}, {"ok": False, "error": "invalid_blocks"}), NotifyRefused),
    (lambda _: (200, {}, {"ok": False, "error": "msg_too_long"}), NotifyRefused),
    (lambda _: (200, {}, {"ok": False, "error": "not_in_channel"}), OutgoingFailed),
    (lambda _: (200, {}, {"ok": False, "error": "fatal_error"}), OutgoingFailed),
    (lambda _: (200, {}, {"ok": False}), OutgoingFailed),
    (lambda _: (200, {}, {"ok": True}), OutgoingFailed),
    (lambda _: (503, {}, {}), OutgoingFailed),
]


@pytest.mark.parametrize(("failure", "expected"), FAILURES)
def test_what_slack_answers_decides_whether_it_is_tried_again(
    slack: Workspace, failure: Callable[[str], Any], expected: type[CopilotError]
) -> None:
    slack.failures.append(failure)
    with pytest.raises(expected) as failed:
        opened(slack)
    assert type(failed.value) is expected
    if isinstance(failed.value, NotifyLater):
        assert failed.value.retry_after == timedelta(seconds=7)


def test_a_wrong_token_is_tried_again_and_never_told(slack: Workspace) -> None:
    with pytest.raises(OutgoingFailed, match="invalid_auth") as failed:
        tell(slack, make_message(incident=FACTS), token="xoxb-planted-other")
    assert "planted" not in repr(failed.value)
    with pytest.raises(OutgoingFailed, match="token is missing"):
        tell(slack, make_message(incident=FACTS), token="")


def test_without_a_channel_nothing_is_posted(slack: Workspace) -> None:
    with pytest.raises(NotifyRefused, match="channel"):
        tell(slack, make_message(incident=FACTS), channel="")


def test_an_answer_is_seen_by_one_person_only(slack: Workspace) -> None:
    answer = Answer(to="U1", channel=CHANNEL, text=f"No. {HOSTILE}", thread="1.000001")
    tell(slack, make_message(content=Content(answer=answer)))
    (told,) = slack.ephemeral
    assert (told["user"], told["channel"], told["thread_ts"]) == ("U1", CHANNEL, "1.000001")
    assert "<" not in told["text"]
    with pytest.raises(NotifyRefused):
        tell(slack, make_message(content=Content(answer=attrs.evolve(answer, to="UGONE"))))


def test_channels_are_looked_at_when_a_rule_is_made() -> None:
    notifiers = plugin_notifiers()
    assert notifiers.address("slack", " #ops ") == "#ops"
    assert notifiers.address("slack", "C0123456789") == "C0123456789"
    for bad in ("ops", "#", "# ops", "c0123456789", "#<!here>"):
        with pytest.raises(InvalidInput):
            notifiers.address("slack", bad)


def interpreted(row: Posted) -> Iterator[str]:
    """Every text of a message in which Slack would look for mentions, links and formatting."""
    yield row.told["text"]
    for block in row.told["blocks"]:
        yield from _mrkdwn(block)


def _mrkdwn(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if value.get("type") == "mrkdwn":
            yield value["text"]
        assert value.get("type") not in ("link", "user", "usergroup", "channel", "broadcast", "emoji")
        for inner in value.values():
            yield from _mrkdwn(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _mrkdwn(inner)


def test_nothing_that_an_alert_or_a_person_says_is_obeyed(slack: Workspace) -> None:
    facts = attrs.evolve(FACTS, title=HOSTILE, description=HOSTILE, service=HOSTILE, assignee=HOSTILE)
    first = opened(slack, title=HOSTILE, description=HOSTILE, service=HOSTILE)
    followed(slack, first, Event.NOTED, incident=facts, text=HOSTILE, by=HOSTILE)
    for row in slack.posted:
        for text in interpreted(row):
            assert "<" not in text
            assert ">" not in text
        assert (row.told["mrkdwn"], row.told["parse"], row.told["link_names"]) == (False, "none", False)


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=60)
@given(st.text(max_size=3_000), st.sampled_from(list(Event)), st.sampled_from(list(State)))
def test_whatever_an_alert_says_the_message_is_one_that_slack_takes(text: str, event: Event, state: State) -> None:
    facts = attrs.evolve(
        FACTS, title=text[:500], description=text, service=text[:255] or "x", state=state, assignee=text
    )
    happening = make_happening(event, text=text, by=text)
    quiet = Workspace()
    for blocks in (card(facts), reply(happening, facts)):
        told = {"channel": CHANNEL, "text": summary(happening, facts), "blocks": blocks, "metadata": {}}
        assert quiet.chat_postMessage(told)["ok"], blocks


def test_escaping_leaves_the_words_readable() -> None:
    assert escaped("a < b && c > d") == "a &lt; b &amp;&amp; c &gt; d"
