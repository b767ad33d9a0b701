"""API tokens: who acts with one, and when it is of no use any more."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import attrs
import pytest

from sre_copilot.domain.actors import Permission, Role
from sre_copilot.domain.errors import NotAuthentic, NotPermitted
from sre_copilot.domain.tokens import USE_NOTED_EVERY, ApiToken, lower_role, scopes_of
from sre_copilot.testing.builders import make_user

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADA = make_user(UUID(int=1), role=Role.ENGINEER)


def token(**given: Any) -> ApiToken:
    defaults = {"name": "ci", "hash": "0" * 64, "hint": "srec_abc", "role": Role.ADMIN, "created_at": NOW}
    return ApiToken(id=UUID(int=2), tenant_id=ADA.tenant_id, user_id=ADA.id, **{**defaults, **given})


@pytest.mark.parametrize("one", Role)
@pytest.mark.parametrize("other", Role)
def test_the_lower_role_is_the_one_that_may_do_less(one: Role, other: Role) -> None:
    order = [Role.VIEWER, Role.ENGINEER, Role.ADMIN]
    assert lower_role(one, other) is order[min(order.index(one), order.index(other))]


def test_its_bearer_acts_as_its_person_with_the_lower_role_and_says_where_from() -> None:
    actor = token().actor(ADA, NOW, origin="http 192.0.2.7")
    assert (actor.is_person, actor.user_id, actor.role) == (True, ADA.id, Role.ENGINEER)
    assert actor.origin == "http 192.0.2.7 token srec_abc"
    assert token(role=Role.VIEWER).actor(ADA, NOW).role is Role.VIEWER


def test_scopes_only_ever_take_away() -> None:
    actor = token(scopes=frozenset({Permission.READ, Permission.ADMINISTER})).actor(ADA, NOW)
    assert [permission for permission in Permission if actor.may(permission)] == [Permission.READ]
    assert token().actor(ADA, NOW).may(Permission.RESPOND)


def test_expired_and_revoked_tokens_are_not_authentic() -> None:
    for given in ({"expires_at": NOW}, {"revoked_at": NOW - timedelta(days=1)}):
        with pytest.raises(NotAuthentic):
            token(**given).actor(ADA, NOW)
    assert token(expires_at=NOW + timedelta(seconds=1)).state(NOW) == "active"


def test_a_deactivated_person_is_out_with_every_token() -> None:
    with pytest.raises(NotPermitted):
        token().actor(attrs.evolve(ADA, is_active=False), NOW)


def test_a_use_is_noted_once_a_minute() -> None:
    assert token().is_use_to_note(NOW)
    used = token(last_used_at=NOW)
    assert not used.is_use_to_note(NOW + USE_NOTED_EVERY - timedelta(seconds=1))
    assert used.is_use_to_note(NOW + USE_NOTED_EVERY)


def test_an_unknown_scope_is_refused() -> None:
    assert scopes_of(["read"]) == {Permission.READ}
    with pytest.raises(ValueError, match="fly"):
        scopes_of(["fly"])
