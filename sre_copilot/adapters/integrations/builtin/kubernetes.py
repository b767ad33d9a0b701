"""Kubernetes: Event objects of `v1` and `events.k8s.io/v1`, one, a list or as a watch wraps them.

Warnings, and some events that are bad news although their type is Normal, are alerts; rollouts, scaling and cordoned
nodes are changes; the rest of the normal ones says nothing here, and neither do other objects and deleted events.

An alert's identity is the object, the reason, and where one reason covers different troubles a hash of what the message
says besides numbers and quotations. When something happens again, Kubernetes counts it in the same Event object: that
moves the expiry and is no new signal. Nobody tells the end, except for a node's conditions, so other alerts expire when
nothing was heard of them for `quiet_minutes`. An event that comes again is known by series, status and time.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs

from sre_copilot.domain.deliveries import LATEST_AHEAD, Delivery, Parsed, Sample
from sre_copilot.domain.integrations import Integration, Setting, SettingKind
from sre_copilot.domain.patterns import name_matches
from sre_copilot.domain.payloads import Fields, joined_key, wrong
from sre_copilot.domain.repositories import ENVIRONMENT
from sre_copilot.domain.signals import UNKNOWN_SERVICE, ChangeDetails, Severity, SignalDraft, SignalStatus, SignalType
from sre_copilot.domain.text import NAME_LENGTH
from sre_copilot.hookspecs import IntegrationPlugin, hookimpl

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
SERVICE_LABELS = ("app.kubernetes.io/name", "app_kubernetes_io/name", "app", "k8s-app", "service")
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
# Kubernetes makes generated names of letters that form no words.
_GENERATED = r"[bcdfghjklmnpqrstvwxz2456789]"
APPENDED: Mapping[str, re.Pattern[str]] = {
    "Pod": re.compile(rf"(.+?)(?:-(?:{_GENERATED}{{8,10}}|\d{{8,10}}))?-(?:{_GENERATED}{{5}}|\d{{1,5}})"),
    "ReplicaSet": re.compile(rf"(.+)-({_GENERATED}{{8,10}})"),
    "Job": re.compile(r"(.+)-\d{8,10}"),
}
"""Kind -> the name of a thing, and what Kubernetes appended to it to name one of its objects."""
_VARYING = re.compile(r'"[^"]*"|\S*\d\S*')


@attrs.frozen
class Kubernetes:
    """Reads events."""

    type: str = "kubernetes"
    title: str = "Kubernetes events"
    settings: tuple[Setting, ...] = (IGNORED, QUIET, PULLS, ENVIRONMENT)

    def parse(self, integration: Integration, payload: Any, delivery: Delivery) -> Parsed:
        """Return the signals of the events. Raises UnreadableDelivery that names the event and its field."""
        ignored = integration.listed(IGNORED)
        events = (_Event.of(item, delivery.received_at) for item in _events(payload))
        drafts = (_draft(event, integration) for event in events if not name_matches(ignored, event.reason))
        return Parsed(drafts=tuple(draft for draft in drafts if draft is not None))

    def samples(self, now: datetime) -> Sequence[Sample]:
        """A node that is lost and comes back, a container that keeps crashing, and a rollout that a watch saw."""
        began, ended = (f"{now - timedelta(minutes=ago):%Y-%m-%dT%H:%M:%SZ}" for ago in (15, 5))
        node = {"kind": "Node", "name": "worker-3", "uid": "worker-3", "apiVersion": "v1"}
        pod = {"kind": "Pod", "namespace": "shop", "name": "checkout-7d4b9c6f5b-x2x9z", "uid": "6cf7d2a4-2a3b-4a57"}
        deployment = {"kind": "Deployment", "namespace": "shop", "name": "checkout", "uid": "90d1dd2c-2f0b-4ab5"}
        crash = "Back-off restarting failed container checkout in pod checkout-7d4b9c6f5b-x2x9z_shop"
        rollout = "Scaled up replica set checkout-7d4b9c6f5b from 0 to 1"
        bodies = {
            "firing": _sample_event(node, "NodeNotReady", "Node worker-3 status is now: NodeNotReady", began),
            "resolved": _sample_event(node, "NodeReady", "Node worker-3 status is now: NodeReady", ended),
            "crash": {**_sample_event(pod, "BackOff", crash, began), "type": "Warning", "count": 14},
            "change": {"type": "ADDED", "object": _sample_event(deployment, "ScalingReplicaSet", rollout, began)},
        }
        return tuple(
            Sample(name=name, body=json.dumps(body).encode(), resolves="firing" if name == "resolved" else "")
            for name, body in bodies.items()
        )


def _events(payload: Any) -> Iterable[Fields]:
    """The Event objects in a body, whatever wraps them."""
    if isinstance(payload, list):
        items = [Fields.of(item, f"[{place}]") for place, item in enumerate(payload)]
    else:
        body = Fields.of(payload)
        items = body.objects("items") if "items" in body.values else [body]
    for found in items:
        if isinstance(found.values.get("object"), dict):
            if found.values.get("type") not in ("ADDED", "MODIFIED"):
                continue
            found = found.object("object")
        if any(found.values.get(name) is not None for name in ("involvedObject", "regarding")):
            yield found
        elif found.values.get("kind") in (None, "Event"):
            raise wrong(found.at("involvedObject"), "is missing")


@attrs.frozen(kw_only=True)
class _Event:
    """An event as either version of the API has it. `last` is when it happened last."""

    fields: Fields
    about: Fields
    reason: str
    message: str
    began: datetime | None
    last: datetime | None
    received_at: datetime

    @classmethod
    def of(cls, event: Fields, received_at: datetime) -> "_Event":
        """Read one. Raises UnreadableDelivery where what decides its identity or time has a wrong type."""
        is_old, series = event.values.get("involvedObject") is not None, event.object("series")
        firsts = ("firstTimestamp", "deprecatedFirstTimestamp", "eventTime")
        told = [event.time(name, received_at) for name in firsts]
        told.append(event.object("metadata").time("creationTimestamp", received_at))
        began = next((moment for moment in told if moment is not None), None)
        again = [event.time(name, received_at) for name in ("lastTimestamp", "deprecatedLastTimestamp")]
        again += [series.time("lastObservedTime", received_at), began]
        return cls(
            fields=event,
            about=event.object("involvedObject" if is_old else "regarding"),
            reason=event.text("reason").strip(),
            message=event.loose("message" if is_old else "note"),
            began=began,
            last=max((moment for moment in again if moment is not None), default=None),
            received_at=received_at,
        )

    @property
    def subject(self) -> tuple[str, ...]:
        """What it is about, as identity: the uid, but a node's name, as its reporters don't agree about its uid."""
        kind, name, uid = self.about.text("kind"), self.about.text("name"), self.about.text("uid")
        if uid and kind != "Node":
            return (uid,)
        if not name:
            raise wrong(self.about.at("name"), "is missing")
        return (self.fields.text("clusterName"), kind, self.about.text("namespace"), name)


def _draft(event: _Event, integration: Integration) -> SignalDraft | None:
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


def _alert(event: _Event, integration: Integration, reason: str, status: SignalStatus) -> SignalDraft:
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


def _change(event: _Event, integration: Integration, kind: str, version: str = "") -> SignalDraft:
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


def _described(event: _Event, integration: Integration, reason: str) -> SignalDraft:
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
        service=_service(event, labels),
        environment=environment,
        environment_word=word,
        name=reason or "Kubernetes event",
        title=f"{kind} {name}: {event.reason}".strip(),
        description=event.message,
        labels={label: value for label, value in told.items() if value},
        raw=event.fields.values,
    )


def _service(event: _Event, labels: Mapping[str, str]) -> str:
    """What labels say, else the owner's name, else the object's own, without what Kubernetes appended to it."""
    about = event.about
    if found := next((labels[name] for name in SERVICE_LABELS if labels.get(name, "").strip()), ""):
        return found.strip()
    owners = about.values.get("ownerReferences")
    owner = owners[0] if isinstance(owners, list) and owners and isinstance(owners[0], dict) else about.values
    kind, name = Fields(owner).loose("kind"), Fields(owner).loose("name")
    appended = APPENDED.get(kind)
    match = appended.fullmatch(name) if appended and len(name) <= NAME_LENGTH else None
    return UNKNOWN_SERVICE if kind == "Node" else (match[1] if match else name.strip()) or UNKNOWN_SERVICE


def _quiet(integration: Integration) -> timedelta:
    minutes = integration.settings.get(QUIET.name)
    return timedelta(minutes=min(max(minutes if type(minutes) is int else 60, 1), 720))


def _sample_event(about: Mapping[str, str], reason: str, message: str, at: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{about['name']}.17a3b2c4d5e6f708", "namespace": about.get("namespace", "default")},
        "involvedObject": about,
        "reason": reason,
        "message": message,
        "firstTimestamp": at,
        "lastTimestamp": at,
        "count": 1,
        "type": "Normal",
    }


@hookimpl
def sre_copilot_integrations() -> list[IntegrationPlugin]:
    """Register the integration type `kubernetes`."""
    return [Kubernetes()]
