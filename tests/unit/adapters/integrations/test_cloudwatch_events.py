"""What comes over an SNS topic: events of EventBridge, alarms and deployments among them."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.errors import UnreadableDelivery
from sre_copilot.domain.signals import Environment, Severity, SignalDraft, SignalStatus, SignalType
from tests.unit.adapters.integrations.sns import ALARM, ARN, SnsDoor, envelope

DOOR = SnsDoor(environments={"Prod": Environment.PRODUCTION})
CHANGED = datetime(2026, 3, 1, 11, 57, 40, 669_000, tzinfo=UTC)
EVENT: dict[str, Any] = {
    "version": "0",
    "id": "c4c1c1c9-6542-e61b-6ef0-8c4d36933a92",
    "detail-type": "CloudWatch Alarm State Change",
    "source": "aws.cloudwatch",
    "account": "123456789012",
    "time": "2026-03-01T11:57:41Z",
    "region": "us-west-2",
    "resources": [ARN],
    "detail": {
        "alarmName": "ServerCpuTooHigh",
        "configuration": {
            "description": "Goes into alarm when server CPU utilization is too high!",
            "metrics": [
                {
                    "id": "30b6c6b2-a864-43a2-4877-c09a1afc3b87",
                    "metricStat": {
                        "metric": {
                            "dimensions": {"ServiceName": "orders", "ClusterName": "shop-cluster"},
                            "name": "CPUUtilization",
                            "namespace": "AWS/ECS",
                        },
                        "period": 300,
                        "stat": "Average",
                    },
                    "returnData": True,
                }
            ],
        },
        "previousState": {"value": "OK", "timestamp": "2026-03-01T11:31:40.001+0000"},
        "state": {"reason": "Threshold Crossed", "timestamp": "2026-03-01T11:57:40.669+0000", "value": "ALARM"},
    },
}


def one(message: Any) -> SignalDraft:
    return DOOR.signal(envelope(message))


def series(message: Any) -> str:
    return DOOR.series(envelope(message))


def event(kind: str, source: str, detail: dict[str, Any], *resources: str) -> SignalDraft:
    told = {"detail-type": kind, "source": source, "detail": detail, "resources": list(resources)}
    return one({**EVENT, **told})


def test_an_alarm_over_eventbridge_is_the_same_series() -> None:
    draft = one(EVENT)
    assert (draft.status, draft.severity) == (SignalStatus.FIRING, Severity.MEDIUM)
    assert (draft.service, draft.name, draft.occurred_at) == ("orders", "ServerCpuTooHigh", CHANGED)
    assert draft.description.endswith("too high!\n\nThreshold Crossed")
    assert draft.labels == {"ServiceName": "orders", "ClusterName": "shop-cluster"}
    assert series(EVENT) == series(ALARM)


def test_an_alarm_over_eventbridge_ends_and_has_tags() -> None:
    state = {"value": "OK", "timestamp": "2026-03-01T11:59:40.669+0000"}
    over = {**EVENT, "detail": {"alarmName": "A", "state": state, "alarmTags": {"app": "x", "env": "Prod"}}}
    draft = one(over)
    assert (draft.status, draft.service, draft.environment) == (SignalStatus.RESOLVED, "x", Environment.PRODUCTION)
    assert draft.occurred_at == datetime(2026, 3, 1, 11, 59, 40, 669_000, tzinfo=UTC)
    assert series(over) == series(EVENT)
    assert one({**over, "resources": []}).vendor_key == "123456789012/us-west-2/A"


ECS_SERVICE = "arn:aws:ecs:us-west-2:111122223333:service/default/servicetest"
DEPLOYS = {
    "ecs": (
        event(
            "ECS Deployment State Change",
            "aws.ecs",
            {
                "eventName": "SERVICE_DEPLOYMENT_FAILED",
                "deploymentId": "ecs-svc/123",
                "reason": "tasks failed to start",
            },
            ECS_SERVICE,
        ),
        ("servicetest", "ECS: servicetest SERVICE_DEPLOYMENT_FAILED", "ecs-svc/123", Severity.LOW),
    ),
    "codedeploy": (
        event(
            "CodeDeploy Deployment State-change Notification",
            "aws.codedeploy",
            {"application": "myApplication", "deploymentId": "d-123456789", "state": "SUCCESS"},
            "arn:aws:codedeploy:us-east-1:123456789012:application:myApplication",
        ),
        ("myApplication", "CodeDeploy: myApplication SUCCESS", "d-123456789", Severity.INFO),
    ),
    "codepipeline": (
        event(
            "CodePipeline Pipeline Execution State Change",
            "aws.codepipeline",
            {"pipeline": "shop", "execution-id": "01234567", "state": "STARTED"},
        ),
        ("shop", "CodePipeline: shop STARTED", "01234567", Severity.INFO),
    ),
}


@pytest.mark.parametrize(("draft", "said"), DEPLOYS.values(), ids=DEPLOYS)
def test_a_deployment_is_a_change(draft: SignalDraft, said: tuple[str, str, str, Severity]) -> None:
    assert (draft.signal_type, draft.status) == (SignalType.DEPLOY_EVENT, SignalStatus.MOMENT)
    assert draft.change is not None
    assert (draft.service, draft.change.summary, draft.change.version, draft.severity) == said
    assert draft.occurred_at == datetime(2026, 3, 1, 11, 57, 41, tzinfo=UTC)
    assert draft.vendor_key is None


def test_any_other_event_is_an_alert_about_its_resource() -> None:
    draft = event("GuardDuty Finding", "aws.guardduty", {"title": "Somebody mines", "description": "On i-1."}, "arn:1")
    assert (draft.status, draft.severity) == (SignalStatus.FIRING, Severity.MEDIUM)
    assert (draft.title, draft.description) == ("Somebody mines", "On i-1.")
    other = event("GuardDuty Finding", "aws.guardduty", {"title": "Somebody mines"}, "arn:2")
    assert draft.identity != other.identity
    assert event("AWS Health Event", "aws.health", {}).title == "AWS Health Event"


@pytest.mark.parametrize(
    ("detail", "words"),
    [
        (None, "Message.detail.alarmName is missing"),
        ([], "Message.detail must be an object, not a list"),
        ({"alarmName": "a"}, "Message.detail.state.value is missing"),
        ({"alarmName": "a", "state": {"value": "BROKEN"}}, "Message.detail.state.value must be one of ALARM"),
    ],
)
def test_a_wrong_field_is_named(detail: Any, words: str) -> None:
    with pytest.raises(UnreadableDelivery, match=f"^{words}"):
        one({**EVENT, "detail": detail})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.sampled_from([ALARM, EVENT, {**EVENT, "detail-type": "ECS Deployment State Change"}, {}]),
    st.dictionaries(st.sampled_from([*ALARM, *EVENT]), JSON, max_size=3),
    st.dictionaries(st.sampled_from(["Type", "Message", "Subject", "TopicArn", "Timestamp"]), JSON, max_size=2),
)
def test_any_message_is_read_or_refused_and_nothing_else_happens(told: Any, inner: Any, outer: Any) -> None:
    body = {**envelope({**told, **inner}), **outer}
    try:
        first = DOOR.read(body)
    except UnreadableDelivery:
        return
    assert first == DOOR.read(body)
