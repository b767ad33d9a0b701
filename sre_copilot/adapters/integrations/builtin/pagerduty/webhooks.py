"""V3 webhooks: what PagerDuty tells of its incidents.

An incident is triggered, acknowledged, resolved or reopened, or its priority changed, which may make it worse; everything
else is passed over. Its start is stated, so only a resolve ends it, and a reopening is a start of its own.
"""

from datetime import datetime

import attrs

from sre_copilot.adapters.integrations.builtin.pagerduty.incidents import described, key_of
from sre_copilot.domain.deliveries import Acknowledgement, Parsed
from sre_copilot.domain.integrations import Integration
from sre_copilot.domain.payloads import Fields
from sre_copilot.domain.signals import SignalStatus

FIRING_EVENTS = frozenset({"incident.triggered", "incident.reopened", "incident.priority_updated"})
READ_EVENTS = FIRING_EVENTS | {"incident.acknowledged", "incident.resolved"}


def read_webhook(event: Fields, integration: Integration, received_at: datetime) -> Parsed:
    """Return what one event says of an incident. Raises UnreadableDelivery that names the field."""
    word = event.required("event_type")
    data = event.object("data")
    # The priority of what is over makes nothing worse.
    if word not in READ_EVENTS or (word == "incident.priority_updated" and data.text("status") == "resolved"):
        return Parsed()
    if word == "incident.acknowledged":
        by = event.object("agent").loose("summary")
        return Parsed(acknowledgements=(Acknowledgement(vendor_key=key_of(data), by=by),))
    draft = attrs.evolve(described(data, integration), raw=event.values)
    happened_at = event.time("occurred_at", received_at)
    created_at = data.time("created_at", received_at)
    if word == "incident.resolved":
        # Names no start, because the last may be a reopening: it ends the run that there is.
        return Parsed(drafts=(attrs.evolve(draft, status=SignalStatus.RESOLVED, occurred_at=happened_at),))
    reopened_at = happened_at and happened_at.replace(microsecond=0)  # what is pulled knows whole seconds
    started_at = reopened_at if word == "incident.reopened" else created_at
    return Parsed(drafts=(attrs.evolve(draft, occurred_at=started_at or happened_at, episode_started_at=started_at),))
