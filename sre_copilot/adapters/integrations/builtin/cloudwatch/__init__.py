"""Amazon CloudWatch: what Amazon SNS posts of a topic that alarms, EventBridge rules or people publish to.

An alarm's ARN is its identity, in its own messages and in those of EventBridge. ALARM fires, OK ends; INSUFFICIENT_DATA is
told only to who asked for it and fires too, at low severity. CloudWatch knows no severity: an alarm is medium. Deployments
that EventBridge tells of are changes. Whatever else comes over the topic is an alert that is told by its subject.

SNS signs every message with a key whose certificate it names; only certificates of SNS itself are fetched, and without a
right signature nothing is taken. Such a signature says that it was SNS, not whose topic it was: anybody can have SNS post
here. So either `topic_arns` names the topics, or the integration's key has to be shown as well (`?token=` in the address).
A request to confirm a subscription is answered by visiting the address that it names, where that is one of SNS.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import attrs

from sre_copilot.adapters.integrations.builtin.cloudwatch.envelope import Certificates, check_signature, confirmation
from sre_copilot.adapters.integrations.builtin.cloudwatch.messages import read_message
from sre_copilot.adapters.integrations.builtin.cloudwatch.samples import samples
from sre_copilot.domain.deliveries import Delivery, Parsed, Sample
from sre_copilot.domain.errors import NotAuthentic, UnreadableDelivery
from sre_copilot.domain.hidden_values import without_values
from sre_copilot.domain.integrations import Integration, Secrets, Setting, SettingKind
from sre_copilot.domain.payloads import Fields, wrong
from sre_copilot.domain.strict_json import read_json
from sre_copilot.hookspecs import IntegrationPlugin, Tools, hookimpl

TOPICS = "topic_arns"


@attrs.frozen
class CloudWatch:
    """Reads the messages of SNS topics."""

    type: str = "cloudwatch"
    title: str = "Amazon CloudWatch (over SNS)"
    max_body_bytes: int = 512 * 1024
    """SNS carries 256 KiB; in JSON, with its escapes, that may be more."""
    settings: tuple[Setting, ...] = (
        Setting(
            name=TOPICS,
            help="The ARNs of the topics that are taken. Without any, the address needs the integration's key.",
            kind=SettingKind.LIST,
            default=(),
        ),
    )
    certificates: Certificates = attrs.field(factory=Certificates, repr=False, eq=False)

    def verify(self, integration: Integration, secrets: Secrets, delivery: Delivery, tools: Tools) -> bool:
        """Check the signature and the topic; True where the topic is one that is named, else the key decides too."""
        topics = integration.settings.get(TOPICS) or ()
        try:
            envelope = Fields.of(read_json(delivery.body, max_bytes=self.max_body_bytes))
            if not envelope.text("Signature"):
                raise NotAuthentic("The signature is missing.", reason="missing")
            if topics and envelope.required("TopicArn") not in topics:
                raise NotAuthentic(
                    "The message is of a topic that is not one of the setting topic_arns.", reason="wrong"
                )
            check_signature(envelope, self.certificates, tools)
        except UnreadableDelivery as error:
            raise NotAuthentic(f"This is no signed message of Amazon SNS: {error}", reason="wrong") from None
        return bool(topics)

    def without_credentials(self, body: bytes) -> bytes:
        """Return the body without the address by which anybody could end the subscription."""
        return without_values(body, {"UnsubscribeURL"})

    def delivery_id(self, payload: Any, delivery: Delivery) -> str | None:
        """The message's id, which stays the same when SNS tries again."""
        return Fields.of(payload).key("MessageId")

    def parse(self, integration: Integration, payload: Any, delivery: Delivery) -> Parsed:
        """Return the signal of one message, or the address to visit. Raises UnreadableDelivery that names the field."""
        envelope = Fields.of(payload)
        kind = envelope.required("Type")
        if kind == "SubscriptionConfirmation":
            return Parsed(visits=(confirmation(envelope),))
        if kind == "UnsubscribeConfirmation":
            # Somebody ended the subscription on purpose; to visit its address would begin it again.
            return Parsed()
        if kind != "Notification":
            raise wrong("Type", 'must be "Notification", "SubscriptionConfirmation" or "UnsubscribeConfirmation"')
        return Parsed(drafts=(read_message(envelope, integration, delivery.received_at),))

    def samples(self, now: datetime) -> Sequence[Sample]:
        """An alarm and its end, one of EventBridge, a deployment, a plain text, and a subscription to confirm."""
        return samples(now)


@hookimpl
def sre_copilot_integrations() -> list[IntegrationPlugin]:
    """Register the integration type `cloudwatch`."""
    return [CloudWatch()]
