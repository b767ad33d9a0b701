"""The outgoing webhook: what is posted, how it is signed, and what becomes of the server's answer."""

import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import attrs
import pytest
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from sre_copilot.adapters.integrations.gateway import PluginTypes
from sre_copilot.adapters.integrations.isolation import Isolation
from sre_copilot.application.ports.outgoing import Answer, Request
from sre_copilot.domain.errors import (
    CopilotError,
    InvalidInput,
    NotifyLater,
    NotifyRefused,
    OutgoingFailed,
    OutgoingRefused,
)
from sre_copilot.domain.integrations import Secrets
from sre_copilot.domain.outbound import Answer as Told
from sre_copilot.domain.outbound import Content, Event, Message, Sent
from sre_copilot.testing.builders import make_integration
from sre_copilot.testing.doors import plugin_manager, plugin_notifiers, toolbox
from sre_copilot.testing.outbound import make_facts, make_happening, make_message
from sre_copilot.testing.outgoing import ScriptedOutgoing

URL = "https://hooks.example.com/T0/B0"
OURS, BEFORE = (f"whsec_{b64encode(bytes([number]) * 24).decode()}" for number in (1, 2))
INTEGRATION = make_integration(UUID(int=1), type="webhook")


@attrs.frozen
class Receiver:
    """The server that is told, and the secrets that are set."""

    outgoing: ScriptedOutgoing = attrs.field(factory=ScriptedOutgoing)
    secrets: Mapping[str, tuple[str, ...]] = attrs.field(factory=lambda: {"url": (URL,), "signing_secret": (OURS,)})

    def tell(self, message: Message, *answer: Answer | CopilotError, now: datetime | None = None) -> Sent:
        self.outgoing.answer("POST", URL, *(answer or (Answer(status=204),)))
        notifiers = plugin_notifiers(outgoing=self.outgoing)
        return notifiers.notify(INTEGRATION, Secrets(self.secrets), message, now or datetime.now(UTC))

    @property
    def got(self) -> Request:
        return self.outgoing.requests[-1]


def test_what_is_posted_verifies_with_the_reference_implementation_and_says_what_happened() -> None:
    receiver, message = (
        Receiver(),
        make_message(make_happening(Event.OPENED, before="", text="HighLatency on checkout")),
    )
    assert receiver.tell(message).receipt == {"status": 204}
    said: Any = Verifier(OURS).verify(receiver.got.body, dict(receiver.got.headers))
    assert (said["type"], said["timestamp"]) == ("incident.opened", "2026-01-05T09:00:00.000000Z")
    assert said["data"]["sequence"] == 1
    assert said["data"]["incident"]["service"] == "checkout"
    assert said["data"]["incident"]["severity"] == "high"
    assert said["data"]["happening"]["text"] == "HighLatency on checkout"
    assert receiver.got.headers["webhook-id"] == message.key


def test_the_same_message_is_posted_again_under_the_same_id_with_a_new_time() -> None:
    receiver, message, now = Receiver(), make_message(), datetime.now(UTC)
    for attempt in (1, 2):
        receiver.tell(attrs.evolve(message, attempt=attempt), now=now + timedelta(seconds=attempt))
    first, second = receiver.outgoing.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == message.key
    assert (first.body, first.headers["webhook-timestamp"]) != (second.body, second.headers["webhook-timestamp"])
    assert first.body == second.body


def test_while_the_secret_is_rotated_old_and_new_receivers_verify() -> None:
    receiver = Receiver(secrets={"url": (URL,), "signing_secret": (OURS, BEFORE)})
    receiver.tell(make_message())
    for secret in (OURS, BEFORE):
        Verifier(secret).verify(receiver.got.body, dict(receiver.got.headers))
    strange = f"whsec_{b64encode(b'x' * 24).decode()}"
    with pytest.raises(WebhookVerificationError):
        Verifier(strange).verify(receiver.got.body, dict(receiver.got.headers))


def test_text_in_every_language_is_posted_as_utf_8() -> None:
    receiver = Receiver()
    receiver.tell(make_message(incident=make_facts(title="Zürich ☃ 東京")))
    said: Any = Verifier(OURS).verify(receiver.got.body, dict(receiver.got.headers))
    assert said["data"]["incident"]["title"] == "Zürich ☃ 東京"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(status=429, headers={"retry-after": "7"}), NotifyLater),
        (Answer(status=400), NotifyRefused),
        (Answer(status=410), NotifyRefused),
        (Answer(status=413), NotifyRefused),
        (Answer(status=422), NotifyRefused),
        (Answer(status=302, headers={"location": "https://elsewhere.example.com"}), OutgoingFailed),
        (Answer(status=401), OutgoingFailed),
        (Answer(status=404), OutgoingFailed),
        (Answer(status=503), OutgoingFailed),
        (OutgoingFailed(), OutgoingFailed),
        (OutgoingRefused(), OutgoingRefused),
    ],
)
def test_what_the_server_answers_decides_whether_it_is_tried_again(
    answer: Answer | CopilotError, expected: type[CopilotError]
) -> None:
    with pytest.raises(expected) as refused:
        Receiver().tell(make_message(), answer)
    assert type(refused.value) is expected
    if isinstance(refused.value, NotifyLater):
        assert refused.value.retry_after == timedelta(seconds=7)


@pytest.mark.parametrize("secrets", [{}, {"signing_secret": ("not base64!",)}])
def test_without_a_usable_secret_nothing_is_posted(secrets: Mapping[str, tuple[str, ...]]) -> None:
    receiver = Receiver(secrets={"url": (URL,), **secrets})
    with pytest.raises(NotifyRefused):
        receiver.tell(make_message())
    assert receiver.outgoing.requests == []


def test_an_answer_to_a_person_is_not_for_webhooks() -> None:
    answer = make_message(content=Content(answer=Told(to="U1", channel="C1", text="No.")))
    with pytest.raises(NotifyRefused):
        Receiver().tell(answer)


def test_it_takes_no_address() -> None:
    notifiers = plugin_notifiers()
    assert notifiers.address("webhook", "") == ""
    with pytest.raises(InvalidInput):
        notifiers.address("webhook", "#ops")


def test_neither_address_nor_secret_is_in_what_can_be_read_of_a_failure() -> None:
    with pytest.raises(OutgoingFailed) as failed:
        Receiver().tell(make_message(), Answer(status=500, body=OURS.encode()))
    assert OURS not in repr(failed.value)
    assert "T0/B0" not in repr(failed.value)


def test_a_trial_posts_a_ping() -> None:
    receiver = Receiver()
    receiver.outgoing.answer("POST", URL, Answer(status=200), Answer(status=500))
    types = PluginTypes(plugin_manager(), Isolation(), toolbox(outgoing=receiver.outgoing))
    works = types.check(INTEGRATION, Secrets(receiver.secrets), datetime.now(UTC))
    assert works == "The server took the message `ping` (status 200)."
    assert json.loads(receiver.got.body)["type"] == "ping"
    with pytest.raises(OutgoingFailed):
        types.check(INTEGRATION, Secrets(receiver.secrets), datetime.now(UTC))
