"""Work that had to give way is done again, for a while."""

import pytest

from sre_copilot.application.retrying import ATTEMPTS, again_on_conflict
from sre_copilot.domain.errors import NotFound, WriteConflict


class Work:
    """Gives way a number of times, then answers with how often it was asked."""

    def __init__(self, conflicts: int) -> None:
        self.conflicts, self.asked = conflicts, 0

    def __call__(self) -> int:
        self.asked += 1
        if self.asked <= self.conflicts:
            raise WriteConflict
        return self.asked


@pytest.mark.parametrize("conflicts", range(ATTEMPTS))
def test_work_is_done_again_until_it_comes_through(conflicts: int) -> None:
    assert again_on_conflict(Work(conflicts)) == conflicts + 1


def test_work_that_always_gives_way_is_given_up() -> None:
    work = Work(ATTEMPTS)
    with pytest.raises(WriteConflict):
        again_on_conflict(work)
    assert work.asked == ATTEMPTS


def test_other_errors_are_not_tried_again() -> None:
    asked = []

    def work() -> None:
        asked.append(1)
        raise NotFound

    with pytest.raises(NotFound):
        again_on_conflict(work)
    assert len(asked) == 1
