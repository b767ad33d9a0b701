"""What is asked of a large tenant, through the same queries and repositories as always."""

from collections.abc import Callable
from datetime import timedelta

import attrs

from benchmarks.reads.loading import NOW, Loaded
from sre_copilot.application.ports.incidents import IncidentFilter
from sre_copilot.application.ports.series import SignalFilter
from sre_copilot.application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from sre_copilot.application.queries.incidents import IncidentQueries
from sre_copilot.application.queries.reports import ReportQueries
from sre_copilot.application.queries.signals import SignalQueries
from sre_copilot.domain.lifecycle import OPEN
from sre_copilot.domain.signals import Severity
from sre_copilot.testing.clock import ManualClock

ACTIVE = IncidentFilter(states=OPEN)
BRUTE_FORCE = """
SELECT date_trunc('week', detected_at), count(*), percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY extract(epoch FROM resolved_at - detected_at)),
    avg(extract(epoch FROM resolved_at - detected_at)), count(acknowledged_at),
    percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY extract(epoch FROM acknowledged_at - detected_at)), avg(extract(epoch FROM acknowledged_at - detected_at))
FROM incidents WHERE tenant_id = %s AND detected_at >= %s AND resolved_at IS NOT NULL AND resolution NOT IN ('false_alarm', 'duplicate')
GROUP BY GROUPING SETS ((1), ())
"""


@attrs.frozen(kw_only=True)
class Question:
    """`ask` sends it. `without` is an index that is hidden for a comparison; `budget` is in milliseconds, of SQL or of all."""

    name: str
    ask: Callable[[], object]
    without: str = ""
    sql_budget: float | None = None
    budget: float | None = None


def questions(units: UnitOfWorkFactory, on: Loaded) -> list[Question]:
    """Everything that is asked."""
    actor = on.person.as_actor(origin="bench")
    incidents, signals = IncidentQueries(units=units), SignalQueries(units=units)
    reports = ReportQueries(units=units, clock=ManualClock(NOW))
    after = max(incidents.list(actor=actor, narrowed=ACTIVE), key=lambda row: (row.detected_at, row.id))
    last = incidents.list(actor=actor, narrowed=ACTIVE)[-1]
    assert after is not last
    page = signals.list(actor=actor)[-1]

    def listing(**narrowed: object) -> Callable[[], object]:
        return lambda: incidents.list(actor=actor, narrowed=IncidentFilter(**narrowed))  # type: ignore[arg-type]

    def of_signals(**narrowed: object) -> Callable[[], object]:
        return lambda: signals.list(actor=actor, narrowed=SignalFilter(**narrowed))  # type: ignore[arg-type]

    def within(ask: Callable[[UnitOfWork], object]) -> Callable[[], object]:
        def asked() -> object:
            with units(on.tenant) as uow:
                return ask(uow)

        return asked

    return [
        Question(name="active list", ask=listing(states=OPEN), without="incidents_open", sql_budget=1.0),
        Question(
            name="active list, next page", ask=listing(states=OPEN, before=(last.detected_at, last.id)), sql_budget=1.0
        ),
        Question(name="active list, critical", ask=listing(states=OPEN, severities=frozenset({Severity.CRITICAL}))),
        Question(name="all incidents, first page", ask=listing()),
        Question(name="all incidents, a page half-way back", ask=listing(before=on.deep), without="incidents_in_order"),
        Question(name="incidents of a service", ask=listing(service="service-7"), without="incidents_of_service"),
        Question(name="incidents of nobody", ask=listing(assigned_to=on.person.id), without="incidents_of_assignee"),
        Question(
            name="signals, next page", ask=of_signals(before=(page.timestamp, page.id)), without="signals_in_order"
        ),
        Question(name="signals of an incident", ask=of_signals(incident_id=on.newest), without="signals_of_incident"),
        Question(name="signals of an integration", ask=of_signals(integration_id=on.integration.id)),
        Question(
            name="unprocessed, oldest first", ask=lambda: signals.waiting(actor=actor), without="signals_unprocessed"
        ),
        Question(name="unprocessed, newest first", ask=of_signals(waiting=True)),
        Question(name="an incident whole", ask=lambda: incidents.show(actor=actor, incident_id=on.newest)),
        Question(name="response times of a year", ask=lambda: reports.response_times(actor=actor), budget=150.0),
        Question(
            name="of one severity",
            ask=lambda: reports.response_times(actor=actor, severity=Severity.HIGH),
            budget=150.0,
        ),
        Question(
            name="of one service", ask=lambda: reports.response_times(actor=actor, service="service-7"), budget=150.0
        ),
        Question(name="changes of a day", ask=within(lambda uow: uow.signals.changes(NOW - timedelta(days=1), NOW))),
        Question(name="a series, locked", ask=within(lambda uow: uow.series.load([on.fingerprint]))),
        Question(
            name="open incidents, to correlate with",
            ask=within(lambda uow: uow.incidents.open_incidents(NOW - timedelta(days=1), NOW + timedelta(days=1))),
            without="incidents_open",
        ),
        Question(name="what may settle", ask=within(lambda uow: uow.incidents.settling(NOW))),
        Question(name="series that time ends", ask=within(lambda uow: uow.series.due(NOW - timedelta(days=7)))),
        Question(name="opened this day", ask=within(lambda uow: uow.incidents.opened_since(NOW - timedelta(days=1)))),
    ]
