"""Listening through a socket: acknowledged is what is durable, and the integration shows how it goes."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from uuid import UUID

import attrs
import pytest

from sre_copilot.adapters.intake.group_commit import GroupCommit
from sre_copilot.adapters.system import TimeOrderedIds
from sre_copilot.application.listening import Listening
from sre_copilot.application.taking_in import TakeIn
from sre_copilot.domain.actors import Role
from sre_copilot.domain.commands import Command, Verb
from sre_copilot.domain.deliveries import Delivery, DeliveryRecord, Parsed, Verdict
from sre_copilot.domain.errors import DatabaseUnavailable, NotFound, OutgoingFailed, OutgoingRefused
from sre_copilot.domain.integrations import Integration
from sre_copilot.testing.faults import Fault, TappedUnits
from sre_copilot.testing.sealing import InMemoryKeyRing, make_sealer
from sre_copilot.testing.sockets import PlainListeners, ScriptedSockets
from sre_copilot.testing.stage import Stage, alert, stage


def message(name: str, body: str | None = None, **more: bool) -> str:
    return json.dumps({"name": name, **({} if body is None else {"body": body}), **more})


LAST = message("", last=True)


@attrs.frozen
class Ear:
    """A stage whose integration is listened to."""

    stage: Stage
    sockets: ScriptedSockets
    listening: Listening

    def listen(self, goes_on: Callable[[], bool] = lambda: True) -> bool:
        return self.listening.listen(self.stage.tenant.id, self.stage.integration.id, goes_on=goes_on)

    @property
    def told(self) -> list[str]:
        return self.sockets.opened[-1].told

    @property
    def integration(self) -> Integration:
        return self.stage.tables.integrations[self.stage.integration.id]

    def ledger(self) -> list[DeliveryRecord]:
        return list(self.stage.tables.deliveries.values())


@pytest.fixture
def ear() -> Ear:
    here, sockets = stage(), ScriptedSockets()
    here.script.answers[b"an alert"] = Parsed(drafts=(alert(),))
    here.script.answers[b"a command"] = Parsed(command=Command(by="U1", verb=Verb.HELP))
    listening = Listening(
        copilot=here.copilot,
        units=here.units,
        listeners=PlainListeners(),
        sockets=sockets,
        sealer=make_sealer(InMemoryKeyRing()),
        clock=here.clock,
    )
    return Ear(here, sockets, listening)


def test_what_is_heard_is_taken_in_and_then_acknowledged(ear: Ear) -> None:
    ear.sockets.scripts.append([message("hello"), "", message("e-1", "an alert"), LAST])
    assert ear.listen()
    (record,) = ear.ledger()
    assert (record.verdict, record.delivery.path) == (Verdict.PULLED, "socket")
    assert len(ear.stage.tables.incidents) == 1
    assert ear.told == ["hello", "e-1"]
    assert not ear.sockets.opened[0].is_open


def test_a_command_is_done_and_answered_with_the_acknowledgement(ear: Ear) -> None:
    ear.sockets.scripts.append([message("e-1", "a command"), LAST])
    ear.listen()
    assert ear.told[0].startswith("e-1 list - the open incidents")


@pytest.mark.parametrize("call", ["deliveries.add", "commit", "exit"])
def test_what_is_not_durable_is_not_acknowledged(ear: Ear, call: str) -> None:
    @attrs.frozen
    class Broken(Fault):
        def before(self, name: str) -> None:
            if name == call:
                raise DatabaseUnavailable

    units = TappedUnits(ear.stage.units, Broken())
    ingest = attrs.evolve(
        ear.stage.copilot.ingest_delivery, intake=GroupCommit(TakeIn(units=units, ids=TimeOrderedIds()))
    )
    copilot = attrs.evolve(ear.stage.copilot, ingest_delivery=ingest)
    ear.sockets.scripts.append([message("e-1", "an alert"), LAST])
    with pytest.raises(DatabaseUnavailable):
        attrs.evolve(ear.listening, copilot=copilot).listen(
            ear.stage.tenant.id, ear.stage.integration.id, goes_on=lambda: True
        )
    assert (ear.told, ear.ledger()) == ([], [])
    assert not ear.sockets.opened[0].is_open


def test_what_can_never_be_read_is_acknowledged_so_that_it_does_not_come_again(ear: Ear) -> None:
    ear.sockets.scripts.append([message("e-1", "rubbish"), LAST])
    ear.listen()
    assert (ear.told, ear.ledger()) == (["e-1"], [])


def test_whoever_is_told_to_stop_takes_in_what_has_come_and_hangs_up(ear: Ear) -> None:
    ear.sockets.scripts.append([message("e-1", "an alert"), message("e-2", "an alert")])
    answers: Iterator[bool] = iter([True, False])
    assert ear.listen(lambda: next(answers))
    assert ear.told == ["e-1"]


def test_the_integration_shows_that_it_is_listened_to_and_what_keeps_us_from_it(ear: Ear) -> None:
    ear.sockets.scripts += [OutgoingRefused("vendor.example.com leads inside."), [message("hello")]]
    with pytest.raises(OutgoingRefused):
        ear.listen()
    assert (ear.integration.health.consecutive_failures, ear.integration.health.last_error) == (
        1,
        "vendor.example.com leads inside.",
    )
    with pytest.raises(OutgoingFailed):
        ear.listen()
    assert ear.integration.health.last_error == "It closed the connection."
    ear.sockets.scripts.append([LAST])
    ear.listen()
    assert (ear.integration.health.is_healthy, ear.integration.health.consecutive_failures) == (True, 0)


def test_nothing_is_opened_for_what_is_not_set_up_disabled_or_not_there(ear: Ear) -> None:
    quiet = attrs.evolve(ear.listening, listeners=PlainListeners(at=None))
    assert not quiet.listen(ear.stage.tenant.id, ear.stage.integration.id, goes_on=lambda: True)
    ear.stage.copilot.configure_integration(
        actor=ear.stage.person(Role.ADMIN), integration_id=ear.stage.integration.id, is_active=False
    )
    assert not ear.listen()
    with pytest.raises(NotFound):
        ear.listening.listen(ear.stage.tenant.id, UUID(int=9), goes_on=lambda: True)
    assert ear.sockets.urls == []


def test_a_delivery_through_a_socket_is_of_the_moment_in_which_it_came(ear: Ear) -> None:
    ear.sockets.scripts.append([message("e-1", "an alert"), LAST])
    ear.listen()
    now: datetime = ear.stage.clock.now()
    delivery: Delivery = ear.ledger()[0].delivery
    assert delivery.received_at == now
