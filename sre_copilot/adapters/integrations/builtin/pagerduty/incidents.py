"""PagerDuty's incidents, as its webhooks and its REST API both describe them."""

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
INCIDENTS = "/incidents"
"""The path of what was pulled: one incident, as `{"incident": {...}}`."""


def read_incident(body: Fields, integration: Integration, received_at: datetime) -> Parsed:
    """Return what a pulled incident says. Raises UnreadableDelivery that names the field.

    It says that it fires or fired, so that one which came and went between two polls isn't lost, and besides that it is
    acknowledged or over. `reopened_at` is when its present run began, where that isn't its creation.
    """
    incident = body.object("incident")
    status = incident.required("status")
    if status not in ("triggered", "acknowledged", "resolved"):
        raise wrong(incident.at("status"), 'must be "triggered", "acknowledged" or "resolved"')
    start = body.time("reopened_at", received_at) or incident.time("created_at", received_at)
    draft = attrs.evolve(described(incident, integration), raw=body.values)
    firing = attrs.evolve(draft, occurred_at=start, episode_started_at=start)
    if status == "triggered":
        return Parsed(drafts=(firing,))
    if status == "acknowledged":
        word = Acknowledgement(vendor_key=key_of(incident), by=_acknowledger(incident))
        return Parsed(drafts=(firing,), acknowledgements=(word,))
    ended_at = incident.time("resolved_at", received_at) or incident.time("last_status_change_at", received_at)
    return Parsed(drafts=(firing, attrs.evolve(draft, status=SignalStatus.RESOLVED, occurred_at=ended_at)))


def described(incident: Fields, integration: Integration) -> SignalDraft:
    """Return what an incident is, without when. Raises UnreadableDelivery that names the field."""
    urgency, priority = incident.text("urgency"), incident.object("priority").text("summary")
    names = {name: incident.object(name).loose("summary") for name in ("service", "escalation_policy")}
    known = PRIORITIES if priority.strip() else URGENCIES
    title = incident.loose("title") or "PagerDuty incident"
    return SignalDraft(
        vendor_key=key_of(incident),
        severity=known.get((priority.strip() or urgency).lower(), Severity.MEDIUM),
        severity_word=priority or urgency,
        service=names["service"].strip() or UNKNOWN_SERVICE,
        environment=integration.environment_of(""),
        name=title,
        title=title,
        labels={name: value for name, value in names.items() if value},
        links=web_links(incident.values.get("html_url")),
    )


def key_of(incident: Fields) -> str:
    """Return what names the series. Raises UnreadableDelivery where there is neither a key nor an id."""
    key = incident.key("incident_key") or incident.key("id")
    if key is None:
        raise wrong(incident.at("id"), "is missing")
    return key


def _acknowledger(incident: Fields) -> str:
    given = incident.values.get("acknowledgements")
    last = given[-1] if isinstance(given, list) and given else None
    who = last.get("acknowledger") if isinstance(last, dict) else None
    return Fields(who).loose("summary") if isinstance(who, dict) else ""
