"""The ledger of deliveries, the audit trail and the service graph."""

from datetime import timedelta

import attrs
import pytest

from sre_copilot.application.ports.deliveries import Claimed, DeliveryFilter
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.deliveries import DeliveryStatus, QuarantineReason, Receipt
from sre_copilot.domain.errors import AlreadyExists
from sre_copilot.domain.service_graph import ServiceGraph
from sre_copilot.testing.builders import make_audit_entry, make_delivery, make_integration, make_record
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.conformance.house import Conformance, House
from sre_copilot.testing.conformance.isolation import GRAPH

MINUTE = timedelta(minutes=1)


class LedgerConformance(Conformance):
    """What came in."""

    def test_a_delivery_comes_back_byte_for_byte(self, house: House) -> None:
        """With its verdict and receipt, whatever its bytes are."""
        record = make_record(house.integration, delivery=make_delivery(bytes(range(256)), path="alerts"))
        record = attrs.evolve(
            record,
            status=DeliveryStatus.QUARANTINED,
            quarantine_reason=QuarantineReason.UNREADABLE,
            vendor_id="delivery-7",
            receipt=Receipt(delivery_id=record.id, quarantined=True, problem="no JSON", incidents=(record.id,)),
        )
        with house.changing() as uow:
            uow.deliveries.add([record])
        with house.reading() as uow:
            key = (house.integration.id, "delivery-7")
            claimed = Claimed(
                delivery_id=record.id,
                body_hash=record.delivery.body_hash,
                status=record.status,
                receipt=record.receipt,
            )
            assert uow.deliveries.claim([key, (house.integration.id, "delivery-8")]) == {key: claimed}
            assert uow.deliveries.claim([]) == {}
            assert uow.deliveries.get(record.id) == record
            assert list(uow.deliveries.list(DeliveryFilter(limit=5))) == [record.without_body]

    def test_an_id_is_known_to_its_integration_only(self, house: House) -> None:
        """Two vendors may use the same one."""
        other = make_integration(house.tenant.id)
        record = make_record(house.integration, vendor_id="delivery-7")
        with house.changing() as uow:
            uow.integrations.add(other)
            uow.deliveries.add([record])
        with house.changing() as uow:
            assert uow.deliveries.claim([(other.id, "delivery-7"), (house.integration.id, "delivery-8")]) == {}
            uow.deliveries.add([make_record(other, vendor_id="delivery-7")])

    def test_an_id_is_stored_once(self, house: House) -> None:
        """A second delivery under it is refused."""
        with pytest.raises(AlreadyExists), house.changing() as uow:
            uow.deliveries.add([make_record(house.integration, vendor_id="delivery-7")])
            uow.deliveries.add([make_record(house.integration, vendor_id="delivery-7")])

    def test_deliveries_without_an_id_are_all_kept(self, house: House) -> None:
        """Nothing tells them apart, and nothing has to."""
        with house.changing() as uow:
            uow.deliveries.add([make_record(house.integration)])
            uow.deliveries.add([make_record(house.integration)])
        with house.reading() as uow:
            assert len(uow.deliveries.list(DeliveryFilter(limit=5))) == 2

    def test_recent_deliveries_come_newest_first_up_to_the_limit(self, house: House) -> None:
        """By the time they came in."""
        records = [
            make_record(house.integration, delivery=make_delivery(received_at=BEGINNING + place * MINUTE))
            for place in (1, 3, 2)
        ]
        with house.changing() as uow:
            for record in records:
                uow.deliveries.add([record])
        with house.reading() as uow:
            assert list(uow.deliveries.list(DeliveryFilter(limit=2))) == [
                records[1].without_body,
                records[2].without_body,
            ]


class AuditConformance(Conformance):
    """Who did what."""

    def test_entries_come_back_as_they_were_newest_first(self, house: House) -> None:
        """So that their hashes still fit."""
        actor = house.user.as_actor(origin="cli")
        entries = [make_audit_entry(actor, at=BEGINNING + place * MINUTE) for place in range(3)]
        entries.append(make_audit_entry(Actor.system(house.tenant.id), at=BEGINNING - MINUTE, details={}))
        with house.changing() as uow:
            for entry in entries:
                uow.audit.append(entry)
        with house.reading() as uow:
            found = list(uow.audit.recent(3))
            assert found == [entries[2], entries[1], entries[0]]
            assert [entry.row_hash for entry in found] == [entry.row_hash for entry in reversed(entries[:3])]
            assert uow.audit.recent(10)[-1] == entries[3]

    def test_an_entry_is_written_once(self, house: House) -> None:
        """A trail that could be written over would prove nothing."""
        entry = make_audit_entry(house.user.as_actor())
        with house.changing() as uow:
            uow.audit.append(entry)
        with pytest.raises(AlreadyExists), house.changing() as uow:
            uow.audit.append(attrs.evolve(entry, event_type="nothing happened"))
        with house.reading() as uow:
            assert list(uow.audit.recent(5)) == [entry]


class ServicesConformance(Conformance):
    """What calls what."""

    def test_the_graph_is_replaced_as_a_whole(self, house: House) -> None:
        """Nothing of the one before is left."""
        after = ServiceGraph(services=frozenset({"payments", "search"}))
        with house.changing() as uow:
            assert uow.services.graph() == ServiceGraph()
            uow.services.replace(GRAPH, at=BEGINNING, limit=10)
            assert uow.services.graph() == GRAPH
            uow.services.replace(after, at=BEGINNING, limit=10)
        with house.reading() as uow:
            assert uow.services.graph() == after

    def test_services_that_only_signals_named_are_not_in_the_graph(self, house: House) -> None:
        """Being named says nothing of who calls whom."""
        with house.changing() as uow:
            uow.services.replace(GRAPH, at=BEGINNING, limit=10)
            uow.services.saw({"legacy"}, at=BEGINNING, limit=len(GRAPH.services))
            assert uow.services.graph() == GRAPH
            known = list(uow.services.known())
        assert [service.name for service in known] == sorted({*GRAPH.services, "legacy"})
        assert [service.name for service in known if not service.declared] == ["legacy"]
        assert [service.name for service in known if service.over_limit] == ["legacy"]

    def test_services_beyond_the_limit_are_remembered_and_flagged(self, house: House) -> None:
        """Each once, the known ones counted."""
        with house.changing() as uow:
            uow.services.replace(GRAPH, at=BEGINNING, limit=10)
            uow.services.saw(["checkout", "legacy"], at=BEGINNING, limit=3)
            assert uow.services.over_limit() == ()
            uow.services.saw(["search", "legacy", "cart", "search"], at=BEGINNING, limit=3)
            assert uow.services.over_limit() == ("cart", "search")
            uow.services.saw(["search"], at=BEGINNING, limit=10)
            assert uow.services.over_limit() == ("cart", "search")

    def test_imported_services_beyond_the_limit_are_recorded_and_flagged(self, house: House) -> None:
        """Only new ones: what is known keeps its place, also where it comes again under another limit."""
        graph, more = (ServiceGraph(services=frozenset(names)) for names in ("bdxz", "abdxyz"))
        with house.changing() as uow:
            uow.services.saw(["x", "z"], at=BEGINNING, limit=1)
            assert uow.services.over_limit() == ("z",)
            uow.services.replace(graph, at=BEGINNING, limit=3)
            assert (uow.services.graph(), uow.services.over_limit()) == (graph, ("d", "z"))
            uow.services.replace(more, at=BEGINNING, limit=5)
            assert (uow.services.graph(), uow.services.over_limit()) == (more, ("d", "y", "z"))
            uow.services.replace(graph, at=BEGINNING, limit=0)
        with house.reading() as uow:
            assert uow.services.over_limit() == ("d", "y", "z")
