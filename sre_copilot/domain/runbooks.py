"""Runbooks: written procedures with their versions, and how often they helped."""

from datetime import datetime
from uuid import UUID

import attrs

from sre_copilot.domain.actions import ACTIONS, ActionType, RiskLevel
from sre_copilot.domain.edits import checked_title
from sre_copilot.domain.errors import ConcurrentTransition, InvalidInput, RunbookDeleted
from sre_copilot.domain.outcomes import OutcomeResult
from sre_copilot.domain.runbook_texts import (
    LONGEST_ACTION,
    LONGEST_CONTENT,
    LONGEST_DESCRIPTION,
    MOST_NAMES,
    checked_length,
    checked_minutes,
    checked_services,
    checked_slug,
    checked_tags,
    checked_url,
)


@attrs.frozen(kw_only=True)
class RunbookAction:
    """One thing that a runbook tells to do, as an action that can be recommended."""

    action_type: ActionType
    description: str


TEXT = (
    "title",
    "description",
    "content",
    "content_url",
    "service_names",
    "tags",
    "risk_level",
    "estimated_duration_minutes",
    "actions",
)
"""What a version keeps: everything that people write."""


@attrs.frozen(kw_only=True)
class RunbookEdit:
    """What people write of a runbook; None leaves a field as it is.

    An empty `content_url` and 0 minutes say that there are none.
    """

    title: str | None = None
    description: str | None = None
    content: str | None = None
    content_url: str | None = None
    service_names: tuple[str, ...] | None = None
    tags: tuple[str, ...] | None = None
    risk_level: RiskLevel | None = None
    estimated_duration_minutes: int | None = None
    actions: tuple[RunbookAction, ...] | None = None
    owner_id: UUID | None = None


@attrs.frozen(kw_only=True)
class RunbookVersion:
    """The text of a runbook as somebody left it. `written_by` is None where no person wrote it, or nobody knows who."""

    id: UUID
    runbook_id: UUID
    version: int
    title: str
    description: str
    content: str
    content_url: str | None
    service_names: tuple[str, ...]
    tags: tuple[str, ...]
    risk_level: RiskLevel
    estimated_duration_minutes: int | None
    actions: tuple[RunbookAction, ...]
    written_at: datetime
    written_by: UUID | None

    def as_edit(self) -> RunbookEdit:
        """Return the edit that writes all of it again."""
        return RunbookEdit(
            title=self.title,
            description=self.description,
            content=self.content,
            content_url=self.content_url or "",
            service_names=self.service_names,
            tags=self.tags,
            risk_level=self.risk_level,
            estimated_duration_minutes=self.estimated_duration_minutes or 0,
            actions=self.actions,
        )


@attrs.frozen(kw_only=True)
class Runbook:
    """A written procedure of one tenant.

    `actions` are in the order in which the runbook wants them tried. `risk_level` is the author's word on its
    riskiest action. `service_names` is empty where it applies to any service. `content` is Markdown.
    `usage_count` counts recorded outcomes, the unclear ones too; `version` counts what was written, from 1. What is not
    `is_active` was deleted: it is kept, can be restored, and is never found or recommended.

    `source` says where it was imported from ("folder/path.md"), `source_hash` is a digest of what was there; both are empty
    for one that was written here.
    """

    id: UUID
    slug: str
    title: str
    description: str
    content: str = ""
    content_url: str | None = None
    service_names: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    risk_level: RiskLevel = RiskLevel.MEDIUM
    estimated_duration_minutes: int | None = None
    usage_count: int = 0
    success_count: int = 0
    failure_count: int = 0
    owner_id: UUID | None = None
    is_active: bool = True
    version: int = 1
    created_at: datetime
    updated_at: datetime
    actions: tuple[RunbookAction, ...] = ()
    source: str = ""
    source_hash: str = ""

    @classmethod
    def new(cls, edit: RunbookEdit, *, id: UUID, slug: str, owner_id: UUID | None, at: datetime) -> "Runbook":  # noqa: A002 - as the field
        """Return a new runbook of what was written. Raises InvalidInput, also where it has no title."""
        blank = cls(
            id=id, slug=checked_slug(slug), title="", description="", owner_id=owner_id, created_at=at, updated_at=at
        )
        return attrs.evolve(blank._with(attrs.evolve(edit, title=edit.title or "")), version=1)

    def edited(self, edit: RunbookEdit, *, at: datetime, expected_version: int | None = None) -> "Runbook":
        """Return the runbook with what was written anew, and one version on; the same one where that changes nothing.

        Raises ConcurrentTransition, RunbookDeleted, and InvalidInput for what can't be kept.
        """
        self.expect(expected_version)
        if not self.is_active:
            raise RunbookDeleted
        changed = self._with(edit)
        return self if changed == self else attrs.evolve(changed, version=self.version + 1, updated_at=self._later(at))

    def deleted(self, *, at: datetime, expected_version: int | None = None) -> "Runbook":
        """Return the runbook, which nobody is recommended any more. Raises ConcurrentTransition."""
        self.expect(expected_version)
        return attrs.evolve(self, is_active=False, updated_at=self._later(at)) if self.is_active else self

    def restored(self, *, at: datetime) -> "Runbook":
        """Return the runbook as it was before it was deleted."""
        return self if self.is_active else attrs.evolve(self, is_active=True, updated_at=self._later(at))

    def imported(self, source: str, source_hash: str) -> "Runbook":
        """Return the runbook with where its text comes from, and a digest of what was there."""
        return attrs.evolve(self, source=source, source_hash=source_hash)

    def as_version(self, *, id: UUID, at: datetime, by: UUID | None) -> RunbookVersion:  # noqa: A002 - as the field
        """Return its text as it is now, to be kept."""
        return RunbookVersion(
            id=id,
            runbook_id=self.id,
            version=self.version,
            written_at=at,
            written_by=by,
            **{name: getattr(self, name) for name in TEXT},
        )

    def expect(self, version: int | None) -> None:
        """Raise ConcurrentTransition unless this is the version, or any will do."""
        if version is not None and version != self.version:
            raise ConcurrentTransition(
                "Somebody else changed the runbook first; look at it as it is now and try again.",
                expected_version=version,
                version=self.version,
            )

    @property
    def success_rate(self) -> float | None:
        """Successes out of all uses, in [0, 1]; None where it was never used. Ranking does not use this one."""
        return self.success_count / self.usage_count if self.usage_count else None

    def applicable_actions(self) -> tuple[RunbookAction, ...]:
        """The actions to recommend from it, in order: its own, or to follow it as a whole where it names none."""
        return self.actions or (
            RunbookAction(action_type=ActionType.FOLLOW_RUNBOOK, description=self.description or self.title),
        )

    def risk_of(self, action_type: ActionType) -> RiskLevel:
        """The risk of one of its applicable actions: our table's.

        For its riskiest ones it is the runbook's own level where that is higher: a runbook may warn, never reassure.
        """
        own = ACTIONS[action_type].risk_level
        riskiest = max(ACTIONS[action.action_type].risk_level.severity for action in self.applicable_actions())
        return own.worse_of(self.risk_level) if own.severity == riskiest else own

    def used(self, result: OutcomeResult, at: datetime) -> "Runbook":
        """Return the runbook with this outcome counted; an unclear one is a use that neither worked nor failed."""
        return attrs.evolve(
            self,
            usage_count=self.usage_count + 1,
            success_count=self.success_count + (result is OutcomeResult.WORKED),
            failure_count=self.failure_count + (result is OutcomeResult.FAILED),
            updated_at=self._later(at),
        )

    def _later(self, at: datetime) -> datetime:
        return max(self.updated_at, at)

    def _with(self, edit: RunbookEdit) -> "Runbook":
        description, content, url = edit.description, edit.content, edit.content_url
        minutes = edit.estimated_duration_minutes
        return attrs.evolve(
            self,
            title=self.title if edit.title is None else checked_title(edit.title),
            description=self.description if description is None else _described(description),
            content=self.content if content is None else checked_length("The text", content, LONGEST_CONTENT),
            content_url=self.content_url if url is None else checked_url(url),
            service_names=self.service_names if edit.service_names is None else checked_services(edit.service_names),
            tags=self.tags if edit.tags is None else checked_tags(edit.tags),
            risk_level=edit.risk_level or self.risk_level,
            estimated_duration_minutes=self.estimated_duration_minutes if minutes is None else checked_minutes(minutes),
            actions=self.actions if edit.actions is None else checked_actions(edit.actions),
            owner_id=edit.owner_id or self.owner_id,
        )


def _described(description: str) -> str:
    return checked_length("The description", description.strip(), LONGEST_DESCRIPTION)


def checked_actions(actions: tuple[RunbookAction, ...]) -> tuple[RunbookAction, ...]:
    """Return the actions. Raises InvalidInput where one doesn't say what to do, or there are too many."""
    if len(actions) > MOST_NAMES:
        raise InvalidInput(f"A runbook has at most {MOST_NAMES} actions; these are {len(actions)}.")
    for action in actions:
        if not checked_length("What an action does", action.description, LONGEST_ACTION).strip():
            raise InvalidInput("An action says what to do; give it a description.")
    return actions
