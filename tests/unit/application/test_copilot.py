"""The facade: everything in one place, and what it adds of its own."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import attrs
import pytest

from sre_copilot.application.acting import Acting
from sre_copilot.application.copilot import Copilot
from sre_copilot.domain.commands import Command, Verb
from sre_copilot.domain.deliveries import Parsed, Verdict
from sre_copilot.domain.errors import DatabaseUnavailable
from sre_copilot.domain.snapshots import MetricSeries
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.stage import alert, copilot, stage
from tests.unit.application.table import TABLE


@attrs.define
class Moody:
    """Metrics behind something that is out at times."""

    is_out: bool = False

    def series(self, *, tenant_id: UUID, start: datetime, end: datetime) -> Sequence[MetricSeries]:
        if self.is_out:
            raise DatabaseUnavailable
        return ()

    def telemetry(self, *, tenant_id: UUID, start: datetime, end: datetime) -> None:
        return None


def test_every_use_case_and_query_has_its_place_in_the_facade() -> None:
    kinds = [field.type for field in attrs.fields(Copilot) if field.name != "on_close"]
    # What acts on commands does so through use cases, as the person who gave them.
    assert set(kinds) == {kind for kind, _ in TABLE} | {Acting}
    assert len(kinds) == len(set(kinds))


def test_it_closes_once_at_the_end_of_its_block_whatever_happened_inside() -> None:
    closed: list[str] = []
    closing = attrs.evolve(copilot(), on_close=lambda: closed.append("closed"))
    with closing as entered:
        assert entered is closing
        assert closed == []
    assert closed == ["closed"]
    with pytest.raises(OSError), closing:
        raise OSError
    assert closed == ["closed", "closed"]


def test_a_copilot_that_was_closed_changes_nothing_by_it_and_goes_on_when_asked_again() -> None:
    here = stage()
    before = here.tables.copy()
    here.copilot.close()
    here.copilot.close()
    assert here.tables == before
    assert here.send(alert()).opened


def test_ingesting_keeps_what_was_known_of_each_incident_that_it_opened_and_of_no_other() -> None:
    here = stage()
    here.copilot.declare(actor=here.engineer, title="Search is empty", service="search")
    receipt = here.send(alert(), alert("DiskFull", "billing"))
    assert len(receipt.opened) == 2
    assert {row.incident_id for row in here.tables.snapshots.values()} == set(receipt.opened)
    taken = [entry for entry in here.tables.audit.values() if entry.event_type == "snapshot.taken"]
    assert {(entry.actor_kind, entry.origin, entry.at) for entry in taken} == {("system", "ingest", BEGINNING)}


def test_a_delivery_that_opens_nothing_takes_no_snapshot() -> None:
    here = stage()
    here.send(alert())
    before = dict(here.tables.snapshots)
    here.send(alert("HighErrorRate"))
    assert here.tables.snapshots == before


def test_a_snapshot_that_fails_hides_nothing_that_is_stored_and_is_taken_with_the_next_timers() -> None:
    here = stage(metrics=(metrics := Moody()))
    metrics.is_out = True
    receipt = here.send(alert(), alert("DiskFull", "billing"))
    assert len(receipt.opened) == 2
    assert set(here.wait(minutes=1).unseen) == set(receipt.opened)
    assert not here.tables.snapshots
    metrics.is_out = False
    here.wait(minutes=1)
    assert {row.incident_id for row in here.tables.snapshots.values()} == set(receipt.opened)


def test_a_command_under_the_id_of_another_one_is_kept_aside_and_not_done() -> None:
    here = stage()
    said = [Parsed(command=Command(by="U1", verb=verb), vendor_id="Ev1") for verb in (Verb.HELP, Verb.LIST)]
    first, second = [
        here.copilot.ingest(
            actor=here.sender,
            integration_id=here.integration.id,
            delivery=here.script.delivery(one, received_at=here.clock.now()),
            verdict=Verdict.SIGNATURE,
        )
        for one in said
    ]
    assert first.response is not None
    assert second.quarantined
    assert second.response is None
