"""However much comes at once, no message to the database is much larger than a part of it has to be."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connections

from sre_copilot.adapters.django_orm import models, sets, setup
from sre_copilot.adapters.django_orm.repositories.signals import signal_columns
from sre_copilot.adapters.django_orm.routing import ALIAS
from sre_copilot.domain.signals import Signal
from sre_copilot.testing.builders import make_draft, make_signal
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.conformance.house import House
from tests.integration.database import Database

MANY = 300
LONG = 4_000


@pytest.fixture
def house(database: Database) -> House:
    return House.build(setup.adapters()[0])


@contextmanager
def weighing() -> Iterator[list[int]]:
    """Collect how many bytes each statement that writes brings along."""
    sent: list[int] = []

    def listen(
        execute: Callable[..., object], sql: str | bytes, params: Sequence[object], many: bool, context: object
    ) -> object:
        if b"INSERT" in (sql if isinstance(sql, bytes) else sql.encode()):
            sent.append(sum(len(part) for part in params if isinstance(part, bytes)))
        return execute(sql, params, many, context)

    with connections[ALIAS].execute_wrapper(listen):
        yield sent


def signals_of(house: House, count: int) -> list[Signal]:
    incident = house.with_incident(detected_at=BEGINNING)
    return [
        make_signal(
            house.integration,
            ordinal=place,
            incident_id=incident.id,
            timestamp=BEGINNING + place * timedelta(minutes=1),
            draft=make_draft(description="x" * LONG),
        )
        for place in range(1, count + 1)
    ]


@pytest.mark.parametrize("together", [True, False])
def test_many_rows_go_in_parts_and_all_of_them_arrive(house: House, together: bool) -> None:
    signals = signals_of(house, MANY)
    with house.changing(), weighing() as sent:
        if together:
            writes = sets.Writes()
            writes.insert(models.Signal, signal_columns(signals, {}))
            writes.run()
        else:
            sets.insert(models.Signal, signal_columns(signals, {}))
    assert sum(sent) > MANY * LONG
    assert max(sent) < MANY * LONG / 3
    with house.changing():
        assert models.Signal.objects.filter(id__in=[signal.id for signal in signals]).count() == MANY


def test_few_rows_are_one_statement_and_no_rows_are_none(house: House) -> None:
    signals = signals_of(house, 2)
    with house.changing(), weighing() as sent:
        writes = sets.Writes()
        writes.insert(models.Signal, signal_columns(signals, {}))
        writes.insert(models.Signal, signal_columns([], {}))
        writes.run()
        sets.insert(models.Signal, signal_columns([], {}))
    assert len(sent) == 1
