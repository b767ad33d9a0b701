"""Every change leaves its audit entry, and nothing else does."""

from collections import Counter

import attrs
import pytest

from sre_copilot.domain.audit import AuditEntry
from sre_copilot.domain.deliveries import Parsed
from sre_copilot.domain.errors import RecommendationDecided
from sre_copilot.domain.signals import Severity
from sre_copilot.testing.faults import Fault, TappedUnits
from sre_copilot.testing.stage import alert, recovery
from tests.unit.application.row import Asked
from tests.unit.application.scene import Scene, scene
from tests.unit.application.table import AT_ONCE, READS, TABLE, ask, title

AS_WHOM = [(asked, who) for asked, row in AT_ONCE.items() for who in sorted(row.permitted)]


def entries(on: Scene) -> dict[object, AuditEntry]:
    """Every audit entry of every tenant."""
    return {id_: entry for tables in on.database().values() for id_, entry in tables.audit.items()}


def left_by(on: Scene, before: dict[object, AuditEntry]) -> list[AuditEntry]:
    """The entries that were not there before."""
    return [entry for id_, entry in entries(on).items() if id_ not in before]


@pytest.mark.parametrize(("asked", "who"), AS_WHOM, ids=lambda part: title(part) if isinstance(part, tuple) else None)
def test_a_change_leaves_exactly_one_audit_entry_that_says_who_did_what(asked: Asked, who: str) -> None:
    on, row = scene(), AT_ONCE[asked]
    before, database = entries(on), on.database()
    actor = on.actor(who)
    ask(on, asked, row, actor=actor)
    left = left_by(on, before)
    assert tuple(entry.event_type for entry in left) == row.leaves
    assert len(left) == 1
    assert on.database() != database
    (entry,) = left
    if title(asked) == "IngestDelivery" and actor.is_person:
        # What a vendor says is its integration's deed, whichever person hands it in.
        actor = attrs.evolve(on.stage.sender, origin=actor.origin)
    assert (entry.tenant_id, entry.actor_kind, entry.actor_id) == (on.stage.tenant.id, actor.kind.value, actor.id)
    assert (entry.user_id, entry.origin, entry.result) == (actor.user_id, actor.origin, "success")
    assert entry.resource_type


@pytest.mark.parametrize("asked", AT_ONCE, ids=title)
def test_the_entry_is_written_in_the_one_unit_of_work_that_changes_something(asked: Asked) -> None:
    on, row, watch = scene(), AT_ONCE[asked], Fault()
    actor = on.actor(min(row.permitted))
    ask(on, asked, row, units=TappedUnits(on.stage.units, watch), actor=actor)
    assert Counter(watch.calls)["commit"] == 1
    unit = " ".join(watch.calls).split("enter ")[-1].split()
    assert unit.count("audit.append") == 1
    assert unit[-2:] == ["commit", "exit"]


@pytest.mark.parametrize("asked", AT_ONCE, ids=title)
def test_without_its_audit_entry_nothing_is_changed(asked: Asked) -> None:
    on, row, watch = scene(), AT_ONCE[asked], Fault()
    before, actor = on.database(), on.actor(min(row.permitted))
    ask(on, asked, row, units=TappedUnits(on.stage.units, watch), actor=actor)
    on.restore(before)
    fault = Fault(at=watch.calls.index("audit.append") + 1)
    with pytest.raises(OSError):
        ask(on, asked, row, units=TappedUnits(on.stage.units, fault), actor=actor)
    assert on.database() == before


def test_a_new_tenant_begins_its_trail_with_its_own_creation() -> None:
    on = scene()
    before = entries(on)
    asked = next(asked for asked in TABLE if title(asked) == "CreateTenant")
    tenant, _ = ask(on, asked, TABLE[asked])
    (entry,) = left_by(on, before)
    assert (entry.event_type, entry.tenant_id, entry.resource_id) == ("tenant.created", tenant.id, tenant.id)
    assert (entry.actor_kind, entry.origin) == ("system", "operator")


@pytest.mark.parametrize("asked", READS, ids=title)
def test_reading_leaves_everything_as_it_is(asked: Asked) -> None:
    on = scene()
    before = on.database()
    ask(on, asked, READS[asked], actor=on.actor(min(READS[asked].permitted)))
    assert on.database() == before


def test_what_is_refused_by_a_rule_leaves_no_entry() -> None:
    on = scene()
    before = on.database()
    with pytest.raises(RecommendationDecided):
        on.stage.copilot.decide_recommendation(actor=on.actor("engineer"), recommendation_id=on.accepted, accept=True)
    assert on.database() == before


def test_a_delivery_that_changes_no_incident_is_its_own_trail() -> None:
    on = scene()
    before = entries(on)
    on.stage.send(alert())
    on.stage.send(alert("Watchdog", is_heartbeat=True))
    on.stage.send(recovery("Unheard", "of"))
    assert left_by(on, before) == []


def test_the_trail_of_a_delivery_names_each_incident_that_it_opens_or_raises() -> None:
    on = scene()
    before = entries(on)
    delivery = on.stage.script.delivery(
        Parsed(
            drafts=(
                alert("HighErrorRate", severity=Severity.CRITICAL),
                alert("DiskFull", "billing"),
                alert("QueueGrows", "mail"),
            )
        ),
        received_at=on.stage.clock.now(),
    )
    receipt = on.stage.copilot.ingest_delivery(
        actor=on.stage.sender, integration_id=on.stage.integration.id, delivery=delivery
    )
    left = left_by(on, before)
    assert {entry.resource_id for entry in left if entry.event_type == "incident.opened"} == set(receipt.opened)
    assert [entry.resource_id for entry in left if entry.event_type == "incident.severity_raised"] == [on.incident]
    assert len(left) == len(receipt.opened) + 1 == 3
