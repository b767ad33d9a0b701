"""The models keep what the domain says."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models import ForeignKey

from sre_copilot.adapters.django_orm import models
from sre_copilot.adapters.django_orm.check_migrations import missing_changes
from sre_copilot.adapters.django_orm.routing import LABEL
from sre_copilot.adapters.django_orm.unit_of_work import DjangoUnitOfWorkFactory
from sre_copilot.adapters.system import new_id
from sre_copilot.domain.audit import FORMAT, AuditAction, AuditEntry
from tests.integration.database import Database

Fill = Callable[[], dict[str, UUID]]
LONG_AGO = datetime(2001, 2, 3, 4, 5, 6, 789012, tzinfo=UTC)


def test_migrations_say_what_the_models_say(database: Database) -> None:
    assert missing_changes() == []


def test_a_given_time_is_kept_where_django_would_write_the_present(database: Database, filled_tenant: Fill) -> None:
    made = filled_tenant()
    with DjangoUnitOfWorkFactory()(made["tenants"]) as unit:
        row = models.Incident.objects.using("sre_copilot").get(id=made["incidents"])
        row.created_at = row.updated_at = LONG_AGO
        row.save(using="sre_copilot")
        unit.commit()
    with DjangoUnitOfWorkFactory()(made["tenants"]):
        row = models.Incident.objects.using("sre_copilot").get(id=made["incidents"])
    assert (row.created_at, row.updated_at) == (LONG_AGO, LONG_AGO)


def test_an_audit_entry_read_back_has_the_hash_it_was_stored_with(database: Database, filled_tenant: Fill) -> None:
    made = filled_tenant()
    entry = AuditEntry(
        id=new_id(),
        tenant_id=made["tenants"],
        event_type="incident.edited",
        action=AuditAction.UPDATE,
        at=datetime(2030, 1, 1, microsecond=1, tzinfo=UTC),
        actor_kind="user",
        actor_id=made["users"],
        user_id=made["users"],
        resource_type="incident",
        resource_id=made["incidents"],
        details={"title": "Zürich ☃", "count": 3, "share": 0.1},
    )
    with DjangoUnitOfWorkFactory()(made["tenants"]) as unit:
        unit.audit.append(entry)
        unit.commit()
    with DjangoUnitOfWorkFactory()(made["tenants"]) as unit:
        (read,) = unit.audit.recent(1)
        row = models.AuditLog.objects.using("sre_copilot").get(id=entry.id)
    assert (row.row_hash, row.format) == (read.row_hash, FORMAT)


def found(tenant_id: UUID, query: str, **texts: dict[str, Any]) -> list[str]:
    """The slugs of runbooks with these texts that a search leads to, best first, however many others there are."""
    with DjangoUnitOfWorkFactory()(tenant_id) as unit:
        others = {f"other-{number}": {"content": "Nothing of it."} for number in range(20)}
        for slug, words in {**others, **texts}.items():
            defaults = {"title": "x", "description": "x", "content": "x"}
            models.Runbook.objects.using("sre_copilot").create(tenant_id=tenant_id, slug=slug, **{**defaults, **words})
        rows = unit.runbooks.search(query, limit=5)
    assert all(0 < relevance <= 1 for _, relevance in rows)
    return [runbook.slug for runbook, _ in rows]


def test_runbooks_are_found_by_title_before_tags_before_description_before_content(
    database: Database, filled_tenant: Fill
) -> None:
    assert found(
        filled_tenant()["tenants"],
        "certificates",
        content={"content": "Where everything else was looked at, look at the certificate of whoever calls."},
        description={"description": "Of a certificate."},
        tag={"tags": ["certificate-expiry"]},
        title={"title": "Certificate"},
    ) == ["title", "tag", "description", "content"]


def test_words_side_by_side_count_more_than_apart_and_often_more_than_once(
    database: Database, filled_tenant: Fill
) -> None:
    assert found(
        filled_tenant()["tenants"],
        "write lag",
        apart={"content": "Lag grows where nobody can write."},
        beside={"content": "Nobody knows why there is write lag."},
        often={"content": "Write lag of one: a write lag of all."},
        once={"content": "Nobody knows where the lag went yet."},
    ) == ["often", "beside", "apart", "once"]


def test_what_is_asked_for_twice_counts_twice_and_a_short_text_more_than_a_long_one(
    database: Database, filled_tenant: Fill
) -> None:
    tenant = filled_tenant()["tenants"]
    filler = " ".join(f"word{number}of" for number in range(300))
    assert found(
        tenant,
        "disk inode disk",
        inode={"content": "inode"},
        disk={"content": "disk"},
        lost={"content": f"disk {filler}"},
    ) == ["disk", "inode", "lost"]


def test_a_reference_that_the_models_leave_to_another_constraint_has_one(database: Database) -> None:
    with database.connect("owner") as db:
        rows = db.execute(
            "SELECT conrelid::regclass::text, confrelid::regclass::text, "
            "(SELECT string_agg(attname, ',' ORDER BY attname) FROM pg_attribute "
            " WHERE attrelid = conrelid AND attnum = ANY(conkey)) "
            "FROM pg_constraint WHERE contype = 'f' AND convalidated AND connamespace = 'public'::regnamespace"
        ).fetchall()
    checked = {(str(child), str(parent), str(columns)) for child, parent, columns in rows}
    relied_on: set[tuple[str, str, str]] = set()
    for model in apps.get_app_config(LABEL).get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, ForeignKey) and not vars(field)["db_constraint"]:
                # A row that has to name an integration of its tenant has a tenant that exists.
                column = "integration_id" if field.name == "tenant" else field.column
                parent = model._meta.get_field(column.removesuffix("_id")).related_model
                assert isinstance(parent, type)
                assert field.name != "tenant" or not model._meta.get_field("integration").null
                relied_on.add((model._meta.db_table, parent._meta.db_table, ",".join(sorted((column, "tenant_id")))))
    assert len(relied_on) == 6
    assert relied_on <= checked
    assert ("integrations", "tenants", "tenant_id") in checked
