"""Who is there: tenants, people, integrations."""

from datetime import timedelta

import attrs
import pytest

from sre_copilot.domain.actors import Role
from sre_copilot.domain.errors import InvalidInput, NotFound, NotPermitted
from sre_copilot.testing.builders import make_integration, make_tenant, make_user
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.stage import copilot, stage


def test_tenants_are_listed_by_creation() -> None:
    here = stage(tenant=make_tenant(created_at=BEGINNING))
    there = stage(units=here.units, tenant=make_tenant(created_at=BEGINNING - timedelta(days=1)))
    assert list(here.copilot.administration.tenants()) == [there.tenant, here.tenant]


def test_the_only_tenant_needs_no_slug() -> None:
    here = stage()
    assert here.copilot.administration.tenant() == here.tenant


def test_a_tenant_is_found_by_its_slug_among_several() -> None:
    here = stage()
    there = stage(units=here.units)
    assert here.copilot.administration.tenant(there.tenant.slug) == there.tenant


def test_without_any_tenant_it_is_said_how_to_create_one() -> None:
    with pytest.raises(NotFound, match="tenants create"):
        copilot().administration.tenant()


def test_with_several_tenants_one_has_to_be_named() -> None:
    here = stage()
    stage(units=here.units)
    with pytest.raises(InvalidInput, match=r"There are 2 tenants; .* --tenant"):
        here.copilot.administration.tenant()


def test_an_unknown_slug_is_named_and_no_other_tenant_given_instead() -> None:
    with pytest.raises(NotFound, match="'acme'"):
        stage().copilot.administration.tenant("acme")


def test_a_person_is_found_by_their_address_whatever_its_case() -> None:
    here = stage()
    ada = here.people[Role.VIEWER]
    actor = here.copilot.administration.person(here.tenant, f" {ada.email.upper()} ", origin="cli")
    assert actor == ada.as_actor(origin="cli")
    assert (actor.role, actor.tenant_id) == (Role.VIEWER, here.tenant.id)


def test_without_an_address_it_is_the_first_administrator_who_is_active() -> None:
    here = stage()
    first = here.people[Role.ADMIN]
    second = make_user(here.tenant.id, role=Role.ADMIN, created_at=BEGINNING + timedelta(days=1))
    with here.units(here.tenant.id) as uow:
        uow.tenants.add_user(second)
        uow.commit()
    assert here.copilot.administration.person(here.tenant).id == first.id
    here.tables.users[first.id] = attrs.evolve(first, is_active=False)
    assert here.copilot.administration.person(here.tenant).id == second.id


def test_a_tenant_whose_administrators_are_all_gone_says_so() -> None:
    here = stage()
    admin = here.people[Role.ADMIN]
    here.tables.users[admin.id] = attrs.evolve(admin, is_active=False)
    with pytest.raises(NotFound, match="has no administrator"):
        here.copilot.administration.person(here.tenant)


def test_a_stranger_or_somebody_of_another_tenant_is_nobody_here() -> None:
    here = stage()
    there = stage(units=here.units)
    for email in ("nobody@example.com", there.people[Role.ADMIN].email):
        with pytest.raises(NotFound, match=email):
            here.copilot.administration.person(here.tenant, email)


def test_a_deactivated_person_cannot_act() -> None:
    here = stage()
    ada = here.people[Role.ENGINEER]
    here.tables.users[ada.id] = attrs.evolve(ada, is_active=False)
    with pytest.raises(NotPermitted, match="deactivated"):
        here.copilot.administration.person(here.tenant, ada.email)


def test_integrations_are_listed_by_creation_and_only_the_tenants_own() -> None:
    here = stage()
    stage(units=here.units)
    older = make_integration(here.tenant.id, created_at=BEGINNING - timedelta(days=1), is_active=False)
    with here.units(here.tenant.id) as uow:
        uow.integrations.add(older)
        uow.commit()
    assert list(here.copilot.integrations.list(actor=here.engineer)) == [older, here.integration]


def test_whoever_runs_the_installation_sees_the_integrations_of_every_tenant_that_are_in_use() -> None:
    here = stage(tenant=make_tenant(created_at=BEGINNING))
    there = stage(units=here.units, tenant=make_tenant(created_at=BEGINNING + timedelta(days=1)))
    idle = make_integration(there.tenant.id, is_active=False)
    with here.units(there.tenant.id) as uow:
        uow.integrations.add(idle)
        uow.commit()
    found = here.copilot.administration.active_integrations()
    assert found == [(here.tenant, here.integration), (there.tenant, there.integration)]
