"""Sending what waits: in order, outside of any transaction, again where it failed, and with the target's health kept true."""

from datetime import timedelta
from uuid import UUID

import attrs
import pytest

from sre_copilot.application.ports.outbox import OutboxFilter
from sre_copilot.application.use_cases.dispatch_messages import Dispatched, DispatchMessages
from sre_copilot.domain.actors import Role
from sre_copilot.domain.errors import (
    DatabaseUnavailable,
    NotifyLater,
    NotifyRefused,
    OutgoingFailed,
    OutgoingRefused,
    PluginFailed,
    UnknownIntegrationType,
)
from sre_copilot.domain.integrations import UNHEALTHY_AFTER, SyncStatus
from sre_copilot.domain.outbound import Message, Sent
from sre_copilot.domain.outbox import LEASE, MOST_ATTEMPTS, OutboxEntry, OutboxStatus
from sre_copilot.testing.faults import Fault, TappedUnits
from sre_copilot.testing.jobs import InMemoryJobQueue
from sre_copilot.testing.notifiers import RecordedNotifiers
from sre_copilot.testing.stage import Stage, alert, stage

AWAY = OutgoingFailed("chat.example.com can't be reached.")


@attrs.frozen
class Post:
    """A stage whose integration is told of everything."""

    stage: Stage
    notifiers: RecordedNotifiers

    def run(self) -> Dispatched:
        return self.stage.copilot.dispatch(actor=self.stage.system, integration_id=self.stage.integration.id)

    def open(self, name: str = "HighLatency", service: str = "checkout") -> UUID:
        (incident,) = self.stage.send(alert(name, service)).opened
        return incident

    @property
    def entries(self) -> list[OutboxEntry]:
        """What the outbox has, oldest first."""
        with self.stage.units(self.stage.tenant.id) as uow:
            return list(reversed(uow.outbox.list(OutboxFilter())))

    @property
    def sequences(self) -> list[int]:
        return [message.sequence for _, message in self.notifiers.told]


@pytest.fixture
def post() -> Post:
    notifiers = RecordedNotifiers()
    here = stage(notifiers=notifiers)
    here.copilot.add_route(actor=here.person(Role.ADMIN), name="all", integration_id=here.integration.id)
    return Post(here, notifiers)


def test_everything_that_waits_is_sent_in_the_order_in_which_it_happened(post: Post) -> None:
    incident = post.open()
    post.stage.copilot.acknowledge(actor=post.stage.engineer, incident_id=incident)
    post.stage.copilot.note(actor=post.stage.engineer, incident_id=incident, text="looking")
    assert post.run() == Dispatched(sent=3)
    assert post.sequences == [1, 2, 3]
    assert [
        message.content.happening.event.value for _, message in post.notifiers.told if message.content.happening
    ] == [
        "incident.opened",
        "incident.state_changed",
        "incident.noted",
    ]
    assert post.run() == Dispatched()


def test_a_commit_that_is_told_of_asks_a_worker_to_send_once(post: Post) -> None:
    incident = post.open()
    post.stage.copilot.acknowledge(actor=post.stage.engineer, incident_id=incident)
    queue = InMemoryJobQueue(post.stage.units.database, post.stage.clock)
    jobs = [row.job for row in queue.unfinished(10) if row.job.kind == "dispatch"]
    assert [job.arguments for job in jobs] == [{"integration_id": str(post.stage.integration.id)}]


def test_later_messages_are_given_the_receipt_of_the_first(post: Post) -> None:
    post.notifiers.answers[:] = [Sent(receipt={"ts": "1.0"}), Sent(receipt={"ts": "2.0"})]
    incident = post.open()
    post.stage.copilot.acknowledge(actor=post.stage.engineer, incident_id=incident)
    post.stage.copilot.mitigate(actor=post.stage.engineer, incident_id=incident)
    post.run()
    assert [message.thread for _, message in post.notifiers.told] == [{}, {"ts": "1.0"}, {"ts": "1.0"}]


def test_what_fails_is_tried_again_later_under_the_same_key_and_holds_up_only_its_own_incident(post: Post) -> None:
    first, second = post.open(), post.open("DiskFull", "billing")
    post.stage.copilot.acknowledge(actor=post.stage.engineer, incident_id=first)
    post.notifiers.answers.append(AWAY)
    assert post.run() == Dispatched(sent=1, failed=1)
    assert post.notifiers.told[1][1].content.incident is not None
    assert post.notifiers.told[1][1].content.incident.id == second
    assert post.run() == Dispatched()
    post.stage.clock.advance(timedelta(seconds=6))
    assert post.run() == Dispatched(sent=2)
    tries = [message for _, message in post.notifiers.told if message.sequence == 1]
    assert tries[0].key == tries[2].key
    assert [(tries[0].attempt, tries[2].attempt)] == [(1, 2)]


def test_what_never_gets_through_is_dead_in_the_end_and_what_follows_goes_on(post: Post) -> None:
    incident = post.open()
    post.stage.copilot.acknowledge(actor=post.stage.engineer, incident_id=incident)
    post.notifiers.answers[:] = [AWAY] * MOST_ATTEMPTS
    for _ in range(MOST_ATTEMPTS - 1):
        post.run()
        post.stage.clock.advance(timedelta(minutes=11))
    assert post.run() == Dispatched(sent=1, dead=1)
    assert [entry.status for entry in post.entries] == [OutboxStatus.DEAD, OutboxStatus.SENT]


@pytest.mark.parametrize("refusal", [NotifyRefused(), OutgoingRefused(), UnknownIntegrationType()])
def test_what_can_never_get_through_is_dead_at_once(post: Post, refusal: Exception) -> None:
    assert isinstance(refusal, NotifyRefused | OutgoingRefused | UnknownIntegrationType)
    post.open()
    post.notifiers.answers.append(refusal)
    assert post.run() == Dispatched(dead=1)
    assert post.entries[0].last_error == str(refusal)


def test_a_target_that_asks_to_wait_is_left_alone_for_so_long_and_no_attempt_is_lost(post: Post) -> None:
    post.open()
    post.open("DiskFull", "billing")
    post.notifiers.answers.append(NotifyLater(retry_after=timedelta(seconds=90)))
    assert post.run() == Dispatched()
    assert len(post.notifiers.told) == 1
    post.stage.clock.advance(timedelta(seconds=89))
    assert post.run() == Dispatched()
    post.stage.clock.advance(timedelta(seconds=1))
    assert post.run() == Dispatched(sent=2)
    assert [entry.attempts for entry in post.entries] == [0, 0]
    assert post.stage.tables.integrations[post.stage.integration.id].health.consecutive_failures == 0


def test_five_failures_make_the_target_unhealthy_and_one_success_makes_up_for_it(post: Post) -> None:
    post.open()
    post.notifiers.answers[:] = [AWAY] * UNHEALTHY_AFTER
    for _ in range(UNHEALTHY_AFTER):
        assert post.stage.tables.integrations[post.stage.integration.id].health.is_healthy
        post.run()
        post.stage.clock.advance(timedelta(minutes=11))
    health = post.stage.tables.integrations[post.stage.integration.id].health
    assert (health.is_healthy, health.last_error, health.last_sync_status) == (False, str(AWAY), SyncStatus.FAILED)
    assert post.run() == Dispatched(sent=1)
    health = post.stage.tables.integrations[post.stage.integration.id].health
    assert (health.is_healthy, health.consecutive_failures, health.last_error) == (True, 0, "")


def test_a_plugin_that_fails_five_times_in_a_row_is_not_asked_any_more_until_it_is_enabled(post: Post) -> None:
    post.open()
    post.notifiers.answers[:] = [PluginFailed()] * UNHEALTHY_AFTER
    for _ in range(UNHEALTHY_AFTER + 2):
        post.run()
        post.stage.clock.advance(timedelta(minutes=11))
    assert len(post.notifiers.told) == UNHEALTHY_AFTER
    admin = post.stage.person(Role.ADMIN)
    post.stage.copilot.configure_integration(actor=admin, integration_id=post.stage.integration.id, is_active=True)
    assert post.run() == Dispatched(sent=1)


def test_messages_for_a_disabled_integration_wait_and_go_when_it_is_enabled(post: Post) -> None:
    admin, target = post.stage.person(Role.ADMIN), post.stage.integration.id
    post.open()
    post.stage.copilot.configure_integration(actor=admin, integration_id=target, is_active=False)
    assert post.run() == Dispatched()
    post.stage.copilot.configure_integration(actor=admin, integration_id=target, is_active=True)
    assert post.run() == Dispatched(sent=1)


def test_who_dies_while_sending_leaves_a_claim_that_ends_by_itself_and_the_message_comes_again_under_its_key(
    post: Post,
) -> None:
    post.open()
    dying = attrs.evolve(post.stage.copilot.dispatch, units=TappedUnits(post.stage.units, _Dying("outbox.keep")))
    with pytest.raises(SystemExit):
        dying(actor=post.stage.system, integration_id=post.stage.integration.id)
    assert post.run() == Dispatched()
    now = post.stage.clock.advance(LEASE)
    assert post.stage.copilot.dispatch.wake(actor=post.stage.system, now=now) == (post.stage.integration.id,)
    assert post.run() == Dispatched(sent=1)
    assert len({message.key for _, message in post.notifiers.told}) == 1
    assert [message.attempt for _, message in post.notifiers.told] == [1, 2]


class _Dying(Fault):
    """Whoever makes this call dies."""

    def __init__(self, call: str) -> None:
        super().__init__()
        self.call = call

    def before(self, call: str) -> None:
        if call == self.call:
            raise SystemExit


def test_who_comes_back_after_somebody_else_took_over_changes_nothing(post: Post) -> None:
    incident = post.open()

    def taken_over(message: Message) -> Sent:
        post.stage.clock.advance(LEASE)
        assert post.run() == Dispatched(sent=1)
        raise NotifyRefused

    post.notifiers.answers.append(taken_over)
    assert post.run() == Dispatched()
    assert [(entry.incident_id, entry.status) for entry in post.entries] == [(incident, OutboxStatus.SENT)]


@pytest.mark.parametrize("call", ["enter", "outbox.claim", "outbox.keep", "audit.append", "commit"])
def test_whatever_breaks_around_a_try_the_message_arrives_in_the_end(post: Post, call: str) -> None:
    post.open()
    watch = Fault()
    units = TappedUnits(post.stage.units, watch)
    before = {tenant: tables.copy() for tenant, tables in post.stage.units.database.tables.items()}
    attrs.evolve(post.stage.copilot.dispatch, units=units)(
        actor=post.stage.system, integration_id=post.stage.integration.id
    )
    places = [number for number, name in enumerate(watch.calls, 1) if name == call]
    for at in places:
        post.stage.units.database.tables = {tenant: tables.copy() for tenant, tables in before.items()}
        broken: DispatchMessages = attrs.evolve(
            post.stage.copilot.dispatch, units=TappedUnits(post.stage.units, Fault(at=at, error=DatabaseUnavailable()))
        )
        with pytest.raises(DatabaseUnavailable):
            broken(actor=post.stage.system, integration_id=post.stage.integration.id)
        post.stage.clock.advance(LEASE)
        post.run()
        assert [entry.status for entry in post.entries] == [OutboxStatus.SENT]


def test_a_long_run_leaves_the_rest_to_another_one(post: Post) -> None:
    for name in ("A", "B"):
        post.open(name, name)

    def slow(message: Message) -> Sent:
        post.stage.clock.advance(timedelta(seconds=10))
        return Sent()

    post.notifiers.answers[:] = [slow, slow]
    assert post.run() == Dispatched(sent=1)
    queue = InMemoryJobQueue(post.stage.units.database, post.stage.clock)
    assert [row.job.kind for row in queue.unfinished(10)].count("dispatch") == 1
    assert post.run() == Dispatched(sent=1)


def test_the_first_thread_is_where_people_talk_about_the_incident(post: Post) -> None:
    post.notifiers.answers.append(Sent(receipt={"ts": "1.0"}, channel="C1", thread="1.0"))
    incident = post.open()
    post.run()
    assert post.stage.tables.threads == {incident: ("C1", "1.0")}


def test_what_was_dead_and_is_retried_is_sent(post: Post) -> None:
    post.open()
    post.notifiers.answers.append(NotifyRefused())
    post.run()
    dead = post.entries[0].id
    post.stage.copilot.retry_message(actor=post.stage.engineer, message_id=dead)
    assert post.run() == Dispatched(sent=1)
