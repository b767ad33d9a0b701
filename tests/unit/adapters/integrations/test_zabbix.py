"""Zabbix's webhook, on bodies as the published media type sends them."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from sre_copilot.domain.deliveries import Acknowledgement, Parsed
from sre_copilot.domain.errors import UnreadableDelivery
from sre_copilot.domain.signals import Environment, Severity, SignalStatus, SignalType
from tests.unit.adapters.integrations.door import Door

DOOR = Door(type="zabbix", environments={"live": Environment.PRODUCTION})
TAGS = [
    {"tag": "environment", "value": "live"},
    {"tag": "service", "value": "orders"},
    {"tag": "scope", "value": "capacity"},
]
PROBLEM = {
    "event_id": "5120388",
    "event_source": "0",
    "event_value": "1",
    "event_name": "MySQL: too many connections on db-1",
    "event_nseverity": "4",
    "event_severity": "High",
    "event_timestamp": "1772365800",
    "event_recovery_timestamp": "{EVENT.RECOVERY.TIMESTAMP}",
    "event_tagsjson": json.dumps(TAGS),
    "event_opdata": "Connections: 498",
    "event_update_status": "0",
    "event_update_action": "",
    "user_username": "",
    "host_name": "db-1",
    "trigger_hostgroup_name": "Databases",
    "trigger_id": "23817",
    "trigger_description": "More connections than are allowed.",
    "trigger_url": "https://wiki.example/mysql",
    "event_url": "{$ZABBIX.URL}/tr_events.php?triggerid=23817&eventid=5120388",
}
RECOVERY = {**PROBLEM, "event_value": "0", "event_recovery_timestamp": "1772366340"}
# An older version knows no timestamps, and here somebody renamed the severities.
OLDER = {
    **PROBLEM,
    "event_id": "77",
    "event_nseverity": "5",
    "event_severity": "Everything burns",
    "event_timestamp": "{EVENT.TIMESTAMP}",
    "event_tagsjson": "[]",
    "trigger_description": "*UNKNOWN*",
}


def test_a_problem_is_an_alert() -> None:
    draft = DOOR.signal(PROBLEM)
    started = datetime(2026, 3, 1, 11, 50, tzinfo=UTC)
    assert draft.signal_type is SignalType.ALERT
    assert draft.status is SignalStatus.FIRING
    assert (draft.severity, draft.severity_word) == (Severity.HIGH, "High")
    assert draft.service == "orders"
    assert (draft.environment, draft.environment_word) == (Environment.PRODUCTION, "live")
    assert (draft.vendor_key, draft.vendor_fingerprint) == ("5120388", "23817")
    assert (draft.occurred_at, draft.episode_started_at) == (started, started)
    assert draft.name == draft.title == "MySQL: too many connections on db-1"
    assert draft.description == "More connections than are allowed.\nConnections: 498"
    assert draft.labels == {
        "host": "db-1",
        "hostgroup": "Databases",
        "environment": "live",
        "service": "orders",
        "scope": "capacity",
    }
    # An address that begins with an unset macro is none.
    assert draft.links == ("https://wiki.example/mysql",)
    assert draft.raw == PROBLEM


def test_a_recovery_carries_the_problems_id_and_ends_it() -> None:
    draft = DOOR.signal(RECOVERY)
    assert draft.status is SignalStatus.RESOLVED
    assert draft.occurred_at == datetime(2026, 3, 1, 11, 59, tzinfo=UTC)
    assert draft.episode_started_at == DOOR.signal(PROBLEM).episode_started_at
    assert DOOR.series(RECOVERY) == DOOR.series(PROBLEM)


def test_a_version_without_timestamps_is_read_and_the_severitys_number_counts() -> None:
    draft = DOOR.signal(OLDER)
    assert (draft.severity, draft.severity_word) == (Severity.CRITICAL, "Everything burns")
    assert (draft.occurred_at, draft.episode_started_at) == (None, None)
    assert draft.service == "db-1"
    assert draft.environment_word == ""
    assert draft.description == "Connections: 498"


@pytest.mark.parametrize(
    ("number", "word", "severity"),
    [
        ("5", "Disaster", Severity.CRITICAL),
        ("4", "High", Severity.HIGH),
        ("3", "Average", Severity.MEDIUM),
        ("2", "Warning", Severity.LOW),
        ("1", "Information", Severity.INFO),
        ("0", "Not classified", Severity.MEDIUM),
        (3, "Disaster", Severity.MEDIUM),
        ("9", "Disaster", Severity.MEDIUM),
        ("{EVENT.NSEVERITY}", "Disaster", Severity.CRITICAL),
        ("", "warning", Severity.LOW),
        ("", "bad", Severity.MEDIUM),
    ],
)
def test_the_number_is_the_severity_and_without_one_its_name(number: Any, word: str, severity: Severity) -> None:
    draft = DOOR.signal({**PROBLEM, "event_nseverity": number, "event_severity": word})
    assert (draft.severity, draft.severity_word) == (severity, word)


UPDATE = {**PROBLEM, "event_update_status": "1", "user_username": "ana@example.com"}
WORD = Acknowledgement(vendor_key="5120388", by="ana@example.com")


@pytest.mark.parametrize("action", ["acknowledged", "acknowledged, commented", "commented and acknowledged"])
def test_an_update_that_acknowledges_is_an_acknowledgement(action: str) -> None:
    assert DOOR.read({**UPDATE, "event_update_action": action}) == Parsed(acknowledgements=(WORD,))


@pytest.mark.parametrize("action", ["commented", "unacknowledged", "closed", "suppressed", "ranked as symptom", ""])
def test_other_updates_mean_nothing(action: str) -> None:
    assert DOOR.read({**UPDATE, "event_update_action": action}) == Parsed()


def test_a_new_severity_is_a_signal_of_the_same_run_that_counts_from_the_change() -> None:
    action = "acknowledged, changed severity from High to Disaster"
    raised = {**UPDATE, "event_update_action": action, "event_nseverity": "5", "event_update_timestamp": "1772366100"}
    parsed = DOOR.read(raised)
    (draft,) = parsed.drafts
    assert (draft.status, draft.severity) == (SignalStatus.FIRING, Severity.CRITICAL)
    assert draft.occurred_at == datetime(2026, 3, 1, 11, 55, tzinfo=UTC)
    assert draft.episode_started_at == DOOR.signal(PROBLEM).episode_started_at
    assert parsed.acknowledgements == (WORD,)
    unknown = DOOR.signal({**raised, "event_update_timestamp": "{EVENT.UPDATE.TIMESTAMP}"})
    assert unknown.occurred_at is None
    assert DOOR.read({**raised, "event_value": "0"}).drafts == ()


@pytest.mark.parametrize("source", ["1", "2"])
def test_discovery_and_autoregistration_mean_nothing(source: str) -> None:
    assert DOOR.read({"event_id": "1", "event_source": source, "event_value": "2"}) == Parsed()


@pytest.mark.parametrize("source", ["0", "3", "4", ""])
def test_triggers_internal_events_and_services_have_problems(source: str) -> None:
    assert DOOR.signal({**PROBLEM, "event_source": source}).status is SignalStatus.FIRING


@pytest.mark.parametrize(
    ("tags", "service", "environment_word"),
    [
        (json.dumps(TAGS), "orders", "live"),
        (TAGS, "orders", "live"),
        ('[{"tag":"app","value":"a"},{"tag":"application","value":"b"},{"tag":"env","value":"test"}]', "b", "test"),
        ('[{"tag":"service","value":"one"},{"tag":"service","value":"two"}]', "one", ""),
        ('[{"tag":"service","value":""},{"tag":"service"},{"value":"x"},5,null]', "db-1", ""),
        ("[{", "db-1", ""),
        ("{}", "db-1", ""),
        (None, "db-1", ""),
    ],
)
def test_the_service_is_a_tag_else_the_host_and_tags_that_cant_be_read_are_left_out(
    tags: Any, service: str, environment_word: str
) -> None:
    draft = DOOR.signal({**PROBLEM, "event_tagsjson": tags})
    assert (draft.service, draft.environment_word) == (service, environment_word)


def test_of_many_tags_the_first_are_read() -> None:
    tags = [*TAGS, *({"tag": f"t{number}", "value": "x"} for number in range(300))]
    draft = DOOR.signal({**PROBLEM, "event_tagsjson": tags})
    assert (draft.service, len(draft.labels)) == ("orders", 202)


def test_without_tags_and_host_the_service_is_unknown() -> None:
    draft = DOOR.signal({**PROBLEM, "event_tagsjson": "", "host_name": "{HOST.NAME}"})
    assert draft.service == "unknown"
    assert draft.labels == {"hostgroup": "Databases"}


def test_fields_are_found_however_they_are_spelt_and_in_forms_as_well() -> None:
    macros = {name.upper().replace("_", "."): value for name, value in PROBLEM.items()}
    assert DOOR.signal(macros).vendor_key == "5120388"
    assert DOOR.signal(macros).occurred_at == DOOR.signal(PROBLEM).occurred_at
    form = urlencode(PROBLEM).encode()
    assert DOOR.signal(form, {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}) == DOOR.signal(
        PROBLEM
    )


@pytest.mark.parametrize("unknown", [{"item_value": "498"}, {"more": {"deep": [None]}}])
def test_an_unknown_field_changes_nothing(unknown: dict[str, Any]) -> None:
    draft = DOOR.signal({**PROBLEM, **unknown})
    assert (draft.vendor_key, draft.severity, draft.labels) == ("5120388", Severity.HIGH, DOOR.signal(PROBLEM).labels)
    assert draft.raw == {**PROBLEM, **unknown}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"event_id": ""}, "event_id is missing"),
        ({"event_id": "{EVENT.ID}"}, "event_id is missing"),
        ({"event_id": True}, "event_id must be a string"),
        ({"event_id": "1" * 256}, "event_id is longer than 255"),
        ({"event_value": "2"}, "event_value must be 1 or 0"),
        ({"event_value": None}, "event_value is missing"),
        ({"event_nseverity": [4]}, "event_nseverity must be a string"),
        ({"event_timestamp": "11:50:00"}, "event_timestamp must be a time as a number"),
        ({"event_timestamp": "17723658000"}, "event_timestamp lies more than 24 hours"),
    ],
)
def test_a_wrong_field_is_named(change: dict[str, Any], words: str) -> None:
    with pytest.raises(UnreadableDelivery, match=f"^{words}"):
        DOOR.read({**PROBLEM, **change})
    with pytest.raises(UnreadableDelivery, match=r"^EVENT\.ID is missing"):
        DOOR.read({"event_value": "1"})
