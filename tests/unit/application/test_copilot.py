"""The facade: everything in one place, and what it adds of its own."""

import attrs
import pytest

from sre_copilot.application.copilot import Copilot
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.stage import alert, copilot, stage
from tests.unit.application.table import TABLE


def test_every_use_case_and_query_has_its_place_in_the_facade() -> None:
    kinds = [field.type for field in attrs.fields(Copilot) if field.name != "on_close"]
    assert set(kinds) == {kind for kind, _ in TABLE}
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


def test_with_nothing_to_give_back_closing_is_harmless() -> None:
    copilot().close()


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
