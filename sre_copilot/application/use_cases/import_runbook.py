"""Import a page of a folder as a runbook."""

from enum import StrEnum
from uuid import UUID

import attrs

from sre_copilot.application.authoring import audit_runbook, free_slug, keep_written
from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.errors import InvalidInput
from sre_copilot.domain.runbook_pages import ReadPage, RunbookPage, read_page
from sre_copilot.domain.runbooks import Runbook


class ImportStatus(StrEnum):
    """What became of a page."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"


@attrs.frozen(kw_only=True)
class ImportedPage:
    """What became of a page, as which runbook, None where there is none, and what could not be used of it or why it was skipped."""

    source: str
    status: ImportStatus
    runbook_id: UUID | None = None
    slug: str = ""
    version: int | None = None
    services: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @classmethod
    def of(cls, source: str, status: ImportStatus, runbook: Runbook, *remarks: str) -> "ImportedPage":
        """What became of a page that has a runbook."""
        return cls(
            source=source,
            status=status,
            runbook_id=runbook.id,
            slug=runbook.slug,
            version=runbook.version,
            services=runbook.service_names,
            tags=runbook.tags,
            remarks=remarks,
        )


@attrs.frozen(kw_only=True)
class ImportRunbook:
    """Write what a page says: a new runbook, or a new version of the one that it gave before where the page has changed since."""

    units: UnitOfWorkFactory
    clock: Clock
    ids: Ids

    def __call__(self, *, actor: Actor, page: RunbookPage, dry_run: bool = False) -> ImportedPage:
        """Return what became of the page, or with `dry_run` what would; then nothing is changed.

        A page that is as it was leaves its runbook alone, whatever people wrote in it since. One that can't be kept, or
        whose runbook was deleted, is skipped. Raises NotPermitted.
        """
        actor.require(Permission.RESPOND)
        if page.unreadable:
            return ImportedPage(source=page.source, status=ImportStatus.SKIPPED, remarks=(page.unreadable,))
        try:
            with self.units(actor.tenant_id) as uow:
                imported = self._imported(uow, actor, page)
                if not dry_run:
                    uow.commit()
        except InvalidInput as refused:
            return ImportedPage(source=page.source, status=ImportStatus.SKIPPED, remarks=(str(refused),))
        return imported

    def _imported(self, uow: UnitOfWork, actor: Actor, page: RunbookPage) -> ImportedPage:
        before = uow.runbooks.by_source(page.source)
        if before is not None and not before.is_active:
            gone = "its runbook was deleted; restore it first"
            return ImportedPage.of(page.source, ImportStatus.SKIPPED, before, gone)
        if before is not None and before.source_hash == page.digest:
            return ImportedPage.of(page.source, ImportStatus.UNCHANGED, before)
        read = read_page(page, {service.name for service in uow.services.known()})
        remarks = (*filter(None, (page.remark,)), *read.remarks)
        written = self._written(uow, actor, before, read)
        runbook = written.imported(page.source, page.digest)
        if before is not None and written == before:
            uow.runbooks.save(runbook)
            return ImportedPage.of(page.source, ImportStatus.UNCHANGED, runbook, *remarks)
        now = self.clock.now()
        keep_written(uow, self.ids, runbook, at=now, by=actor.user_id)
        action = AuditAction.CREATE if before is None else AuditAction.UPDATE
        audit_runbook(uow, self.ids, actor, "imported", action, runbook, at=now)
        status = ImportStatus.CREATED if before is None else ImportStatus.UPDATED
        return ImportedPage.of(page.source, status, runbook, *remarks)

    def _written(self, uow: UnitOfWork, actor: Actor, before: Runbook | None, read: ReadPage) -> Runbook:
        now = self.clock.now()
        if before is not None:
            return before.edited(read.edit, at=now)
        slug = free_slug(uow, read.slug)
        return Runbook.new(read.edit, id=self.ids.new(), slug=slug, owner_id=actor.user_id, at=now)
