"""V3 webhooks: what PagerDuty tells of its incidents.

An incident is triggered, acknowledged, resolved or reopened, or its priority changed, which may make it worse; everything
else is passed over. Its start is stated, so only a resolve ends it, and a reopening is a start of its own.
"""

from collections.abc import Mapping
from datetime import datetime

import attrs

from sre_copilot.domain.deliveries import Acknowledgement, Parsed
from sre_copilot.domain.integrations import Integration
from sre_copilot.domain.payloads import Fields, web_links, wrong
from sre_copilot.domain.signals import UNKNOWN_SERVICE, Severity, SignalDraft, SignalStatus

PRIORITIES: Mapping[str, Severity] = {
    name: severity for rank, severity in enumerate(Severity, 1) for name in (f"p{rank}", f"sev{rank}", f"sev-{rank}")
}
"""The usual names of an incident's priority, in lower case -> ours. Every other name is medium."""
URGENCIES: Mapping[str, Severity] = {"high": Severity.HIGH, "low": Severity.LOW}
"""The urgency of an incident without a priority -> ours."""
FIRING_EVENTS = frozenset({"incident.triggered", "incident.reopened", "incident.priority_updated"})
READ_EVENTS = FIRING_EVENTS | {"incident.acknowledged", "incident.resolved"}


def read_webhook(event: Fields, integration: Integration, received_at: datetime) -> Parsed:
    """Return what one event says of an incident. Raises UnreadableDelivery that names the field."""
    word = event.required("event_type")
    data = event.object("data")
    # The priority of what is over makes nothing worse.
    if word not in READ_EVENTS or (word == "incident.priority_updated" and data.text("status") == "resolved"):
        return Parsed()
    key = data.key("incident_key") or data.key("id")
    if key is None:
        raise wrong(data.at("id"), "is missing")
    if word == "incident.acknowledged":
        return Parsed(acknowledgements=(Acknowledgement(vendor_key=key, by=event.object("agent").loose("summary")),))
    happened_at = event.time("occurred_at", received_at)
    created_at = data.time("created_at", received_at)
    draft = attrs.evolve(_incident(data, integration), vendor_key=key, raw=event.values)
    if word == "incident.resolved":
        # Names no start, because the last may be a reopening: it ends the run that there is.
        return Parsed(drafts=(attrs.evolve(draft, status=SignalStatus.RESOLVED, occurred_at=happened_at),))
    started_at = happened_at if word == "incident.reopened" else created_at
    return Parsed(drafts=(attrs.evolve(draft, occurred_at=started_at or happened_at, episode_started_at=started_at),))


def _incident(data: Fields, integration: Integration) -> SignalDraft:
    urgency, priority = data.text("urgency"), data.object("priority").text("summary")
    names = {name: data.object(name).loose("summary") for name in ("service", "escalation_policy")}
    known = PRIORITIES if priority.strip() else URGENCIES
    title = data.loose("title") or "PagerDuty incident"
    return SignalDraft(
        severity=known.get((priority.strip() or urgency).lower(), Severity.MEDIUM),
        severity_word=priority or urgency,
        service=names["service"].strip() or UNKNOWN_SERVICE,
        environment=integration.environment_of(""),
        name=title,
        title=title,
        labels={name: value for name, value in names.items() if value},
        links=web_links(data.values.get("html_url")),
    )
