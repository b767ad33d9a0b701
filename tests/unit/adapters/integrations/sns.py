"""A stand-in for Amazon SNS: it signs envelopes with a key of its own and hands out its certificate."""

import json
from base64 import b64encode
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from sre_copilot.adapters.integrations.gateway import PluginGateway
from sre_copilot.adapters.integrations.manager import PluginManager
from sre_copilot.application.ports.outgoing import Answer
from sre_copilot.testing.doors import plugin_gateway
from sre_copilot.testing.outgoing import ScriptedOutgoing
from tests.unit.adapters.integrations.door import NOW, Door

TOPIC = "arn:aws:sns:us-west-2:123456789012:MyTopic"
CERTIFICATE = "https://sns.us-west-2.amazonaws.com/SimpleNotificationService-f3ecfb7224c7233fe7bb5f59f96de52f.pem"
UNSUBSCRIBE = (
    "https://sns.us-west-2.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-west-2:1:T:c9135db0"
)
SUBSCRIBE = f"https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=2336412f37fb687f5d51e6e241d0"
SIGNED = ("Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")

ARN = "arn:aws:cloudwatch:us-west-2:123456789012:alarm:ServerCpuTooHigh"
ALARM: dict[str, Any] = {
    "AlarmName": "ServerCpuTooHigh",
    "AlarmDescription": "Goes into alarm when server CPU utilization is too high!",
    "AWSAccountId": "123456789012",
    "AlarmConfigurationUpdatedTimestamp": "2026-01-12T16:30:42.236+0000",
    "NewStateValue": "ALARM",
    "NewStateReason": "Threshold Crossed: 1 datapoint (99.5) was greater than or equal to the threshold (80.0).",
    "StateChangeTime": "2026-03-01T11:57:40.669+0000",
    "Region": "US West (Oregon)",
    "AlarmArn": ARN,
    "OldStateValue": "OK",
    "OKActions": [],
    "AlarmActions": [TOPIC],
    "InsufficientDataActions": [],
    "Trigger": {
        "MetricName": "CPUUtilization",
        "Namespace": "AWS/ECS",
        "StatisticType": "Statistic",
        "Statistic": "AVERAGE",
        "Unit": None,
        "Dimensions": [
            {"value": "orders", "name": "ServiceName"},
            {"value": "shop-cluster", "name": "ClusterName"},
            {"value": "prod", "name": "Environment"},
        ],
        "Period": 300,
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "Threshold": 80.0,
        "TreatMissingData": "- TreatMissingData: missing",
    },
}


@cache
def key(number: int = 0) -> rsa.RSAPrivateKey:
    """One private key per number."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(number: int = 0, *, end: datetime = NOW + timedelta(days=30)) -> bytes:
    """The certificate of a key."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    builder = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=key(number).public_key(),
        serial_number=1,
        not_valid_before=NOW - timedelta(days=30),
        not_valid_after=end,
    )
    return builder.sign(key(number), hashes.SHA256()).public_bytes(Encoding.PEM)


def envelope(message: Any = "", **changes: Any) -> dict[str, Any]:
    """A notification, not signed; None leaves a field out."""
    told = {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Subject": "My First Message",
        "Message": message if isinstance(message, str) else json.dumps(message),
        "Timestamp": "2026-03-01T11:59:06.655Z",
        "SignatureVersion": "2",
        "SigningCertURL": CERTIFICATE,
        "UnsubscribeURL": UNSUBSCRIBE,
        **changes,
    }
    return {name: value for name, value in told.items() if value is not None}


def subscription(**changes: Any) -> dict[str, Any]:
    """A request to confirm a subscription, not signed."""
    asked = {"Type": "SubscriptionConfirmation", "Token": "2336412f37fb687f5d51e6e241d0", "SubscribeURL": SUBSCRIBE}
    return envelope("You have chosen to subscribe.", **{"Subject": None, "UnsubscribeURL": None, **asked, **changes})


def signed(told: dict[str, Any], *, by: int = 0) -> dict[str, Any]:
    """The envelope with its signature."""
    text = "".join(f"{name}\n{told[name]}\n" for name in SIGNED if name in told).encode()
    algorithm = hashes.SHA1() if told["SignatureVersion"] == "1" else hashes.SHA256()
    return {**told, "Signature": b64encode(key(by).sign(text, padding.PKCS1v15(), algorithm)).decode()}


def amazon(body: bytes | None = None, status: int = 200) -> ScriptedOutgoing:
    """A way out on which SNS answers with its certificate."""
    outgoing = ScriptedOutgoing()
    answer = Answer(status=status, body=pem() if body is None else body)
    for host in ("sns.us-west-2.amazonaws.com", "sns.cn-north-1.amazonaws.com.cn", "sns.us-gov-west-1.amazonaws.com"):
        outgoing.answer("GET", f"https://{host}/SimpleNotificationService-", answer)
    return outgoing


@attrs.frozen(kw_only=True)
class SnsDoor(Door):
    """A CloudWatch integration with one topic, whose plugin has yet to see its first certificate."""

    type: str = "cloudwatch"
    settings: Any = attrs.field(factory=lambda: {"topic_arns": (TOPIC,)})
    outgoing: ScriptedOutgoing = attrs.field(factory=amazon)
    manager: PluginManager = attrs.field(factory=lambda: PluginManager([]))

    @property
    def gateway(self) -> PluginGateway:
        return plugin_gateway(self.manager, outgoing=self.outgoing)
