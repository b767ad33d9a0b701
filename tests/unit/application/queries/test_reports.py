"""How long incidents took."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from sre_copilot.domain.errors import InvalidInput
from sre_copilot.domain.lifecycle import Action
from sre_copilot.domain.response_times import WEEK, Summary, week_of
from sre_copilot.domain.signals import Severity
from sre_copilot.testing.advisor import ScriptedAdvisor
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.stage import Stage, alert, stage

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def handled(here: Stage, minutes: int, service: str, severity: Severity = Severity.HIGH) -> None:
    """Let an incident open, be acknowledged in half of the minutes and be resolved in all of them."""
    (incident_id,) = here.send(alert("Down", service, severity=severity)).opened
    for action in (Action.ACKNOWLEDGE, Action.RESOLVE):
        here.clock.advance(minutes / 2 * MINUTE)
        here.copilot.transition(actor=here.engineer, incident_id=incident_id, action=action)


def test_weeks_and_the_whole_time_are_summed_up() -> None:
    here = stage()
    for minutes, service in ((2, "a"), (4, "b"), (12, "c")):
        handled(here, minutes, service)
    report = here.copilot.reports.response_times(actor=here.engineer)
    assert (len(report.weeks), report.weeks[-1].week) == (52, week_of(here.clock.now()))
    assert (report.first, report.end) == (report.weeks[0].week, report.weeks[-1].week + WEEK)
    assert report.acknowledged == report.weeks[-1].acknowledged == Summary(count=3, median=120, p90=360, mean=180)
    assert report.resolved == Summary(count=3, median=240, p90=720, mean=360)
    assert report.weeks[0].resolved == Summary()


def test_a_report_is_narrowed_by_time_service_and_severity() -> None:
    here = stage()
    handled(here, 2, "a", Severity.HIGH)
    here.clock.advance(WEEK)
    handled(here, 4, "a", Severity.CRITICAL)
    handled(here, 6, "b", Severity.CRITICAL)

    def counted(**narrowed: object) -> int:
        return here.copilot.reports.response_times(actor=here.engineer, **narrowed).resolved.count  # type: ignore[arg-type]

    assert counted() == 3
    assert counted(since=BEGINNING, until=BEGINNING) == 1
    assert counted(weeks=1) == counted(since=BEGINNING + WEEK) == 2
    assert counted(service="a") == counted(severity=Severity.CRITICAL) == 2
    assert counted(service="a", severity=Severity.CRITICAL) == 1


def test_a_report_of_no_week_or_of_too_many_is_refused() -> None:
    here = stage()
    ask = here.copilot.reports.response_times
    first = week_of(BEGINNING)
    assert isinstance(first, date)
    assert len(ask(actor=here.engineer, since=BEGINNING, until=BEGINNING + 529 * WEEK).weeks) == 530
    with pytest.raises(InvalidInput, match="530 weeks"):
        ask(actor=here.engineer, since=BEGINNING, until=BEGINNING + 530 * WEEK)
    with pytest.raises(InvalidInput):
        ask(actor=here.engineer, since=BEGINNING + WEEK, until=BEGINNING.astimezone(UTC))


@pytest.mark.parametrize(
    ("since", "until"),
    [
        (None, datetime.max.replace(tzinfo=UTC)),
        (None, datetime.min.replace(tzinfo=UTC)),
        (datetime.min.replace(tzinfo=timezone(HOUR)), None),
        (datetime.max.replace(tzinfo=timezone(-HOUR)), None),
    ],
)
def test_a_report_at_the_edge_of_the_calendar_is_refused(since: datetime | None, until: datetime | None) -> None:
    here = stage()
    with pytest.raises(InvalidInput, match="edge of the calendar"):
        here.copilot.reports.response_times(actor=here.engineer, since=since, until=until)


def test_the_language_models_cost_is_told_by_day() -> None:
    here = stage(advisor=ScriptedAdvisor())
    (incident_id,) = here.send(alert()).opened
    assert here.copilot.reports.model_usage(actor=here.engineer) == ()
    here.copilot.diagnose(actor=here.engineer, incident_id=incident_id)
    here.copilot.advise(actor=here.engineer, incident_id=incident_id)
    (day,) = here.copilot.reports.model_usage(actor=here.engineer)
    assert (day.day, day.asked, day.over_budget) == (here.clock.now().date().isoformat(), 1, 0)
    assert (day.prompt_tokens, day.completion_tokens, day.cost_microdollars) == (1000, 100, 3000)
    here.clock.advance(timedelta(days=1))
    assert len(here.copilot.reports.model_usage(actor=here.engineer, days=2)) == 1
    assert here.copilot.reports.model_usage(actor=here.engineer, days=1) == ()
    with pytest.raises(InvalidInput):
        here.copilot.reports.model_usage(actor=here.engineer, days=0)
