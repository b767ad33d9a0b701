"""Failed attempts: the pauses between them, and what is kept and told of them."""

import logging
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from procrastinate.jobs import Job as StoredJob

from sre_copilot.adapters.jobs.attempts import FIRST_PAUSE, LONGEST_PAUSE, Attempts, pause_after, whereabouts
from sre_copilot.application.ports.jobs import ATTEMPTS
from sre_copilot.domain.errors import DatabaseUnavailable

SECRET = "xoxb-planted-canary"


def stored(attempts: int = 0, number: int = 7) -> StoredJob:
    return StoredJob(
        id=number,
        queue="probe",
        lock=None,
        queueing_lock=None,
        task_name="probe",
        task_kwargs={"tenant_id": "t-1", "arguments": {}},
        attempts=attempts,
        worker_id=3,
    )


def failure() -> Exception:
    """An error that somebody else's code raised, with a secret in it."""
    try:
        raise ValueError(f"token {SECRET} was refused")
    except ValueError as error:
        return error


def test_pauses_double_from_five_seconds_to_ten_minutes() -> None:
    middle = [pause_after(tried, 0.5) for tried in range(1, ATTEMPTS + 3)]
    assert middle[:4] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE, 8 * FIRST_PAUSE]
    assert middle[-1] == LONGEST_PAUSE


@given(st.integers(1, 50), st.floats(0, 1))
def test_chance_moves_a_pause_by_half_of_it_at_most(tried: int, chance: float) -> None:
    assert 0.5 * pause_after(tried, 0.5) <= pause_after(tried, chance) <= 1.5 * pause_after(tried, 0.5)


def test_a_failed_job_is_tried_again_after_a_pause_until_it_is_dead(caplog: pytest.LogCaptureFixture) -> None:
    attempts = Attempts()
    for tried in range(1, ATTEMPTS):
        decision = attempts.get_retry_decision(exception=DatabaseUnavailable(), job=stored(tried - 1))
        assert decision is not None
        assert decision.retry_at is not None
        assert timedelta(0) < decision.retry_at - datetime.now(UTC) <= pause_after(tried, 1)
    assert attempts.get_retry_decision(exception=DatabaseUnavailable(), job=stored(ATTEMPTS - 1)) is None
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * (ATTEMPTS - 1) + [logging.ERROR]


def test_what_an_attempt_failed_of_is_kept_until_it_is_asked_for() -> None:
    attempts = Attempts()
    attempts.get_retry_decision(exception=DatabaseUnavailable(), job=stored(number=1))
    attempts.get_retry_decision(exception=failure(), job=stored(number=2))
    assert attempts.error_of(stored(number=1)) == "database_unavailable"
    assert attempts.error_of(stored(number=2)) == "ValueError"
    assert attempts.error_of(stored(number=2)) == "unknown"


def test_the_log_says_where_a_foreign_error_came_from_and_nothing_of_what_it_says(
    caplog: pytest.LogCaptureFixture,
) -> None:
    Attempts().get_retry_decision(exception=failure(), job=stored())
    (record,) = caplog.records
    said = vars(record)
    assert (said["job"], said["kind"], said["tenant"], said["attempt"]) == (7, "probe", "t-1", 1)
    assert said["where"] == whereabouts(failure())
    assert "test_attempts.py" in said["where"][0]
    assert SECRET not in repr(said)
