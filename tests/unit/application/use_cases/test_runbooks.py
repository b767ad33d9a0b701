"""Writing, editing, deleting runbooks, and going back."""

from typing import Any

import pytest

from sre_copilot.adapters.system import new_id
from sre_copilot.application.ports.runbooks import RunbookFilter
from sre_copilot.domain.actors import Role
from sre_copilot.domain.errors import AlreadyExists, ConcurrentTransition, InvalidInput, NotFound, RunbookDeleted
from sre_copilot.domain.runbooks import Runbook, RunbookEdit
from sre_copilot.testing.stage import Stage, stage

LEAK = RunbookEdit(title="Memory leaks", content="Restart it.", tags=("memory",))


def write(here: Stage, edit: RunbookEdit = LEAK, **given: Any) -> Runbook:
    return here.copilot.create_runbook(actor=here.engineer, edit=edit, **given)


def events(here: Stage) -> list[tuple[str, Any]]:
    entries = here.tables.audit.values()
    return [(row.event_type, row.details["version"]) for row in entries if row.event_type.startswith("runbook")]


def test_a_runbook_has_a_slug_an_owner_and_a_first_version_and_is_found() -> None:
    here = stage()
    made = write(here)
    assert (made.slug, made.owner_id, made.version, made.title) == ("memory-leaks", here.engineer.id, 1, "Memory leaks")
    (version,) = here.copilot.runbooks.versions(actor=here.engineer, runbook_id=made.id)
    assert (version.content, version.written_by) == ("Restart it.", here.engineer.id)
    (found,) = here.copilot.runbooks.search(actor=here.engineer, text="MemoryLeaking")
    assert found.runbook == made
    assert events(here) == [("runbook.created", 1)]


def test_the_same_title_gives_another_slug_and_a_slug_that_is_taken_is_refused() -> None:
    here = stage()
    assert [write(here).slug for _ in range(3)] == ["memory-leaks", "memory-leaks-2", "memory-leaks-3"]
    with pytest.raises(AlreadyExists):
        write(here, slug="memory-leaks")
    assert write(here, slug="leaks").slug == "leaks"


def test_an_owner_is_an_active_person_of_the_tenant() -> None:
    here = stage()
    viewer = here.person(Role.VIEWER)
    assert write(here, RunbookEdit(title="a", owner_id=viewer.id)).owner_id == viewer.id
    with pytest.raises(NotFound):
        write(here, RunbookEdit(title="a", owner_id=new_id()))
    made = write(here)
    with pytest.raises(NotFound):
        here.copilot.edit_runbook(actor=here.engineer, runbook_id=made.id, edit=RunbookEdit(owner_id=new_id()))
    assert here.copilot.runbooks.get(actor=here.engineer, runbook_id=made.id) == made


def test_what_a_runbook_said_before_an_edit_stays_readable_and_is_gone_back_to() -> None:
    here = stage()
    made = write(here)
    edit = RunbookEdit(content="Raise the limit.", content_url="https://example.com/r", estimated_duration_minutes=5)
    edited = here.copilot.edit_runbook(actor=here.engineer, runbook_id=made.id, edit=edit, expected_version=1)
    assert (edited.version, edited.content, edited.tags) == (2, "Raise the limit.", ("memory",))
    first = here.copilot.runbooks.version(actor=here.engineer, runbook_id=made.id, version=1)
    assert first.content == "Restart it."
    back = here.copilot.revert_runbook(actor=here.engineer, runbook_id=made.id, version=1)
    assert (back.version, back.content, back.content_url, back.estimated_duration_minutes) == (
        3,
        "Restart it.",
        None,
        None,
    )
    numbers = [row.version for row in here.copilot.runbooks.versions(actor=here.engineer, runbook_id=made.id)]
    assert numbers == [3, 2, 1]
    assert events(here) == [("runbook.created", 1), ("runbook.edited", 2), ("runbook.reverted", 3)]


def test_what_changes_nothing_leaves_nothing() -> None:
    here = stage()
    made = write(here)
    assert here.copilot.edit_runbook(actor=here.engineer, runbook_id=made.id, edit=LEAK) == made
    assert here.copilot.revert_runbook(actor=here.engineer, runbook_id=made.id, version=1) == made
    assert here.copilot.restore_runbook(actor=here.engineer, runbook_id=made.id) == made
    assert events(here) == [("runbook.created", 1)]


def test_whoever_looked_at_another_version_changes_nothing() -> None:
    here = stage()
    made = write(here)
    stale: dict[str, Any] = {"actor": here.engineer, "runbook_id": made.id, "expected_version": 2}
    with pytest.raises(ConcurrentTransition):
        here.copilot.edit_runbook(edit=RunbookEdit(title="b"), **stale)
    with pytest.raises(ConcurrentTransition):
        here.copilot.revert_runbook(version=1, **stale)
    with pytest.raises(ConcurrentTransition):
        here.copilot.delete_runbook(**stale)
    with pytest.raises(NotFound):
        here.copilot.revert_runbook(actor=here.engineer, runbook_id=made.id, version=2)


def test_a_deleted_runbook_is_found_no_more_can_not_be_edited_and_comes_back_whole() -> None:
    here = stage()
    made = write(here)
    gone = here.copilot.delete_runbook(actor=here.engineer, runbook_id=made.id)
    assert here.copilot.delete_runbook(actor=here.engineer, runbook_id=made.id) == gone
    assert not gone.is_active
    assert not here.copilot.runbooks.search(actor=here.engineer, text="memory leaks")
    assert made.slug not in {
        row.slug for row in here.copilot.runbooks.list(actor=here.engineer, narrowed=RunbookFilter())
    }
    (listed,) = here.copilot.runbooks.list(actor=here.engineer, narrowed=RunbookFilter(deleted=True))
    assert listed == gone
    with pytest.raises(RunbookDeleted):
        here.copilot.edit_runbook(actor=here.engineer, runbook_id=made.id, edit=RunbookEdit(title="b"))
    assert here.copilot.restore_runbook(actor=here.engineer, runbook_id=made.id).is_active
    assert events(here) == [("runbook.created", 1), ("runbook.deleted", 1), ("runbook.restored", 1)]


def test_what_can_not_be_kept_is_refused_and_leaves_nothing() -> None:
    here = stage()
    before = dict(here.tables.runbooks)
    for edit, slug in ((RunbookEdit(), ""), (RunbookEdit(title=" "), ""), (RunbookEdit(title="a"), "A b")):
        with pytest.raises(InvalidInput):
            write(here, edit, slug=slug)
    assert here.tables.runbooks == before
    with pytest.raises(NotFound):
        here.copilot.runbooks.by_slug(actor=here.engineer, slug="nothing")
