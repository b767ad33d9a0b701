"""What opens doors: integrations with their keys and health, API tokens, people; and the ledger's second thoughts."""

from datetime import timedelta

import attrs
import pytest

from sre_copilot.adapters.system import new_id
from sre_copilot.application.ports.deliveries import DeliveryFilter
from sre_copilot.application.ports.tenants import Directory
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.domain.actors import Permission, Role
from sre_copilot.domain.deliveries import DeliveryStatus, QuarantineReason, Receipt, StoredDelivery, Verdict
from sre_copilot.domain.errors import AlreadyExists, NotFound
from sre_copilot.domain.integrations import DoorKey, Feature, Health, SyncStatus, hash_of_key
from sre_copilot.domain.signals import Environment
from sre_copilot.domain.tokens import ApiToken
from sre_copilot.testing.builders import make_audit_entry, make_delivery, make_integration, make_record, make_user
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.conformance.house import Conformance, House

HOUR = timedelta(hours=1)
SICK = Health(
    is_healthy=False,
    last_sync_at=BEGINNING,
    last_sync_status=SyncStatus.FAILED,
    last_error="it broke",
    consecutive_failures=7,
    plugin_failures=6,
)


def make_token(house: House, secret: str = "", **given: object) -> ApiToken:
    """A token of the house's user."""
    defaults = {"name": "ci", "hint": "srec_abc", "role": Role.ENGINEER, "created_at": BEGINNING}
    return ApiToken(
        id=new_id(),
        tenant_id=house.tenant.id,
        user_id=house.user.id,
        hash=hash_of_key(secret or str(new_id())),
        **{**defaults, **given},  # type: ignore[arg-type]
    )


class AccessConformance(Conformance):
    """Keys and tokens."""

    def test_an_integration_comes_back_with_everything_that_people_configured(self, house: House) -> None:
        """Its key as a hash, its envelope as it is."""
        before = house.integration
        after = attrs.evolve(
            before,
            name="renamed",
            dedup_window=HOUR,
            environments={"prd": Environment.PRODUCTION},
            is_active=False,
            key=DoorKey(current=hash_of_key(str(new_id())), previous=hash_of_key("old"), previous_until=BEGINNING),
            sealed={"v": 1, "ciphertext": "AAAA"},
            sync_interval=timedelta(minutes=2),
            expected_every=HOUR,
            expects_heartbeat=True,
            features=frozenset(Feature),
        )
        with house.changing() as uow:
            assert uow.integrations.lock(before.id) == before
            uow.integrations.save(after)
        with house.reading() as uow:
            assert uow.integrations.get(before.id) == after
            with pytest.raises(NotFound):
                uow.integrations.save(attrs.evolve(after, id=new_id()))

    def test_saving_leaves_health_and_noting_leaves_everything_else(self, house: House) -> None:
        """People and deliveries change different columns."""
        with house.changing() as uow:
            uow.integrations.note(house.integration.id, SICK)
            uow.integrations.note(new_id(), SICK)
        with house.changing() as uow:
            uow.integrations.save(attrs.evolve(house.integration, name="renamed"))
        with house.reading() as uow:
            wanted = attrs.evolve(house.integration, name="renamed", health=SICK)
            assert uow.integrations.get(house.integration.id) == wanted

    def test_a_name_is_taken_once(self, house: House) -> None:
        """Also where it is changed to."""
        other = make_integration(house.tenant.id)
        with house.changing() as uow:
            uow.integrations.add(other)
        with pytest.raises(AlreadyExists), house.changing() as uow:
            uow.integrations.save(attrs.evolve(other, name=house.integration.name))

    def test_the_directory_finds_an_integration_by_either_of_its_keys(
        self, house: House, units: UnitOfWorkFactory, directory: Directory
    ) -> None:
        """Whether a key still opens is not its business."""
        new, old = hash_of_key(str(new_id())), hash_of_key(str(new_id()))
        House.build(units)
        with house.changing() as uow:
            key = DoorKey(current=new, previous=old, previous_until=BEGINNING - HOUR)
            uow.integrations.save(attrs.evolve(house.integration, key=key))
        assert directory.integration_of_key(new) == (house.tenant.id, house.integration.id)
        assert directory.integration_of_key(old) == (house.tenant.id, house.integration.id)
        assert directory.integration_of_key(hash_of_key("")) is None

    def test_a_token_comes_back_as_it_was_is_noted_and_revoked_once(self, house: House, directory: Directory) -> None:
        """And the directory finds it by its hash alone."""
        secret = str(new_id())
        scoped = make_token(house, secret, scopes=frozenset({Permission.READ}), expires_at=BEGINNING + HOUR)
        with house.changing() as uow:
            uow.tokens.add(scoped)
            uow.tokens.add(make_token(house, created_at=BEGINNING + HOUR))
        with house.changing() as uow:
            uow.tokens.used(scoped.id, BEGINNING)
            uow.tokens.revoke(scoped.id, BEGINNING)
            uow.tokens.revoke(scoped.id, BEGINNING + HOUR)
        with house.reading() as uow:
            assert uow.tokens.get(scoped.id) == attrs.evolve(scoped, last_used_at=BEGINNING, revoked_at=BEGINNING)
            assert uow.tokens.all()[0].id == scoped.id
            with pytest.raises(NotFound):
                uow.tokens.get(new_id())
        assert directory.token_of_hash(hash_of_key(secret)) == (house.tenant.id, scoped.id)
        assert directory.token_of_hash(hash_of_key("other")) is None

    def test_a_person_comes_back_as_changed(self, house: House) -> None:
        """Role, account, name and id in Slack."""
        changed = attrs.evolve(
            house.user, role=Role.VIEWER, is_active=False, full_name="Ada L.", slack_user_id="U012AB3CD"
        )
        with house.changing() as uow:
            uow.tenants.save_user(changed)
        with house.reading() as uow:
            assert list(uow.tenants.users()) == [changed]
            with pytest.raises(NotFound):
                uow.tenants.save_user(make_user(house.tenant.id))

    def test_an_entry_of_the_trail_that_may_repeat_is_written_once(self, house: House) -> None:
        """The first one stays."""
        entry = make_audit_entry(house.user.as_actor())
        with house.changing() as uow:
            assert uow.audit.append_once(entry)
        with house.changing() as uow:
            assert not uow.audit.append_once(attrs.evolve(entry, event_type="another"))
        with house.reading() as uow:
            assert list(uow.audit.recent(5)) == [entry]


class PollsConformance(Conformance):
    """Whose turn it is, and who fell silent."""

    def test_a_poll_is_one_processes_until_its_time_is_over(self, house: House) -> None:
        """And of a disabled integration nobody's."""
        ours = house.integration.id
        with house.changing() as uow:
            assert uow.integrations.begin_poll(ours, now=BEGINNING, until=BEGINNING + HOUR)
            assert not uow.integrations.begin_poll(ours, now=BEGINNING, until=BEGINNING + HOUR)
            assert uow.integrations.begin_poll(ours, now=BEGINNING + HOUR, until=BEGINNING + 2 * HOUR)
            uow.integrations.end_poll(ours, cursor={"since": [1, "x"]}, next_at=BEGINNING + 3 * HOUR)
            assert not uow.integrations.begin_poll(ours, now=BEGINNING + 2 * HOUR, until=BEGINNING + 4 * HOUR)
            assert not uow.integrations.begin_poll(new_id(), now=BEGINNING + 9 * HOUR, until=BEGINNING + 10 * HOUR)
            uow.integrations.save(attrs.evolve(house.integration, is_active=False))
            assert not uow.integrations.begin_poll(ours, now=BEGINNING + 9 * HOUR, until=BEGINNING + 10 * HOUR)
        with house.reading() as uow:
            assert uow.integrations.get(ours).cursor == {"since": [1, "x"]}

    def test_the_directory_knows_whose_poll_is_due(
        self, house: House, units: UnitOfWorkFactory, directory: Directory
    ) -> None:
        """Of active integrations that are polled, and of no other."""
        other = House.build(units)
        pulls = frozenset({Feature.PULL})
        disabled = make_integration(house.tenant.id, features=pulls, is_active=False)
        waiting = make_integration(house.tenant.id, features=pulls)
        with house.changing() as uow:
            uow.integrations.save(attrs.evolve(house.integration, features=pulls))
            uow.integrations.add(disabled)
            uow.integrations.add(waiting)
            uow.integrations.end_poll(waiting.id, cursor={}, next_at=BEGINNING + HOUR)
        ours = {(house.tenant.id, house.integration.id)}
        known = {house.tenant.id, other.tenant.id}
        assert {pair for pair in directory.due_polls(BEGINNING) if pair[0] in known} == ours
        later = {pair for pair in directory.due_polls(BEGINNING + HOUR) if pair[0] in known}
        assert later == {*ours, (house.tenant.id, waiting.id)}

    def test_the_directory_knows_who_fell_silent_and_who_is_heard_again(
        self, house: House, directory: Directory
    ) -> None:
        """By anything, or by heartbeats where those are expected; exactly as the domain says."""
        cases = [
            make_integration(house.tenant.id, expected_every=every, expects_heartbeat=beats, is_active=active)
            for every in (None, HOUR)
            for beats in (False, True)
            for active in (False, True)
        ]
        with house.changing() as uow:
            for one in cases:
                uow.integrations.add(one)
        for step, what in enumerate(("created", "delivery", "heartbeat", "alarm", "heard", "beat"), 1):
            at = BEGINNING + step * HOUR
            with house.changing() as uow:
                for one in cases:
                    if what in ("delivery", "heard"):
                        uow.integrations.note(one.id, Health(last_sync_at=at))
                    if what in ("heartbeat", "beat"):
                        uow.integrations.heard(one.id, at)
                    if what == "alarm":
                        uow.integrations.silence(one.id, at)
            with house.reading() as uow:
                stored = [uow.integrations.get(one.id) for one in cases]
            for moment in (at, at + HOUR, at + 1.5 * HOUR):
                wanted = {one.id for one in stored if one.is_active and one.silence_changes(moment)}
                found = {pair[1] for pair in directory.changed_silences(moment) if pair[0] == house.tenant.id}
                assert (what, found) == (what, wanted)


class ReplayConformance(Conformance):
    """The ledger, read in pages and changed by replays."""

    def test_of_a_delivery_only_what_became_of_it_changes(self, house: House) -> None:
        """Its bytes and its time stay."""
        held = make_record(
            house.integration,
            status=DeliveryStatus.QUARANTINED,
            quarantine_reason=QuarantineReason.UNREADABLE,
            verdict=Verdict.SIGNATURE,
            vendor_id="d-1",
        )
        after = attrs.evolve(
            held,
            status=DeliveryStatus.ACCEPTED,
            quarantine_reason=None,
            receipt=Receipt(delivery_id=held.id, accepted=2),
            replayed_at=BEGINNING + HOUR,
        )
        with house.changing() as uow:
            uow.deliveries.add([held])
        with house.changing() as uow:
            assert uow.deliveries.get(held.id, lock=True) == held
            uow.deliveries.replayed(after)
        with house.reading() as uow:
            assert uow.deliveries.get(held.id) == after
            with pytest.raises(NotFound):
                uow.deliveries.get(new_id())

    def test_pages_follow_one_another_without_a_gap_or_a_row_twice(self, house: House) -> None:
        """By receive time and id, also where several came at once."""
        records = [
            make_record(house.integration, delivery=make_delivery(received_at=BEGINNING + place // 3 * HOUR))
            for place in range(10)
        ]
        with house.changing() as uow:
            for record in records:
                uow.deliveries.add([record])
        seen: list[StoredDelivery] = []
        page = DeliveryFilter(limit=4)
        with house.reading() as uow:
            while found := uow.deliveries.list(page):
                seen += found
                page = DeliveryFilter(limit=4, before=found[-1].received_at, before_id=found[-1].id)
        listed = [record.without_body for record in records]
        wanted = sorted(listed, key=lambda row: (row.received_at, row.id), reverse=True)
        assert seen == wanted

    def test_a_list_can_be_narrowed_to_a_status_and_an_integration(self, house: House) -> None:
        """And to both."""
        other = make_integration(house.tenant.id)
        held = make_record(other, status=DeliveryStatus.QUARANTINED, quarantine_reason=QuarantineReason.PLUGIN_FAILED)
        with house.changing() as uow:
            uow.integrations.add(other)
            for record in (make_record(house.integration), make_record(other), held):
                uow.deliveries.add([record])
        with house.reading() as uow:
            assert list(uow.deliveries.list(DeliveryFilter(status=DeliveryStatus.QUARANTINED))) == [held.without_body]
            assert len(uow.deliveries.list(DeliveryFilter(integration_id=other.id))) == 2
            narrowed = DeliveryFilter(status=DeliveryStatus.QUARANTINED, integration_id=house.integration.id)
            assert not uow.deliveries.list(narrowed)
