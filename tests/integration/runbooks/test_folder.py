"""Folders of Markdown as people have them, and as nobody should."""

import os
from pathlib import Path

import pytest

from sre_copilot.adapters.runbooks.folder import LARGEST_FILE, LARGEST_FRONT_MATTER, page_of, read_folder
from sre_copilot.domain.errors import InvalidInput
from sre_copilot.domain.runbook_pages import RunbookPage


def pages(folder: Path, name: str = "wiki") -> dict[str, RunbookPage]:
    return {page.source.removeprefix("wiki/"): page for page in read_folder(folder, name)}


def write(folder: Path, **files: str | bytes) -> None:
    for name, content in files.items():
        file = folder / f"{name}.md"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())


def test_markdown_of_all_folders_comes_by_path_and_what_is_hidden_stays_hidden(tmp_path: Path) -> None:
    for folder in ("b", ".git", "b/.cache"):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder, page=f"# {folder}")
    write(tmp_path, z="# Z", README="# About")
    (tmp_path / "A.MARKDOWN").write_text("# A")
    (tmp_path / "notes.txt").write_text("no")
    (tmp_path / ".hidden.md").write_text("no")
    found = pages(tmp_path)
    assert list(found) == ["A.MARKDOWN", "README.md", "z.md", "b/page.md"]
    assert found["README.md"].unreadable == "tells of the folder, not of anything to do"
    assert next(page.source for page in read_folder(tmp_path)) == f"{tmp_path.name}/A.MARKDOWN"


@pytest.mark.parametrize("matter", ["---\ntitle: T\ntags: [a, b]\n---", '+++\ntitle = "T"\ntags = ["a", "b"]\n+++'])
def test_front_matter_is_read_and_taken_from_the_text(matter: str) -> None:
    for text in (f"{matter}\n\n# A\n", f"\ufeff{matter}\n# A".replace("\n", "\r\n")):
        page = page_of("a.md", text.encode())
        assert (page.front, page.text, page.remark) == ({"title": "T", "tags": ["a", "b"]}, "# A\n", "")
    assert page_of("a.md", matter.encode()).text == "\n"


@pytest.mark.parametrize(
    "text",
    [
        "---\na: [\n---\n# A\n",
        "---\n- a\n---\n# A\n",
        "---\na: &x [1]\nb: *x\n---\n# A\n",
        "---\na: !!python/object/apply:os.system ['true']\n---\n# A\n",
        '---\na: !!int ""\n---\n# A\n',
        "---\na: 2026-99-99\n---\n# A\n",
        "---\n" + "[" * 5_000 + "\n---\n# A\n",
        f"---\na: {'x' * LARGEST_FRONT_MATTER}\n---\n# A\n",
        "+++\na = \n+++\n# A\n",
        "+++\na = " + "[" * 5_000 + "\n+++\n# A\n",
        f"+++\na = {'9' * 5_000}\n+++\n# A\n",
    ],
)
def test_front_matter_that_can_not_be_read_stays_in_the_text(text: str) -> None:
    page = page_of("a.md", text.encode())
    assert (page.front, page.text) == ({}, text)
    assert page.remark


@pytest.mark.parametrize("text", ["---\nno end", "--- \n---\n# A\n", "# A\n---\nb: c\n---\n"])
def test_lines_that_look_like_front_matter_and_are_none_are_text(text: str) -> None:
    page = page_of("a.md", text.encode())
    assert (dict(page.front), page.remark) == ({}, "")


@pytest.mark.parametrize("raw", [b"", b" \n", b"\xff\xfe#\x00", b"# caf\xe9", b"a\x00b"])
def test_what_is_no_text_says_so(raw: bytes) -> None:
    page = page_of("a.md", raw)
    assert page.unreadable
    assert page.text == ""


def test_links_are_not_followed_and_say_whether_they_lead_out(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    write(outside, secret="# Secret")
    write(inside, a="# A")
    (inside / "b.md").symlink_to(outside / "secret.md")
    (inside / "c.md").symlink_to("a.md")
    (inside / "d.md").symlink_to("d.md")
    (inside / "e").symlink_to(outside)
    found = pages(inside)
    assert {name: page.unreadable.partition(";")[0] for name, page in found.items()} == {
        "a.md": "",
        "b.md": "is a link that leads out of the folder",
        "c.md": "is a link",
        "d.md": "is a link",
        "e": "is a link that leads out of the folder",
    }


def test_nothing_is_waited_for_and_what_is_huge_or_closed_is_named(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    write(tmp_path, huge=b"x" * (LARGEST_FILE + 1), good="# A")
    (tmp_path / "folder.md").mkdir()
    (tmp_path / os.fsdecode(b"caf\xe9.md")).write_text("# C")
    found = pages(tmp_path)
    assert found["pipe.md"].unreadable == "can't be read: it is no plain file"
    assert found["huge.md"].unreadable == "has more than 1 MiB"
    assert found["caf\\xe9.md"].text == found["good.md"].text.replace("A", "C")
    assert len(found) == 4


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_closed_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o000)
    assert pages(tmp_path)["closed"].unreadable == "can't be read: Permission denied"


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput):
        list(read_folder(tmp_path / "nothing"))
