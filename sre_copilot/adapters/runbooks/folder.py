"""Read runbooks from a folder of Markdown, such as the checkout of a Git repository: the files as they lie there."""

import hashlib
import os
import stat
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from sre_copilot.domain.errors import InvalidInput
from sre_copilot.domain.runbook_pages import RunbookPage

ENDINGS = (".md", ".markdown")
LARGEST_FILE = 1 << 20
"""Bytes; a text of this size is far from what a runbook may have."""
LARGEST_FRONT_MATTER = 64 << 10
"""Characters."""
MOST_PAGES = 20_000
ABOUT_THE_FOLDER = frozenset({"readme", "contributing", "changelog", "license", "code_of_conduct", "security"})
"""Names of files that, right in the folder, tell of the folder and of nothing to do."""
FENCES = {"---": "YAML", "+++": "TOML"}


class PlainLoader(yaml.SafeLoader):
    """YAML without aliases and tags: nothing grows beyond what is written, and every value is a plain one."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Compose a node. Raises YAMLError for one that stands for another, or says what it is."""
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "tag", None) is not None:
            raise yaml.YAMLError("there is an alias or a tag")
        return super().compose_node(parent, index)


def read_folder(folder: Path, name: str = "") -> Iterator[RunbookPage]:
    """Yield the Markdown files of a folder and its subfolders, by path, each as a page whose source is "name/path".

    The name is the folder's own unless another is given. Hidden folders and files, such as `.git`, are left alone. What can't be
    read, and links, which may lead anywhere, come as pages that say so. Raises InvalidInput where there is no such folder, or
    it holds more than MOST_PAGES pages.
    """
    if not folder.is_dir():
        raise InvalidInput(f"{folder} is no folder that can be read; name one that holds Markdown files.")
    root = folder.resolve()
    called = _printable(name or root.name or "runbooks")
    closed: list[OSError] = []
    for number, file in enumerate(_files(root, closed)):
        if number >= MOST_PAGES:
            raise InvalidInput(
                f"{folder} holds more than {MOST_PAGES} Markdown files; import its subfolders one by one."
            )
        yield _page(root, file, f"{called}/{_inside(root, file)}")
    for error in closed:
        yield RunbookPage(source=f"{called}/{_inside(root, Path(error.filename))}", unreadable=_reason(error))


def _files(root: Path, closed: list[OSError]) -> Iterator[Path]:
    """Files and links that are called like Markdown, and linked folders, folder by folder; `closed` gets those that can't be read."""
    for place, folders, files in os.walk(root, onerror=closed.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        here = Path(place)
        yield from (here / name for name in folders if (here / name).is_symlink())
        yield from (
            here / name for name in sorted(files) if name.lower().endswith(ENDINGS) and not name.startswith(".")
        )


def _page(root: Path, file: Path, source: str) -> RunbookPage:
    if file.is_symlink():
        inside = Path(os.path.realpath(file)).is_relative_to(root)
        reason = (
            "is a link; what it leads to is read where it lies" if inside else "is a link that leads out of the folder"
        )
        return RunbookPage(source=source, unreadable=reason)
    if file.parent == root and file.stem.lower() in ABOUT_THE_FOLDER:
        return RunbookPage(source=source, unreadable="tells of the folder, not of anything to do")
    try:
        raw = _bytes(file)
    except OSError as error:
        return RunbookPage(source=source, unreadable=_reason(error))
    if raw is None:
        return RunbookPage(source=source, unreadable=f"has more than {LARGEST_FILE >> 20} MiB")
    return page_of(source, raw)


def _bytes(file: Path) -> bytes | None:
    """The bytes of a plain file, None where they are too many. A pipe is never waited for, nor a link followed."""
    descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as opened:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError
        raw = opened.read(LARGEST_FILE + 1)
    return raw if len(raw) <= LARGEST_FILE else None


def page_of(source: str, raw: bytes) -> RunbookPage:
    """Return the page that these bytes are. What is no text comes as a page that says so."""
    digest = hashlib.sha256(raw).hexdigest()
    try:
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return RunbookPage(source=source, unreadable="is not UTF-8 text; save it as UTF-8")
    if "\x00" in text:
        return RunbookPage(source=source, unreadable="is no text: it has a NUL in it")
    if not text.strip():
        return RunbookPage(source=source, unreadable="is empty")
    front, body, remark = _split(text)
    return RunbookPage(source=source, digest=digest, text=body, front=front, remark=remark)


def _split(text: str) -> tuple[Mapping[str, Any], str, str]:
    """The front matter, the text behind it, and a remark where that can't be read; then the text has all of it."""
    first, _, rest = text.partition("\n")
    kind = FENCES.get(first.rstrip())
    matter, fence, body = f"\n{rest}\n".partition(f"\n{first.rstrip()}\n") if kind else ("", "", "")
    if not fence:
        return {}, text, ""
    try:
        if len(matter) > LARGEST_FRONT_MATTER:
            raise ValueError
        told = yaml.load(matter, PlainLoader) if kind == "YAML" else tomllib.loads(matter)
        if told is not None and not isinstance(told, dict):
            raise ValueError
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}, text, f"its front matter is no {kind} that can be read, and stays in the text"
    return {str(name): value for name, value in (told or {}).items()}, body.strip("\n") + "\n", ""


def _reason(error: OSError) -> str:
    return f"can't be read: {error.strerror or 'it is no plain file'}"


def _inside(root: Path, file: Path) -> str:
    return _printable(file.relative_to(root).as_posix())


def _printable(path: str) -> str:
    """The path with what is no text, in a name that is none, written out."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
