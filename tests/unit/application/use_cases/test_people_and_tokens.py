"""People and API tokens: who is added, changed, let in, and let in no more."""

from datetime import timedelta
from typing import Any

import attrs
import pytest

from sre_copilot.domain.actors import Actor, Permission, Role
from sre_copilot.domain.errors import (
    AlreadyExists,
    InvalidInput,
    NotAuthentic,
    NotFound,
    NotPermitted,
    RefusedByRule,
    TenantInactive,
)
from sre_copilot.testing.stage import Stage, stage


@pytest.fixture
def here() -> Stage:
    return stage()


def admin(here: Stage) -> Actor:
    return here.person(Role.ADMIN)


def token(here: Stage, **given: Any) -> Any:
    said = {"user_id": here.people[Role.ENGINEER].id, "name": "ci", "role": Role.ADMIN, **given}
    return here.copilot.create_token(actor=admin(here), **said)


def test_a_person_is_added_in_lower_case_and_named_by_the_address(here: Stage) -> None:
    made = here.copilot.add_user(actor=admin(here), email=" Grace@Example.com ", role=Role.VIEWER)
    assert (made.email, made.full_name, made.role) == ("grace@example.com", "grace@example.com", Role.VIEWER)
    assert here.tables.users[made.id] == made
    with pytest.raises(AlreadyExists):
        here.copilot.add_user(actor=admin(here), email="GRACE@example.com", role=Role.VIEWER)
    with pytest.raises(InvalidInput):
        here.copilot.add_user(actor=admin(here), email="grace", role=Role.VIEWER)


def test_only_what_is_given_of_a_person_changes(here: Stage) -> None:
    ada = here.people[Role.ENGINEER]
    changed = here.copilot.change_user(actor=admin(here), user_id=ada.id, full_name="Ada L.", slack_user_id="U1")
    assert changed == attrs.evolve(ada, full_name="Ada L.", slack_user_id="U1")
    assert here.copilot.change_user(actor=admin(here), user_id=ada.id, slack_user_id="").slack_user_id == ""


@pytest.mark.parametrize("change", [{"role": Role.ENGINEER}, {"is_active": False}])
def test_a_tenant_keeps_an_administrator(here: Stage, change: dict[str, Any]) -> None:
    with pytest.raises(RefusedByRule, match="active administrator"):
        here.copilot.change_user(actor=admin(here), user_id=here.people[Role.ADMIN].id, **change)


def test_the_bearer_of_a_token_is_its_person_and_its_use_is_noted(here: Stage) -> None:
    made = token(here)
    actor = here.copilot.administration.actor_of_token(made.secret, origin="http")
    assert (actor.user_id, actor.role) == (here.people[Role.ENGINEER].id, Role.ENGINEER)
    first = here.clock.now()
    here.clock.advance(timedelta(seconds=30))
    here.copilot.administration.actor_of_token(made.secret)
    assert here.tables.tokens[made.token.id].last_used_at == first


@pytest.mark.parametrize("secret", ["", "srec_", "srei_1", "x" * 60])
def test_what_is_no_token_lets_nobody_in(here: Stage, secret: str) -> None:
    token(here)
    with pytest.raises(NotAuthentic):
        here.copilot.administration.actor_of_token(secret)


def test_a_revoked_or_expired_token_and_a_deactivated_person_are_out_at_the_next_request(here: Stage) -> None:
    revoked, short, left = token(here), token(here, lifetime=timedelta(hours=1)), token(here, lifetime=None)
    here.copilot.revoke_token(actor=admin(here), token_id=revoked.token.id)
    again = here.copilot.revoke_token(actor=admin(here), token_id=revoked.token.id)
    assert again.revoked_at == here.clock.now()
    here.clock.advance(timedelta(hours=1))
    for made in (revoked, short):
        with pytest.raises(NotAuthentic):
            here.copilot.administration.actor_of_token(made.secret)
    here.copilot.administration.actor_of_token(left.secret)
    here.copilot.change_user(actor=admin(here), user_id=here.people[Role.ENGINEER].id, is_active=False)
    with pytest.raises(NotPermitted):
        here.copilot.administration.actor_of_token(left.secret)


def test_nobody_of_an_inactive_tenant_is_let_in(here: Stage) -> None:
    made = token(here)
    here.tables.tenants[here.tenant.id] = attrs.evolve(here.tenant, is_active=False)
    with pytest.raises(TenantInactive):
        here.copilot.administration.actor_of_token(made.secret)


@pytest.mark.parametrize(
    "given", [{"scopes": ["fly"]}, {"lifetime": timedelta(0)}, {"lifetime": timedelta(days=367)}, {"name": " "}]
)
def test_a_token_that_makes_no_sense_is_refused(here: Stage, given: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        token(here, **given)
    assert not here.tables.tokens


def test_a_token_is_for_a_person_of_the_tenant_and_only_its_hash_is_kept(here: Stage) -> None:
    with pytest.raises(NotFound):
        token(here, user_id=stage().people[Role.ADMIN].id)
    made = token(here, scopes=["read"])
    assert made.token.scopes == {Permission.READ}
    assert made.secret not in repr(here.tables.tokens) + repr(here.tables.audit) + repr(made)


def test_a_key_leads_to_its_integration_where_that_has_the_type_that_the_door_is_for(here: Stage) -> None:
    made = here.copilot.create_integration(actor=admin(here), type="generic", name="door")
    find = here.copilot.administration.door_of_key
    assert find(made.key, kind="generic") == made.integration.id
    assert find(made.key, kind="pagerduty") is None
    assert find("srei_0", kind="generic") is None
