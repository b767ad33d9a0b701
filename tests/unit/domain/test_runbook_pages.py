"""What a page of a folder says: title, description, services, alerts, tags; hostile pages say less, and nothing breaks."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.actions import ActionType, RiskLevel
from sre_copilot.domain.errors import InvalidInput
from sre_copilot.domain.runbook_pages import LONGEST_SUMMARY, ReadPage, RunbookPage, alert_names, read_page

KNOWN = {"checkout", "payments-db", "mail"}


def read(text: str = "", source: str = "wiki/page.md", **front: Any) -> ReadPage:
    return read_page(RunbookPage(source=source, text=text, front=front), KNOWN)


@pytest.mark.parametrize(
    ("text", "source", "title"),
    [
        ("# Disk is `full` #\n\n## Next", "wiki/a.md", "Disk is full"),
        ("Disk is full\n============\n\nFree it.", "wiki/a.md", "Disk is full"),
        ("```sh\n# a comment\n```\n~~~\n# another\n~~~\n## [Disk](x.md) is **full**", "wiki/a.md", "Disk is full"),
        ("Free it.", "wiki/disk-is_full.md", "disk is full"),
        ("Free it.", "wiki/disk/README.md", "disk"),
        ("Free it.", "wiki/index.md", "index"),
        ("# " + "x" * 600, "wiki/a.md", "x" * 500),
        ("# " + "x" * 1200 + "\n# b", "wiki/a.md", "b"),
        ("# []()", "wiki/a.md", "a"),
    ],
)
def test_the_title_is_the_first_heading_else_the_name(text: str, source: str, title: str) -> None:
    assert read(text, source).edit.title == title


def test_what_the_front_matter_says_counts_more() -> None:
    said = read(
        "# Heading\n\nProse.",
        title="Title",
        description="Why.",
        services=["checkout"],
        tags="disk, linux",
        alert="DiskFull",
        risk="High",
        minutes=15,
        url="https://example.com/r",
        slug="the-slug",
        actions=[{"action_type": "clear_disk", "description": "Delete logs."}],
    )
    edit = said.edit
    assert (edit.title, edit.description, edit.service_names) == ("Title", "Why.", ("checkout",))
    assert (edit.tags, edit.risk_level, edit.estimated_duration_minutes) == (
        ("disk", "linux", "DiskFull"),
        RiskLevel.HIGH,
        15,
    )
    assert (edit.content_url, said.slug, said.remarks) == ("https://example.com/r", "the-slug", ())
    assert edit.actions is not None
    assert [action.action_type for action in edit.actions] == [ActionType.CLEAR_DISK]


def test_known_services_are_recognised_in_path_and_headings_as_whole_words_only() -> None:
    assert read("# Checkout is slow", "wiki/payments-db/a.md").edit.service_names == ("checkout", "payments-db")
    assert read("# Email and checkout-2", "wiki/mailing/a.md").edit.service_names == ()
    assert read("Text names checkout.", "wiki/a.md").edit.service_names == ()


def test_a_service_that_nobody_knows_is_kept_and_remarked_on() -> None:
    said = read(services=["warehouse"])
    assert said.edit.service_names == ("warehouse",)
    assert "warehouse" in said.remarks[0]


@pytest.mark.parametrize(
    ("stem", "headings", "names"),
    [
        ("KubePodCrashLooping", ["# x"], ("KubePodCrashLooping",)),
        ("a", ["Alert: HighLatency"], ("HighLatency",)),
        ("a", ["`CPUThrottlingHigh`"], ("CPUThrottlingHigh",)),
        ("a", ["etcdHighCommitDurations"], ("etcdHighCommitDurations",)),
        ("a", ["When KubePodCrashLooping fires", "KubePodCrashLooping"], ("KubePodCrashLooping",)),
        ("a", ["Restart PostgreSQL", "Look at GitHub", "README", "Meaning", "A/KubePodCrashLooping/b"], ()),
    ],
)
def test_alerts_are_names_in_camel_case(stem: str, headings: list[str], names: tuple[str, ...]) -> None:
    assert alert_names(stem, headings) == names


@pytest.mark.parametrize(
    ("text", "description"),
    [
        ("# A\n\n* list\n\n```\ncode\n```\n> quote\n\nFirst *line*\nsecond.\n\nNext.", "First line second."),
        ("A\n===\n\nProse.\n- list", "Prose."),
        ("# A", ""),
        ("word " * 100, ("word " * 100)[: LONGEST_SUMMARY - 1].rstrip().rsplit(" ", 1)[0] + "…"),
    ],
)
def test_the_description_is_the_first_prose(text: str, description: str) -> None:
    assert read(text).edit.description == description


@pytest.mark.parametrize(
    ("front", "field"),
    [
        ({"risk_level": "extreme"}, "risk_level"),
        ({"minutes": "long"}, "estimated_duration_minutes"),
        ({"minutes": -1}, "estimated_duration_minutes"),
        ({"url": "javascript:alert(1)"}, "content_url"),
        ({"actions": "restart"}, "actions"),
        ({"actions": 3}, "actions"),
        ({"actions": [{"action_type": "explode", "description": "Now."}]}, "actions"),
        ({"actions": [{"action_type": "restart", "description": ["x"]}]}, "actions"),
        ({"actions": [{"action_type": "restart", "description": " "}]}, "actions"),
    ],
)
def test_what_the_front_matter_says_and_can_not_be_used_is_remarked_on(front: dict[str, Any], field: str) -> None:
    said = read("# A", **front)
    assert getattr(said.edit, field) is None
    assert len(said.remarks) == 1


def test_of_lists_whatever_can_be_used_is_kept() -> None:
    said = read("# A", tags=["a", {"b": 1}, "x" * 101, 5, 10**30], services=[f"s{number}" for number in range(120)])
    assert said.edit.tags == ("a", "5")
    assert said.edit.service_names is not None
    assert len(said.edit.service_names) == 100
    assert len(said.remarks) == 4
    assert read("# A", tags={"a": 1}, title=None).edit.tags == ()


def test_what_can_not_be_stored_is_refused_as_a_whole() -> None:
    with pytest.raises(InvalidInput):
        read("# A\ud800")


@given(st.text(alphabet="#=-`~ \n[]()!*_>aB1:", max_size=300))
def test_whatever_a_page_holds_it_becomes_a_runbook_with_all_of_its_text(text: str) -> None:
    said = read(text)
    assert said.edit.content == text
    assert said.edit.title


@pytest.mark.parametrize(
    "text", ["# " + " #" * 40_000 + "x", "[" * 90_000, "# " + "aB" * 45_000 + "-", "# a\n" * 25_000, "-" * 90_000 + "x"]
)
def test_no_text_takes_long(text: str) -> None:
    begun = time.perf_counter()
    read(text)
    assert time.perf_counter() - begun < 2
