"""What integrations with code hosts have in common: settings, which service a repository is, pushes to configuration."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from sre_copilot.domain.integrations import Integration, Setting, SettingKind
from sre_copilot.domain.patterns import name_matches, path_matches
from sre_copilot.domain.payloads import Fields, joined_key, texts
from sre_copilot.domain.signals import UNKNOWN_SERVICE, ChangeDetails, Severity, SignalDraft, SignalStatus, SignalType

SERVICES = Setting(
    name="services",
    help="Which service a repository is, as owner/name=service or name=service. Others count under their name.",
    kind=SettingKind.LIST,
    default=(),
)
CONFIG_PATHS = Setting(
    name="config_paths",
    help="Paths of configuration, such as deploy/**/*.yaml; a push that touches one is a change. None by default.",
    kind=SettingKind.LIST,
    default=(),
)
CONFIG_BRANCHES = Setting(
    name="config_branches",
    help="Branches whose pushes count; the repository's default branch where none is given.",
    kind=SettingKind.LIST,
    default=(),
)
ENVIRONMENT = Setting(
    name="environment",
    help="The environment of changes that name none themselves, such as pushes to configuration.",
    default="",
)
MOST_PATHS = 500
"""More changed paths than this are not kept with a change; its raw data has them all."""
LONGEST_TEXT = 20_000
"""Characters of commit messages that are kept with a change."""
ABBREVIATED = 7

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.ASCII)


def service_of(entries: Iterable[str], *names: str) -> str:
    """Return the service that an entry `name=service` gives one of the names, the first name that has one winning.

    Without such an entry it is the last name, and UNKNOWN_SERVICE where that is blank. Case does not matter in names.
    """
    pairs = (entry.partition("=") for entry in entries)
    table = {name.strip().lower(): service.strip() for name, _, service in pairs if service.strip()}
    found = next((table[name.lower()] for name in names if name.lower() in table), "")
    return found or names[-1].strip() or UNKNOWN_SERVICE


def branch_of(ref: str) -> str:
    """Return the branch of a full ref, "" where it is a tag or anything else."""
    return ref.removeprefix("refs/heads/") if ref.startswith("refs/heads/") else ""


@attrs.frozen(kw_only=True)
class Repository:
    """One repository as an event names it, and what this integration is set to make of it."""

    integration: Integration
    full_name: str
    name: str
    default_branch: str = ""

    @property
    def service(self) -> str:
        """The service that it is here."""
        return service_of(self.integration.listed(SERVICES), self.full_name, self.name)

    def version(self, ref: str, commit: str) -> str:
        """What was deployed, as people name it: a tag or branch, but the short commit for the default branch."""
        if ref and ref not in (commit, self.default_branch):
            return ref
        return commit[:ABBREVIATED] if _COMMIT.fullmatch(commit) else commit

    def change(
        self,
        details: ChangeDetails,
        *,
        series: str,
        at: datetime | None,
        raw: Mapping[str, Any],
        state: str = "",
        severity: Severity = Severity.INFO,
        words: tuple[str, ...] = (),
        labels: Mapping[str, str] | None = None,
    ) -> SignalDraft:
        """Return a change to this repository's service.

        `words` are the host's words for the environment, the one to trust most first; without any it is the one that
        was configured. `state` is the host's word for how it went.
        """
        environment, word = self.integration.environment_among(*words, self.integration.text_of(ENVIRONMENT))
        is_config = details.kind != "deploy"
        told = {"repository": self.full_name, "environment": (*words, "")[0], "state": state, **(labels or {})}
        return SignalDraft(
            signal_type=SignalType.CONFIG_CHANGE if is_config else SignalType.DEPLOY_EVENT,
            status=SignalStatus.MOMENT,
            severity=severity,
            severity_word=state,
            service=self.service,
            environment=environment,
            environment_word=word,
            name=f"{details.kind} of {self.service}",
            title=details.summary,
            description=details.text,
            labels={name: value for name, value in told.items() if value},
            vendor_key=series,
            occurred_at=at,
            change=details,
            links=details.links,
            raw=raw,
        )

    def config_push(self, push: "Push") -> SignalDraft | None:
        """Return the change that a push to configuration is; None for every other push."""
        branches = self.integration.listed(CONFIG_BRANCHES) or (self.default_branch,)
        # Where a branch was deleted, hosts write the commit as zeros.
        if not push.branch or not push.commit.strip("0") or not name_matches(branches, push.branch):
            return None
        paths = _touched(push.commits, self.integration.listed(CONFIG_PATHS))
        if not paths:
            return None
        said = [text for text in (commit.loose("message").strip() for commit in push.commits) if text]
        what = said[-1].partition("\n")[0].strip() if said else f"{len(paths)} paths"
        details = ChangeDetails(
            kind="config",
            summary=f"Configuration of {self.service} changed: {what}",
            version=self.version("", push.commit),
            author=push.author,
            commit=push.commit,
            text="\n\n".join(said)[:LONGEST_TEXT],
            paths=paths,
            links=push.links,
        )
        series = joined_key("push", self.full_name, push.branch, push.commit)
        return self.change(details, series=series, at=push.at, raw=push.raw, labels={"branch": push.branch})


@attrs.frozen(kw_only=True)
class Push:
    """A push as its event tells it. `branch` is "" where something else than a branch was pushed."""

    branch: str
    commit: str
    author: str
    commits: Sequence[Fields]
    links: tuple[str, ...]
    at: datetime | None
    raw: Mapping[str, Any]


def _touched(commits: Iterable[Fields], patterns: Sequence[str]) -> tuple[str, ...]:
    """The paths that these commits added, modified or removed and that fit: each once, sorted."""
    seen = {
        path
        for commit in commits
        for kind in ("added", "modified", "removed")
        for path in texts(commit.values.get(kind))
    }
    return tuple([path for path in sorted(seen) if path_matches(patterns, path)][:MOST_PATHS])
