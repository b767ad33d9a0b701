"""What comes over an SNS topic: alarms, and any text."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from sre_copilot.domain.errors import UnreadableDelivery
from sre_copilot.domain.signals import Environment, Severity, SignalDraft, SignalStatus, SignalType
from tests.unit.adapters.integrations.sns import ALARM, ARN, TOPIC, SnsDoor, envelope

DOOR = SnsDoor(environments={"Prod": Environment.PRODUCTION})
CHANGED = datetime(2026, 3, 1, 11, 57, 40, 669_000, tzinfo=UTC)


def one(message: Any, **changes: Any) -> SignalDraft:
    return DOOR.signal(envelope(message, **changes))


def alarm(**changes: Any) -> SignalDraft:
    return one({**ALARM, **changes})


def series(message: Any, **changes: Any) -> str:
    return DOOR.series(envelope(message, **changes))


def test_an_alarm_is_read_in_our_words() -> None:
    draft = alarm()
    assert (draft.signal_type, draft.status) == (SignalType.ALERT, SignalStatus.FIRING)
    assert (draft.severity, draft.severity_word) == (Severity.MEDIUM, "")
    assert draft.service == "orders"
    assert (draft.environment, draft.environment_word) == (Environment.PRODUCTION, "prod")
    assert draft.vendor_key == ARN
    assert (draft.occurred_at, draft.episode_started_at) == (CHANGED, None)
    assert draft.name == draft.title == "ServerCpuTooHigh"
    assert draft.description == f"{ALARM['AlarmDescription']}\n\n{ALARM['NewStateReason']}"
    assert draft.labels == {"ServiceName": "orders", "ClusterName": "shop-cluster", "Environment": "prod"}
    assert json.loads(draft.raw["Message"]) == ALARM


def test_an_alarm_that_is_fine_again_ends_its_series() -> None:
    over = {**ALARM, "NewStateValue": "OK", "OldStateValue": "ALARM", "StateChangeTime": "2026-03-01T11:59:00.5+0000"}
    draft = one(over)
    assert draft.status is SignalStatus.RESOLVED
    assert draft.occurred_at == datetime(2026, 3, 1, 11, 59, 0, 500_000, tzinfo=UTC)
    assert series(over) == series(ALARM)


def test_missing_data_fires_at_low_severity() -> None:
    draft = alarm(NewStateValue="INSUFFICIENT_DATA")
    assert (draft.status, draft.severity) == (SignalStatus.FIRING, Severity.LOW)


def test_a_composite_alarm_watches_no_metric_and_its_tags_say_the_rest() -> None:
    told = {name: value for name, value in ALARM.items() if name != "Trigger"}
    tags = [{"Key": "Service", "Value": "checkout"}, {"Key": "env", "Value": "staging"}, {"Value": "x"}, 5]
    draft = one({**told, "AlarmRule": "ALARM(a) OR ALARM(b)", "AlarmTags": tags, "AlarmTagsStatus": "SUCCESS"})
    assert (draft.service, draft.environment) == ("checkout", Environment.STAGING)
    assert draft.labels == {"Service": "checkout", "env": "staging"}
    assert one(told).service == "unknown"


def test_the_metrics_of_an_expression_are_looked_into() -> None:
    metric = {"Dimensions": [{"name": "FunctionName", "value": "thumbnails"}], "MetricName": "Errors"}
    trigger = {"Metrics": [{"Expression": "m1/m2", "Id": "e1"}, {"Id": "m1", "MetricStat": {"Metric": metric}}]}
    assert alarm(Trigger=trigger).service == "thumbnails"


@pytest.mark.parametrize(
    ("dimensions", "service"),
    [
        ({"InstanceId": "i-1", "AutoScalingGroupName": "web"}, "web"),
        ({"InstanceId": "i-1"}, "i-1"),
        ({"LoadBalancer": "app/shop/50dc6c495c0c9188"}, "shop"),
        ({"TargetGroup": "targetgroup/carts/73e2d6bc24d8a067"}, "carts"),
        ({"DBInstanceIdentifier": "orders-db"}, "orders-db"),
        ({"Path": "/"}, "unknown"),
    ],
)
def test_the_service_is_the_best_dimension(dimensions: dict[str, str], service: str) -> None:
    pairs = [{"name": name, "value": value} for name, value in dimensions.items()]
    assert alarm(Trigger={"Dimensions": pairs}).service == service


def test_without_an_arn_name_region_and_account_tell_the_series() -> None:
    def name(**changes: Any) -> str:
        return series({**ALARM, "AlarmArn": None, **changes})

    assert name(NewStateValue="OK") == name()
    assert len({name(), name(Region="EU (Ireland)"), name(AWSAccountId="2"), name(AlarmName="b"), series(ALARM)}) == 5


def test_the_longest_arn_still_pairs_up() -> None:
    long = ARN + "x" * 240
    assert series({**ALARM, "AlarmArn": long}) == series({**ALARM, "AlarmArn": long, "NewStateValue": "OK"})
    assert series({**ALARM, "AlarmArn": long}) != series({**ALARM, "AlarmArn": long + "y"})


def test_a_text_is_an_alert_that_its_subject_tells() -> None:
    draft = one("Backup of orders failed\nDisk is full", Subject="Nightly backup")
    assert (draft.status, draft.severity) == (SignalStatus.FIRING, Severity.MEDIUM)
    assert (draft.name, draft.title, draft.service) == ("Nightly backup", "Nightly backup", "unknown")
    assert draft.description == "Backup of orders failed\nDisk is full"
    assert draft.occurred_at == datetime(2026, 3, 1, 11, 59, 6, 655_000, tzinfo=UTC)
    assert series("another text", Subject="Nightly backup", MessageId="2") == series("x", Subject="Nightly backup")
    assert series("x", Subject="Nightly backup", TopicArn=f"{TOPIC}2") != series("x", Subject="Nightly backup")


@pytest.mark.parametrize(
    ("text", "title"),
    [("\n  first line \nsecond", "first line"), ("x" * 500, "x" * 200), ('{"a": 1}', '{"a": 1}'), ("[1]", "[1]")],
)
def test_without_a_subject_the_first_line_is_the_title(text: str, title: str) -> None:
    assert one(text, Subject=None).title == title


def test_the_id_of_the_message_names_the_delivery() -> None:
    assert DOOR.read(envelope(ALARM)).vendor_id == "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ([], "the body must be an object, not a list"),
        ({}, "Type is missing"),
        (envelope("m", Type="Other"), 'Type must be "Notification"'),
        (envelope("m", MessageId=5), "MessageId must be a string, not a number"),
        (envelope("", Subject=None), "Message is missing, and Subject too"),
        (envelope({**ALARM, "AlarmName": None}), "Message.AlarmName is missing"),
        (envelope({**ALARM, "NewStateValue": "BROKEN"}), "Message.NewStateValue must be one of ALARM"),
        (envelope({**ALARM, "NewStateValue": 5}), "Message.NewStateValue must be a string, not a number"),
        (envelope({**ALARM, "AlarmArn": []}), "Message.AlarmArn must be a string, not a list"),
        (envelope({**ALARM, "StateChangeTime": "now"}), "Message.StateChangeTime must be an RFC 3339 time"),
        ({**envelope(), "Message": {}}, "Message must be a string, not an object"),
    ],
)
def test_a_wrong_field_is_named(body: Any, words: str) -> None:
    with pytest.raises(UnreadableDelivery, match=f"^{words}"):
        DOOR.read(body)


@pytest.mark.parametrize("place", ["envelope", "alarm", "trigger"])
def test_an_unknown_field_changes_nothing(place: str) -> None:
    more: dict[str, Any] = {"new": {"deep": [1]}}
    changed = {
        "envelope": envelope(ALARM, **more),
        "alarm": envelope({**ALARM, **more}),
        "trigger": envelope({**ALARM, "Trigger": {**ALARM["Trigger"], **more}}),
    }
    draft, plain = DOOR.signal(changed[place]), alarm()
    for name in ("status", "occurred_at", "vendor_key", "severity", "service", "environment", "title", "labels"):
        assert getattr(draft, name) == getattr(plain, name)
