"""Creating a tenant: an administrator, the seeded runbooks, and nothing of anybody else."""

import pytest

from sre_copilot.domain.actors import Role
from sre_copilot.domain.errors import AlreadyExists, InvalidInput
from sre_copilot.testing.builders import make_runbook
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.runbooks import FixedRunbooks
from sre_copilot.testing.stage import copilot
from sre_copilot.testing.unit_of_work import InMemoryUnitOfWorkFactory
from tests.unit.application.scene import scene


def test_a_tenant_begins_with_its_administrator() -> None:
    units = InMemoryUnitOfWorkFactory()
    tenant, admin = copilot(units=units).create_tenant(
        slug="acme", admin_email="  Ada@Acme.Example ", name="Acme Ltd", max_services=7
    )
    tables = units.database.of(tenant.id)
    assert (tables.tenants, tables.users) == ({tenant.id: tenant}, {admin.id: admin})
    assert (tenant.slug, tenant.name, tenant.max_services, tenant.is_active) == ("acme", "Acme Ltd", 7, True)
    assert (tenant.contact_email, tenant.created_at) == ("ada@acme.example", BEGINNING)
    assert (admin.email, admin.full_name, admin.role) == ("ada@acme.example", "ada", Role.ADMIN)
    assert admin.as_actor().tenant_id == tenant.id


def test_without_a_name_it_is_called_by_its_slug() -> None:
    tenant, _ = copilot().create_tenant(slug="acme", admin_email="ada@acme.example")
    assert tenant.name == "acme"


def test_every_tenant_gets_the_seeded_runbooks_as_its_own() -> None:
    units, seeds = InMemoryUnitOfWorkFactory(), FixedRunbooks((make_runbook(), make_runbook()))
    making = copilot(units=units, seeds=seeds)
    books = []
    for slug in ("acme", "umbrella"):
        tenant, _ = making.create_tenant(slug=slug, admin_email=f"ada@{slug}.example")
        books.append(units.database.of(tenant.id).runbooks)
    first, second = books
    assert [book.slug for book in first.values()] == [book.slug for book in second.values()]
    assert [len(first), len(second)] == [2, 2]
    assert not set(first) & set(second)


@pytest.mark.parametrize("slug", ["a", "7", "a-b", "acme-2", "a" * 100])
def test_a_slug_has_small_letters_digits_and_hyphens_inside(slug: str) -> None:
    tenant, _ = copilot().create_tenant(slug=slug, admin_email="ada@acme.example")
    assert tenant.slug == slug


@pytest.mark.parametrize("slug", ["", "-", "-a", "a-", "Acme", "a b", "a_b", "é", "a\n", "a" * 101])
def test_any_other_slug_is_refused_with_the_rule(slug: str) -> None:
    units = InMemoryUnitOfWorkFactory()
    with pytest.raises(InvalidInput, match="small letters"):
        copilot(units=units).create_tenant(slug=slug, admin_email="ada@acme.example")
    assert not units.database.tables


@pytest.mark.parametrize(
    "email",
    ["", "ada", "ada@acme", "@acme.example", "ada@@acme.example", "a da@acme.example", f"{'a' * 250}@a.example"],
)
def test_what_is_no_email_address_is_refused_with_an_example(email: str) -> None:
    units = InMemoryUnitOfWorkFactory()
    with pytest.raises(InvalidInput, match=r"ada@example\.com"):
        copilot(units=units).create_tenant(slug="acme", admin_email=email)
    assert not units.database.tables


def test_a_slug_or_an_address_that_anybody_has_is_refused_and_nothing_is_left() -> None:
    on = scene()
    before = on.database()
    with pytest.raises(AlreadyExists):
        on.stage.copilot.create_tenant(slug=on.stage.tenant.slug, admin_email="ada@acme.example")
    with pytest.raises(AlreadyExists):
        on.stage.copilot.create_tenant(slug="acme", admin_email=next(iter(on.stage.people.values())).email)
    assert on.database() == before


@pytest.mark.parametrize("name", [" ", "n" * 256, "n\0", "n\ud800"])
def test_a_name_that_cannot_be_stored_is_refused(name: str) -> None:
    units = InMemoryUnitOfWorkFactory()
    with pytest.raises(InvalidInput, match="The name"):
        copilot(units=units).create_tenant(slug="acme", admin_email="ada@acme.example", name=name)
    assert not units.database.tables


@pytest.mark.parametrize("email", ["a\0@acme.example", "a\ud800@acme.example"])
def test_an_address_that_cannot_be_stored_is_refused(email: str) -> None:
    units = InMemoryUnitOfWorkFactory()
    with pytest.raises(InvalidInput, match="The e-mail address"):
        copilot(units=units).create_tenant(slug="acme", admin_email=email)
    assert not units.database.tables


def test_the_limits_of_the_plan_are_given_and_never_below_nought() -> None:
    making = copilot()
    tenant, _ = making.create_tenant(
        slug="acme", admin_email="ada@acme.example", max_services=7, max_incidents_per_month=0
    )
    assert (tenant.max_services, tenant.max_incidents_per_month) == (7, 0)
    with pytest.raises(InvalidInput, match="limit"):
        making.create_tenant(slug="other", admin_email="ada@other.example", max_services=-1)
    with pytest.raises(InvalidInput, match="limit"):
        making.create_tenant(slug="other", admin_email="ada@other.example", max_incidents_per_month=-1)
