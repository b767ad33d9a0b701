"""Statements that are prepared no longer, or for another table than there is now: nobody who delivers notices."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connections, transaction

from sre_copilot.adapters.django_orm import asking
from sre_copilot.adapters.django_orm.routing import ALIAS
from sre_copilot.adapters.django_orm.unit_of_work import DjangoUnitOfWorkFactory
from sre_copilot.domain.tenants import Tenant
from tests.integration.database import Database
from tests.integration.django_orm.test_concurrent_ingest import Door, delivery

OFTEN = asking.ASKED_BEFORE + 2


@pytest.fixture
def door(units: DjangoUnitOfWorkFactory, tenant: Tenant) -> Door:
    """A door that was knocked at so often that everything is prepared."""
    made = Door.of(units, tenant)
    for number in range(OFTEN):
        assert made.knock(delivery(number)).accepted == 1
    return made


def forget_all() -> None:
    """Do what poolers, and others who share the connection, do between two users."""
    connection = connections[ALIAS].connection
    assert isinstance(connection, psycopg.Connection)
    connection.execute("DEALLOCATE ALL")


@contextmanager
def head_of_another_type(database: Database) -> Iterator[None]:
    """A migration while everybody goes on."""
    change = "ALTER TABLE series ALTER COLUMN head TYPE {}"
    try:
        with database.connect("owner") as db:
            db.execute(change.format("varchar").encode())
        yield
    finally:
        with database.connect("owner") as db:
            db.execute(change.format("text").encode())


def test_who_finds_every_prepared_statement_gone_delivers_all_the_same(door: Door) -> None:
    forget_all()
    assert door.knock(delivery(OFTEN)).accepted == 1


def test_who_finds_them_gone_within_somebody_elses_transaction_delivers_all_the_same(door: Door) -> None:
    forget_all()
    with transaction.atomic(using=ALIAS):
        assert door.knock(delivery(OFTEN)).accepted == 1
    assert len(door.incidents()) == OFTEN + 1


def test_who_finds_a_table_changed_delivers_all_the_same(door: Door, database: Database) -> None:
    with head_of_another_type(database):
        assert door.knock(delivery(OFTEN)).accepted == 1
    assert door.knock(delivery(OFTEN + 1)).accepted == 1


def test_who_only_reads_does_not_notice_either(door: Door) -> None:
    forget_all()
    assert len(door.incidents()) == OFTEN
