"""What integrations with code hosts have in common."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import attrs
import pytest

from sre_copilot.domain.integrations import Integration
from sre_copilot.domain.payloads import Fields
from sre_copilot.domain.repositories import LONGEST_TEXT, MOST_PATHS, Push, Repository, branch_of, service_of
from sre_copilot.domain.signals import ChangeDetails, Environment, Severity, SignalDraft, SignalType

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
COMMIT = "f95f852bd8fca8fcc58a9a2d6c842781e32a215e"


def repository(**settings: Any) -> Repository:
    integration = Integration(
        id=UUID(int=1), tenant_id=UUID(int=2), type="github", name="g", created_at=NOW, settings=settings
    )
    return Repository(integration=integration, full_name="acme/shop", name="shop", default_branch="main")


def pushed(
    *commits: Mapping[str, Any], branch: str = "main", commit: str = COMMIT, **settings: Any
) -> SignalDraft | None:
    push = Push(
        branch=branch,
        commit=commit,
        author="ana",
        commits=[Fields(item) for item in commits],
        links=("https://compare.example",),
        at=NOW,
        raw={"a": 1},
    )
    return repository(**{"config_paths": ("deploy/**",), **settings}).config_push(push)


@pytest.mark.parametrize(
    ("entries", "service"),
    [
        ((), "shop"),
        (("acme/shop=checkout",), "checkout"),
        (("ACME/Shop = checkout ",), "checkout"),
        (("shop=cart", "acme/shop=checkout"), "checkout"),
        (("shop=cart",), "cart"),
        (("other=x", "shop", "shop=", "=y"), "shop"),
    ],
)
def test_a_repository_is_the_service_that_was_configured_else_its_name(entries: tuple[str, ...], service: str) -> None:
    assert service_of(entries, "acme/shop", "shop") == service
    assert repository(services=list(entries)).service == service


def test_a_repository_without_a_name_is_an_unknown_service() -> None:
    assert service_of((), "", " ") == "unknown"


@pytest.mark.parametrize(
    ("ref", "version"),
    [("v1.2", "v1.2"), ("main", "f95f852"), ("", "f95f852"), (COMMIT, "f95f852"), ("fix/1", "fix/1")],
)
def test_a_version_is_a_tag_or_branch_but_the_short_commit_for_the_default_branch(ref: str, version: str) -> None:
    assert repository().version(ref, COMMIT) == version


def test_only_a_whole_commit_is_shortened() -> None:
    assert repository().version("", "release-2026-03") == "release-2026-03"


def test_a_ref_names_a_branch_or_not() -> None:
    assert branch_of("refs/heads/fix/1") == "fix/1"
    assert branch_of("refs/tags/v1") == branch_of("main") == ""


def test_a_push_to_configuration_is_a_change_with_its_paths_and_messages() -> None:
    draft = pushed(
        {"message": "Raise limits\n\nby half", "modified": ["deploy/b.yaml", "src/x.py"], "added": ["deploy/a.yaml"]},
        {"message": "Drop the flag", "removed": ["deploy/b.yaml", 5]},
    )
    assert draft is not None
    assert draft.signal_type is SignalType.CONFIG_CHANGE
    assert draft.change == ChangeDetails(
        kind="config",
        summary="Configuration of shop changed: Drop the flag",
        version="f95f852",
        author="ana",
        commit=COMMIT,
        text="Raise limits\n\nby half\n\nDrop the flag",
        paths=("deploy/a.yaml", "deploy/b.yaml"),
        links=("https://compare.example",),
    )
    assert draft.title == draft.change.summary
    assert draft.occurred_at == NOW
    assert draft.vendor_key == f"push/acme%2Fshop/main/{COMMIT}"
    assert draft.raw == {"a": 1}


TOUCHING = {"message": "x", "modified": ["deploy/a"]}


@pytest.mark.parametrize(
    "given",
    [
        {"branch": ""},
        {"branch": "fix"},
        {"commit": "0" * 40},
        {"commit": ""},
        {"config_paths": ()},
        {"config_paths": ("other/**",)},
        {"config_branches": ("release-*",)},
    ],
)
def test_any_other_push_is_none(given: dict[str, Any]) -> None:
    assert pushed(TOUCHING) is not None
    assert pushed(TOUCHING, **given) is None


def test_the_branches_may_be_others_than_the_default() -> None:
    assert pushed(TOUCHING, branch="release-7", config_branches=["release-*", "main"]) is not None


def test_what_is_kept_of_a_push_has_an_end() -> None:
    draft = pushed({"message": "m" * (LONGEST_TEXT + 1), "added": [f"deploy/{n:04d}" for n in range(MOST_PATHS + 1)]})
    assert draft is not None
    assert draft.change is not None
    assert len(draft.change.paths) == MOST_PATHS
    assert len(draft.change.text) == LONGEST_TEXT


def test_a_push_without_messages_is_told_by_how_much_it_touched() -> None:
    draft = pushed({"modified": ["deploy/a", "deploy/b"]})
    assert draft is not None
    assert draft.title == "Configuration of shop changed: 2 paths"


@pytest.mark.parametrize(
    ("words", "configured", "environment", "word"),
    [
        (("production",), "staging", Environment.PRODUCTION, "production"),
        (("prod-eu", "production"), "staging", Environment.PRODUCTION, "production"),
        (("prod-eu",), "", Environment.DEVELOPMENT, "prod-eu"),
        (("", ""), "staging", Environment.STAGING, "staging"),
        (("live",), "staging", Environment.PRODUCTION, "live"),
        ((), "", Environment.DEVELOPMENT, ""),
    ],
)
def test_the_first_word_that_is_known_tells_the_environment(
    words: tuple[str, ...], configured: str, environment: Environment, word: str
) -> None:
    here = repository(environment=configured)
    known = attrs.evolve(here.integration, environments={"Live": Environment.PRODUCTION})
    draft = attrs.evolve(here, integration=known).change(
        ChangeDetails(summary="s"), series="k", at=None, raw={}, words=words
    )
    assert (draft.environment, draft.environment_word) == (environment, word)
    assert draft.severity is Severity.INFO
    assert draft.labels.get("environment", "") == (words[0] if words else "")
