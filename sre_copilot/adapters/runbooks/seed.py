"""Read the seeded runbooks: Markdown files with TOML front matter, shipped as package data.

A file is `<slug>.md`: a line `+++`, TOML with title, description, tags, risk_level,
estimated_duration_minutes and [[actions]] (action_type, description), a line `+++`, Markdown.
"""

import tomllib
from collections.abc import Sequence
from datetime import datetime
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any
from uuid import UUID

import attrs

from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.runbooks import RunbookSeeds
from sre_copilot.domain.actions import ActionType, RiskLevel
from sre_copilot.domain.errors import InvalidInput
from sre_copilot.domain.runbooks import Runbook, RunbookAction

FENCE = "+++\n"
FIELDS = frozenset({"title", "description", "tags", "risk_level", "estimated_duration_minutes", "actions"})


@attrs.frozen(kw_only=True)
class SeedRunbook:
    """A runbook as shipped, before it belongs to a tenant. `actions` are in the order in which to try them."""

    slug: str
    title: str
    description: str
    content: str
    tags: tuple[str, ...]
    risk_level: RiskLevel
    estimated_duration_minutes: int
    actions: tuple[RunbookAction, ...]

    def runbook(self, *, id: UUID, at: datetime) -> Runbook:  # noqa: A002 - named as the field that it fills
        """Return a tenant's own copy, created at `at`, for any service and never used."""
        return Runbook(
            id=id,
            slug=self.slug,
            title=self.title,
            description=self.description,
            content=self.content,
            tags=self.tags,
            risk_level=self.risk_level,
            estimated_duration_minutes=self.estimated_duration_minutes,
            actions=self.actions,
            created_at=at,
            updated_at=at,
        )


def load_seed_runbooks() -> tuple[SeedRunbook, ...]:
    """Return all seeded runbooks, by slug. Raises InvalidInput, which names the file, for one that can't be read."""
    folder = files("sre_copilot.adapters.runbooks").joinpath("seed")
    found = sorted((file for file in folder.iterdir() if file.name.endswith(".md")), key=lambda file: file.name)
    return tuple(_load(file) for file in found)


def _load(file: Traversable) -> SeedRunbook:
    return parse_seed(file.name.removesuffix(".md"), file.read_text(encoding="utf-8"))


def parse_seed(slug: str, text: str) -> SeedRunbook:
    """Return the runbook that `text` holds. Raises InvalidInput, which names the slug and the fault."""
    parts = text.split(FENCE, 2)
    if len(parts) != 3 or parts[0]:
        raise InvalidInput(f"Runbook {slug!r} needs TOML between two lines of +++ at its top.")
    try:
        return _read(slug, tomllib.loads(parts[1]), parts[2].strip() + "\n")
    except (KeyError, TypeError, ValueError) as fault:
        raise InvalidInput(f"The front matter of runbook {slug!r} is unusable: {fault}") from fault


def _read(slug: str, front: dict[str, Any], content: str) -> SeedRunbook:
    unknown = front.keys() - FIELDS
    if unknown:
        raise ValueError(f"unknown fields {', '.join(sorted(unknown))}")
    return SeedRunbook(
        slug=slug,
        title=str(front["title"]),
        description=str(front["description"]),
        content=content,
        tags=tuple(str(tag) for tag in front["tags"]),
        risk_level=RiskLevel(front["risk_level"]),
        estimated_duration_minutes=int(front["estimated_duration_minutes"]),
        actions=tuple(
            RunbookAction(action_type=ActionType(action["action_type"]), description=str(action["description"]))
            for action in front["actions"]
        ),
    )


class SeededRunbooks(RunbookSeeds):
    """The shipped runbooks, behind the port."""

    def runbooks(self, *, ids: Ids, at: datetime) -> Sequence[Runbook]:
        """Return them with fresh ids, created at `at`, by slug."""
        return tuple(seed.runbook(id=ids.new(), at=at) for seed in load_seed_runbooks())
