"""A unit of work keeps everything or nothing, for one tenant, and leaves nothing behind on its connection."""

from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

import pytest
from django.db import connections, transaction

from sre_copilot.adapters.django_orm import models
from sre_copilot.adapters.django_orm.constraints import translated
from sre_copilot.adapters.django_orm.routing import ALIAS
from sre_copilot.adapters.django_orm.unit_of_work import DjangoDirectory, DjangoUnitOfWorkFactory
from sre_copilot.adapters.system import SystemClock, new_id
from sre_copilot.domain.errors import AlreadyExists, DatabaseUnavailable
from sre_copilot.domain.tenants import Tenant
from tests.integration.database import Database

Units = DjangoUnitOfWorkFactory


@pytest.fixture
def other_tenant(units: Units) -> Tenant:
    made = Tenant(
        id=new_id(), name="Other", slug=f"o-{new_id()}", contact_email="o@example.com", created_at=SystemClock().now()
    )
    with units(made.id) as unit:
        unit.tenants.add(made)
        unit.commit()
    return made


def setting() -> str:
    """The tenant that the connection of this thread is bound to at the moment."""
    with connections[ALIAS].cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting('sre_copilot.tenant_id', true), '')")
        return str(cursor.fetchone()[0])


def note(tenant_id: UUID, name: str = "x") -> None:
    with translated():
        models.Series.objects.using(ALIAS).create(tenant_id=tenant_id, fingerprint=name)


def notes(units: Units, tenant: Tenant) -> set[str]:
    with units(tenant.id):
        return set(models.Series.objects.using(ALIAS).values_list("fingerprint", flat=True))


def test_what_is_committed_is_kept(units: Units, tenant: Tenant) -> None:
    with units(tenant.id) as unit:
        note(tenant.id)
        unit.commit()
    assert notes(units, tenant) == {"x"}


def test_what_is_not_committed_is_gone(units: Units, tenant: Tenant) -> None:
    with units(tenant.id):
        note(tenant.id)
    assert notes(units, tenant) == set()


def test_an_error_after_the_commit_still_takes_everything_back(units: Units, tenant: Tenant) -> None:
    with pytest.raises(KeyError), units(tenant.id) as unit:
        note(tenant.id)
        unit.commit()
        raise KeyError
    assert notes(units, tenant) == set()


@pytest.mark.parametrize("ending", ["commit", "rollback", "error", "refusal"])
def test_the_tenant_does_not_outlive_the_unit(units: Units, tenant: Tenant, ending: str) -> None:
    with suppress(KeyError, AlreadyExists), units(tenant.id) as unit:
        assert setting() == str(tenant.id)
        note(tenant.id)
        if ending == "commit":
            unit.commit()
        elif ending == "error":
            raise KeyError
        elif ending == "refusal":
            note(tenant.id)
    assert setting() == ""
    assert list(models.Tenant.objects.using(ALIAS).all()) == []


def test_the_next_unit_sees_its_own_tenant_only(units: Units, tenant: Tenant, other_tenant: Tenant) -> None:
    with units(tenant.id) as unit:
        note(tenant.id)
        unit.commit()
    with units(other_tenant.id) as unit:
        assert unit.tenants.current() == other_tenant
        assert not models.Series.objects.using(ALIAS).exists()


def test_inside_somebody_elses_transaction_the_setting_ends_with_the_unit(units: Units, tenant: Tenant) -> None:
    with transaction.atomic(using=ALIAS):
        with units(tenant.id) as unit:
            note(tenant.id)
            unit.commit()
        assert setting() == ""
        assert not models.Series.objects.using(ALIAS).exists()
    assert notes(units, tenant) == {"x"}


@pytest.mark.parametrize("keeps", [True, False])
def test_inside_somebody_elses_transaction_their_own_setting_comes_back(
    units: Units, tenant: Tenant, other_tenant: Tenant, keeps: bool
) -> None:
    with transaction.atomic(using=ALIAS):
        with connections[ALIAS].cursor() as cursor:
            cursor.execute("SELECT set_config('sre_copilot.tenant_id', %s, true)", [str(other_tenant.id)])
        with units(tenant.id) as unit:
            if keeps:
                unit.commit()
        assert setting() == str(other_tenant.id)
    assert setting() == ""


def test_a_refusal_inside_somebody_elses_transaction_leaves_it_usable(units: Units, tenant: Tenant) -> None:
    with transaction.atomic(using=ALIAS):
        with units(tenant.id) as unit:
            note(tenant.id, "kept")
            unit.commit()
        with pytest.raises(AlreadyExists), units(tenant.id):
            note(tenant.id, "kept")
        assert setting() == ""
    assert notes(units, tenant) == {"kept"}


def test_somebody_elses_rollback_takes_back_what_the_unit_committed(units: Units, tenant: Tenant) -> None:
    with transaction.atomic(using=ALIAS):
        with units(tenant.id) as unit:
            note(tenant.id)
            unit.commit()
        transaction.set_rollback(True, using=ALIAS)
    assert notes(units, tenant) == set()


def test_a_unit_inside_one_of_the_same_tenant_joins_it(units: Units, tenant: Tenant) -> None:
    with units(tenant.id):
        with units(tenant.id) as inner:
            note(tenant.id)
            inner.commit()
        assert setting() == str(tenant.id)
    assert notes(units, tenant) == set()


def test_a_unit_inside_one_of_another_tenant_is_refused(units: Units, tenant: Tenant, other_tenant: Tenant) -> None:
    with units(tenant.id) as unit:
        with pytest.raises(RuntimeError), units(other_tenant.id):
            pass
        assert unit.tenants.current() == tenant


def test_a_slug_that_any_tenant_has_is_taken(units: Units, tenant: Tenant) -> None:
    with pytest.raises(AlreadyExists), units(double := new_id()) as unit:
        unit.tenants.add(
            Tenant(id=double, name="x", slug=tenant.slug, contact_email="x@example.com", created_at=SystemClock().now())
        )


def _end_connections(database: Database) -> None:
    with database.connect("superuser") as db:
        db.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_a_connection_that_the_server_ended_meanwhile_is_renewed(
    database: Database, units: Units, tenant: Tenant
) -> None:
    _end_connections(database)
    assert notes(units, tenant) == set()


@pytest.mark.parametrize(
    "ask",
    [lambda directory, _: directory.tenants(), lambda directory, ours: directory.tenant_of_integration(ours.id)],
    ids=["tenants", "tenant of an integration"],
)
def test_the_directory_finds_its_way_after_the_server_ended_its_connection(
    database: Database, tenant: Tenant, ask: Callable[[DjangoDirectory, Tenant], object]
) -> None:
    directory = DjangoDirectory()
    before = ask(directory, tenant)
    _end_connections(database)
    assert ask(directory, tenant) == before


def test_the_directory_does_not_leave_somebody_elses_transaction_behind(database: Database) -> None:
    with pytest.raises(DatabaseUnavailable), transaction.atomic(using=ALIAS):
        DjangoDirectory().tenants()
        _end_connections(database)
        DjangoDirectory().tenants()
    DjangoDirectory().tenants()


def test_a_connection_lost_within_a_unit_says_so_and_the_next_unit_works(
    database: Database, units: Units, tenant: Tenant
) -> None:
    with pytest.raises(DatabaseUnavailable), units(tenant.id) as unit:
        _end_connections(database)
        unit.tenants.current()
    assert notes(units, tenant) == set()


def test_a_connection_lost_before_the_end_keeps_nothing_and_says_so(
    database: Database, units: Units, tenant: Tenant
) -> None:
    with pytest.raises(DatabaseUnavailable), units(tenant.id) as unit:
        note(tenant.id)
        unit.commit()
        _end_connections(database)
    assert notes(units, tenant) == set()


def test_services_of_a_unit_that_is_undone_stay_unknown(units: Units, tenant: Tenant) -> None:
    for keeps in (False, True):
        with units(tenant.id) as unit:
            assert unit.services.unknown({"kiosk"}) == {"kiosk"}
            unit.services.saw({"kiosk"}, at=tenant.created_at, limit=10)
            with units(tenant.id) as joined:
                assert joined.services.unknown({"kiosk"}) == set()
            if keeps:
                unit.commit()
    with units(tenant.id) as unit:
        assert unit.services.unknown({"kiosk"}) == set()
