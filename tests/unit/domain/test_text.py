"""What people write: what can't be kept is refused before anything happens, in words that quote nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.errors import InvalidInput
from sre_copilot.domain.text import NAME_LENGTH, checked_name, checked_text

UNSTORABLE = ["\0", "secret\0", "\ud800", "secret\udfff!", "\udc00\ud800"]


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_whatever_can_be_stored_comes_back_as_it_was(text: str) -> None:
    assert checked_text("The note", text) == text


@pytest.mark.parametrize("text", UNSTORABLE)
def test_nul_and_lone_surrogates_are_refused_with_what_they_were_in_and_no_content(text: str) -> None:
    for check in (checked_text, checked_name):
        with pytest.raises(InvalidInput, match="The note has a NUL or half of a surrogate pair") as refused:
            check("The note", text)
        assert "secret" not in str(refused.value)


@pytest.mark.parametrize("name", ["", " \t\n", "n" * (NAME_LENGTH + 1)])
def test_a_name_needs_something_and_ends_somewhere(name: str) -> None:
    with pytest.raises(InvalidInput, match="The service needs 1 to 255 characters"):
        checked_name("The service", name)


def test_white_space_around_a_name_does_not_count() -> None:
    assert checked_name("The service", f"  {'n' * NAME_LENGTH}\n") == "n" * NAME_LENGTH
    assert checked_name("The service", "a  b") == "a  b"
