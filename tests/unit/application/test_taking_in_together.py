"""A batch of deliveries comes to what they come to one by one."""

from collections.abc import Sequence
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.application.ports.intake import Arrived
from sre_copilot.domain.deliveries import Receipt
from sre_copilot.domain.errors import UnreadableDelivery
from sre_copilot.domain.signals import Severity
from sre_copilot.testing.builders import make_integration, make_tenant
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.stage import alert, recovery, stage
from tests.unit.application.hatch import SECOND, Hatch

Step = tuple[tuple[tuple[str, str, int, str | None], ...], str | None, bool]
EVENTS = st.tuples(
    st.sampled_from(("fire", "fire", "resolve", "worse")),
    st.sampled_from(("DiskFull", "QueueGrows")),
    st.integers(0, 4),
    st.sampled_from((None, None, None, "v1", "v2")),
)
STEPS = st.lists(
    st.tuples(
        st.lists(EVENTS, min_size=1, max_size=3, unique_by=lambda event: event[3] or object()).map(tuple),
        st.sampled_from((None, None, "d1")),
        st.sampled_from((False,) * 9 + (True,)),
    ),
    min_size=1,
    max_size=7,
)


def scripted(hatch: Hatch, steps: Sequence[Step]) -> list[Arrived]:
    """Deliveries of this script: a second apart, one of the same content with the same body."""
    found = []
    for number, (events, vendor_id, fails) in enumerate(steps):
        drafts = [
            (recovery if kind == "resolve" else alert)(
                name,
                occurred_at=BEGINNING + ago * SECOND,
                vendor_id=event_id,
                severity=Severity.CRITICAL if kind == "worse" else Severity.LOW,
            )
            for kind, name, ago, event_id in events
        ]
        body = repr(events if vendor_id else (number, events)).encode()
        error = UnreadableDelivery() if fails else None
        found.append(hatch.arrived(*drafts, after=number + 5, body=body, fails=error, vendor_id=vendor_id))
    return found


def told(hatch: Hatch, receipts: Sequence[Receipt]) -> object:
    """All that a batch comes to, without the ids that are anybody's."""
    tables = hatch.here.tables
    names: dict[UUID | None, object] = {None: None}
    names |= {one.id: (one.fingerprint, one.ordinal) for one in tables.signals.values()}
    incidents = {
        incident.id: frozenset(str(names[one.id]) for one in tables.signals.values() if one.incident_id == incident.id)
        for incident in tables.incidents.values()
    }
    bodies = {one.id: one.delivery.body for one in tables.deliveries.values()}
    rows = {
        str(names[one.id]): (
            bodies[one.delivery_id],
            one.vendor_id,
            one.occurred_at,
            one.is_duplicate,
            names[one.original_id],
            one.incident_id and incidents[one.incident_id],
            tables.sightings[one.id].last_seen_at if one.id in tables.sightings else one.received_at,
        )
        for one in tables.signals.values()
    }
    with hatch.here.units(hatch.here.tenant.id) as uow:
        seen = {
            (episode.fingerprint, episode.started_at, episode.ended_at, episode.last_seen_at, episode.end)
            for incident_id in tables.incidents
            for episode in uow.signals.episodes_of(incident_id)
        }
    states = {incidents[one.id]: (one.state, one.severity, one.detected_at) for one in tables.incidents.values()}
    # Not which are duplicates or in an incident: of a batch it is known at once what later ones say of earlier ones.
    counts = [
        (
            one.accepted,
            one.repeats,
            one.resolved,
            one.redelivered,
            one.quarantined,
            one.problem,
        )
        for one in receipts
    ]
    opened = {incidents[incident_id] for one in receipts for incident_id in one.opened}
    return rows, seen, states, counts, sorted(map(sorted, opened)), len(tables.episodes), sorted(bodies.values())


@given(STEPS, st.integers(0, 6))
def test_a_batch_comes_to_what_its_deliveries_come_to_one_by_one(steps: Sequence[Step], cut: int) -> None:
    tenant = make_tenant()
    integration = make_integration(tenant.id)
    together, alone = (Hatch(stage(tenant=tenant, integration=integration)) for _ in range(2))
    batch = scripted(together, steps)
    receipts = together.receipts(*batch[:cut]) + together.receipts(*batch[cut:])
    singly = [receipt for one in scripted(alone, steps) for receipt in alone.receipts(one)]
    assert told(together, receipts) == told(alone, singly)
