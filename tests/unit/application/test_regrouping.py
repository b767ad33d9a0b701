"""However people merge, split and move, every episode is in exactly one incident, with all of its signals."""

from collections.abc import Iterable
from datetime import timedelta
from operator import attrgetter
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from sre_copilot.application.ports.series import Heard
from sre_copilot.domain.errors import CopilotError
from sre_copilot.domain.signals import Severity
from sre_copilot.domain.timeline import replay
from sre_copilot.testing.stage import Stage, alert, recovery, stage
from sre_copilot.testing.tables import TenantTables

by_start = attrgetter("started_at")
SERVICES = ("checkout", "warehouse", "mail", "search")
SEVERITIES = (Severity.LOW, Severity.HIGH, Severity.CRITICAL)
Partition = frozenset[frozenset[UUID]]

sent = st.tuples(
    st.just("send"),
    st.sampled_from(("HighLatency", "ErrorRate")),
    st.sampled_from(SERVICES),
    st.sampled_from(SEVERITIES),
)
ended = st.tuples(st.just("end"), st.sampled_from(("HighLatency", "ErrorRate")), st.sampled_from(SERVICES))
merged = st.tuples(st.just("merge"), st.integers(0, 9), st.integers(0, 9))
moved = st.tuples(st.sampled_from(("split", "move")), st.integers(0, 19), st.none() | st.integers(0, 9))
steps = st.lists(sent | sent | ended | merged | moved, max_size=14)


def partition(tables: TenantTables) -> Partition:
    homes: dict[UUID | None, set[UUID]] = {}
    for episode in tables.episodes.values():
        homes.setdefault(episode.incident_id, set()).add(episode.id)
    return frozenset(frozenset(ids) for ids in homes.values())


def take(here: Stage, step: tuple[object, ...]) -> None:
    copilot, who = here.copilot, here.engineer
    incidents, signals = sorted(here.tables.incidents), sorted(here.tables.episode_of)
    match step:
        case ("send", str(name), str(service), Severity() as severity):
            here.send(alert(name, service, severity=severity))
        case ("end", str(name), str(service)):
            here.send(recovery(name, service))
        case ("merge", int(one), int(other)) if incidents:
            pair = incidents[one % len(incidents)], incidents[other % len(incidents)]
            copilot.merge(actor=who, incident_id=pair[0], other_id=pair[1])
        case ("split", int(place), into) if signals:
            signal = here.tables.signals[signals[place % len(signals)]]
            assert signal.incident_id is not None
            copilot.split(
                actor=who, incident_id=signal.incident_id, signal_ids=[signal.id], into_id=chosen(incidents, into)
            )
        case ("move", int(place), into) if signals:
            copilot.move_signal(actor=who, signal_id=signals[place % len(signals)], into_id=chosen(incidents, into))


def chosen(incidents: list[UUID], place: object) -> UUID | None:
    return incidents[place % len(incidents)] if isinstance(place, int) and incidents else None


def check(here: Stage, before: TenantTables) -> None:
    """Nothing is lost, nothing is twice, and whatever is remembered of a series says what is stored."""
    tables = here.tables
    assert before.signals.keys() <= tables.signals.keys()
    assert before.episodes.keys() <= tables.episodes.keys()
    for signal_id, episode_id in tables.episode_of.items():
        assert tables.signals[signal_id].incident_id == tables.episodes[episode_id].incident_id
    with here.units(here.tenant.id) as uow:
        names = {signal.fingerprint for signal in tables.signals.values()}
        for name, known in uow.series.lock([Heard(fingerprint=name) for name in names]).items():
            going_on = [one for one in tables.episodes.values() if one.fingerprint == name and one.is_open]
            assert known.head is not None
            assert [one.incident_id for one in going_on] == (
                [known.head.episode.incident_id] if known.head.episode else []
            )
            mine = sorted((one for one in tables.episodes.values() if one.fingerprint == name), key=by_start)
            assert known.head.previous_incident_id == (mine[-1].incident_id if mine else None)
    for incident in tables.incidents.values():
        assert replay([row for row in tables.transitions.values() if row.incident_id == incident.id]) is incident.state
        mine = [one for one in tables.episodes.values() if one.incident_id == incident.id]
        if incident.merged_into is not None:
            assert not mine
        if incident.state.is_open and mine:
            assert (incident.settle_at is None) is any(one.is_open for one in mine)
        fired = [one for one in tables.signals.values() if one.incident_id == incident.id and one.is_firing]
        if incident.state.is_open:
            assert all(incident.severity.weight >= one.draft.severity.weight for one in fired)


def walked(here: Stage, walk: Iterable[tuple[object, ...]]) -> None:
    for step in walk:
        here.clock.advance(timedelta(seconds=10))
        before = here.tables.copy()
        try:
            take(here, step)
        except CopilotError:
            assert here.tables == before
        check(here, before)


@settings(max_examples=25)
@given(walk=steps)
def test_whatever_people_do_nothing_is_lost_and_nothing_is_counted_twice(walk: list[tuple[object, ...]]) -> None:
    walked(stage(), walk)


@settings(max_examples=15)
@given(walk=st.lists(sent | ended, min_size=2, max_size=10), choice=st.tuples(st.integers(0, 9), st.integers(0, 9)))
def test_merging_and_splitting_again_restores_who_was_with_whom(
    walk: list[tuple[object, ...]], choice: tuple[int, int]
) -> None:
    here = stage()
    walked(here, walk)
    before = partition(here.tables)
    incidents = sorted(one.id for one in here.tables.incidents.values() if one.state.is_open)
    pair = {incidents[place % len(incidents)] for place in choice} if incidents else set()
    if len(pair) < 2:
        return
    first, second = sorted(pair)
    own = {one: {s.id for s in here.tables.signals.values() if s.incident_id == one} for one in pair}
    into = here.copilot.merge(actor=here.engineer, incident_id=first, other_id=second)
    assert partition(here.tables) != before
    away = next(one for one in pair if one != into.id)
    assert {s.id for s in here.tables.signals.values() if s.incident_id == into.id} == own[first] | own[second]
    again = here.copilot.split(actor=here.engineer, incident_id=into.id, signal_ids=own[away])
    assert partition(here.tables) == before
    assert {s.id for s in here.tables.signals.values() if s.incident_id == again.id} == own[away]
