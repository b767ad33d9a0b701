"""What the messages of monitoring tools become in the end: one problem is one incident, and it ends when they say so."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from sre_copilot.domain.decisions import EpisodeEnd
from sre_copilot.domain.lifecycle import State
from sre_copilot.domain.signals import Severity
from tests.unit.adapters.integrations.house import House


def seconds(moment: datetime) -> str:
    return str(int(moment.timestamp()))


def milliseconds(moment: datetime) -> int:
    return int(moment.timestamp()) * 1000


def datadog(at: datetime, transition: str, event_id: str, priority: str = "P2") -> dict[str, Any]:
    told = {"alert_id": "1234", "alert_cycle_key": "401", "alert_priority": priority, "event_title": "Load is high"}
    return {**told, "id": event_id, "alert_transition": transition, "date": str(milliseconds(at))}


def new_relic(start: datetime, state: str, **more: Any) -> dict[str, Any]:
    return {
        "id": "0ea2",
        "title": "Slow",
        "priority": "MEDIUM",
        "state": state,
        "createdAt": milliseconds(start),
        **more,
    }


def zabbix(start: datetime, **more: str) -> dict[str, str]:
    told = {"event_id": "512", "event_value": "1", "event_nseverity": "3", "event_name": "Disk is full"}
    return {**told, "event_timestamp": seconds(start), "event_recovery_timestamp": "{EVENT.RECOVERY.TIMESTAMP}", **more}


def nagios(kind: str, state: str, changed: datetime, told: datetime) -> dict[str, str]:
    times = {"LASTSERVICESTATECHANGE": seconds(changed), "TIMET": seconds(told)}
    return {"NOTIFICATIONTYPE": kind, "HOSTNAME": "web-1", "SERVICEDESC": "HTTP", "SERVICESTATE": state, **times}


def severities(house: House) -> list[Severity]:
    return [incident.severity for incident in house.stage.tables.incidents.values()]


def test_a_monitor_that_renotifies_and_recovers_is_one_incident_and_a_retry_counts_once() -> None:
    house = House.of("datadog")
    first = datadog(house.now, "Warn", "1", priority="P1")
    told = [house.knock(first), house.knock(first), house.knock(datadog(house.now, "Triggered", "2", priority="P1"))]
    assert [(receipt.accepted, receipt.redelivered or receipt.repeats) for receipt in told] == [(1, 0), (0, 1), (1, 0)]
    assert severities(house) == [Severity.CRITICAL]
    house.wait(minutes=10)
    house.knock(datadog(house.now, "Renotify", "3"))
    house.wait(minutes=1)
    assert house.knock(datadog(house.now, "Recovered", "4")).resolved == 1
    assert [episode.end for episode in house.episodes] == [EpisodeEnd.RESOLVED]
    house.wait(minutes=6)
    assert house.states == [State.RESOLVED]


def test_an_issue_of_new_relic_goes_on_for_as_long_as_it_is_open_and_a_raised_priority_counts() -> None:
    house = House.of("new_relic")
    start = house.now
    assert house.knock(new_relic(start, "ACTIVATED", trigger="STATE_CHANGE")).accepted == 1
    assert house.knock(new_relic(start, "ACTIVATED", trigger="INCIDENT_ADDED")).repeats == 1
    house.wait(hours=30)
    assert house.episodes[0].is_open
    raised = {"priority": "CRITICAL", "trigger": "PRIORITY_CHANGED", "updatedAt": milliseconds(house.now)}
    assert house.knock(new_relic(start, "ACTIVATED", **raised)).accepted == 1
    assert severities(house) == [Severity.CRITICAL]
    house.knock(new_relic(start, "ACKNOWLEDGED"))
    assert house.states == [State.ACKNOWLEDGED]
    house.wait(minutes=1)
    assert house.knock(new_relic(start, "CLOSED", closedAt=milliseconds(house.now))).resolved == 1
    assert [episode.end for episode in house.episodes] == [EpisodeEnd.RESOLVED]


def test_a_problem_of_zabbix_is_acknowledged_raised_and_recovered_by_its_own_id() -> None:
    house = House.of("zabbix")
    start = house.now
    told = [house.knock(zabbix(start)), house.knock(zabbix(start))]
    assert [(receipt.accepted, receipt.repeats) for receipt in told] == [(1, 0), (0, 1)]
    house.wait(minutes=5)
    action = {
        "event_update_status": "1",
        "event_update_action": "acknowledged, changed severity from Average to Disaster",
    }
    house.knock(zabbix(start, event_nseverity="5", **action))
    assert (house.states, severities(house)) == ([State.ACKNOWLEDGED], [Severity.CRITICAL])
    house.wait(hours=20)
    assert house.episodes[0].is_open
    house.knock(zabbix(start, event_value="0", event_recovery_timestamp=seconds(house.now)))
    assert [(episode.ended_at, episode.end) for episode in house.episodes] == [(house.now, EpisodeEnd.RESOLVED)]


def test_a_service_of_nagios_is_notified_again_acknowledged_and_recovers() -> None:
    house = House.of("nagios")
    start = house.now
    house.wait(minutes=3)
    told = [house.knock(nagios("PROBLEM", "WARNING", start, house.now)) for _ in range(2)]
    house.wait(hours=1)
    told.append(house.knock(nagios("PROBLEM", "WARNING", start, house.now)))
    told.append(house.knock(nagios("PROBLEM", "CRITICAL", house.now, house.now)))
    assert [(receipt.accepted, receipt.repeats) for receipt in told] == [(1, 0), (0, 1), (0, 1), (1, 0)]
    assert severities(house) == [Severity.CRITICAL]
    assert house.episodes[0].started_at == start
    house.knock(nagios("ACKNOWLEDGEMENT", "CRITICAL", start, house.now))
    assert house.states == [State.ACKNOWLEDGED]
    house.wait(minutes=1)
    house.knock(nagios("DOWNTIMESTART", "CRITICAL", start, house.now))
    assert house.episodes[0].is_open
    house.knock(nagios("RECOVERY", "OK", house.now, house.now))
    assert [episode.end for episode in house.episodes] == [EpisodeEnd.RESOLVED]


def test_flapping_right_after_a_recovery_is_a_run_of_its_own_that_ends_with_the_flapping() -> None:
    house = House.of("nagios")
    start = house.now
    house.knock(nagios("PROBLEM", "CRITICAL", start, start))
    house.wait(minutes=1)
    well = house.now
    house.knock(nagios("RECOVERY", "OK", well, well))
    house.wait(seconds=30)
    house.knock(nagios("FLAPPINGSTART", "OK", well, house.now))
    assert [episode.is_open for episode in house.episodes] == [False, True]
    house.wait(minutes=20)
    house.knock(nagios("FLAPPINGSTOP", "OK", house.now - timedelta(minutes=10), house.now))
    assert [episode.end for episode in house.episodes] == [EpisodeEnd.RESOLVED] * 2


def test_an_issue_of_sentry_that_returns_is_the_next_episode() -> None:
    house = House.of("sentry")
    event = {"issue_id": "7", "title": "KeyError", "level": "error", "datetime": house.now.isoformat()}
    issue = {"issue": {"id": "7", "title": "KeyError", "level": "error"}}
    house.knock({"action": "triggered", "data": {"event": event}})
    house.wait(minutes=5)
    house.knock({"action": "resolved", "data": issue})
    assert [episode.end for episode in house.episodes] == [EpisodeEnd.RESOLVED]
    house.wait(minutes=10)
    house.knock({"action": "unresolved", "data": issue})
    assert [episode.end for episode in house.episodes] == [EpisodeEnd.RESOLVED, None]


@pytest.mark.parametrize(("number", "incidents"), [(9, 0), (13, 1), (17, 1)])
def test_a_log_pattern_opens_an_incident_once_and_an_export_that_is_tried_again_counts_once(
    number: int, incidents: int
) -> None:
    house = House.of("opentelemetry")

    def export(at: datetime, text: str) -> dict[str, Any]:
        record = {
            "timeUnixNano": str(milliseconds(at) * 10**6),
            "severityNumber": number,
            "body": {"stringValue": text},
        }
        return {"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}

    first = export(house.now, "job 17 died")
    told = [house.knock(first), house.knock(first)]
    house.wait(minutes=1)
    told.append(house.knock(export(house.now, "job 18 died")))
    assert [receipt.accepted for receipt in told] == [incidents, 0, incidents]
    assert len(house.states) == incidents
    assert all(receipt.reply is not None for receipt in told)
