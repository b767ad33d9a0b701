"""Reports of how jobs ended: told until the database has them, and heard only from whoever has the job."""

import asyncio
from typing import Any

import attrs
import pytest
from procrastinate.connector import BaseAsyncConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Status

from sre_copilot.adapters.jobs.attempts import Attempts
from sre_copilot.adapters.jobs.fenced import FencedJobManager
from sre_copilot.domain.errors import DatabaseUnavailable
from tests.unit.adapters.jobs.test_attempts import stored


@attrs.define
class Forgetful(BaseAsyncConnector):
    """A database that is away for the first questions, and then gives one answer."""

    answer: list[dict[str, Any]]
    away: int = 0
    asked: list[dict[str, Any]] = attrs.field(factory=list)

    async def execute_query_all_async(self, query: str, **arguments: Any) -> list[dict[str, Any]]:
        self.asked.append(arguments)
        if len(self.asked) <= self.away:
            raise ConnectorException
        return self.answer


def test_a_report_is_repeated_until_the_database_is_back() -> None:
    database = Forgetful([{"outcome": "done"}], away=1)
    manager = FencedJobManager(database, Attempts())
    asyncio.run(manager.finish_job(stored(), Status.SUCCEEDED, delete_job=True))
    assert database.asked == [{"job": 7, "attempt": 0, "worker": 3}] * 2


def test_a_failed_attempt_is_reported_with_its_number_its_error_and_when_the_next_one_is() -> None:
    database, attempts = Forgetful([{"outcome": "waiting"}]), Attempts()
    decision = attempts.get_retry_decision(exception=DatabaseUnavailable(), job=stored(attempts=2))
    assert decision is not None
    asyncio.run(FencedJobManager(database, attempts).retry_job(stored(attempts=2), retry_at=decision.retry_at))
    (said,) = database.asked
    assert said == {
        "job": 7,
        "attempt": 2,
        "worker": 3,
        "again_at": decision.retry_at,
        "reason": "database_unavailable",
    }


def test_a_job_that_failed_for_good_is_reported_without_a_next_time() -> None:
    database = Forgetful([{"outcome": "dead"}])
    asyncio.run(FencedJobManager(database, Attempts()).finish_job(stored(), Status.FAILED, delete_job=False))
    assert database.asked[0]["again_at"] is None


@pytest.mark.parametrize(("status", "answer"), [(Status.SUCCEEDED, []), (Status.FAILED, [{"outcome": "lost"}])])
def test_whoever_reports_what_somebody_else_has_taken_over_is_told_so_once(
    status: Status, answer: list[dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    asyncio.run(FencedJobManager(Forgetful(answer), Attempts()).finish_job(stored(), status, delete_job=True))
    (record,) = caplog.records
    assert "taken over" in record.message
