"""Commands from a chat: done once, as the person whom the tenant knows, after the delivery is durable."""

from typing import Any, cast
from uuid import UUID

import attrs
import pytest

from sre_copilot.application.ports.outbox import OutboxFilter
from sre_copilot.application.use_cases.transition_incident import TransitionIncident
from sre_copilot.domain.actors import Role
from sre_copilot.domain.commands import Command, Verb, Way
from sre_copilot.domain.deliveries import Delivery, Parsed, Receipt, Verdict
from sre_copilot.domain.errors import DatabaseUnavailable, InvalidTransition
from sre_copilot.domain.incidents import Incident, Resolution
from sre_copilot.domain.lifecycle import State
from sre_copilot.domain.outbound import Event, Sent
from sre_copilot.domain.recommendations import RecommendationStatus
from sre_copilot.testing.faults import Fault, TappedUnits
from sre_copilot.testing.notifiers import RecordedNotifiers
from sre_copilot.testing.stage import Stage, alert, stage

CHANNEL, THREAD = "C1", "1.0"
IDS = {Role.VIEWER: "UVIEWER", Role.ENGINEER: "UENGINEER", Role.ADMIN: "UADMIN"}


@attrs.define
class Chat:
    """A stage on which people talk: the incident's thread is open, and the tenant knows everybody's name there."""

    stage: Stage
    incident: UUID
    notifiers: RecordedNotifiers
    deliveries: int = 0

    def delivery(self, verb: Verb, by: str = "UENGINEER", **given: Any) -> Delivery:
        self.deliveries += 1
        command = Command(by=by, verb=verb, **given)
        return self.stage.script.delivery(
            Parsed(command=command, vendor_id=f"Ev{self.deliveries}"), received_at=self.stage.clock.now()
        )

    def bring(self, delivery: Delivery, verdict: Verdict = Verdict.SIGNATURE) -> Receipt:
        return self.stage.copilot.ingest(
            actor=self.stage.sender, integration_id=self.stage.integration.id, delivery=delivery, verdict=verdict
        )

    def ask(self, verb: Verb, by: str = "UENGINEER", **given: Any) -> str:
        receipt = self.bring(self.delivery(verb, by, **given))
        assert receipt.reply is not None
        return receipt.reply.body

    @property
    def state(self) -> State:
        return self.stage.tables.incidents[self.incident].state

    def answers(self) -> list[str]:
        """What was said to single persons, by its first letter."""
        found = self.stage.copilot.outbound.messages(actor=self.stage.system, narrowed=OutboxFilter(limit=1000))
        return sorted(row.content.answer.text for row in found if row.content.answer is not None)


@pytest.fixture
def chat() -> Chat:
    notifiers = RecordedNotifiers(answers=[Sent(receipt={"ts": THREAD}, channel=CHANNEL, thread=THREAD)])
    here = stage(notifiers=notifiers)
    admin = here.person(Role.ADMIN)
    for role, name in IDS.items():
        here.copilot.change_user(actor=admin, user_id=here.people[role].id, slack_user_id=name)
    here.copilot.add_route(actor=admin, name="all", integration_id=here.integration.id)
    (incident,) = here.send(alert()).opened
    here.copilot.dispatch(actor=here.system, integration_id=here.integration.id)
    return Chat(here, incident, notifiers)


def test_a_step_is_the_persons_own_with_their_name_and_where_it_was_said(chat: Chat) -> None:
    said = chat.ask(Verb.ACKNOWLEDGE, incident=str(chat.incident)[-8:], text="on it")
    assert said == f"checkout: HighLatency on checkout ({str(chat.incident)[-8:]}) is acknowledged."
    row = chat.stage.copilot.incidents.transitions(actor=chat.stage.engineer, incident_id=chat.incident)[-1]
    assert (row.user_id, row.automated, row.reason) == (chat.stage.people[Role.ENGINEER].id, False, "on it")
    entry = next(one for one in chat.stage.tables.audit.values() if one.event_type == "incident.acknowledged")
    assert entry.origin == "generic UENGINEER"


def test_a_redelivery_gets_the_same_answer_and_does_nothing(chat: Chat) -> None:
    delivery = chat.delivery(Verb.RESOLVE, incident=str(chat.incident), text="recovered by itself")
    first, again = chat.bring(delivery), chat.bring(delivery)
    assert first.reply == again.reply
    assert again.redelivered
    assert chat.stage.tables.incidents[chat.incident].resolution is Resolution.RECOVERED
    assert len(chat.stage.copilot.incidents.transitions(actor=chat.stage.engineer, incident_id=chat.incident)) == 2


@pytest.mark.parametrize(
    "call", ["deliveries.get", "incidents.save", "audit.append", "deliveries.acted", "commit", "exit"]
)
def test_who_dies_before_it_is_done_leaves_it_to_the_redelivery_which_does_it_once(chat: Chat, call: str) -> None:
    delivery = chat.delivery(Verb.MITIGATE, incident=str(chat.incident))
    copilot = chat.stage.copilot

    def acting(tap: Fault) -> Any:
        units = TappedUnits(chat.stage.units, tap)
        transition = attrs.evolve(copilot.act.transition, units=units)
        return attrs.evolve(copilot, act=attrs.evolve(copilot.act, units=units, transition=transition))

    def bring(tap: Fault) -> Receipt:
        receipt: Receipt = acting(tap).ingest(
            actor=chat.stage.sender,
            integration_id=chat.stage.integration.id,
            delivery=delivery,
            verdict=Verdict.SIGNATURE,
        )
        return receipt

    before = {tenant: tables.copy() for tenant, tables in chat.stage.units.database.tables.items()}
    watch = Fault()
    bring(watch)
    for at in [number for number, name in enumerate(watch.calls, 1) if name == call]:
        chat.stage.units.database.tables = {tenant: tables.copy() for tenant, tables in before.items()}
        with pytest.raises(DatabaseUnavailable):
            bring(Fault(at=at, error=DatabaseUnavailable()))
        assert chat.state is State.DETECTED
        for receipt in (bring(Fault()), bring(Fault())):
            assert receipt.response is not None
            assert "is mitigated." in receipt.response.text
        rows = copilot.incidents.transitions(actor=chat.stage.engineer, incident_id=chat.incident)
        assert [row.to_state for row in rows] == ["detected", "mitigated"]


def test_what_is_so_already_is_a_success_that_changes_nothing(chat: Chat) -> None:
    chat.stage.copilot.investigate(actor=chat.stage.engineer, incident_id=chat.incident)
    before = chat.stage.tables.copy()
    assert "is investigating already." in chat.ask(Verb.INVESTIGATE, incident=str(chat.incident))
    assert "is investigating already." in chat.ask(Verb.ACKNOWLEDGE, incident=str(chat.incident))
    after = chat.stage.tables.copy()
    assert (after.incidents, after.transitions, after.audit) == (before.incidents, before.transitions, before.audit)


def test_what_the_state_does_not_allow_is_refused_in_words(chat: Chat) -> None:
    assert "does not allow this action" in chat.ask(Verb.REOPEN, incident=str(chat.incident))
    assert chat.state is State.DETECTED


def test_somebody_unknown_is_told_so_and_nothing_happens(chat: Chat) -> None:
    for verb in (Verb.RESOLVE, Verb.LIST, Verb.DECLARE):
        said = chat.ask(verb, "USTRANGER", incident=str(chat.incident))
        assert "I don't know who you are here" in said
        assert "--slack-id USTRANGER" in said
    assert chat.state is State.DETECTED


def test_without_a_name_nobody_is_meant(chat: Chat) -> None:
    chat.stage.copilot.change_user(
        actor=chat.stage.person(Role.ADMIN), user_id=chat.stage.people[Role.ENGINEER].id, slack_user_id=""
    )
    assert "I don't know who you are here" in chat.ask(Verb.LIST, "")


def test_a_name_that_two_people_have_is_nobodys(chat: Chat) -> None:
    admin = chat.stage.person(Role.ADMIN)
    chat.stage.copilot.change_user(actor=admin, user_id=chat.stage.people[Role.VIEWER].id, slack_user_id="UENGINEER")
    assert "I don't know who you are here" in chat.ask(Verb.LIST)


def test_a_viewer_may_look_and_not_act(chat: Chat) -> None:
    assert chat.ask(Verb.LIST, "UVIEWER") == "One open incident"
    for verb, given in (
        (Verb.RESOLVE, {"incident": str(chat.incident)}),
        (Verb.NOTE, {"incident": str(chat.incident), "text": "x"}),
        (Verb.DECLARE, {"text": "checkout It burns"}),
    ):
        assert "Your role does not allow this" in chat.ask(verb, "UVIEWER", **given)
    assert (chat.state, len(chat.stage.tables.incidents), chat.stage.tables.notes) == (State.DETECTED, 1, {})


def test_a_deactivated_person_is_out(chat: Chat) -> None:
    chat.stage.copilot.change_user(
        actor=chat.stage.person(Role.ADMIN), user_id=chat.stage.people[Role.ENGINEER].id, is_active=False
    )
    assert "is deactivated" in chat.ask(Verb.RESOLVE, incident=str(chat.incident))
    assert chat.state is State.DETECTED


@pytest.mark.parametrize("verdict", [Verdict.HANDED_IN, Verdict.KEY])
def test_nobody_acts_in_anothers_name_by_handing_a_delivery_in(chat: Chat, verdict: Verdict) -> None:
    receipt = chat.bring(chat.delivery(Verb.RESOLVE, incident=str(chat.incident)), verdict)
    assert (receipt.response, receipt.reply) == (None, None)
    assert chat.state is State.DETECTED


def test_an_incident_is_meant_by_a_part_of_its_id_or_as_the_only_open_one(chat: Chat) -> None:
    assert "is acknowledged." in chat.ask(Verb.ACKNOWLEDGE)
    other = chat.stage.copilot.declare(actor=chat.stage.engineer, title="Search is empty", service="search")
    assert "More than one incident is open" in chat.ask(Verb.RESOLVE)
    assert "is resolved." in chat.ask(Verb.RESOLVE, incident=str(other.id)[:13])
    assert "No incident has 123456 in its id" in chat.ask(Verb.RESOLVE, incident="123456")
    assert "There is no such" in chat.ask(Verb.SHOW, incident=str(UUID(int=9)))
    assert "There is no such" in chat.ask(Verb.SHOW, incident="-" * 36)


def test_an_incident_can_be_declared_and_a_bad_declaration_says_how(chat: Chat) -> None:
    assert "Declared search: It is empty" in chat.ask(Verb.DECLARE, text="search critical It is empty")
    assert "declare SERVICE [SEVERITY] TITLE" in chat.ask(Verb.DECLARE, text="search")


def test_what_is_said_in_the_incidents_thread_is_a_note_that_is_not_said_there_again(chat: Chat) -> None:
    receipt = chat.bring(chat.delivery(Verb.NOTE, text="the pool", channel=CHANNEL, thread=THREAD, answered=Way.SILENT))
    assert (receipt.reply, chat.answers()) == (None, [])
    (note,) = chat.stage.copilot.incidents.show(actor=chat.stage.engineer, incident_id=chat.incident).notes
    assert (note.text, note.user_id) == ("the pool", chat.stage.people[Role.ENGINEER].id)
    assert [row.event for row in chat.stage.tables.outbox.values()] == [Event.OPENED]


def test_what_is_said_in_other_threads_is_nobodys_business(chat: Chat) -> None:
    for by in ("UENGINEER", "USTRANGER"):
        chat.bring(chat.delivery(Verb.NOTE, by, text="lunch?", channel=CHANNEL, thread="7.0", answered=Way.SILENT))
    assert (chat.stage.tables.notes, chat.answers()) == ({}, [])


def test_who_may_not_write_in_the_thread_is_told_so_once(chat: Chat) -> None:
    for by in ("USTRANGER", "UVIEWER", "USTRANGER", "UVIEWER"):
        chat.bring(chat.delivery(Verb.NOTE, by, text="hm", channel=CHANNEL, thread=THREAD, answered=Way.SILENT))
    stranger, viewer = chat.answers()
    assert "I don't know who you are" in stranger
    assert "Your role does not allow this" in viewer
    assert chat.stage.tables.notes == {}


def test_a_button_is_answered_by_a_message_only_where_nobody_can_see_what_came_of_it(chat: Chat) -> None:
    button = {"incident": str(chat.incident), "channel": CHANNEL, "thread": THREAD, "answered": Way.MESSAGE}
    chat.bring(chat.delivery(Verb.ACKNOWLEDGE, **button))
    assert (chat.state, chat.answers()) == (State.ACKNOWLEDGED, [])
    refused = chat.delivery(Verb.ACKNOWLEDGE, "USTRANGER", **button)
    for _ in range(2):
        chat.bring(refused)
    chat.bring(chat.delivery(Verb.ACKNOWLEDGE, **button))
    stranger, known = chat.answers()
    assert "I don't know who you are" in stranger
    assert "is acknowledged already." in known


def proposed(chat: Chat) -> UUID:
    chat.stage.copilot.diagnose(actor=chat.stage.engineer, incident_id=chat.incident)
    rows = chat.stage.copilot.recommend(actor=chat.stage.engineer, incident_id=chat.incident)
    return rows[0].id


def test_a_recommendation_is_accepted_once_and_a_second_press_says_so(chat: Chat) -> None:
    given = {"incident": str(chat.incident), "subject": str(proposed(chat))}
    assert chat.ask(Verb.ACCEPT, **given).startswith("Accepted: ")
    assert chat.ask(Verb.ACCEPT, **given).startswith("It is accepted already: ")
    assert chat.stage.tables.recommendations[UUID(given["subject"])].status is RecommendationStatus.ACCEPTED
    assert chat.ask(Verb.REJECT, **given).startswith("Rejected: ")
    assert "has been decided already" in chat.ask(Verb.ACCEPT, **given)
    assert "There is no such" in chat.ask(Verb.ACCEPT, incident=str(chat.incident), subject="nonsense")


def test_an_incident_is_shown_with_causes_advice_and_what_happened_last(chat: Chat) -> None:
    proposed(chat)
    receipt = chat.bring(chat.delivery(Verb.SHOW, incident=str(chat.incident)))
    assert receipt.response is not None
    assert [facts.id for facts in receipt.response.incidents] == [chat.incident]
    text = "\n".join(receipt.response.lines)
    assert "70% (40% to 90%)" in text
    assert "pending" in text
    assert "HighLatency" in text


def test_help_is_for_everybody(chat: Chat) -> None:
    assert "resolve ID" in chat.ask(Verb.HELP, "USTRANGER")


@attrs.frozen
class Beaten:
    """A transition before which somebody else is faster, once."""

    chat: Chat
    tries: list[int] = attrs.field(factory=list)

    def __call__(self, **given: Any) -> Incident:
        self.tries.append(1)
        if len(self.tries) == 1:
            raise InvalidTransition(state="resolved", action="resolve", allowed=["learn", "reopen"])
        return self.chat.stage.copilot.transition(**given)


def test_who_is_beaten_looks_again_before_anything_is_refused(chat: Chat) -> None:
    copilot, beaten = chat.stage.copilot, Beaten(chat)
    receipt = copilot.ingest_delivery(
        actor=chat.stage.sender,
        integration_id=chat.stage.integration.id,
        delivery=chat.delivery(Verb.RESOLVE, incident=str(chat.incident)),
    )
    acting = attrs.evolve(copilot.act, transition=cast(TransitionIncident, beaten))
    done = acting(actor=chat.stage.sender, integration_id=chat.stage.integration.id, receipt=receipt)
    assert done.response is not None
    assert (done.response.ok, len(beaten.tries), chat.state) == (True, 2, State.RESOLVED)
