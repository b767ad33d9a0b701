"""What may stand in a runbook."""

import attrs
import pytest

from sre_copilot.domain.actions import ActionType
from sre_copilot.domain.errors import InvalidInput
from sre_copilot.domain.runbook_texts import (
    LONGEST_ACTION,
    LONGEST_CONTENT,
    LONGEST_DESCRIPTION,
    LONGEST_MINUTES,
    LONGEST_SLUG,
    LONGEST_TAG,
    MOST_NAMES,
    checked_slug,
    slug_of,
)
from sre_copilot.domain.runbooks import RunbookAction, RunbookEdit
from sre_copilot.testing.builders import make_runbook
from sre_copilot.testing.clock import BEGINNING

OBSERVE = RunbookAction(action_type=ActionType.OBSERVE, description="Look.")


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Disk is full!", "disk-is-full"),
        ("  Überlast: Größe > 5xx ", "uberlast-groe-5xx"),
        ("ディスク", "runbook"),
        ("x" * 500, "x" * (LONGEST_SLUG - 10)),
        ("a" * (LONGEST_SLUG - 11) + " b", "a" * (LONGEST_SLUG - 11)),
    ],
)
def test_a_title_gives_a_slug_that_can_be_kept(title: str, slug: str) -> None:
    assert checked_slug(slug_of(title)) == slug


@pytest.mark.parametrize("slug", ["", "A", "a_b", "-a", "a-", "a--b", "a b", "x" * (LONGEST_SLUG + 1)])
def test_other_slugs_are_refused(slug: str) -> None:
    with pytest.raises(InvalidInput):
        checked_slug(slug)


@pytest.mark.parametrize(
    "edit",
    [
        RunbookEdit(title=""),
        RunbookEdit(content="x" * (LONGEST_CONTENT + 1)),
        RunbookEdit(content="\x00"),
        RunbookEdit(description="x" * (LONGEST_DESCRIPTION + 1)),
        RunbookEdit(content_url="javascript:alert(1)"),
        RunbookEdit(service_names=("",)),
        RunbookEdit(service_names=tuple(f"s{number}" for number in range(MOST_NAMES + 1))),
        RunbookEdit(tags=(" ",)),
        RunbookEdit(tags=("x" * (LONGEST_TAG + 1),)),
        RunbookEdit(estimated_duration_minutes=-1),
        RunbookEdit(estimated_duration_minutes=LONGEST_MINUTES + 1),
        RunbookEdit(actions=(attrs.evolve(OBSERVE, description=" "),)),
        RunbookEdit(actions=(attrs.evolve(OBSERVE, description="x" * (LONGEST_ACTION + 1)),)),
        RunbookEdit(actions=(OBSERVE,) * (MOST_NAMES + 1)),
    ],
)
def test_what_can_not_be_kept_is_refused(edit: RunbookEdit) -> None:
    with pytest.raises(InvalidInput):
        make_runbook().edited(edit, at=BEGINNING)


def test_names_and_tags_stand_once_and_without_white_space_around_them() -> None:
    edited = make_runbook().edited(RunbookEdit(service_names=(" a", "b", "a "), tags=("c ", "c")), at=BEGINNING)
    assert (edited.service_names, edited.tags) == (("a", "b"), ("c",))


def test_an_address_and_a_duration_are_taken_away_by_what_is_empty() -> None:
    runbook = make_runbook(content_url="https://example.com/r", estimated_duration_minutes=5)
    edited = runbook.edited(RunbookEdit(content_url=" ", estimated_duration_minutes=0), at=BEGINNING)
    assert (edited.content_url, edited.estimated_duration_minutes) == (None, None)


def test_without_a_description_its_title_says_what_to_do() -> None:
    runbook = make_runbook().edited(RunbookEdit(description="", actions=()), at=BEGINNING)
    assert runbook.applicable_actions()[0].description == runbook.title
