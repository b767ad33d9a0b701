"""What events mean: alerts, their ends, and changes."""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import attrs

from sre_copilot.adapters.integrations.builtin.kubernetes.events import APPENDED, Event, events
from sre_copilot.domain.deliveries import LATEST_AHEAD
from sre_copilot.domain.integrations import Integration, Setting, SettingKind
from sre_copilot.domain.patterns import name_matches
from sre_copilot.domain.payloads import joined_key
from sre_copilot.domain.repositories import ENVIRONMENT
from sre_copilot.domain.signals import ChangeDetails, Severity, SignalDraft, SignalStatus, SignalType

SEVERITIES: Mapping[str, Severity] = {
    **dict.fromkeys(("BackOff", "CrashLoopBackOff", "OOMKilling", "OOMKilled", "SystemOOM"), Severity.HIGH),
    **dict.fromkeys(("NodeNotReady", "NetworkNotReady", "KernelOops", "TaskHung", "KernelDeadlock"), Severity.HIGH),
    **dict.fromkeys(("Unhealthy", "Preempted", "DNSConfigForming", "FailedGetResourceMetric"), Severity.LOW),
}
"""Reason of an alert -> ours. Every other warning is medium: Kubernetes has one word for all of them."""
ENDS: Mapping[str, str] = {
    "NodeReady": "NodeNotReady",
    "NodeHasNoDiskPressure": "NodeHasDiskPressure",
    "NodeHasSufficientMemory": "NodeHasInsufficientMemory",
    "NodeHasSufficientPID": "NodeHasInsufficientPID",
}
"""Reason -> the reason whose alert it ends. These alerts are of type Normal, and don't expire."""
TROUBLES = frozenset({*SEVERITIES, *ENDS.values()})
CHANGES: Mapping[str, str] = {
    "ScalingReplicaSet": "scale",
    "SuccessfulRescale": "scale",
    "NodeNotSchedulable": "config",
    "NodeSchedulable": "config",
}
"""Reason of a change -> its kind. A replica set that is scaled up from nothing is a rollout, and so a deploy."""
SEVERAL_TROUBLES = frozenset({"BackOff", "Failed", "Unhealthy", "FailedMount", "FailedCreate"})
"""Reasons that only the message tells apart, such as a failing readiness and a failing liveness probe."""
MOST_TOLD = 300
"""Characters of a message that can tell troubles apart."""
ENVIRONMENT_LABELS = ("environment", "env")
IGNORED = Setting(name="ignored_reasons", help="Reasons that say nothing here.", kind=SettingKind.LIST, default=())
QUIET = Setting(
    name="quiet_minutes",
    help="An alert without an event for so many minutes is over, 1 to 720.",
    kind=SettingKind.NUMBER,
    default=60,
)
PULLS = Setting(
    name="image_pulls",
    help="Also take the pull of an image as a change. It tells versions, but restarts pull too.",
    kind=SettingKind.FLAG,
    default=False,
)

_SCALED = re.compile(r"Scaled (up|down) replica set (\S+) (?:from (\d+) )?to (\d+)")
_PULLED = re.compile(r'Successfully pulled image "([^"]+)"')
_VARYING = re.compile(r'"[^"]*"|\S*\d\S*')


SETTINGS = (IGNORED, QUIET, PULLS, ENVIRONMENT)


def signals(payload: Any, integration: Integration, received_at: datetime) -> tuple[SignalDraft, ...]:
    """Return the signals of the events in a body. Raises UnreadableDelivery that names the event and its field."""
    ignored = integration.listed(IGNORED)
    read = (Event.of(found, received_at) for found in events(payload))
    drafts = (_draft(event, integration) for event in read if not name_matches(ignored, event.reason))
    return tuple(draft for draft in drafts if draft is not None)


def _draft(event: Event, integration: Integration) -> SignalDraft | None:
    if event.reason in ENDS:
        return _alert(event, integration, ENDS[event.reason], SignalStatus.RESOLVED)
    if event.fields.text("type") == "Warning" or event.reason in TROUBLES:
        return _alert(event, integration, event.reason, SignalStatus.FIRING)
    scaled, pulled = _SCALED.match(event.message), _PULLED.match(event.message)
    if event.reason == "ScalingReplicaSet" and scaled:
        replica_set = APPENDED["ReplicaSet"].fullmatch(scaled[2])
        if scaled[1] == "up" and scaled[3] in (None, "0"):
            return _change(event, integration, "deploy", replica_set[2] if replica_set else scaled[2])
    if event.reason == "Pulled" and pulled and integration.settings.get(PULLS.name) is True:
        image = pulled[1].rpartition("/")[2].partition("@")[0]
        return _change(event, integration, "deploy", image.partition(":")[2] or image)
    return _change(event, integration, CHANGES[event.reason]) if event.reason in CHANGES else None


def _alert(event: Event, integration: Integration, reason: str, status: SignalStatus) -> SignalDraft:
    is_firing, lasts = status is SignalStatus.FIRING, reason in ENDS.values()
    at, expires_at, quiet = event.last, None, _quiet(integration)
    if is_firing and not lasts and event.began and event.last:
        # One Event object may count for days. What it counts within a quiet time of its first is still the same.
        at = event.began + (event.last - event.began) // quiet * quiet
        expires_at = min(event.last + quiet, event.received_at + LATEST_AHEAD)
    said = _VARYING.sub("*", event.message[:MOST_TOLD].partition(": ")[0])
    trouble = hashlib.sha256(f"{event.about.loose('fieldPath')} {said}".encode()).hexdigest()[:12]
    key = (*event.subject, reason, *([trouble] if reason in SEVERAL_TROUBLES else []))
    return attrs.evolve(
        _described(event, integration, reason),
        status=status,
        severity=SEVERITIES.get(reason, Severity.MEDIUM),
        severity_word=event.fields.text("type"),
        vendor_key=joined_key(*key),
        occurred_at=at,
        expires_at=expires_at,
    )


def _change(event: Event, integration: Integration, kind: str, version: str = "") -> SignalDraft:
    draft = _described(event, integration, event.reason)
    subject = event.subject if event.reason != "Pulled" else (event.about.text("namespace"), draft.service)
    summary = f"{draft.labels.get('kind', '')} {event.about.loose('name')}: {event.message}".strip()
    return attrs.evolve(
        draft,
        signal_type=SignalType.DEPLOY_EVENT if kind == "deploy" else SignalType.CONFIG_CHANGE,
        status=SignalStatus.MOMENT,
        severity=Severity.INFO,
        title=summary,
        vendor_key=joined_key(*subject, event.reason, version),
        occurred_at=event.last,
        change=ChangeDetails(kind=kind, summary=summary, version=version),
    )


def _described(event: Event, integration: Integration, reason: str) -> SignalDraft:
    """What alerts and changes have in common: which service, where, and what Kubernetes says."""
    about, labels = event.about, event.about.object("labels").scalars()
    namespace, kind, name = about.text("namespace"), about.text("kind"), about.text("name")
    # A namespace is an environment only where the integration's table says so.
    mapped = namespace if namespace.lower() in {word.lower() for word in integration.environments} else ""
    said = [labels.get(label, "") for label in ENVIRONMENT_LABELS]
    environment, word = integration.environment_among(mapped, *said, integration.text_of(ENVIRONMENT))
    told = {
        "reason": event.reason,
        "kind": kind,
        "namespace": namespace,
        "name": name,
        "cluster": event.fields.loose("clusterName"),
        "container": about.loose("fieldPath").partition("{")[2].rstrip("}"),
        "component": event.fields.object("source").loose("component") or event.fields.loose("reportingController"),
        "node": name if kind == "Node" else event.fields.object("source").loose("host"),
    }
    return SignalDraft(
        service=event.service(labels),
        environment=environment,
        environment_word=word,
        name=reason or "Kubernetes event",
        title=f"{kind} {name}: {event.reason}".strip(),
        description=event.message,
        labels={label: value for label, value in told.items() if value},
        raw=event.fields.values,
    )


def _quiet(integration: Integration) -> timedelta:
    minutes = integration.settings.get(QUIET.name)
    return timedelta(minutes=min(max(minutes if type(minutes) is int else 60, 1), 720))
