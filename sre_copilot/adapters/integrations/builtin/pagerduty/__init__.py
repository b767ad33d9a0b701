"""PagerDuty: what clients of the Events API v2 send, what PagerDuty tells its V3 webhooks, and what it answers.

Triggers and resolves are signals, acknowledgements are actions on an incident, and change events are changes. The key of
an event (`dedup_key`, of an incident `incident_key`) is its whole identity, because a resolve may carry nothing else. The
routing key is a secret: it is taken out of the body before anything is kept.

Webhooks are signed (HMAC-SHA256, several signatures while a secret is rotated). The signature has no time, so it can't
be stale: a copy is told by the event's id.

With a token PagerDuty is asked for its incidents. What is pulled is the same series with the same times as what is told.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from sre_copilot.adapters.integrations.builtin.pagerduty.asking import SETTINGS, answers, pulled
from sre_copilot.adapters.integrations.builtin.pagerduty.events import CHANGE_DOOR, CREDENTIALS, EVENT_DOOR, read_event
from sre_copilot.adapters.integrations.builtin.pagerduty.incidents import INCIDENTS, read_incident
from sre_copilot.adapters.integrations.builtin.pagerduty.samples import samples
from sre_copilot.adapters.integrations.builtin.pagerduty.webhooks import read_webhook
from sre_copilot.domain.deliveries import Delivery, Parsed, Pulled, Sample
from sre_copilot.domain.hidden_values import without_values
from sre_copilot.domain.integrations import Integration, Secrets, Setting
from sre_copilot.domain.payloads import Fields
from sre_copilot.domain.signatures import hmac_hex, require_match
from sre_copilot.domain.strict_json import read_json
from sre_copilot.hookspecs import IntegrationPlugin, Tools, hookimpl

EVENT_BYTES = 512 * 1024
"""Largest body at the doors of the Events API, as at PagerDuty itself."""
SIGNATURE_HEADER = "X-PagerDuty-Signature"
SECRET = "signing_secret"


@attrs.frozen
class PagerDuty:
    """Reads events, change events, webhooks and what was pulled."""

    type: str = "pagerduty"
    title: str = "PagerDuty (Events API v2, V3 webhooks and polls)"
    heeds_429: bool = True
    max_body_bytes: int = 2 * 1024 * 1024
    settings: tuple[Setting, ...] = (
        Setting(
            name=SECRET,
            help="The secret that PagerDuty shows once, when the webhook subscription is made.",
            secret=True,
        ),
        *SETTINGS,
    )

    def read(self, delivery: Delivery) -> Any:
        """Return the body. Raises MalformedDelivery."""
        at_door = delivery.path in (EVENT_DOOR, CHANGE_DOOR)
        return read_json(delivery.body, max_bytes=EVENT_BYTES if at_door else self.max_body_bytes)

    def without_credentials(self, body: bytes) -> bytes:
        """Return the body with the routing key hidden, however it is spelled and wherever it stands."""
        return without_values(body, CREDENTIALS)

    def delivery_id(self, payload: Any, delivery: Delivery) -> str | None:
        """The id of a webhook's event; the Events API has none. What was pulled is known by all that it says."""
        if delivery.path == INCIDENTS:
            return f"pulled:{delivery.body_hash}"
        body = Fields.of(payload)
        return body.object("event").key("id") if _is_webhook(body, delivery.path) else None

    def verify(self, integration: Integration, secrets: Secrets, delivery: Delivery, tools: Tools) -> bool:
        """Check the signature of a webhook. At the doors of the Events API, and without a secret, the key decides."""
        valid = secrets.valid(SECRET)
        if not valid or delivery.path in (EVENT_DOOR, CHANGE_DOOR):
            return False
        given = [signature.strip() for signature in delivery.header(SIGNATURE_HEADER).split(",")]
        require_match(given, [f"v1={hmac_hex(secret, delivery.body)}" for secret in valid])
        return True

    def sign(self, secrets: Secrets, delivery: Delivery, now: datetime) -> Delivery:
        """Sign the body of a webhook."""
        signature = f"v1={hmac_hex(secrets.current(SECRET), delivery.body)}"
        return attrs.evolve(delivery, headers={**delivery.headers, SIGNATURE_HEADER: signature})

    def parse(self, integration: Integration, payload: Any, delivery: Delivery) -> Parsed:
        """Return what one event, or one pulled incident, says. Raises UnreadableDelivery that names the field."""
        body = Fields.of(payload)
        if delivery.path == INCIDENTS:
            return read_incident(body, integration, delivery.received_at)
        if _is_webhook(body, delivery.path):
            return read_webhook(body.object("event"), integration, delivery.received_at)
        return read_event(body, integration, delivery)

    def samples(self, now: datetime) -> Sequence[Sample]:
        """An event with its acknowledgement and its end, a change event, and an incident with its end as webhooks."""
        return samples(now)

    def pull(self, integration: Integration, secrets: Secrets, cursor: Mapping[str, Any], tools: Tools) -> Pulled:
        """Ask for the incidents that are open, and for those that were resolved since."""
        return pulled(integration, secrets, cursor, tools)

    def check(self, integration: Integration, secrets: Secrets, tools: Tools) -> str:
        """Ask for an incident, where a token is set."""
        return answers(integration, secrets, tools)


def _is_webhook(body: Fields, path: str) -> bool:
    if path in (CHANGE_DOOR, EVENT_DOOR) or not isinstance(body.values.get("event"), dict):
        return False
    return not any(body.values.get(name) for name in ("event_action", *CREDENTIALS))


@hookimpl
def sre_copilot_integrations() -> list[IntegrationPlugin]:
    """Register the integration type `pagerduty`."""
    return [PagerDuty()]
