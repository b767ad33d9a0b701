"""What is asked again and again is prepared, and planned anew now and then."""

from uuid import uuid4

import pytest
from django.db import connections

from sre_copilot.adapters.django_orm import sets
from sre_copilot.adapters.django_orm.repositories.neighbourhood import LATEST
from sre_copilot.adapters.django_orm.routing import ALIAS
from sre_copilot.adapters.django_orm.setup import OFTEN
from sre_copilot.adapters.django_orm.unit_of_work import DjangoUnitOfWorkFactory

ASKED = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT coalesce(max(number)%%'"


def prepared() -> int:
    """How many statements like the one asked below the connection of this thread has prepared."""
    ((count,),) = sets.ask(ASKED, [])
    return int(count)


def ask_often(units: DjangoUnitOfWorkFactory, *, keep: bool) -> None:
    """Ask the same often, a unit of work each time."""
    for _ in range(OFTEN + 2):
        with units(uuid4()) as unit:
            assert unit.series is not None
            assert sets.ask(LATEST, {"tenant": unit.tenant_id}) == [(0,)]
            if keep:
                unit.commit()


def test_what_is_asked_often_stays_prepared_until_a_rollback(units: DjangoUnitOfWorkFactory) -> None:
    connections[ALIAS].close()
    ask_often(units, keep=True)
    assert prepared() == 1
    with units(uuid4()):
        pass
    assert prepared() == 0
    ask_often(units, keep=False)
    assert prepared() == 0


def test_plans_are_made_anew_when_they_are_old(units: DjangoUnitOfWorkFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    connections[ALIAS].close()
    ask_often(units, keep=True)
    made_at = sets._planned_at[connections[ALIAS].connection]
    ask_often(units, keep=True)
    assert sets._planned_at[connections[ALIAS].connection] == made_at
    monkeypatch.setattr(sets, "PLANS_LAST", 0.0)
    ask_often(units, keep=True)
    assert sets._planned_at[connections[ALIAS].connection] > made_at
    assert prepared() == 1
