"""What has to hold before an action, and its way back."""

import pytest

from sre_copilot.domain.actions import ACTIONS, ActionType, Reversibility
from sre_copilot.domain.safeguards import SAFEGUARDS


@pytest.mark.parametrize("action_type", list(ActionType))
def test_every_action_says_what_has_to_hold_and_how_it_is_taken_back(action_type: ActionType) -> None:
    safeguard = SAFEGUARDS[action_type]
    assert safeguard.preconditions
    for sentence in safeguard.preconditions:
        assert sentence[0].isupper()
        assert not sentence.endswith(".")
    assert safeguard.rollback.endswith(".")


@pytest.mark.parametrize("action_type", list(ActionType))
def test_what_can_not_be_taken_back_says_so_or_what_to_save_first(action_type: ActionType) -> None:
    if ACTIONS[action_type].reversibility is Reversibility.IRREVERSIBLE:
        assert "none" in SAFEGUARDS[action_type].rollback.lower()
