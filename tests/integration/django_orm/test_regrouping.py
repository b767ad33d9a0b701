"""People merge, split and move while signals come in: nobody waits for ever, and everything is in exactly one place."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from random import Random

import pytest

from sre_copilot.adapters.django_orm.unit_of_work import DjangoUnitOfWorkFactory
from sre_copilot.adapters.system import TimeOrderedIds, new_id
from sre_copilot.application.ports.incidents import IncidentFilter
from sre_copilot.application.ports.intake import Arrived
from sre_copilot.application.ports.series import Heard, SignalFilter
from sre_copilot.application.taking_in import TakeIn
from sre_copilot.application.use_cases.merge_incidents import MergeIncidents
from sre_copilot.application.use_cases.move_signal import MoveSignal
from sre_copilot.application.use_cases.split_incident import SplitIncident
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.correlation import CorrelationDecision
from sre_copilot.domain.deliveries import Parsed, Receipt, Verdict
from sre_copilot.domain.errors import ConcurrentTransition, CopilotError, InvalidInput, InvalidTransition
from sre_copilot.domain.lifecycle import OPEN
from sre_copilot.domain.service_graph import ServiceGraph
from sre_copilot.domain.signals import SignalStatus
from sre_copilot.domain.subjects import signalled
from sre_copilot.testing.builders import make_delivery
from sre_copilot.testing.clock import BEGINNING, ManualClock
from sre_copilot.testing.conformance.house import House
from sre_copilot.testing.stage import alert
from tests.integration.threads import at_once, in_rounds

SERIES = ("Anton", "Berta", "Cesar", "Dora", "Emil", "Friedrich", "Gustav", "Heinrich", "Ida", "Julius")
"""Alerts that have nothing to do with one another: each opens an incident of its own."""
SENDERS, PEOPLE, ROUNDS = 3, 5, 6
REFUSED = (InvalidTransition, ConcurrentTransition, InvalidInput)
"""What those who come second are told."""


def send(units: DjangoUnitOfWorkFactory, house: House, sender: int, number: int) -> list[Receipt]:
    """A batch of two deliveries: what fires, or ends, in one series or another."""
    dice, batch = Random(f"{sender} {number}"), []
    for place in range(2):
        at = BEGINNING + timedelta(seconds=10 * number + sender)
        status = dice.choice((SignalStatus.FIRING, SignalStatus.FIRING, SignalStatus.RESOLVED))
        arrived = Arrived(
            actor=Actor.integration(house.tenant.id, house.integration.id),
            integration=house.integration,
            delivery=make_delivery(f"{sender} {number} {place}".encode(), received_at=at),
            verdict=Verdict.KEY,
        )
        name = dice.choice(SERIES)
        draft = alert(name, name.lower(), status=status)
        batch.append(arrived.saying(Parsed(drafts=(draft,))))
    outcomes = TakeIn(units=units, ids=TimeOrderedIds())(house.tenant.id, batch)
    failed = [one for one in outcomes if not isinstance(one, Receipt)]
    assert not failed
    return [one for one in outcomes if isinstance(one, Receipt)]


def sending(units: DjangoUnitOfWorkFactory, house: House, sender: int, number: int) -> object:
    return send(units, house, sender, number + 1)


def regroup(units: DjangoUnitOfWorkFactory, house: House, person: int, number: int) -> str:
    """One of them, of whatever is there; returns whether it was done, or why it was refused."""
    dice, who = Random(f"{person} {number}"), house.user.as_actor()
    with units(house.tenant.id) as uow:
        there = list(uow.incidents.list(IncidentFilter(states=OPEN)))
        signals = [one for one in uow.signals.list(SignalFilter(limit=200)) if one.incident_id is not None]
    if len(there) < 2:
        return "nothing to do"
    clock, ids = ManualClock(), TimeOrderedIds()
    one, other = dice.sample(there, 2)
    signal = dice.choice(signals)
    assert signal.incident_id is not None
    into = dice.choice((other.id, None))
    try:
        match person % 3:
            case 0:
                MergeIncidents(units=units, clock=clock, ids=ids)(actor=who, incident_id=one.id, other_id=other.id)
            case 1:
                MoveSignal(units=units, clock=clock, ids=ids)(
                    actor=who, signal_id=signal.id, from_id=signal.incident_id, into_id=into
                )
            case _:
                SplitIncident(units=units, clock=clock, ids=ids)(
                    actor=who, incident_id=signal.incident_id, signal_ids=[signal.id], into_id=into
                )
    except REFUSED as error:
        return error.code
    return "done"


def decisions(units: DjangoUnitOfWorkFactory, house: House) -> Sequence[CorrelationDecision]:
    """Where a process would put some newcomers."""
    now = BEGINNING + timedelta(minutes=2)
    with units(house.tenant.id) as uow:
        uow.incidents.lock_correlation()
        index = uow.incidents.open_incidents(now - timedelta(days=1), now + timedelta(days=1))
        return [
            index.decide(signalled(alert(name, name.lower()), now), graph=ServiceGraph(), changes=(), now=now)
            for name in SERIES
        ]


def check(units: DjangoUnitOfWorkFactory, house: House, stored: set[object]) -> None:
    with units(house.tenant.id) as uow:
        signals = list(uow.signals.list(SignalFilter(limit=1000)))
        assert {one.id for one in signals} == stored
        homes = uow.corrections.episodes_with([one.id for one in signals])
        assert all(homes[one.id].incident_id == one.incident_id for one in signals if one.id in homes)
        known = uow.series.lock([Heard(fingerprint=name) for name in sorted({one.fingerprint for one in signals})])
        for name, locked in known.items():
            history = uow.series.histories([name])[name]
            going_on = [one.incident_id for one in history.episodes if one.is_open]
            assert locked.head is not None
            assert going_on == ([locked.head.episode.incident_id] if locked.head.episode else [])
        for incident in uow.incidents.list(IncidentFilter(limit=1000)):
            mine = uow.signals.episodes_of(incident.id)
            if incident.merged_into is not None:
                assert not mine
            if incident.state.is_open and mine:
                assert (incident.settle_at is None) is any(one.is_open for one in mine)


def test_eight_clients_at_once_leave_everything_in_one_place(units: DjangoUnitOfWorkFactory) -> None:
    house, processes = House.build(units), (units, DjangoUnitOfWorkFactory())
    stored: set[object] = set()
    for sender in range(5):
        stored |= {one for receipt in send(units, house, sender, 0) for one in receipt.signals}

    works: list[Callable[[int], object]] = [
        *(partial(sending, processes[sender % 2], house, sender) for sender in range(SENDERS)),
        *(partial(regroup, processes[person % 2], house, person) for person in range(PEOPLE)),
    ]
    done = []
    for outcomes in in_rounds(ROUNDS, works):
        assert not [one for one in outcomes if isinstance(one, CopilotError)], outcomes
        done += [one for one in outcomes if isinstance(one, str)]
        for receipts in outcomes[:SENDERS]:
            assert isinstance(receipts, list)
            stored |= {one for receipt in receipts for one in receipt.signals}
    assert done.count("done") >= ROUNDS
    check(units, house, stored)
    fresh = decisions(DjangoUnitOfWorkFactory(), house)
    assert [decisions(process, house) for process in processes] == [fresh, fresh]


def test_of_eight_who_merge_two_incidents_at_once_one_wins(units: DjangoUnitOfWorkFactory) -> None:
    house = House.build(units)
    pair = [house.with_incident(), house.with_incident(created_at=BEGINNING + timedelta(seconds=1))]
    merge = MergeIncidents(units=units, clock=ManualClock(), ids=TimeOrderedIds())

    def merging(client: int) -> object:
        named = pair if client % 2 else pair[::-1]
        return merge(actor=house.user.as_actor(), incident_id=named[0].id, other_id=named[1].id).id

    outcomes = at_once(*(partial(merging, client) for client in range(SENDERS + PEOPLE)))
    assert [one for one in outcomes if not isinstance(one, CopilotError)] == [pair[0].id]
    assert {type(one) for one in outcomes if isinstance(one, CopilotError)} == {InvalidTransition}
    with house.reading() as uow:
        assert uow.incidents.get(pair[1].id).merged_into == pair[0].id


@pytest.mark.parametrize("fired", [1, 3])
def test_where_people_put_a_series_every_process_puts_what_comes_next(
    units: DjangoUnitOfWorkFactory, fired: int
) -> None:
    house, other = House.build(units), DjangoUnitOfWorkFactory()

    def arrive(process: DjangoUnitOfWorkFactory, name: str, service: str, number: int) -> Receipt:
        arrived = Arrived(
            actor=Actor.integration(house.tenant.id, house.integration.id),
            integration=house.integration,
            delivery=make_delivery(new_id().bytes, received_at=BEGINNING + timedelta(seconds=number)),
            verdict=Verdict.KEY,
        )
        draft = arrived.saying(Parsed(drafts=(alert(name, service),)))
        (receipt,) = TakeIn(units=process, ids=TimeOrderedIds())(house.tenant.id, [draft])
        assert isinstance(receipt, Receipt)
        return receipt

    (into,) = arrive(units, "DiskFull", "kiosk", 0).opened
    moved = [arrive(other, "QueueGrows", "billing", number).signals[0] for number in range(1, fired + 1)]
    move = MoveSignal(units=units, clock=ManualClock(), ids=TimeOrderedIds())
    move(actor=house.user.as_actor(), signal_id=moved[-1], into_id=into)
    for number, process in enumerate((other, units), 10):
        assert arrive(process, "QueueGrows", "billing", number).incidents == (into,)
        joined = arrive(process, f"Queue{'ab'[number - 10]}Stuck", "billing", number + 10)
        assert joined.incidents == (into,)
