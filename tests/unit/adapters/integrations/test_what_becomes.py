"""What vendors' messages become in the end: episodes, counts and incidents, with the real plugins before a copilot in memory."""

from datetime import datetime, timedelta
from typing import Any

from sre_copilot.domain.decisions import EpisodeEnd
from sre_copilot.domain.lifecycle import State
from tests.unit.adapters.integrations.house import House

ALERTS = "/api/v2/alerts"


def posted(start: datetime, end: datetime | None) -> list[dict[str, Any]]:
    labels = {"alertname": "DiskFull", "instance": "db-1", "severity": "critical"}
    return [{"labels": labels, "startsAt": start.isoformat(), "endsAt": end.isoformat() if end else None}]


def webhook(start: datetime, status: str = "firing", end: datetime | None = None) -> dict[str, Any]:
    (alert,) = posted(start, end)
    return {"version": "4", "alerts": [{**alert, "status": status, "fingerprint": "a1"}]}


def test_what_prometheus_resends_is_one_occurrence_and_goes_on_for_as_long_as_it_is_resent() -> None:
    house = House.of("prometheus")
    start = house.now
    assert house.knock(posted(start, start + timedelta(minutes=4)), ALERTS).accepted == 1
    for _ in range(30):
        house.wait(minutes=1)
        receipt = house.knock(posted(start, house.now + timedelta(minutes=4)), ALERTS)
        assert (receipt.accepted, receipt.repeats) == (0, 1)
    assert [episode.is_open for episode in house.episodes] == [True]
    assert house.states == [State.DETECTED]


def test_the_resends_of_a_resolve_are_repeats() -> None:
    house = House.of("prometheus")
    start = house.now
    house.knock(posted(start, start + timedelta(minutes=4)), ALERTS)
    house.wait(minutes=2)
    end = house.now
    told = [house.knock(posted(start, end), ALERTS)]
    for _ in range(3):
        house.wait(minutes=4)
        told.append(house.knock(posted(start, end), ALERTS))
    assert [(receipt.resolved, receipt.repeats) for receipt in told] == [(1, 0), (0, 1), (0, 1), (0, 1)]
    assert [(episode.ended_at, episode.end) for episode in house.episodes] == [(end, EpisodeEnd.RESOLVED)]


def test_a_prometheus_that_died_leaves_nothing_open() -> None:
    house = House.of("prometheus")
    end = house.now + timedelta(minutes=4)
    house.knock(posted(house.now, end), ALERTS)
    house.wait(minutes=3, seconds=59)
    assert house.episodes[0].is_open
    house.wait(seconds=1)
    assert [(episode.ended_at, episode.end) for episode in house.episodes] == [(end, EpisodeEnd.EXPIRED)]
    house.wait(minutes=6)
    assert house.states == [State.RESOLVED]


def test_an_alert_that_fires_again_is_the_next_episode() -> None:
    house = House.of("prometheus")
    start = house.now
    house.knock(posted(start, start + timedelta(minutes=4)), ALERTS)
    house.wait(minutes=2)
    house.knock(posted(house.now, house.now + timedelta(minutes=4)), ALERTS)
    assert [episode.end for episode in house.episodes] == [EpisodeEnd.SUPERSEDED, None]


def test_both_doors_and_both_of_a_pair_tell_of_one_alert() -> None:
    house = House.of("prometheus")
    start = house.now
    fires, said = webhook(start), posted(start, start + timedelta(minutes=4))
    told = [house.knock(said, ALERTS), house.knock(fires), house.knock(fires)]
    assert [(receipt.accepted, receipt.repeats) for receipt in told] == [(1, 0), (0, 1), (0, 1)]
    house.wait(minutes=2)
    ended, said = webhook(start, "resolved", house.now), posted(start, house.now)
    told = [house.knock(ended), house.knock(said, ALERTS), house.knock(ended)]
    assert [(receipt.resolved, receipt.repeats) for receipt in told] == [(1, 0), (0, 1), (0, 1)]
    assert [episode.end for episode in house.episodes] == [EpisodeEnd.RESOLVED]


def test_a_bad_alert_beside_good_ones_is_answered_with_400_and_they_are_kept() -> None:
    house = House.of("prometheus")
    receipt = house.knock([*posted(house.now, None), {"labels": {}}], ALERTS)
    assert receipt.accepted == 1
    assert receipt.reply is not None
    assert receipt.reply.status == 400
    assert house.knock([{"labels": {}}], ALERTS).quarantined


def incident(word: str, house: House, *, opened: datetime, number: int) -> dict[str, Any]:
    data = {"id": "PGR0VU2", "incident_key": "k", "title": "Bump", "created_at": opened.isoformat(), "status": word}
    event = {"id": f"e{number}", "event_type": f"incident.{word}", "occurred_at": house.now.isoformat(), "data": data}
    return {"event": event}


def test_an_incident_of_pagerduty_stays_open_until_it_is_resolved_and_may_be_reopened() -> None:
    house = House.of("pagerduty")
    opened = house.now
    for number, word in enumerate(("triggered", "acknowledged", "resolved", "reopened", "resolved")):
        house.knock(incident(word, house, opened=opened, number=number))
        assert house.knock(incident(word, house, opened=opened, number=number)).redelivered
        house.wait(hours=20)
        assert house.episodes[-1].is_open == (word != "resolved")
    assert [episode.end for episode in house.episodes] == [EpisodeEnd.RESOLVED, EpisodeEnd.RESOLVED]
    assert house.states == [State.RESOLVED, State.RESOLVED]


def test_the_next_alert_of_an_opsgenie_alias_is_the_next_episode_however_its_messages_are_ordered() -> None:
    house = House.of("opsgenie")
    first, second = house.now - timedelta(hours=2), house.now - timedelta(hours=1)

    def said(action: str, created: datetime, updated: datetime) -> dict[str, Any]:
        times = {"createdAt": int(created.timestamp() * 1_000), "updatedAt": int(updated.timestamp()) * 10**9}
        return {"action": action, "alert": {"alias": "a", "message": "m", "priority": "P2", **times}}

    house.knock(said("Create", second, second))
    house.knock(said("Close", first, first + timedelta(minutes=5)))
    house.knock(said("Create", first, first))
    assert [episode.end for episode in house.episodes] == [EpisodeEnd.RESOLVED, None]
    house.knock(said("Close", second, house.now))
    assert [episode.end for episode in house.episodes] == [EpisodeEnd.RESOLVED, EpisodeEnd.RESOLVED]
