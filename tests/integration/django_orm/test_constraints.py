"""What the database refuses has a name, and the name a meaning in the domain."""

from collections.abc import Callable
from uuid import UUID

import pytest

from sre_copilot.adapters.django_orm import models
from sre_copilot.adapters.django_orm.constraints import CONSTRAINT_ERRORS, translated
from sre_copilot.adapters.django_orm.unit_of_work import DjangoUnitOfWorkFactory
from sre_copilot.adapters.postgres.row_security import GLOBAL_TABLES
from sre_copilot.application.ports.incidents import IncidentFilter
from sre_copilot.domain.errors import ForeignReference, InvalidInput, InvalidTransition
from tests.integration.database import Database

Fill = Callable[[], dict[str, UUID]]


def test_every_constraint_of_ours_has_a_domain_error_and_every_listed_one_exists(database: Database) -> None:
    with database.connect("owner") as db:
        rows = db.execute(
            "SELECT conname FROM pg_constraint WHERE connamespace = 'public'::regnamespace "
            "AND (contype = 'u' OR contype = 'c' AND conname NOT LIKE '%\\_check' OR contype = 'f' AND conname NOT LIKE '%\\_fk\\_%') "
            "AND conrelid <> 'django_migrations'::regclass AND NOT starts_with(conrelid::regclass::text, 'procrastinate_') "
            "UNION SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid "
            "WHERE i.indisunique AND NOT i.indisprimary AND c.relnamespace = 'public'::regnamespace "
            "AND NOT starts_with(c.relname, 'procrastinate_')"
        ).fetchall()
    assert {str(name) for (name,) in rows} == set(CONSTRAINT_ERRORS)
    assert "django_migrations" in GLOBAL_TABLES


def test_naming_another_tenants_user_is_a_foreign_reference(database: Database, filled_tenant: Fill) -> None:
    ours, theirs = filled_tenant(), filled_tenant()
    with pytest.raises(ForeignReference), DjangoUnitOfWorkFactory()(ours["tenants"]) as unit:
        models.Incident.objects.using("sre_copilot").filter(id=ours["incidents"]).update(assigned_to_id=theirs["users"])
        unit.commit()


def test_an_illegal_pair_in_the_log_is_an_invalid_transition(database: Database, filled_tenant: Fill) -> None:
    ours = filled_tenant()
    with pytest.raises(InvalidTransition), DjangoUnitOfWorkFactory()(ours["tenants"]), translated():
        models.IncidentStateTransition.objects.using("sre_copilot").create(
            tenant_id=ours["tenants"],
            incident_id=ours["incidents"],
            sequence=2,
            from_state="learned",
            to_state="detected",
            actor="test",
        )


UNFIT: dict[str, tuple[dict[str, object], str]] = {
    "too long": ({"title": "secret" * 100}, "longer than its place"),
    "a NUL": ({"title": "secret\0"}, "NUL"),
    "a NUL in JSON": ({"metadata": {"secret": "\0"}}, "NUL"),
    "half of a surrogate pair": ({"title": "secret\ud800"}, "surrogate"),
    "half of one in JSON": ({"metadata": {"secret": "\ud800"}}, "surrogate"),
    "out of range": ({"affected_user_count": 9_876_543_210}, "out of range"),
}


@pytest.mark.parametrize(("values", "sentence"), UNFIT.values(), ids=UNFIT)
def test_what_does_not_fit_into_its_column_is_invalid_input_that_quotes_nothing(
    database: Database, filled_tenant: Fill, values: dict[str, object], sentence: str
) -> None:
    ours = filled_tenant()
    with (
        pytest.raises(InvalidInput, match=sentence) as refused,
        DjangoUnitOfWorkFactory()(ours["tenants"]),
        translated(),
    ):
        models.Incident.objects.using("sre_copilot").filter(id=ours["incidents"]).update(**values)
    assert not any(word in str(refused.value) for word in ("secret", "9876543210"))


@pytest.mark.parametrize("text", ["secret\0", "secret\ud800"])
def test_looking_for_what_cannot_be_stored_is_invalid_input(database: Database, filled_tenant: Fill, text: str) -> None:
    with pytest.raises(InvalidInput), DjangoUnitOfWorkFactory()(filled_tenant()["tenants"]) as unit:
        unit.incidents.list(IncidentFilter(text=text))
