"""What SNS posts, for trying the integration. The signatures fit nothing: only Amazon can make them."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sre_copilot.domain.deliveries import Sample

_REGION, _ACCOUNT = "eu-west-1", "123456789012"
_TOPIC = f"arn:aws:sns:{_REGION}:{_ACCOUNT}:alarms"
_ALARM = f"arn:aws:cloudwatch:{_REGION}:{_ACCOUNT}:alarm:checkout-5xx"


def samples(now: datetime) -> Sequence[Sample]:
    """An alarm and its end, one of EventBridge, a deployment, a plain text, and a subscription to confirm."""
    start, end = now - timedelta(minutes=11), now - timedelta(minutes=3)
    return (
        _notification(1, "firing", start, _alarm("ALARM", "OK", start)),
        _notification(2, "resolved", end, _alarm("OK", "ALARM", end), resolves="firing"),
        _notification(3, "event", start, _event("ALARM", start)),
        _notification(4, "event_end", end, _event("OK", end), resolves="event"),
        _notification(5, "change", start, _deploy(start)),
        _notification(6, "text", start, "Nightly backup of orders failed: disk is full.", Subject="Backup failed"),
        _sample("subscription", {**_envelope(7, "SubscriptionConfirmation", start), **_confirmation()}),
    )


def _alarm(state: str, before: str, at: datetime) -> Mapping[str, Any]:
    return {
        "AlarmName": "checkout-5xx",
        "AlarmDescription": "More than 5 % of the requests fail.",
        "AWSAccountId": _ACCOUNT,
        "AlarmConfigurationUpdatedTimestamp": "2026-01-12T09:30:42.236+0000",
        "NewStateValue": state,
        "NewStateReason": "Threshold Crossed: 1 datapoint [7.4] was greater than the threshold (5.0).",
        "StateChangeTime": f"{at:%Y-%m-%dT%H:%M:%S}.236+0000",
        "Region": "EU (Ireland)",
        "AlarmArn": _ALARM,
        "OldStateValue": before,
        "OKActions": [_TOPIC],
        "AlarmActions": [_TOPIC],
        "InsufficientDataActions": [],
        "Trigger": {
            "MetricName": "5xx",
            "Namespace": "Shop",
            "StatisticType": "Statistic",
            "Statistic": "AVERAGE",
            "Unit": None,
            "Dimensions": [{"value": "checkout", "name": "Service"}, {"value": "production", "name": "Environment"}],
            "Period": 60,
            "EvaluationPeriods": 1,
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": 5.0,
        },
    }


def _event(state: str, at: datetime) -> Mapping[str, Any]:
    metric = {"namespace": "Shop", "name": "5xx", "dimensions": {"Service": "checkout", "Environment": "production"}}
    detail = {
        "alarmName": "checkout-5xx",
        "configuration": {"metrics": [{"id": "m1", "metricStat": {"metric": metric, "period": 60, "stat": "Average"}}]},
        "state": {"reason": "Threshold Crossed", "timestamp": f"{at:%Y-%m-%dT%H:%M:%S}.236+0000", "value": state},
    }
    return _bridged("CloudWatch Alarm State Change", "aws.cloudwatch", _ALARM, at, detail)


def _deploy(at: datetime) -> Mapping[str, Any]:
    detail = {
        "eventType": "INFO",
        "eventName": "SERVICE_DEPLOYMENT_COMPLETED",
        "deploymentId": "ecs-svc/1234567890123456789",
        "updatedAt": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "reason": "ECS deployment ecs-svc/1234567890123456789 completed.",
    }
    service = f"arn:aws:ecs:{_REGION}:{_ACCOUNT}:service/shop/checkout"
    return _bridged("ECS Deployment State Change", "aws.ecs", service, at, detail)


def _bridged(kind: str, source: str, resource: str, at: datetime, detail: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "version": "0",
        "id": "c4c1c1c9-6542-e61b-6ef0-8c4d36933a92",
        "detail-type": kind,
        "source": source,
        "account": _ACCOUNT,
        "time": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "region": _REGION,
        "resources": [resource],
        "detail": detail,
    }


def _confirmation() -> Mapping[str, str]:
    query = f"Action=ConfirmSubscription&TopicArn={_TOPIC}&Token=TOKEN"
    return {"Token": "TOKEN", "SubscribeURL": f"https://sns.{_REGION}.amazonaws.com/?{query}", "Message": "Confirm."}


def _notification(
    number: int, name: str, at: datetime, message: Mapping[str, Any] | str, resolves: str = "", **more: str
) -> Sample:
    text = message if isinstance(message, str) else json.dumps(message)
    address = f"https://sns.{_REGION}.amazonaws.com/?Action=Unsubscribe&SubscriptionArn={_TOPIC}:1"
    envelope = {**_envelope(number, "Notification", at), "Message": text, "UnsubscribeURL": address, **more}
    return _sample(name, envelope, resolves)


def _envelope(number: int, kind: str, at: datetime) -> dict[str, str]:
    return {
        "Type": kind,
        "MessageId": str(UUID(int=number)),
        "TopicArn": _TOPIC,
        "Timestamp": f"{at:%Y-%m-%dT%H:%M:%S}.655Z",
        "SignatureVersion": "2",
        "Signature": "RVhBTVBMRQ==",
        "SigningCertURL": f"https://sns.{_REGION}.amazonaws.com/SimpleNotificationService-0000.pem",
    }


def _sample(name: str, body: Mapping[str, Any], resolves: str = "") -> Sample:
    headers = {"content-type": "text/plain; charset=UTF-8", "x-amz-sns-message-type": str(body["Type"])}
    return Sample(name=name, body=json.dumps(body).encode(), headers=headers, resolves=resolves)
