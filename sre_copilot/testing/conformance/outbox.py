"""The outbox: in order per target and incident, one sender at a time, whoever dies."""

from datetime import timedelta

import attrs
import pytest

from sre_copilot.application.ports.outbox import OutboxFilter
from sre_copilot.application.ports.tenants import Directory
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.domain.errors import ConcurrentTransition, ForeignReference, NotFound
from sre_copilot.domain.integrations import UNHEALTHY_AFTER, Health
from sre_copilot.domain.outbound import Answer, Content, Sent
from sre_copilot.domain.outbox import LEASE, OutboxEntry, OutboxStatus
from sre_copilot.domain.routing import Target
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.conformance.house import Conformance, House
from sre_copilot.testing.outbound import make_entry, make_rule

SECOND = timedelta(seconds=1)


def line(house: House, count: int = 1, **given: object) -> list[OutboxEntry]:
    """Store so many messages about one new incident, one after the other, to the house's integration."""
    incident = house.with_incident()
    entries = [
        make_entry(
            house.tenant.id,
            Target(house.integration.id),
            incident.id,
            **{"sequence": number, "due_at": BEGINNING + number * SECOND, **given},
        )
        for number in range(1, count + 1)
    ]
    with house.changing() as uow:
        uow.outbox.add(entries)
    return entries


def claimed(house: House, after: timedelta = timedelta(hours=1)) -> OutboxEntry:
    """Claim the next message, so long after the beginning."""
    with house.changing() as uow:
        claim = uow.outbox.claim(house.integration.id, BEGINNING + after)
        assert claim is not None
        return claim.entry


def nothing_to_claim(house: House, after: timedelta = timedelta(hours=1)) -> bool:
    """Whether nobody gets a message, so long after the beginning."""
    with house.reading() as uow:
        return uow.outbox.claim(house.integration.id, BEGINNING + after) is None


def kept(house: House, entry: OutboxEntry) -> bool:
    """Store what became of a message."""
    with house.changing() as uow:
        return uow.outbox.keep(entry)


class OutboxConformance(Conformance):
    """Messages that wait."""

    def test_a_message_comes_back_as_it_was(self, house: House) -> None:
        """With everything that is needed to write it."""
        (entry,) = line(house)
        answer = make_entry(
            house.tenant.id,
            Target(house.integration.id, "#ops"),
            None,
            event="answer",
            content=Content(answer=Answer(to="U1", channel="C1", text="No.")),
        )
        with house.changing() as uow:
            uow.outbox.add([answer])
        with house.reading() as uow:
            assert uow.outbox.get(entry.id) == entry
            assert uow.outbox.get(answer.id, lock=True) == answer
            with pytest.raises(NotFound):
                uow.outbox.get(house.tenant.id)

    def test_what_is_due_longest_is_claimed_first_and_nobody_else_gets_it_before_its_lease_ends(
        self, house: House
    ) -> None:
        """Each claim has a number of its own."""
        ours, later = line(house)[0], line(house, due_at=BEGINNING + 2 * SECOND)[0]
        assert nothing_to_claim(house, after=timedelta(0))
        first = claimed(house, after=3 * SECOND)
        assert first == attrs.evolve(ours, fence=1, lease_until=BEGINNING + 3 * SECOND + LEASE)
        second = claimed(house, after=3 * SECOND)
        assert second.id == later.id
        assert nothing_to_claim(house, after=2 * SECOND + LEASE)
        again = claimed(house, after=3 * SECOND + LEASE)
        assert (again.id, again.fence) == (ours.id, 2)

    def test_of_one_incident_and_target_nothing_is_claimed_before_what_comes_before_it_was_sent_or_is_dead(
        self, house: House
    ) -> None:
        """Neither while that waits for another try nor while somebody has it."""
        one, two, three = line(house, 3)
        first = claimed(house)
        assert first.id == one.id
        assert nothing_to_claim(house)
        waiting = first.waiting(BEGINNING + timedelta(days=1), "asked to wait")
        assert kept(house, waiting)
        assert nothing_to_claim(house)
        assert kept(house, first.sent(Sent(), BEGINNING))
        second = claimed(house)
        assert second.id == two.id
        assert kept(house, second.refused("never", BEGINNING))
        third = claimed(house)
        assert third.id == three.id

    def test_other_incidents_and_other_addresses_do_not_wait(self, house: House) -> None:
        """Order is kept only where somebody could tell."""
        line(house, 2)
        (other,) = line(house, due_at=BEGINNING + timedelta(minutes=1))
        elsewhere = make_entry(
            house.tenant.id,
            Target(house.integration.id, "#ops"),
            other.incident_id,
            due_at=BEGINNING + timedelta(minutes=2),
        )
        with house.changing() as uow:
            uow.outbox.add([elsewhere])
        found = [claimed(house) for _ in range(3)]
        assert [entry.id for entry in found[1:]] == [other.id, elsewhere.id]
        assert nothing_to_claim(house)

    def test_what_a_former_holder_reports_has_no_effect(self, house: House) -> None:
        """Whoever took the message over decides."""
        line(house)
        former = claimed(house)
        holder = claimed(house, after=timedelta(hours=1) + LEASE)
        assert not kept(house, former.refused("gone", BEGINNING))
        assert kept(house, holder.sent(Sent(receipt={"ts": "1.0"}), BEGINNING))
        with house.reading() as uow:
            stored = uow.outbox.get(holder.id)
        assert (stored.status, stored.receipt, stored.lease_until) == (OutboxStatus.SENT, {"ts": "1.0"}, None)

    def test_later_messages_are_told_what_the_first_one_left(self, house: House) -> None:
        """Of the same target and incident, in whatever order they were sent."""
        one, two = line(house, 2)
        (other,) = line(house, due_at=BEGINNING + timedelta(minutes=1))
        for entry, receipt in ((one, {"ts": "1.0"}), (two, {"ts": "2.0"}), (other, {})):
            with house.changing() as uow:
                claim = uow.outbox.claim(house.integration.id, BEGINNING + timedelta(hours=1))
                assert claim is not None
                assert claim.entry.id == entry.id
                assert claim.thread == ({"ts": "1.0"} if entry is two else {})
                assert uow.outbox.keep(claim.entry.sent(Sent(receipt=receipt), BEGINNING + entry.sequence * SECOND))

    def test_a_disabled_and_a_suspended_integration_are_sent_nothing_until_they_are_back(
        self, house: House, directory: Directory
    ) -> None:
        """What they are to be told waits, and nobody looks for it in vain."""
        now = BEGINNING + timedelta(hours=1)
        (entry,) = line(house)
        disabled = attrs.evolve(house.integration, is_active=False)
        for change, health in ((disabled, Health()), (house.integration, Health(plugin_failures=UNHEALTHY_AFTER))):
            with house.changing() as uow:
                uow.integrations.save(change)
                uow.integrations.note(house.integration.id, health)
            assert nothing_to_claim(house)
            with house.reading() as uow:
                assert uow.outbox.due(now) == []
        with house.changing() as uow:
            uow.integrations.note(house.integration.id, Health())
            assert uow.outbox.due(now) == [house.integration.id]
        back = claimed(house)
        assert back.id == entry.id

    def test_who_is_held_waits_with_everything_and_nobody_else_does(self, house: House) -> None:
        """A target that asks to wait is meant as a whole."""
        until = BEGINNING + timedelta(hours=2)
        early, late = line(house)[0], line(house, due_at=until + SECOND)[0]
        with house.changing() as uow:
            uow.outbox.hold(house.integration.id, until)
        with house.reading() as uow:
            assert uow.outbox.get(early.id).due_at == until
            assert uow.outbox.get(late.id).due_at == until + SECOND

    def test_a_tenant_is_due_while_a_message_of_it_can_be_claimed(self, house: House, directory: Directory) -> None:
        """Not while somebody has it, nor for those that wait behind it, nor before its time."""
        line(house, 2)

        def is_due(after: timedelta) -> bool:
            with house.reading() as uow:
                ours = uow.outbox.due(BEGINNING + after)
            due = house.tenant.id in directory.due_tenants(BEGINNING + after)
            assert due is bool(ours)
            return due

        with house.changing() as uow:
            # Else its snapshot, which is still to be taken, would be due.
            for entry in uow.outbox.list(OutboxFilter()):
                assert entry.incident_id is not None
                uow.incidents.save(attrs.evolve(uow.incidents.get(entry.incident_id), declared=True))
        assert not is_due(SECOND / 2)
        assert is_due(SECOND)
        first = claimed(house, after=2 * SECOND)
        assert not is_due(3 * SECOND)
        assert is_due(2 * SECOND + LEASE)
        assert kept(house, first.sent(Sent(), BEGINNING))
        assert is_due(3 * SECOND)

    def test_the_highest_sequences_are_known_by_target(self, house: House) -> None:
        """Of one incident only; none where nobody was told."""
        one, *_ = line(house, 3)
        line(house)
        assert one.incident_id is not None
        elsewhere = make_entry(house.tenant.id, Target(house.integration.id, "#ops"), one.incident_id)
        with house.changing() as uow:
            uow.outbox.add([elsewhere])
            found = uow.outbox.sequences(one.incident_id, lock=True)
            assert found == {Target(house.integration.id): 3, Target(house.integration.id, "#ops"): 1}
            assert uow.outbox.sequences(house.tenant.id) == {}

    def test_a_place_in_the_line_is_taken_once(self, house: House) -> None:
        """Two who would tell the same incident at the same time can't both be the third."""
        one, _ = line(house, 2)
        with pytest.raises(ConcurrentTransition), house.changing() as uow:
            uow.outbox.add([make_entry(house.tenant.id, one.target, one.incident_id, sequence=2)])

    def test_an_answer_whose_id_is_known_is_left_out(self, house: House) -> None:
        """What was said once needs no saying again."""
        answer = make_entry(house.tenant.id, Target(house.integration.id), None, event="answer")
        with house.changing() as uow:
            uow.outbox.add([answer])
            uow.outbox.add([attrs.evolve(answer, event="another")])
        with house.reading() as uow:
            assert list(uow.outbox.list(OutboxFilter())) == [answer]

    def test_messages_are_listed_newest_first_and_narrowed(self, house: House) -> None:
        """By status, target and incident, and page by page."""
        entries = [line(house, created_at=BEGINNING + place * SECOND)[0] for place in range(3)]
        with house.changing() as uow:
            assert uow.outbox.keep(entries[1].refused("never", BEGINNING))
        with house.reading() as uow:
            newest, middle, oldest = uow.outbox.list(OutboxFilter())
            assert [entry.id for entry in (oldest, middle, newest)] == [entry.id for entry in entries]
            assert list(uow.outbox.list(OutboxFilter(status=OutboxStatus.DEAD))) == [middle]
            assert list(uow.outbox.list(OutboxFilter(incident_id=oldest.incident_id))) == [oldest]
            assert list(uow.outbox.list(OutboxFilter(integration_id=house.tenant.id))) == []
            page = OutboxFilter(before=newest.created_at, before_id=newest.id, limit=1)
            assert list(uow.outbox.list(page)) == [middle]

    def test_a_thread_leads_to_its_incident_and_its_target(self, house: House) -> None:
        """The one whose message opened it; a strange thread leads nowhere."""
        (entry,) = line(house)
        sent = Sent(receipt={"ts": "1.0"}, channel="C1", thread="1.0")
        with house.changing() as uow:
            assert uow.outbox.keep(entry.sent(sent, BEGINNING))
        with house.reading() as uow:
            assert uow.outbox.place("C1", "1.0") == (entry.incident_id, entry.target)
            assert uow.outbox.place("C2", "1.0") is None
            assert uow.outbox.place("C1", "") is None

    def test_where_people_talk_about_an_incident_is_noted_once_and_for_one_incident(self, house: House) -> None:
        """A second place, and a thread that another incident has, are no reason to fail."""
        one, other = house.with_incident(), house.with_incident()
        thread = str(one.id)
        with house.changing() as uow:
            uow.incidents.keep_thread(one.id, "C1", thread)
            uow.incidents.keep_thread(one.id, "C2", f"{thread[:-1]}x")
            uow.incidents.keep_thread(other.id, "C1", thread)
        with house.reading() as uow:
            assert {uow.incidents.get(row.id).state for row in (one, other)} == {one.state}

    def test_a_message_to_what_is_not_there_is_refused(self, house: House, units: UnitOfWorkFactory) -> None:
        """Neither another tenant's integration nor its incident can be named."""
        other = House.build(units)
        theirs, ours = other.with_incident(), house.with_incident()
        for integration, incident in ((other.integration, ours), (house.integration, theirs)):
            with pytest.raises(ForeignReference), house.changing() as uow:
                uow.outbox.add([make_entry(house.tenant.id, Target(integration.id), incident.id)])

    def test_no_tenant_finds_or_claims_what_another_sends(self, house: House, units: UnitOfWorkFactory) -> None:
        """Nor its rules."""
        (entry,) = line(house)
        with house.changing() as uow:
            uow.routes.add(make_rule(house.integration.id, house.tenant.id))
        with units(House.build(units).tenant.id) as uow:
            assert uow.outbox.claim(house.integration.id, BEGINNING + timedelta(days=1)) is None
            assert (list(uow.outbox.list(OutboxFilter())), list(uow.routes.all())) == ([], [])
            assert not uow.outbox.keep(entry.refused("never", BEGINNING))
            with pytest.raises(NotFound):
                uow.outbox.get(entry.id)
