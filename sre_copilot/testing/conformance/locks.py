"""Locks: whoever comes second waits until the first unit of work ends."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from sre_copilot.application.ports.unit_of_work import UnitOfWork
from sre_copilot.domain.incidents import Incident
from sre_copilot.domain.recommendations import Recommendation
from sre_copilot.testing.builders import make_recommendation, make_runbook
from sre_copilot.testing.conformance.house import Conformance, House
from sre_copilot.testing.conformance.recording import NAME, stored_series

MOMENT = 0.3
"""Seconds after which somebody who has got nothing is taken to wait."""
PATIENCE = 30.0
"""Seconds after which somebody who should have gone on is taken to be stuck."""

Lock = Callable[[UnitOfWork, Incident, Recommendation], object]
OTHER = "b" * 64

LOCKS: dict[str, Lock] = {
    "an incident": lambda uow, incident, _: uow.incidents.get(incident.id, lock=True),
    "several incidents": lambda uow, incident, _: uow.incidents.locked({incident.id}),
    "a recommendation": lambda uow, _, recommendation: uow.recommendations.get(recommendation.id, lock=True),
    "a runbook": lambda uow, incident, recommendation: uow.runbooks.get(
        recommendation.runbook_id or incident.id, lock=True
    ),
    "correlation": lambda uow, *_: uow.incidents.lock_correlation(),
    "a delivery's id": lambda uow, incident, _: uow.deliveries.claim([(incident.tenant_id, "delivery-7")]),
    "a known series": lambda uow, *_: uow.series.load([NAME]),
    "a new series": lambda uow, *_: uow.series.load(["c" * 64, OTHER]),
}
"""What is locked, and how."""


class LocksConformance(Conformance):
    """Two threads, one tenant."""

    @pytest.mark.parametrize("lock", LOCKS.values(), ids=LOCKS)
    def test_the_second_waits_until_the_first_is_through(
        self, house: House, end_thread: Callable[[], None], lock: Lock
    ) -> None:
        """And then goes on."""
        incident = house.with_incident()
        runbook = make_runbook()
        recommendation = make_recommendation(incident, runbook_id=runbook.id)
        stored_series(house)
        with house.changing() as uow:
            uow.runbooks.save(runbook)
            uow.recommendations.add([recommendation])
        through = Event()

        def second() -> None:
            try:
                with house.reading() as uow:
                    lock(uow, incident, recommendation)
                    through.set()
            finally:
                end_thread()

        with ThreadPoolExecutor(1) as threads:
            with house.changing() as uow:
                lock(uow, incident, recommendation)
                waiting = threads.submit(second)
                assert not through.wait(MOMENT)
            waiting.result(PATIENCE)
        assert through.is_set()

    def test_two_threads_lose_no_change(self, house: House, end_thread: Callable[[], None]) -> None:
        """Each reads under the lock what the other one left."""
        incident = house.with_incident()

        def count() -> None:
            try:
                for _ in range(10):
                    with house.changing() as uow:
                        found = uow.incidents.get(incident.id, lock=True)
                        uow.incidents.save(found.assigned(house.user.id, at=found.updated_at))
            finally:
                end_thread()

        with ThreadPoolExecutor(2) as threads:
            for done in [threads.submit(count) for _ in range(2)]:
                done.result(PATIENCE)
        with house.reading() as uow:
            assert uow.incidents.get(incident.id).version == incident.version + 20

    def test_series_in_any_order_never_wait_for_each_other_forever(
        self, house: House, end_thread: Callable[[], None]
    ) -> None:
        """Locks are taken in one order, whatever order was asked for."""

        def load(names: list[str]) -> None:
            try:
                for _ in range(10):
                    with house.changing() as uow:
                        uow.series.load(names)
            finally:
                end_thread()

        names = [letter * 64 for letter in "abcdef"]
        with ThreadPoolExecutor(2) as threads:
            for done in [threads.submit(load, order) for order in (names, names[::-1])]:
                done.result(PATIENCE)
