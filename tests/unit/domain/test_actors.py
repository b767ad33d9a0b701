"""Who may do what: denied unless granted."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.actors import Actor, ActorKind, Permission, Role
from sre_copilot.domain.errors import NotPermitted

TENANT = UUID(int=1)
GRANTED = """
              read respond administer ingest automate
viewer        x    -       -          -      -
engineer      x    x       -          -      -
admin         x    x       x          x      -
integration   -    -       -          x      -
system        x    x       -          x      x
"""
PERMISSIONS, *ROWS = [line.split() for line in GRANTED.strip().splitlines()]
CELLS = [
    (row[0], permission, mark == "x") for row in ROWS for permission, mark in zip(PERMISSIONS, row[1:], strict=True)
]


def actor_called(name: str) -> Actor:
    if name == "integration":
        return Actor.integration(TENANT, UUID(int=3))
    if name == "system":
        return Actor.system(TENANT)
    return Actor(tenant_id=TENANT, kind=ActorKind.PERSON, id=UUID(int=2), role=Role(name))


def test_the_table_below_is_about_every_role_and_every_permission() -> None:
    assert [row[0] for row in ROWS] == [*Role, ActorKind.INTEGRATION, ActorKind.SYSTEM]
    assert list(Permission) == PERMISSIONS


@pytest.mark.parametrize(("name", "permission", "granted"), CELLS)
def test_every_actor_may_do_exactly_what_is_granted(name: str, permission: str, granted: bool) -> None:
    actor = actor_called(name)
    assert actor.may(Permission(permission)) is granted
    if granted:
        actor.require(Permission(permission))
    else:
        with pytest.raises(NotPermitted) as refused:
            actor.require(Permission(permission))
        assert refused.value.data == {"needed": permission, "role": name}


@given(st.sampled_from(ActorKind), st.none() | st.sampled_from(Role), st.sampled_from(Permission))
def test_a_role_belongs_to_people_alone_and_any_other_combination_may_nothing(
    kind: ActorKind, role: Role | None, permission: Permission
) -> None:
    actor = Actor(tenant_id=TENANT, kind=kind, id=UUID(int=2), role=role)
    if (kind is ActorKind.PERSON) != (role is not None):
        assert not actor.may(permission)


@given(st.sampled_from(Permission))
def test_a_higher_role_may_all_that_a_lower_one_may(permission: Permission) -> None:
    allowed = [actor_called(role).may(permission) for role in Role]
    assert allowed == sorted(allowed)


def test_only_a_person_is_a_user() -> None:
    assert [(actor_called(row[0]).is_person, actor_called(row[0]).user_id) for row in ROWS] == [
        *[(True, UUID(int=2))] * 3,
        *[(False, None)] * 2,
    ]


def test_the_system_and_an_integration_say_who_they_are_and_where_they_come_from() -> None:
    assert Actor.system(TENANT) == Actor(
        tenant_id=TENANT, kind=ActorKind.SYSTEM, name="SRE Copilot", origin="system", id=None
    )
    assert Actor.system(TENANT, origin="worker").origin == "worker"
    quiet = Actor.integration(TENANT, UUID(int=3))
    assert (quiet.name, quiet.origin) == ("", "")
    assert Actor.integration(TENANT, UUID(int=3), name="pager", origin="http 192.0.2.7") == Actor(
        tenant_id=TENANT, kind=ActorKind.INTEGRATION, id=UUID(int=3), name="pager", origin="http 192.0.2.7"
    )
