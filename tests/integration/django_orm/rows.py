"""One row in every tenant table, made from what the models say, so that a new table is covered from its first day."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models import Field, ForeignKey, Model

from sre_copilot.adapters.django_orm import models
from sre_copilot.adapters.django_orm.routing import ALIAS, LABEL
from sre_copilot.adapters.django_orm.unit_of_work import DjangoUnitOfWorkFactory
from sre_copilot.adapters.system import new_id

NOW = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
PLAIN = {
    "DateTimeField": NOW,
    # The Monday of that week: a trigger notes the week of the incident, and finds that it is noted.
    "DateField": date(2025, 12, 29),
    "FloatField": 0.5,
    "IntegerField": 1,
    "SmallIntegerField": 1,
    "BigIntegerField": 1,
    "BooleanField": False,
    "JSONField": [],
    "BinaryField": b"x",
}
MEANINGFUL: dict[tuple[str, str], Any] = {
    ("incident_state_transitions", "from_state"): "",
    ("incident_state_transitions", "to_state"): "detected",
    ("silences", "ends_at"): NOW + timedelta(hours=1),
}


def fill(tenant_id: UUID) -> dict[str, UUID]:
    """Store a tenant with a row in every tenant table; return each row's id by table."""
    made: dict[str, UUID] = {"tenants": tenant_id}
    with DjangoUnitOfWorkFactory()(tenant_id) as unit:
        models.Tenant.objects.using(ALIAS).create(
            id=tenant_id, name="A", slug=f"a-{tenant_id}", contact_email="a@example.com"
        )
        for model in _parents_first():
            row = model(**{field.attname: _value(field, made) for field in model._meta.concrete_fields})
            row.save(using=ALIAS, force_insert=True)
            made[model._meta.db_table] = row.pk
        unit.commit()
    return made


def tenant_models() -> list[type[Model]]:
    """The models of tables that carry a tenant."""
    found = apps.get_app_config(LABEL).get_models()
    return [model for model in found if any(field.attname == "tenant_id" for field in model._meta.concrete_fields)]


def _parents_first() -> list[type[Model]]:
    waiting = tenant_models()
    ordered: list[type[Model]] = [models.Tenant]
    while waiting:
        ready = [model for model in waiting if _parents(model) <= set(ordered)]
        ordered += ready
        waiting = [model for model in waiting if model not in ready]
    return ordered[1:]


def _parents(model: type[Model]) -> set[Any]:
    return {
        field.related_model
        for field in model._meta.concrete_fields
        if isinstance(field, ForeignKey) and field.related_model is not model
    }


def _value(field: "Field[Any, Any]", made: dict[str, UUID]) -> Any:
    special = MEANINGFUL.get((field.model._meta.db_table, field.name))
    if special is not None:
        return special
    if isinstance(field, ForeignKey):
        return None if field.related_model is field.model else made[field.related_model._meta.db_table]
    if field.has_default():
        return field.get_default()
    kind = field.get_internal_type()
    if kind == "UUIDField":
        return new_id()
    if kind in PLAIN:
        return PLAIN[kind]
    if field.null:
        return None
    return field.choices[0][0] if field.choices else new_id().hex[: field.max_length]
