"""Asking a Kubernetes API server, which is scripted here; tests/e2e/test_polled_kubernetes.py asks over real TLS."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import attrs
import pytest

from sre_copilot.adapters.integrations.builtin.kubernetes import Kubernetes
from sre_copilot.adapters.integrations.builtin.kubernetes.asking import CHUNK, CHUNKS, LONGEST_TOKEN
from sre_copilot.application.ports.outgoing import Answer
from sre_copilot.domain.deliveries import Pulled
from sre_copilot.domain.errors import CredentialsRefused, OutgoingFailed, OutgoingRefused, UnreadableDelivery
from sre_copilot.domain.integrations import Integration, Secrets
from sre_copilot.domain.signals import SignalDraft
from sre_copilot.hookspecs import Tools
from sre_copilot.testing.doors import toolbox
from sre_copilot.testing.outgoing import ScriptedOutgoing, json_answer
from tests.unit.adapters.integrations.door import NOW, Door
from tests.unit.adapters.integrations.test_kubernetes import BACKOFF, SCALED, SCHEDULING, node

URL = "https://cluster.example"
EVENTS = f"{URL}/api/v1/events"
CHATTER = {**BACKOFF, "reason": "Created", "message": "Created container", "type": "Normal"}
BAD = {**BACKOFF, "involvedObject": {"kind": "Pod"}}


def listed(event: dict[str, Any], version: int) -> dict[str, Any]:
    """An event as a list has it: without kind and apiVersion."""
    kept = {name: value for name, value in event.items() if name not in ("kind", "apiVersion")}
    return {**kept, "metadata": {**event["metadata"], "uid": f"uid-{version}", "resourceVersion": str(version)}}


def page(version: int, *events: Any, more: str = "") -> Answer:
    about = {"resourceVersion": str(version), **({"continue": more, "remainingItemCount": 9} if more else {})}
    return json_answer({"kind": "EventList", "apiVersion": "v1", "metadata": about, "items": list(events)})


@attrs.frozen
class Asked:
    """A plugin with a scripted server."""

    settings: dict[str, Any] = attrs.field(factory=lambda: {"url": URL})
    secrets: dict[str, tuple[str, ...]] = attrs.field(factory=dict)
    http: ScriptedOutgoing = attrs.field(factory=ScriptedOutgoing)

    @property
    def integration(self) -> Integration:
        return attrs.evolve(Door(type="kubernetes").integration, settings=self.settings)

    @property
    def tools(self) -> Tools:
        return toolbox(outgoing=self.http).at(NOW)

    def pull(self, cursor: Any = None, *answers: Answer, at: str = EVENTS) -> Pulled:
        if answers:
            self.http.answer("GET", at, *answers)
        # As it comes back from the database.
        kept = json.loads(json.dumps(cursor or {}))
        return Kubernetes().pull(self.integration, Secrets(self.secrets), kept, self.tools)

    def check(self) -> str:
        return Kubernetes().check(self.integration, Secrets(self.secrets), self.tools)

    def read(self, pulled: Pulled) -> list[SignalDraft]:
        gateway = Door(type="kubernetes").gateway
        return [draft for one in pulled.deliveries for draft in gateway.parse(self.integration, one).drafts]

    def reasons(self, pulled: Pulled) -> list[str]:
        return [draft.labels["reason"] for draft in self.read(pulled)]

    def asked(self, number: int) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.http.requests[number].url).query)


@pytest.mark.parametrize("event", [BACKOFF, SCHEDULING, SCALED, node("NodeNotReady")], ids=lambda one: one["reason"])
def test_a_listed_event_is_the_same_signal_as_a_posted_one(event: dict[str, Any]) -> None:
    asked = Asked()
    (draft,) = asked.read(asked.pull(None, page(9, listed(event, 5))))
    posted = Door(type="kubernetes").signal(event)
    assert attrs.evolve(draft, raw={}) == attrs.evolve(posted, raw={})


def test_what_was_written_since_the_poll_before_comes_and_nothing_else() -> None:
    asked = Asked()
    first = asked.pull(None, page(10, listed(BACKOFF, 5), listed(CHATTER, 8), listed(SCALED, 10)))
    assert asked.reasons(first) == ["BackOff", "ScalingReplicaSet"]
    assert not first.is_more
    quiet = asked.pull(first.cursor, page(11, listed(BACKOFF, 5), listed(SCALED, 10)))
    assert quiet.deliveries == ()
    # The same object, counted once more.
    again = asked.pull(quiet.cursor, page(15, listed(SCALED, 10), listed({**BACKOFF, "count": 13}, 14)))
    assert asked.reasons(again) == ["BackOff"]


def test_a_poll_brings_the_oldest_first_and_keeps_apart_what_cannot_be_read() -> None:
    asked = Asked()
    late, early = node("NodeReady", at="11:55"), node("NodeNotReady", at="11:50")
    pulled = asked.pull(None, page(9, listed(late, 3), listed(BAD, 4), listed(early, 5)))
    read, aside = pulled.deliveries
    gateway = Door(type="kubernetes").gateway
    reasons = [draft.labels["reason"] for draft in gateway.parse(asked.integration, read).drafts]
    assert reasons == ["NodeNotReady", "NodeReady"]
    with pytest.raises(UnreadableDelivery):
        gateway.parse(asked.integration, aside)


def test_at_first_no_alerts_come_that_are_over_but_later_they_do() -> None:
    asked = Asked(settings={"url": URL, "quiet_minutes": 3})
    first = asked.pull(None, page(9, listed(BACKOFF, 3), listed(SCALED, 4)))
    assert asked.reasons(first) == ["ScalingReplicaSet"]
    assert asked.reasons(asked.pull(first.cursor, page(12, listed(BACKOFF, 11)))) == ["BackOff"]


def test_a_list_is_read_in_chunks_and_goes_on_in_the_next_poll_where_it_is_long() -> None:
    asked = Asked()
    chunks = [page(10, listed(BACKOFF, number + 1), more=f"part {number}") for number in range(CHUNKS)]
    first = asked.pull(None, *chunks)
    assert (len(first.deliveries), first.is_more) == (CHUNKS, True)
    assert asked.asked(0) == {"limit": [str(CHUNK)]}
    assert asked.asked(1) == {"limit": [str(CHUNK)], "continue": ["part 0"]}
    second = asked.pull(first.cursor, page(10, listed(SCALED, 9)))
    assert asked.asked(CHUNKS)["continue"] == [f"part {CHUNKS - 1}"]
    assert (asked.reasons(second), second.is_more) == (["ScalingReplicaSet"], False)
    assert asked.pull(second.cursor, page(12, listed(BACKOFF, 3), listed(SCALED, 9))).deliveries == ()


def test_a_list_that_expired_begins_afresh() -> None:
    asked = Asked()
    first = asked.pull(None, *(page(10, more="old") for _ in range(CHUNKS)))
    gone = json_answer({"kind": "Status", "status": "Failure", "reason": "Expired", "code": 410}, 410)
    second = asked.pull(first.cursor, gone, page(30, listed(BACKOFF, 20)))
    assert "continue" not in asked.asked(CHUNKS + 1)
    assert (asked.reasons(second), second.is_more) == (["BackOff"], False)
    # From where the round began, which is before the list did that is read afresh.
    assert second.cursor["since"] == 10
    with pytest.raises(OutgoingFailed, match="410"):
        asked.pull(second.cursor, gone)


def test_versions_that_fell_or_another_configuration_begin_anew() -> None:
    asked = Asked()
    first = asked.pull(None, page(1000, listed(BACKOFF, 999)))
    rebuilt = asked.pull(first.cursor, page(50, listed(BACKOFF, 40)))
    assert asked.reasons(rebuilt) == ["BackOff"]
    other = Asked(settings={"url": "https://other.example"})
    moved = other.pull(rebuilt.cursor, page(60, listed(BACKOFF, 40)), at="https://other.example")
    assert other.reasons(moved) == ["BackOff"]


def test_each_namespace_has_a_list_of_its_own() -> None:
    spaces = [f"n{number}" for number in range(CHUNKS)] + ["a/b"]
    asked = Asked(settings={"url": f"{URL}/", "namespaces": spaces, "field_selector": "type=Warning"})
    first = asked.pull(None, *(page(20 + number, listed(BACKOFF, 10 + number)) for number in range(CHUNKS)), at=URL)
    second = asked.pull(first.cursor, page(30, listed(BACKOFF, 25)), at=URL)
    paths = [urlsplit(request.url).path for request in asked.http.requests]
    assert paths == [f"/api/v1/namespaces/{name}/events" for name in [*spaces[:-1], "a%2Fb"]]
    assert asked.asked(0) == {"fieldSelector": ["type=Warning"], "limit": [str(CHUNK)]}
    assert (first.is_more, second.is_more) == (True, False)
    # From the version of the first list on, so that nothing is missed that was written meanwhile.
    assert second.cursor["since"] == 20


def test_it_shows_its_token_and_trusts_the_authority_of_the_cluster() -> None:
    asked = Asked(secrets={"token": ("t0",)})
    asked.pull(None, page(1))
    assert asked.http.requests[0].headers["Authorization"] == "Bearer t0"
    assert asked.http.requests[0].trust == ""
    broken = Asked(settings={"url": URL, "certificate_authority": "LS0tLS1CRUdJTg=="})
    with pytest.raises(OutgoingRefused, match="PEM"):
        broken.pull(None, page(1))


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (json_answer({}, 401), CredentialsRefused, "token"),
        (json_answer({}, 403), CredentialsRefused, r'resources \["events"\], verbs \["get", "list"\]'),
        (json_answer({}, 429, retry_after="7"), OutgoingFailed, "wait 7 s"),
        (json_answer({}, 429), OutgoingFailed, "asks to wait"),
        (json_answer({}, 410), OutgoingFailed, "410"),
        (json_answer({}, 503), OutgoingFailed, "503"),
        (json_answer([]), OutgoingFailed, "no Kubernetes"),
        (json_answer({"items": 5}), OutgoingFailed, "no list of events"),
        (json_answer({"items": [5]}), OutgoingFailed, "no list of events"),
        (json_answer({"items": []}), OutgoingFailed, "resource version"),
        (json_answer({"items": [], "metadata": 5}), OutgoingFailed, "resource version"),
        (json_answer({"items": [], "metadata": {"resourceVersion": "x"}}), OutgoingFailed, "resource version"),
        (page(5, {"metadata": {}}), OutgoingFailed, "resource version"),
        (page(5, more="x" * (LONGEST_TOKEN + 1)), OutgoingFailed, "goes on"),
        (Answer(status=200, body=b"<html>"), OutgoingFailed, "can't be read"),
    ],
)
def test_whatever_else_is_answered_fails_the_poll(answer: Answer, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        Asked().pull(None, answer)


def test_an_empty_list_may_be_null() -> None:
    told = {"kind": "EventList", "metadata": {"resourceVersion": "3"}, "items": None}
    assert Asked().pull(None, json_answer(told)).cursor["since"] == 3


def test_a_check_tells_the_version_and_that_events_can_be_listed() -> None:
    asked = Asked()
    asked.http.answer("GET", f"{URL}/version", json_answer({"major": "1", "gitVersion": "v1.35.1"}))
    asked.http.answer("GET", EVENTS, page(9))
    assert asked.check() == "Kubernetes v1.35.1 answers, and its events can be listed."
    asked.http.answer("GET", EVENTS, json_answer({}, 403))
    with pytest.raises(CredentialsRefused, match="ClusterRole"):
        asked.check()


def test_without_an_address_nothing_is_asked() -> None:
    asked = Asked(settings={})
    with pytest.raises(OutgoingRefused, match="url"):
        asked.pull()
    assert "only listens" in asked.check()
