"""A page of one incident costs as many queries with two hundred signals, steps and notes as with one of each."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connections

from sre_copilot.adapters.django_orm import models, sets, setup
from sre_copilot.adapters.django_orm.repositories.signals import signal_columns
from sre_copilot.adapters.django_orm.routing import ALIAS
from sre_copilot.adapters.system import SystemClock, new_id
from sre_copilot.application.ports.incidents import IncidentFilter
from sre_copilot.application.ports.series import SignalFilter
from sre_copilot.application.queries.incidents import IncidentQueries
from sre_copilot.application.queries.reports import ReportQueries
from sre_copilot.application.queries.signals import SignalQueries
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.series import SeriesUpdate
from sre_copilot.domain.timeline import Note, Transition
from sre_copilot.testing.builders import make_draft, make_signal
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.conformance.house import House
from sre_copilot.testing.conformance.recording import NAME, stored_series
from tests.integration.database import Database

Ask = Callable[[Actor, UUID], object]
MINUTE = timedelta(minutes=1)
MANY = 200


@pytest.fixture
def house(database: Database) -> House:
    return House.build(setup.adapters()[0])


@contextmanager
def counting() -> Iterator[list[str]]:
    """Collect what is sent to the database."""
    sent: list[str] = []

    def listen(execute: Callable[..., object], sql: str, params: object, many: bool, context: object) -> object:
        sent.append(sql)
        return execute(sql, params, many, context)

    with connections[ALIAS].execute_wrapper(listen):
        yield sent


def incident_with(house: House, count: int) -> UUID:
    """Store an incident with so many signals, steps and notes."""
    incident = house.with_incident(detected_at=BEGINNING)
    signals = [
        make_signal(house.integration, ordinal=place, incident_id=incident.id, timestamp=BEGINNING + place * MINUTE)
        for place in range(1, count + 1)
    ]
    with house.changing() as uow:
        sets.insert(models.Signal, signal_columns(signals, {}))
        for place in range(1, count + 1):
            at = BEGINNING + place * MINUTE
            uow.incidents.add_note(Note(id=new_id(), incident_id=incident.id, user_id=house.user.id, text="hm", at=at))
            uow.incidents.log(_step(incident.id, place))
    return incident.id


def _step(incident_id: UUID, place: int) -> Transition:
    there, back = ("investigating", "mitigated") if place % 2 else ("mitigated", "investigating")
    return Transition(
        id=new_id(),
        incident_id=incident_id,
        sequence=place,
        from_state="" if place == 1 else there,
        to_state="detected" if place == 1 else back,
        actor="system",
        user_id=None,
        reason="",
        automated=True,
        timestamp=BEGINNING + place * MINUTE,
    )


def asks() -> dict[str, tuple[Ask, int]]:
    """What is asked, and with how many queries besides the one that binds the tenant."""
    units = setup.adapters()[0]
    incidents, signals = IncidentQueries(units=units), SignalQueries(units=units)
    reports = ReportQueries(units=units, clock=SystemClock())
    return {
        "the page of an incident": (lambda who, one: incidents.show(actor=who, incident_id=one), 10),
        "its log": (lambda who, one: incidents.transitions(actor=who, incident_id=one), 2),
        "its signals": (
            lambda who, one: signals.list(actor=who, narrowed=SignalFilter(incident_id=one, limit=MANY)),
            2,
        ),
        "incidents": (lambda who, one: incidents.list(actor=who, narrowed=IncidentFilter(limit=MANY)), 1),
        "signals": (lambda who, one: signals.list(actor=who, narrowed=SignalFilter(limit=MANY)), 1),
        "what waits": (lambda who, one: signals.waiting(actor=who, limit=MANY), 1),
        "the report": (lambda who, one: reports.response_times(actor=who), 3),
    }


@pytest.mark.parametrize("name", list(asks()))
def test_it_takes_as_many_queries_for_much_as_for_little(house: House, name: str) -> None:
    ask, expected = asks()[name]
    actor = house.user.as_actor(origin="test")
    counts = []
    for size in (1, MANY):
        incident_id = incident_with(house, size)
        ask(actor, incident_id)
        with counting() as sent:
            ask(actor, incident_id)
        counts.append(len(sent) - 1)
    assert counts == [expected, expected]


def test_no_page_is_reached_by_counting_rows_that_nobody_wants(house: House) -> None:
    incident_id = incident_with(house, 3)
    actor = house.user.as_actor(origin="test")
    with counting() as sent:
        for ask, _ in asks().values():
            ask(actor, incident_id)
    assert sent
    assert not [sql for sql in sent if " OFFSET " in sql.upper()]


def test_no_index_is_a_twin_for_like_nor_the_beginning_of_another(database: Database) -> None:
    """Each costs every insert, and answers nothing that another one does not."""
    tables = ["incidents", "signals", "episodes", "series", "sightings", "incident_state_transitions", "deliveries"]
    with database.connect("owner") as db:
        rows = db.execute(
            "SELECT indexrelid::regclass::text, indrelid, indkey::text, indisunique, pg_get_expr(indpred, indrelid), "
            "pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = ANY(%s::regclass[])",
            [tables],
        ).fetchall()
    assert not [name for name, *_, definition in rows if "pattern_ops" in str(definition)]
    plain = [(str(name), table, str(keys)) for name, table, keys, unique, only, _ in rows if not unique and not only]
    whole = [(str(name), table, str(keys)) for name, table, keys, _, only, _ in rows if not only]
    covered = [
        (name, other)
        for name, table, keys in plain
        for other, owner, longer in whole
        if name != other
        and table == owner
        and f"{longer} ".startswith(f"{keys} ")
        and "signals_by_time" not in (name, other)
    ]
    assert covered == []


def test_what_waits_is_not_processed_until_it_has_an_incident(house: House) -> None:
    home = house.with_incident()
    stored = stored_series(house, make_draft(), waiting=True)
    mine = models.Signal.objects.using(ALIAS).filter(id=stored.signals[0].id)
    with house.changing() as uow:
        assert mine.get().processed is False
        update = SeriesUpdate(history=uow.series.load([NAME])[NAME]).homed(stored.episode.id, home.id)
        uow.series.save([update], [])
        assert mine.get().processed is True
