"""The runs of the schedule: once at a time, and never lost with whoever ran them."""

from datetime import timedelta

import pytest

from sre_copilot.adapters.system import new_id
from sre_copilot.application.ports.schedule import FinishedRun, ScheduleRuns
from sre_copilot.testing.clock import BEGINNING

HOLD = timedelta(seconds=30)
EVERY = timedelta(minutes=1)


class ScheduleRunsConformance:
    """Override `runs`."""

    @pytest.fixture
    def runs(self) -> ScheduleRuns:
        """The adapter under test."""
        raise NotImplementedError("override the fixture `runs` in the subclass")

    @pytest.fixture
    def name(self) -> str:
        """An entry of this test's own."""
        return f"probe {new_id()}"

    def test_what_never_ran_is_due_and_then_runs_once_at_a_time(self, runs: ScheduleRuns, name: str) -> None:
        """The second who asks doesn't run it, nor does the first again."""
        assert runs.claim(name, holder="a", now=BEGINNING, until=BEGINNING + HOLD)
        assert not runs.claim(name, holder="b", now=BEGINNING, until=BEGINNING + HOLD)
        assert not runs.claim(name, holder="a", now=BEGINNING, until=BEGINNING + HOLD)
        state = runs.all(BEGINNING)[name]
        assert (state.running_since, state.last) == (BEGINNING, None)

    def test_what_has_run_is_remembered_and_due_again_when_it_was_said(self, runs: ScheduleRuns, name: str) -> None:
        """Not a moment before."""
        run = FinishedRun(started_at=BEGINNING, finished_at=BEGINNING + HOLD / 2, ok=True, result="3 tenants")
        runs.claim(name, holder="a", now=BEGINNING, until=BEGINNING + HOLD)
        assert runs.finish(name, run, holder="a", next_at=BEGINNING + EVERY)
        state = runs.all(BEGINNING + HOLD)[name]
        assert (state.last, state.next_at, state.running_since) == (run, BEGINNING + EVERY, None)
        early, due = BEGINNING + EVERY - timedelta(seconds=1), BEGINNING + EVERY
        assert not runs.claim(name, holder="b", now=early, until=early + HOLD)
        assert runs.claim(name, holder="b", now=due, until=due + HOLD)
        assert runs.all(due)[name].last == run

    def test_a_run_that_nobody_holds_any_more_goes_to_the_next_and_its_late_end_is_not_kept(
        self, runs: ScheduleRuns, name: str
    ) -> None:
        """Whoever was silent may be dead; if not, it is told that the run isn't its own any more."""
        runs.claim(name, holder="a", now=BEGINNING, until=BEGINNING + HOLD)
        later = BEGINNING + HOLD
        assert runs.all(later)[name].running_since is None
        assert runs.claim(name, holder="b", now=later, until=later + HOLD)
        late = FinishedRun(started_at=BEGINNING, finished_at=later, ok=True, result="late")
        assert not runs.finish(name, late, holder="a", next_at=later + EVERY)
        assert not runs.prolong(name, holder="a", until=later + 2 * HOLD)
        assert runs.all(later)[name].last is None
        good = FinishedRun(started_at=later, finished_at=later, ok=False, result="timeout")
        assert runs.finish(name, good, holder="b", next_at=later + EVERY)
        assert runs.all(later)[name].last == good

    def test_a_run_that_is_prolonged_stays_whose_it_is(self, runs: ScheduleRuns, name: str) -> None:
        """For as long as its holder shows signs of life."""
        runs.claim(name, holder="a", now=BEGINNING, until=BEGINNING + HOLD)
        assert runs.prolong(name, holder="a", until=BEGINNING + 2 * HOLD)
        assert not runs.claim(name, holder="b", now=BEGINNING + HOLD, until=BEGINNING + 2 * HOLD)
        assert runs.all(BEGINNING + HOLD)[name].running_since == BEGINNING

    def test_nothing_can_be_prolonged_or_finished_that_was_never_claimed(self, runs: ScheduleRuns, name: str) -> None:
        """It is nobody's."""
        run = FinishedRun(started_at=BEGINNING, finished_at=BEGINNING, ok=True)
        assert not runs.prolong(name, holder="a", until=BEGINNING)
        assert not runs.finish(name, run, holder="a", next_at=BEGINNING)
        assert name not in runs.all(BEGINNING)
