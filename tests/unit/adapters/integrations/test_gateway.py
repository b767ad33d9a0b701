"""The gateway: whatever a plugin does, the caller gets an answer or one clear error in time."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import attrs
import pytest

from sre_copilot.adapters.integrations.gateway import PluginGateway
from sre_copilot.adapters.integrations.isolation import Isolation
from sre_copilot.domain.deliveries import Acknowledgement, Delivery, Parsed, Reply
from sre_copilot.domain.errors import (
    MalformedDelivery,
    PluginFailed,
    UnknownIntegrationType,
    UnreadableDelivery,
)
from sre_copilot.domain.integrations import Integration, Secrets
from sre_copilot.domain.signals import ChangeDetails, SignalDraft
from sre_copilot.testing.doors import plugin_gateway, plugin_manager, toolbox

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECRET = "hunter2"
BODY = json.dumps({"token": SECRET}).encode()


@attrs.frozen
class Scripted:
    """A plugin whose parse does what the test says."""

    behaviour: Callable[[Any], Any]
    type: str = "scripted"
    title: str = "Scripted"
    max_body_bytes: int = 1024

    def parse(self, integration: Integration, payload: Any, delivery: Delivery) -> Parsed:
        result: Parsed = self.behaviour(payload)
        return result


def gateway(behaviour: Callable[[Any], Any], deadline: float = 5) -> PluginGateway:
    return plugin_gateway(plugin_manager(Scripted(behaviour)), deadline=deadline)


def integration(kind: str = "scripted") -> Integration:
    return Integration(id=UUID(int=1), tenant_id=UUID(int=2), type=kind, name="s", created_at=NOW)


def parse(behaviour: Callable[[Any], Any], body: bytes = BODY, deadline: float = 5) -> Parsed:
    return gateway(behaviour, deadline).parse(integration(), Delivery(body=body, received_at=NOW))


def answering(**fields: Any) -> Callable[[Any], Parsed]:
    return lambda payload: Parsed(drafts=(SignalDraft(**{"name": "n", **fields}),))


def raising(error: BaseException) -> Callable[[Any], Parsed]:
    def behaviour(payload: Any) -> Parsed:
        raise error

    return behaviour


def test_a_sound_answer_passes_as_it_is() -> None:
    answer = Parsed(drafts=(SignalDraft(name="n", occurred_at=NOW),), assigned_key="k")
    assert parse(lambda payload: answer) == answer


def test_the_plugin_is_handed_plain_json() -> None:
    seen: list[Any] = []

    def behaviour(payload: Any) -> Parsed:
        seen.append(payload)
        return Parsed()

    parse(behaviour, body=rb'{"a": ["x\u0000", 1.5, null]}')
    assert seen == [{"a": ["x\ufffd", 1.5, None]}]


def test_a_type_without_a_plugin_is_unknown() -> None:
    with pytest.raises(UnknownIntegrationType, match="carrier"):
        gateway(answering()).parse(integration("carrier"), Delivery(body=b"{}", received_at=NOW))


def test_malformed_bytes_never_reach_the_plugin() -> None:
    calls: list[Any] = []
    with pytest.raises(MalformedDelivery):
        parse(calls.append, body=b"{")
    assert calls == []


def test_a_plugins_own_limit_on_bodies_holds() -> None:
    with pytest.raises(MalformedDelivery, match="at most 1024"):
        parse(answering(), body=b" " * 1025)
    with pytest.raises(MalformedDelivery, match="at most 524288"):
        body = b" " * (512 * 1024 + 1)
        gateway(answering()).parse(integration("pagerduty"), Delivery(body=body, path="/v2/enqueue", received_at=NOW))


def test_an_unreadable_delivery_passes_with_its_words() -> None:
    with pytest.raises(UnreadableDelivery, match="labels is missing"):
        parse(raising(UnreadableDelivery("labels is missing.")))


@pytest.mark.parametrize(
    "error",
    [
        ValueError(SECRET),
        KeyError(SECRET),
        SystemExit(SECRET),
        KeyboardInterrupt(SECRET),
        RecursionError(SECRET),
        MemoryError(SECRET),
        MalformedDelivery(SECRET),
        PluginFailed(SECRET),
    ],
)
def test_whatever_a_plugin_raises_is_its_failure_with_the_place_and_without_the_body(error: BaseException) -> None:
    with pytest.raises(PluginFailed) as caught:
        parse(raising(error))
    message = str(caught.value)
    assert message.startswith(
        f"The integration plugin scripted failed: it raised {type(error).__name__} at test_gateway.py:"
    )
    assert SECRET not in message
    assert caught.value.__suppress_context__


WRONG_ANSWERS: dict[str, Callable[[Any], Any]] = {
    "nothing": lambda payload: None,
    "the payload": lambda payload: payload,
    "a list of drafts": lambda payload: Parsed(drafts=[SignalDraft(name="n")]),  # type: ignore[arg-type]
    "a draft that is none": lambda payload: Parsed(drafts=(payload,)),
    "an acknowledgement that is none": lambda payload: Parsed(acknowledgements=(payload,)),
    "an acknowledgement without a key": lambda payload: Parsed(acknowledgements=(Acknowledgement(vendor_key=""),)),
    "an acknowledger that is a number": lambda payload: Parsed(
        acknowledgements=(Acknowledgement(vendor_key="k", by=5),)  # type: ignore[arg-type]
    ),
    "a key made up that is a number": lambda payload: Parsed(assigned_key=5),  # type: ignore[arg-type]
    "a reply that is a text": lambda payload: Parsed(reply="ok"),  # type: ignore[arg-type]
    "visits that are a text": lambda payload: Parsed(visits="https://example.com"),  # type: ignore[arg-type]
    "a severity that is a word": answering(severity="critical"),
    "a type that is a word": answering(signal_type="alert"),
    "a status that is nothing": answering(status=None),
    "a name that is bytes": answering(name=b"n"),
    "a label that is a number": answering(labels={"code": 503}),
    "an identity that is a list": answering(identity=["a"]),
    "a key that is a number": answering(vendor_key=5),
    "a change that is a dict": answering(change={}),
    "links in a list": answering(links=[]),
    "raw data that is no JSON": answering(raw={"at": object()}),
    "raw data with NaN": answering(raw={"at": float("nan")}),
    "raw data with a NUL": answering(raw={"at": ["a\0"]}),
    "raw data with half of a surrogate pair": answering(raw={"\ud800": 1}),
    "a description with a NUL": answering(description="a\0"),
    "a label with half of a surrogate pair": answering(labels={"a": "\udfff"}),
    "a change with a version that is a number": answering(change=ChangeDetails(version=5)),  # type: ignore[arg-type]
    "a vendor's fingerprint that is a number": answering(vendor_fingerprint=5),
    "a reply with a status that isn't HTTP's": lambda payload: Parsed(reply=Reply(body="", status=42)),
    "a reply with a second header": lambda payload: Parsed(reply=Reply(body="", content_type="a\r\nb: c")),
    "a time without a zone": answering(occurred_at=datetime(2026, 3, 1)),  # noqa: DTZ001
    "a time that is a word": answering(expires_at="2026-03-01T12:00:00Z"),
}


@pytest.mark.parametrize("case", WRONG_ANSWERS)
def test_an_answer_of_a_wrong_type_is_the_plugins_failure(case: str) -> None:
    with pytest.raises(PluginFailed, match="scripted failed: its answer can't be used: "):
        parse(WRONG_ANSWERS[case])


def test_raw_data_without_an_end_is_the_plugins_failure() -> None:
    endless: dict[str, Any] = {}
    endless["again"] = endless
    with pytest.raises(PluginFailed, match=r"signals\[0\].raw is not plain JSON"):
        parse(answering(raw=endless))


def test_raw_data_over_4_mib_is_the_plugins_failure() -> None:
    with pytest.raises(PluginFailed, match=r"signals\[0\].raw is larger than"):
        parse(answering(raw={"a": "x" * (4 * 1024 * 1024)}))


OUTSIDE: dict[str, tuple[Callable[[Any], Any], str]] = {
    "a start in 1999": (answering(occurred_at=datetime(1999, 12, 31, tzinfo=UTC)), "occurred_at lies before"),
    "an end in two days": (answering(occurred_at=NOW + timedelta(days=2)), "occurred_at lies more than 24"),
    "a service without a name": (answering(service=" "), "the service's name"),
    "a service of 256 characters": (answering(service="s" * 256), "the service's name"),
    "a key of 256 characters": (answering(vendor_key="k" * 256), "vendor_key must have"),
    "an empty id": (answering(vendor_id=""), "vendor_id must have"),
    "a key made up with NUL": (lambda payload: Parsed(assigned_key="a\0"), "assigned_key must have"),
    "one id for two signals": (
        lambda payload: Parsed(drafts=(SignalDraft(name="a", vendor_id="1"), SignalDraft(name="b", vendor_id="1"))),
        "have the same id",
    ),
}


@pytest.mark.parametrize("case", OUTSIDE)
def test_an_answer_outside_the_limits_makes_the_delivery_unreadable(case: str) -> None:
    behaviour, words = OUTSIDE[case]
    with pytest.raises(UnreadableDelivery, match=words):
        parse(behaviour)


def test_the_same_signal_twice_under_one_id_counts_once() -> None:
    draft = SignalDraft(name="a", vendor_id="1")
    assert parse(lambda payload: Parsed(drafts=(draft, attrs.evolve(draft)))).drafts == (draft,)


class Moody(Scripted):
    """A plugin that can't even be asked what it can do."""

    def __getattr__(self, name: str) -> Any:
        if name == "without_credentials":
            print(SECRET)
            raise RuntimeError(SECRET)
        raise AttributeError(name)


def test_a_plugin_that_fails_when_it_is_asked_what_it_can_do_has_failed(capsys: pytest.CaptureFixture[str]) -> None:
    asked, delivery = plugin_gateway(plugin_manager(Moody(answering()))), Delivery(body=BODY, received_at=NOW)
    calls: list[Callable[[], object]] = [
        lambda: asked.verify(integration(), Secrets(), delivery, NOW),
        lambda: asked.strip(integration(), delivery),
        lambda: asked.parse(integration(), delivery),
    ]
    for call in calls:
        with pytest.raises(PluginFailed, match="it raised RuntimeError at") as caught:
            call()
        assert SECRET not in str(caught.value)
    assert capsys.readouterr() == ("", "")


def test_many_threads_get_each_their_own_answer() -> None:
    plugins = plugin_manager(Scripted(lambda payload: Parsed(assigned_key=payload["id"])))
    # However seldom a busy machine lets a call begin, the type isn't taken for a slow one.
    reader = PluginGateway(plugins, Isolation(deadline=60, slow_after=10), toolbox())
    answers: dict[str, str | None] = {}

    def ask(name: str) -> None:
        body = json.dumps({"id": name}).encode()
        answers[name] = reader.parse(integration(), Delivery(body=body, received_at=NOW)).assigned_key

    threads = [threading.Thread(target=ask, args=(str(number),)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {str(number): str(number) for number in range(16)}
