"""Importing pages as runbooks, again and again."""

from typing import Any

import attrs

from sre_copilot.application.use_cases.import_runbook import ImportedPage, ImportStatus
from sre_copilot.domain.runbook_pages import RunbookPage
from sre_copilot.domain.runbook_texts import LONGEST_CONTENT
from sre_copilot.domain.runbooks import RunbookEdit
from sre_copilot.domain.service_graph import ServiceGraph
from sre_copilot.testing.stage import Stage, stage

PAGE = RunbookPage(
    source="wiki/checkout/disk.md", digest="1", text="# Disk is full\n\nFree it.", front={"tags": ["disk"]}
)


def bring(here: Stage, page: RunbookPage = PAGE, **given: Any) -> ImportedPage:
    return here.copilot.import_runbook(actor=here.engineer, page=page, **given)


def audited(here: Stage) -> list[str]:
    return [row.event_type for row in here.tables.audit.values() if row.event_type.startswith("runbook")]


def test_a_page_becomes_a_runbook_for_the_services_that_it_names() -> None:
    here = stage()
    here.copilot.import_services(actor=here.engineer, graph=ServiceGraph(services=frozenset({"checkout"})))
    told = bring(here)
    assert (told.status, told.slug, told.version, told.services) == (ImportStatus.CREATED, "disk", 1, ("checkout",))
    runbook = here.tables.runbooks[told.runbook_id or here.tenant.id]
    assert (runbook.title, runbook.content, runbook.source) == ("Disk is full", PAGE.text, PAGE.source)
    assert (runbook.owner_id, audited(here)) == (here.engineer.id, ["runbook.imported"])


def test_a_page_that_is_as_it_was_leaves_what_people_wrote_alone() -> None:
    here = stage()
    told = bring(here)
    assert told.runbook_id is not None
    here.copilot.edit_runbook(actor=here.engineer, runbook_id=told.runbook_id, edit=RunbookEdit(title="Better"))
    again = bring(here)
    assert (again.status, again.version) == (ImportStatus.UNCHANGED, 2)
    assert here.tables.runbooks[told.runbook_id].title == "Better"


def test_a_page_that_has_changed_gives_a_version_and_what_was_there_stays_readable() -> None:
    here = stage()
    told = bring(here)
    assert told.runbook_id is not None
    here.copilot.edit_runbook(actor=here.engineer, runbook_id=told.runbook_id, edit=RunbookEdit(content="Ours."))
    again = bring(here, attrs.evolve(PAGE, digest="2", text="# Disk is full\n\nGrow it."))
    assert (again.status, again.runbook_id, again.version) == (ImportStatus.UPDATED, told.runbook_id, 3)
    versions = here.copilot.runbooks.versions(actor=here.engineer, runbook_id=told.runbook_id)
    assert [row.content.split()[-1] for row in versions] == ["it.", "Ours.", "it."]
    assert audited(here) == ["runbook.imported", "runbook.edited", "runbook.imported"]


def test_a_page_that_says_the_same_in_other_bytes_is_remembered_as_it_is_now() -> None:
    here = stage()
    told = bring(here)
    again = bring(here, attrs.evolve(PAGE, digest="2", remark="odd"))
    assert (again.status, again.version, again.remarks) == (ImportStatus.UNCHANGED, 1, ("odd",))
    assert told.runbook_id is not None
    assert here.tables.runbooks[told.runbook_id].source_hash == "2"


def test_a_runbook_that_people_deleted_does_not_come_back() -> None:
    here = stage()
    told = bring(here)
    assert told.runbook_id is not None
    here.copilot.delete_runbook(actor=here.engineer, runbook_id=told.runbook_id)
    again = bring(here, attrs.evolve(PAGE, digest="2"))
    assert (again.status, again.slug) == (ImportStatus.SKIPPED, "disk")
    assert not here.tables.runbooks[told.runbook_id].is_active


def test_a_dry_run_says_what_would_be_and_changes_nothing() -> None:
    here = stage()
    before = dict(here.tables.runbooks)
    assert bring(here, dry_run=True).status is ImportStatus.CREATED
    assert (here.tables.runbooks, audited(here)) == (before, [])


def test_what_can_not_be_read_or_kept_is_skipped_with_its_reason_and_hinders_nobody() -> None:
    here = stage()
    unreadable = bring(here, RunbookPage(source="wiki/a.md", unreadable="is empty"))
    assert (unreadable.status, unreadable.remarks) == (ImportStatus.SKIPPED, ("is empty",))
    long = bring(here, attrs.evolve(PAGE, text="x" * (LONGEST_CONTENT + 1)))
    assert (long.status, long.runbook_id) == (ImportStatus.SKIPPED, None)
    assert str(LONGEST_CONTENT) in long.remarks[0]
    assert bring(here).status is ImportStatus.CREATED


def test_pages_of_one_name_in_two_folders_are_two_runbooks() -> None:
    here = stage()
    slugs = [bring(here, attrs.evolve(PAGE, source=f"wiki/{name}/disk.md")).slug for name in "ab"]
    assert slugs == ["disk", "disk-2"]
