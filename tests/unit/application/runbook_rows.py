"""Rows of the table: runbooks."""

from sre_copilot.application.ports.runbooks import RunbookFilter
from sre_copilot.application.queries.runbooks import RunbookQueries
from sre_copilot.application.use_cases.create_runbook import CreateRunbook
from sre_copilot.application.use_cases.delete_runbook import DeleteRunbook
from sre_copilot.application.use_cases.edit_runbook import EditRunbook
from sre_copilot.application.use_cases.import_runbook import ImportRunbook
from sre_copilot.application.use_cases.restore_runbook import RestoreRunbook
from sre_copilot.application.use_cases.revert_runbook import RevertRunbook
from sre_copilot.domain.runbook_pages import RunbookPage
from sre_copilot.domain.runbooks import RunbookEdit
from tests.unit.application.row import READERS, RESPONDERS, Asked, Row

CHANGES: dict[Asked, Row] = {
    (CreateRunbook, "__call__"): Row(
        given=lambda on: {"edit": RunbookEdit(title="Disk is full")},
        permitted=RESPONDERS,
        leaves=("runbook.created",),
        finds=False,
    ),
    (ImportRunbook, "__call__"): Row(
        given=lambda on: {"page": RunbookPage(source="wiki/disk.md", digest="1", text="# Disk is full")},
        permitted=RESPONDERS,
        leaves=("runbook.imported",),
        finds=False,
    ),
    (EditRunbook, "__call__"): Row(
        given=lambda on: {"runbook_id": on.runbook, "edit": RunbookEdit(title="Disk is full")},
        permitted=RESPONDERS,
        leaves=("runbook.edited",),
    ),
    (RevertRunbook, "__call__"): Row(
        given=lambda on: {"runbook_id": on.runbook, "version": 1}, permitted=RESPONDERS, leaves=("runbook.reverted",)
    ),
    (DeleteRunbook, "__call__"): Row(
        given=lambda on: {"runbook_id": on.runbook}, permitted=RESPONDERS, leaves=("runbook.deleted",)
    ),
    (RestoreRunbook, "__call__"): Row(
        given=lambda on: {"runbook_id": on.deleted_runbook}, permitted=RESPONDERS, leaves=("runbook.restored",)
    ),
}

READS: dict[Asked, Row] = {
    (RunbookQueries, "list"): Row(given=lambda on: {"narrowed": RunbookFilter()}, permitted=READERS, finds=False),
    (RunbookQueries, "get"): Row(given=lambda on: {"runbook_id": on.runbook}, permitted=READERS),
    (RunbookQueries, "by_slug"): Row(given=lambda on: {"slug": "memory-leaks"}, permitted=READERS),
    (RunbookQueries, "versions"): Row(given=lambda on: {"runbook_id": on.runbook}, permitted=READERS),
    (RunbookQueries, "version"): Row(given=lambda on: {"runbook_id": on.runbook, "version": 1}, permitted=READERS),
    (RunbookQueries, "search"): Row(given=lambda on: {"text": "memory"}, permitted=READERS, finds=False),
}
