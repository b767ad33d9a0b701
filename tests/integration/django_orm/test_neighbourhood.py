"""What a process remembers of a tenant's open incidents never makes it decide otherwise than one that reads them anew."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

import attrs
import pytest
from django.db import OperationalError, connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sre_copilot.adapters.django_orm.repositories.neighbourhood import Neighbourhoods
from sre_copilot.adapters.django_orm.routing import ALIAS
from sre_copilot.adapters.django_orm.unit_of_work import DjangoUnitOfWorkFactory
from sre_copilot.adapters.system import TimeOrderedIds
from sre_copilot.application.ports.incidents import IncidentFilter
from sre_copilot.application.ports.intake import Arrived
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.application.taking_in import TakeIn
from sre_copilot.application.use_cases.declare_incident import DeclareIncident
from sre_copilot.application.use_cases.edit_incident import EditIncident
from sre_copilot.application.use_cases.transition_incident import TransitionIncident
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.deliveries import Parsed, Receipt, Verdict
from sre_copilot.domain.edits import Edit
from sre_copilot.domain.errors import DatabaseUnavailable
from sre_copilot.domain.lifecycle import Action
from sre_copilot.domain.signals import Severity, SignalDraft, SignalStatus
from sre_copilot.domain.silences import Matcher, Operator
from sre_copilot.testing.builders import make_delivery
from sre_copilot.testing.clock import BEGINNING, ManualClock
from sre_copilot.testing.conformance.house import House
from sre_copilot.testing.faults import Fault, TappedUnits
from sre_copilot.testing.silences import make_silence
from sre_copilot.testing.stage import alert

SECOND = timedelta(seconds=1)


@attrs.define
class Town:
    """A tenant whose deliveries several processes take in, and who is in which incident."""

    house: House
    sent: int = 0

    @property
    def engineer(self) -> Actor:
        return self.house.user.as_actor(origin="test")

    def send(self, units: UnitOfWorkFactory, *drafts: SignalDraft) -> list[Receipt]:
        """One batch of a delivery each, taken in by the process with these units."""
        batch = []
        for draft in drafts:
            self.sent += 1
            at = BEGINNING + self.sent * SECOND
            bare = Arrived(
                actor=Actor.integration(self.house.tenant.id, self.house.integration.id),
                integration=self.house.integration,
                delivery=make_delivery(f"delivery {self.sent}".encode(), received_at=at),
                verdict=Verdict.KEY,
            )
            batch.append(bare.saying(Parsed(drafts=(draft,))))
        outcomes = TakeIn(units=units, ids=TimeOrderedIds())(self.house.tenant.id, batch)
        return [one for one in outcomes if isinstance(one, Receipt)]

    def act(self, action: Action, incident_id: UUID) -> None:
        use_case = TransitionIncident(units=self.house.units, clock=ManualClock(), ids=TimeOrderedIds())
        use_case(actor=self.engineer, incident_id=incident_id, action=action)

    def declare(self, service: str) -> UUID:
        use_case = DeclareIncident(units=self.house.units, clock=ManualClock(), ids=TimeOrderedIds())
        return use_case(actor=self.engineer, title="It is slow", service=service).id

    def scores(self, receipt: Receipt) -> list[object]:
        """What was weighed when the receipt's signal was placed, without the ids of incidents."""
        with self.house.reading() as uow:
            (stored,) = [uow.signals.decision(signal_id) for signal_id in receipt.signals]
        assert stored is not None
        return [attrs.evolve(one, incident_id=UUID(int=0)) for one in stored.decision.scores]

    def incidents(self) -> set[frozenset[tuple[str, str, int]]]:
        with self.house.reading() as uow:
            return {
                frozenset((s.draft.name, s.draft.service, s.ordinal) for s in uow.signals.of_incident(one.id))
                for one in uow.incidents.list(IncidentFilter(limit=100))
            }


@pytest.fixture
def processes(units: DjangoUnitOfWorkFactory) -> Sequence[DjangoUnitOfWorkFactory]:
    """Two, each with a memory of its own."""
    return units, DjangoUnitOfWorkFactory()


STEPS = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.lists(
            st.tuples(
                st.sampled_from(("DiskFull", "QueueGrows", "HighLatency")),
                st.sampled_from(("checkout", "kiosk", "billing")),
                st.sampled_from((SignalStatus.FIRING, SignalStatus.FIRING, SignalStatus.RESOLVED)),
            ),
            min_size=1,
            max_size=3,
        ),
        st.sampled_from((None, None, Action.RESOLVE)),
        st.booleans(),
    ),
    min_size=2,
    max_size=6,
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(STEPS)
def test_processes_that_take_turns_decide_as_one_that_reads_everything_anew(
    units: DjangoUnitOfWorkFactory,
    steps: Sequence[tuple[int, list[tuple[str, str, SignalStatus]], Action | None, bool]],
) -> None:
    both = (units, DjangoUnitOfWorkFactory())

    def played(process: Callable[[int], UnitOfWorkFactory]) -> set[frozenset[tuple[str, str, int]]]:
        town = Town(House.build(units))
        for number, rows, action, fails in steps:
            drafts = [alert(name, service, status=status) for name, service, status in rows]
            if fails:
                lost = TappedUnits(process(number), CommitLost())
                assert not town.send(lost, *drafts)
            opened = [one for receipt in town.send(process(number), *drafts) for one in receipt.opened]
            if action is not None and opened:
                town.act(action, opened[0])
        return town.incidents()

    assert played(lambda number: both[number]) == played(lambda _: DjangoUnitOfWorkFactory())


class CommitLost(Fault):
    """Lets every commit fail."""

    def before(self, call: str) -> None:
        if call == "commit":
            raise DatabaseUnavailable


def test_what_was_rolled_back_is_not_remembered(processes: Sequence[DjangoUnitOfWorkFactory]) -> None:
    first, _ = processes
    town = Town(House.build(first))
    (opened,) = town.send(first, alert("DiskFull", "kiosk"))
    assert not town.send(TappedUnits(first, CommitLost()), alert("DiskFull", "checkout"))
    (receipt,) = town.send(first, alert("QueueGrows", "checkout"))
    assert len(receipt.opened) == 1
    (joined,) = town.send(first, alert("HighLatency", "kiosk"))
    assert joined.incidents == opened.incidents


@attrs.define
class BrokenAt:
    """Breaks the statement with this number, counted from 1, as a database does that is killed."""

    number: int
    asked: int = 0

    def __call__(self, execute: Callable[..., Any], statement: Any, *told: Any) -> Any:
        self.asked += 1
        if self.asked == self.number:
            raise OperationalError("the connection is closed")
        return execute(statement, *told)


def test_wherever_a_batch_breaks_nothing_half_read_is_remembered(processes: Sequence[DjangoUnitOfWorkFactory]) -> None:
    first, second = processes
    town, lost = Town(House.build(first)), 0
    for number in count(1):
        town.send(second, alert("DiskFull", f"before-{number}", title=f"before{number}"))
        (other,) = town.send(first, alert("QueueGrows", f"other-{number}", title=f"other{number}"))
        broken = BrokenAt(number)
        with connections[ALIAS].execute_wrapper(broken):
            lost += not town.send(second, alert("HighLatency", f"lost-{number}", title=f"lost{number}"))
        if broken.asked < number:
            break
        # A batch that looks at no incident proves nothing of what is remembered of them.
        town.send(second, alert("DiskFull", f"before-{number}", status=SignalStatus.RESOLVED))
        (apart,) = town.send(second, alert("LogFull", f"apart-{number}", title=f"apart{number}"))
        (joined,) = town.send(second, alert("SlowDisk", f"other-{number}", title=f"slow{number}"))
        assert (len(apart.opened), joined.incidents) == (1, other.incidents), f"broken at statement {number}"
    assert lost > 10


def test_what_was_undone_by_somebody_elses_transaction_around_ours_is_not_remembered(
    processes: Sequence[DjangoUnitOfWorkFactory],
) -> None:
    first, second = processes

    def played(deciding: Callable[[], UnitOfWorkFactory]) -> list[object]:
        town = Town(House.build(first))
        (opened,) = town.send(deciding(), alert("DiskFull", "kiosk"))
        with transaction.atomic(using=ALIAS):
            for name in ("HighLatency", "QueueGrows"):
                for service in ("kiosk", "checkout"):
                    town.send(deciding(), alert(name, service))
            transaction.set_rollback(True, using=ALIAS)
        (elsewhere,) = town.send(second, alert("HighLatency", "kiosk"))
        (joined,) = town.send(deciding(), alert("SlowDisk", "kiosk"))
        assert opened.incidents == elsewhere.incidents == joined.incidents
        (apart,) = town.send(deciding(), alert("LogFull", "checkout"))
        with town.house.reading() as uow:
            names = [service.name for service in uow.services.known()]
        return [*town.scores(joined), len(apart.opened), *names]

    assert played(lambda: first) == played(DjangoUnitOfWorkFactory)


def test_what_people_do_to_an_incident_is_seen_by_the_other_process(
    processes: Sequence[DjangoUnitOfWorkFactory],
) -> None:
    first, second = processes

    def played(deciding: Callable[[], UnitOfWorkFactory]) -> list[object]:
        town, told = Town(House.build(first)), list[object]()

        def send(name: str) -> UUID:
            (receipt,) = town.send(deciding(), alert(name, "checkout"))
            told.append((receipt.incidents == (declared,), len(receipt.opened), town.scores(receipt)))
            return receipt.incidents[0]

        declared = town.declare("checkout")
        assert send("DiskFull") == declared
        use_case = EditIncident(units=first, clock=ManualClock(), ids=TimeOrderedIds())
        use_case(actor=town.engineer, incident_id=declared, edit=Edit(title="QueueGrows on checkout"))
        assert send("QueueGrows") == declared
        town.act(Action.RESOLVE, declared)
        apart = send("HighLatency")
        assert apart != declared
        town.act(Action.RESOLVE, apart)
        town.act(Action.REOPEN, declared)
        send("LogFull")
        return told

    assert played(lambda: second) == played(DjangoUnitOfWorkFactory)


def test_members_that_late_signals_move_are_seen_as_if_read_anew(processes: Sequence[DjangoUnitOfWorkFactory]) -> None:
    first, second = processes

    def played(deciding: Callable[[int], UnitOfWorkFactory]) -> list[object]:
        town = Town(House.build(first))
        minute = timedelta(minutes=1)
        (opened,) = town.send(deciding(0), alert("DiskFull", "kiosk", occurred_at=BEGINNING - 20 * minute))
        town.send(deciding(0), alert("DiskFull", "kiosk", title="Quite other words", occurred_at=BEGINNING))
        town.send(
            deciding(0),
            alert("DiskFull", "kiosk", status=SignalStatus.RESOLVED, occurred_at=BEGINNING - 10 * minute),
        )
        (joined,) = town.send(deciding(0), alert("Odd", "billing", title="Quite other words"))
        (other,) = town.send(deciding(1), alert("Even", "billing", title="Quite other words"))
        return [town.scores(joined), town.scores(other), joined.incidents == opened.incidents]

    both = (first, second)
    assert played(lambda number: both[number]) == played(lambda _: DjangoUnitOfWorkFactory())


def test_a_process_remembers_the_tenants_that_it_heard_of_last() -> None:
    known = Neighbourhoods(most=2)
    first, second = known.of(UUID(int=1)), known.of(UUID(int=2))
    assert known.of(UUID(int=1)) is first
    known.of(UUID(int=3))
    assert known.of(UUID(int=1)) is first
    assert known.of(UUID(int=2)) is not second


def test_where_another_process_places_what_was_silenced_here_is_seen(
    processes: Sequence[DjangoUnitOfWorkFactory],
) -> None:
    first, second = processes

    def played(deciding: Callable[[], UnitOfWorkFactory]) -> list[object]:
        town = Town(House.build(first))
        latency = (Matcher("alertname", Operator.EQUAL, "HighLatency"),)
        with town.house.changing() as uow:
            uow.silences.add(
                make_silence(town.house.tenant.id, matchers=latency, ends_at=BEGINNING + timedelta(seconds=2.5))
            )
        words = {"title": "Quite other words"}
        (opened,) = town.send(deciding(), alert("DiskFull", "kiosk"))
        (held,) = town.send(deciding(), alert("HighLatency", "kiosk", severity=Severity.LOW, **words))
        (worse,) = town.send(second, alert("HighLatency", "kiosk", severity=Severity.CRITICAL, **words))
        assert (held.incidents, worse.incidents) == ((), opened.incidents)
        (joined,) = town.send(deciding(), alert("Odd", "kiosk", **words))
        return [*town.scores(joined), joined.incidents == opened.incidents]

    assert played(lambda: first) == played(DjangoUnitOfWorkFactory)
