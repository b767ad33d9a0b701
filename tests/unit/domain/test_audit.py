"""Audit entries: hashed over every field in a stable, versioned form."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.actors import Actor, ActorKind, Role
from sre_copilot.domain.audit import FORMAT, AuditAction, AuditEntry, audited

AT = datetime(2026, 5, 1, 12, 30, tzinfo=UTC)
ENTRY = AuditEntry(
    id=UUID(int=1),
    tenant_id=UUID(int=2),
    event_type="incident.edited",
    action=AuditAction.UPDATE,
    at=AT,
    actor_kind="person",
    actor_id=UUID(int=3),
    user_id=UUID(int=3),
    resource_type="incident",
    resource_id=UUID(int=4),
    origin="cli",
    details={"title": "neu", "counts": [1, 2]},
    result="success",
)
OTHER: dict[str, Any] = {
    "id": UUID(int=9),
    "tenant_id": UUID(int=9),
    "event_type": "incident.assigned",
    "action": AuditAction.DELETE,
    "at": AT + timedelta(microseconds=1),
    "actor_kind": "system",
    "actor_id": None,
    "user_id": None,
    "resource_type": None,
    "resource_id": None,
    "origin": "",
    "details": {"title": "neu", "counts": [2, 1]},
    "result": "refused",
}
NAMES = tuple(field.name for field in attrs.fields(AuditEntry))


def test_the_hash_of_a_known_entry_is_the_one_that_is_stored_in_audit_logs_out_there() -> None:
    body = (
        '{"action":"update","actor_id":"00000000-0000-0000-0000-000000000003","actor_kind":"person",'
        '"at":"2026-05-01T12:30:00.000000Z","details":{"counts":[1,2],"title":"neu"},"event_type":"incident.edited",'
        '"format":1,"id":"00000000-0000-0000-0000-000000000001","origin":"cli",'
        '"resource_id":"00000000-0000-0000-0000-000000000004","resource_type":"incident","result":"success",'
        '"tenant_id":"00000000-0000-0000-0000-000000000002","user_id":"00000000-0000-0000-0000-000000000003"}'
    )
    assert FORMAT == 1
    assert ENTRY.row_hash == sha256(body.encode()).hexdigest()
    assert ENTRY.row_hash == "907f052a2178661bb1791e679cfb5b4732b8fda5103134f76c98fb3fe2a945a0"


@pytest.mark.parametrize("name", NAMES)
def test_changing_any_field_changes_the_hash(name: str) -> None:
    assert attrs.evolve(ENTRY, **{name: OTHER[name]}).row_hash != ENTRY.row_hash


plain = st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.floats(allow_nan=False)
entries = st.builds(
    AuditEntry,
    id=st.uuids(),
    tenant_id=st.sampled_from([UUID(int=2), UUID(int=3)]),
    event_type=st.sampled_from(["incident.edited", "incident.opened", ""]),
    action=st.sampled_from(AuditAction),
    at=st.timedeltas(timedelta(0), timedelta(days=40_000)).map(AT.__add__),
    actor_kind=st.sampled_from([kind.value for kind in ActorKind]),
    actor_id=st.none() | st.sampled_from([UUID(int=3), UUID(int=4)]),
    user_id=st.none() | st.sampled_from([UUID(int=3), UUID(int=4)]),
    resource_type=st.none() | st.sampled_from(["incident", ""]),
    resource_id=st.none() | st.sampled_from([UUID(int=3), UUID(int=4)]),
    origin=st.sampled_from(["cli", "worker", ""]),
    details=st.dictionaries(st.text(max_size=4), plain.filter(lambda v: v not in (float("inf"), -float("inf")))),
    result=st.sampled_from(["success", "refused"]),
)


@given(entries, entries, st.sets(st.sampled_from(NAMES)))
def test_entries_share_a_hash_only_where_every_field_is_the_same(
    entry: AuditEntry, other: AuditEntry, taken: set[str]
) -> None:
    mixed = attrs.evolve(entry, **{name: getattr(other, name) for name in taken})
    same = repr(sorted(mixed.details.items())) == repr(sorted(entry.details.items())) and all(
        getattr(mixed, name) == getattr(entry, name) for name in NAMES if name != "details"
    )
    assert (mixed.row_hash == entry.row_hash) == same


@given(entries)
def test_the_order_of_the_details_does_not_matter_to_the_hash(entry: AuditEntry) -> None:
    reversed_details = dict(reversed(list(entry.details.items())))
    assert attrs.evolve(entry, details=reversed_details).row_hash == entry.row_hash


@pytest.mark.parametrize(
    ("actor", "kind", "actor_id", "user_id"),
    [
        (
            Actor(tenant_id=UUID(int=2), kind=ActorKind.PERSON, id=UUID(int=3), role=Role.ADMIN, origin="o"),
            "person",
            3,
            3,
        ),
        (Actor.integration(UUID(int=2), UUID(int=5), origin="o"), "integration", 5, None),
        (Actor.system(UUID(int=2), origin="o"), "system", None, None),
    ],
)
def test_an_entry_says_who_did_it_and_only_a_person_is_a_user(
    actor: Actor, kind: str, actor_id: int | None, user_id: int | None
) -> None:
    entry = audited(
        actor,
        "incident.opened",
        AuditAction.CREATE,
        entry_id=UUID(int=1),
        at=AT,
        resource_type="incident",
        resource_id=UUID(int=4),
    )
    assert entry == AuditEntry(
        id=UUID(int=1),
        tenant_id=UUID(int=2),
        event_type="incident.opened",
        action=AuditAction.CREATE,
        at=AT,
        actor_kind=kind,
        actor_id=None if actor_id is None else UUID(int=actor_id),
        user_id=None if user_id is None else UUID(int=user_id),
        resource_type="incident",
        resource_id=UUID(int=4),
        origin="o",
        details={},
        result="success",
    )


def test_an_entry_keeps_the_details_that_it_is_given() -> None:
    entry = audited(
        Actor.system(UUID(int=2)),
        "tenant.created",
        AuditAction.CREATE,
        entry_id=UUID(int=1),
        at=AT,
        resource_type="tenant",
        resource_id=None,
        details={"slug": "acme"},
    )
    assert (entry.details, entry.resource_id) == ({"slug": "acme"}, None)
