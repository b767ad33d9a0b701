"""Pages that people keep in folders, read as runbooks: title, description, services, alerts and tags, recognised where they stand.

Markdown with front matter or without. What the front matter says counts more than what is recognised. What it says and can't be used
is a remark and never a reason to leave the page out.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import attrs

from sre_copilot.domain.actions import ActionType, RiskLevel
from sre_copilot.domain.edits import TITLE_LENGTH, checked_title
from sre_copilot.domain.errors import InvalidInput
from sre_copilot.domain.runbook_texts import (
    LONGEST_DESCRIPTION,
    MOST_NAMES,
    checked_minutes,
    checked_services,
    checked_tags,
    checked_url,
)
from sre_copilot.domain.runbooks import RunbookAction, RunbookEdit, checked_actions

Front = Mapping[str, Any]
"""Front matter: texts, numbers, and lists or mappings of them."""

LARGEST_NUMBER = 10**15
MOST_HEADINGS = 200
LONGEST_LINE = 1_000
"""A longer line, in characters, is no heading; nor is more of a title looked at."""
LONGEST_SUMMARY = 300
"""Characters of a description that is taken from the text."""
NAMELESS = frozenset({"readme", "index", "runbook", "_index"})
"""Names of files that say nothing: their folder's name says it."""
_FENCE = re.compile(r"\s{0,3}(```|~~~)")
_HEADING = re.compile(r"\s{0,3}#{1,6}\s+(.*?)\s*#*\s*")
_UNDERLINE = re.compile(r"\s{0,3}(=+|-+)\s*")
_NO_PROSE = re.compile(r"\s*([-*+>|<!#]|\d+[.)]|\[!|```|~~~)")
_MARKUP = re.compile(r"!?\[([^\]]*)\]\([^)]*\)|[`*]|(?<!\w)_|_(?!\w)")
_HUMPS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+")
_NAME = re.compile(r"(?<![\w./-])[A-Za-z][A-Za-z0-9]*[a-z0-9][A-Z][A-Za-z0-9]*(?![\w/-])")


@attrs.frozen(kw_only=True)
class RunbookPage:
    """A page as it lies in a folder.

    `source` is "folder/path/to/page.md", `digest` of all its bytes. `remark` says what could not be read of it, `unreadable` why
    nothing could; then there is no text.
    """

    source: str
    digest: str = ""
    text: str = ""
    front: Front = attrs.field(factory=dict)
    remark: str = ""
    unreadable: str = ""


@attrs.frozen(kw_only=True)
class ReadPage:
    """What a page becomes: an edit that writes all it says, the slug that it would have, and what could not be used."""

    edit: RunbookEdit
    slug: str
    remarks: tuple[str, ...] = ()


def read_page(page: RunbookPage, known_services: Collection[str]) -> ReadPage:
    """Return what a page says. Raises InvalidInput where its text or title can't be kept."""
    headings = tuple(islice(_headings(page.text), MOST_HEADINGS))
    front = _FrontMatter(page.front)
    *folders, file = page.source.split("/")
    stem = file.rpartition(".")[0]
    if stem.lower() in NAMELESS and len(folders) > 1:
        stem = folders[-1]
    title = front.text("title") or next(iter(headings), "") or re.sub(r"[-_]+", " ", stem)
    alerts = _each_once([*front.names("alerts", "alert", "alertname"), *alert_names(stem, headings)])
    services = _each_once(
        [*front.names("services", "service"), *_recognised([*folders, stem], headings, known_services)]
    )
    stray = [name for name in services if name not in known_services]
    if stray:
        front.remarks.append(f"no service is known by the name {', '.join(stray[:5])} yet")
    edit = RunbookEdit(
        title=checked_title(_plain(title[:LONGEST_LINE])[:TITLE_LENGTH] or stem),
        description=(front.text("description", "summary") or _summary(page.text))[:LONGEST_DESCRIPTION],
        content=page.text,
        content_url=front.address(),
        service_names=front.fitting("services", services, checked_services),
        tags=front.fitting("tags", _each_once([*front.names("tags", "tag"), *alerts]), checked_tags),
        risk_level=front.risk(),
        estimated_duration_minutes=front.minutes(),
        actions=front.actions(),
    )
    return ReadPage(edit=edit, slug=front.text("slug") or stem, remarks=tuple(front.remarks))


def alert_names(stem: str, headings: Sequence[str]) -> tuple[str, ...]:
    """Return the names of alerts: a file's name or a whole heading of two words or more in CamelCase, or a word of three in a heading.

    "KubePodCrashLooping" is one anywhere; "PostgreSQL" in the middle of a heading is not.
    """
    found = [stem] if _NAME.fullmatch(stem) else []
    for heading in headings:
        plain = _plain(heading).removeprefix("Alert:").strip()
        if _NAME.fullmatch(plain):
            found.append(plain)
        else:
            found += [name for name in _NAME.findall(plain) if len(_HUMPS.findall(name)) > 2]
    return _each_once(found)


@attrs.define
class _FrontMatter:
    """Looks up what front matter says, and remarks on what can't be used."""

    front: Front
    remarks: list[str] = attrs.field(factory=list)

    def text(self, *names: str) -> str:
        return next((said.strip() for said in map(_said, self._values(names)) if said is not None), "")

    def names(self, *names: str) -> list[str]:
        """Several names: a list, or a text with commas."""
        found: list[str] = []
        for value in self._values(names):
            listed = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else [value]
            usable = [said.strip() for said in map(_said, listed) if said is not None]
            if len(usable) < len(listed):
                self.remarks.append(f"{names[0]} of the front matter has what is no name")
            found += filter(None, usable)
        return found

    def risk(self) -> RiskLevel | None:
        told = self.text("risk_level", "risk").lower()
        if told and told not in list(RiskLevel):
            self.remarks.append(f"risk_level is none of {', '.join(RiskLevel)}")
        return RiskLevel(told) if told in list(RiskLevel) else None

    def minutes(self) -> int | None:
        told = next(self._values(("estimated_duration_minutes", "minutes")), None)
        try:
            return None if told is None else checked_minutes(int(str(told)))
        except (InvalidInput, ValueError):
            self.remarks.append("estimated_duration_minutes is no number of minutes")
            return None

    def address(self) -> str | None:
        told = self.text("url", "content_url")
        try:
            return checked_url(told) if told else None
        except InvalidInput:
            self.remarks.append("url is no address that can be kept")
            return None

    def fitting(
        self, name: str, values: Sequence[str], check: Callable[[Sequence[str]], tuple[str, ...]]
    ) -> tuple[str, ...]:
        kept: list[str] = []
        for value in values:
            try:
                kept += check([value])
            except InvalidInput:
                self.remarks.append(f"one of {name} can't be kept")
        if len(kept) > MOST_NAMES:
            self.remarks.append(f"{name} are more than {MOST_NAMES}")
        return tuple(kept[:MOST_NAMES])

    def actions(self) -> tuple[RunbookAction, ...] | None:
        told = self.front.get("actions")
        if told is None:
            return None
        try:
            return checked_actions(
                tuple(
                    RunbookAction(action_type=ActionType(row["action_type"]), description=row["description"] + "")
                    for row in told
                )
            )
        except (InvalidInput, KeyError, TypeError, ValueError):
            self.remarks.append("actions are no list of action_type and description")
            return None

    def _values(self, names: Sequence[str]) -> Iterator[object]:
        return (self.front[name] for name in names if self.front.get(name) is not None)


def _said(value: object) -> str | None:
    """A text or number as people wrote it, None for anything else: to write that out could take for ever."""
    if isinstance(value, int) and abs(value) >= LARGEST_NUMBER:
        return None
    return str(value) if isinstance(value, str | int | float) else None


def _headings(text: str) -> Iterator[str]:
    """The headings of a Markdown text, outside of code, in both ways of writing them."""
    fence, before = "", ""
    for line in (line for line in text.splitlines() if len(line) <= LONGEST_LINE):
        mark = _FENCE.match(line)
        if mark and fence in ("", mark[1]):
            fence, before = "" if fence else mark[1], ""
            continue
        if fence:
            continue
        heading = _HEADING.fullmatch(line)
        if heading and heading[1]:
            yield heading[1]
        elif before and _UNDERLINE.fullmatch(line):
            yield before
        before = "" if _NO_PROSE.match(line) else line.strip()


def _summary(text: str) -> str:
    """The first sentences of prose, none of a list, a quote or code."""
    fence = ""
    found: list[str] = []
    for line in text.splitlines():
        mark = _FENCE.match(line)
        if mark and fence in ("", mark[1]):
            fence = "" if fence else mark[1]
        elif fence or _NO_PROSE.match(line) or _UNDERLINE.fullmatch(line):
            found = [] if _UNDERLINE.fullmatch(line) and len(found) == 1 else found
            if found:
                break
        elif line.strip():
            found.append(line.strip())
        elif found:
            break
    prose = _plain(" ".join(found)[:LONGEST_LINE])
    return prose if len(prose) <= LONGEST_SUMMARY else prose[: LONGEST_SUMMARY - 1].rsplit(" ", 1)[0] + "…"


def _recognised(path: Sequence[str], headings: Sequence[str], known: Collection[str]) -> Iterator[str]:
    """The known services that are a part of the path, or a word of a heading."""
    said = [*path, *map(_plain, headings)]
    for name in sorted(known):
        whole = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])", re.IGNORECASE)
        if any(whole.search(text) for text in said):
            yield name


def _plain(text: str) -> str:
    """The text without the marks of Markdown."""
    return " ".join(_MARKUP.sub(lambda match: match[1] or "", text).split())


def _each_once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
