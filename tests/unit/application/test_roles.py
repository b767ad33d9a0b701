"""Who may do what: every use case and query with every kind of actor, denied unless the table permits it."""

import inspect
from uuid import UUID

import attrs
import pytest

from sre_copilot.domain.actors import Role
from sre_copilot.domain.errors import NotFound, NotPermitted
from sre_copilot.testing.faults import Fault, TappedUnits
from sre_copilot.testing.stage import stage
from tests.unit.application.row import Asked
from tests.unit.application.scene import ACTORS, scene
from tests.unit.application.table import ROLES, TABLE, WITHOUT_ACTOR, ask, everything, title

PERMITTED = [(asked, who) for asked, row in ROLES.items() for who in sorted(row.permitted)]
DENIED = [(asked, who) for asked, row in ROLES.items() for who in ACTORS if who not in row.permitted]


def named(pair: object) -> str | None:
    """Let pytest call a use case by its class, and an actor by its name."""
    return title(pair) if isinstance(pair, tuple) else None


def test_every_use_case_and_query_has_its_row_and_every_row_its_use_case_or_query() -> None:
    assert set(TABLE) == {asked for asked, _ in everything()}


def test_the_table_knows_every_role() -> None:
    assert {role.value for role in Role} <= set(ACTORS)


def test_everything_asks_first_and_by_name_who_asks_but_what_stands_outside_of_every_tenant() -> None:
    first = {asked: list(signature.parameters.values())[1:2] for asked, signature in everything()}
    without = {asked for asked, given in first.items() if [p.name for p in given] != ["actor"]}
    assert without == set(WITHOUT_ACTOR)
    kinds = {p.kind for asked, given in first.items() if asked not in without for p in given}
    assert kinds == {inspect.Parameter.KEYWORD_ONLY}


def test_automation_and_integrations_never_administer_and_viewers_never_change() -> None:
    for asked, row in ROLES.items():
        assert not row.leaves or "viewer" not in row.permitted, title(asked)
        assert row.permitted <= {"viewer", "engineer", "admin", "integration", "system"}, title(asked)


@pytest.mark.parametrize(("asked", "who"), PERMITTED, ids=named)
def test_who_is_permitted_succeeds_and_only_changes_change_anything(asked: Asked, who: str) -> None:
    on = scene()
    before = on.database()
    ask(on, asked, ROLES[asked], actor=on.actor(who))
    assert (on.database() != before) is bool(ROLES[asked].leaves)


@pytest.mark.parametrize(("asked", "who"), DENIED, ids=named)
def test_who_is_not_permitted_is_refused_before_anything_is_opened_and_changes_nothing(asked: Asked, who: str) -> None:
    on, watch = scene(), Fault()
    before = on.database()
    with pytest.raises(NotPermitted):
        ask(on, asked, ROLES[asked], units=TappedUnits(on.stage.units, watch), actor=on.actor(who))
    assert on.database() == before
    assert watch.calls == []


@pytest.mark.parametrize(("asked", "who"), PERMITTED, ids=named)
def test_who_is_of_another_tenant_finds_nothing_and_changes_nothing_here(asked: Asked, who: str) -> None:
    on, row = scene(), ROLES[asked]
    ours, stranger = on.stage.tables.copy(), ACTORS[who](stage(units=on.stage.units))
    if row.finds:
        with pytest.raises(NotFound):
            ask(on, asked, row, actor=stranger)
    else:
        answer = ask(on, asked, row, actor=stranger)
        keys = {key for rows in attrs.astuple(ours, recurse=False) for key in rows if isinstance(key, UUID)}
        assert not [key for key in keys if str(key) in repr(answer)]
    assert on.stage.tables == ours
