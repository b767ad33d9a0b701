"""Event objects of both versions of the API, whatever wraps them, and whose they are."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import attrs

from sre_copilot.domain.payloads import Fields, wrong
from sre_copilot.domain.signals import UNKNOWN_SERVICE
from sre_copilot.domain.text import NAME_LENGTH

SERVICE_LABELS = ("app.kubernetes.io/name", "app_kubernetes_io/name", "app", "k8s-app", "service")
# Kubernetes makes generated names of letters that form no words.
_GENERATED = r"[bcdfghjklmnpqrstvwxz2456789]"
APPENDED: Mapping[str, re.Pattern[str]] = {
    "Pod": re.compile(rf"(.+?)(?:-(?:{_GENERATED}{{8,10}}|\d{{8,10}}))?-(?:{_GENERATED}{{5}}|\d{{1,5}})"),
    "ReplicaSet": re.compile(rf"(.+)-({_GENERATED}{{8,10}})"),
    "Job": re.compile(r"(.+)-\d{8,10}"),
}
"""Kind -> the name of a thing, and what Kubernetes appended to it to name one of its objects."""


def events(payload: Any) -> Iterable[Fields]:
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
class Event:
    """An event as either version of the API has it. `last` is when it happened last."""

    fields: Fields
    about: Fields
    reason: str
    message: str
    began: datetime | None
    last: datetime | None
    received_at: datetime

    @classmethod
    def of(cls, event: Fields, received_at: datetime) -> "Event":
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

    def service(self, labels: Mapping[str, str]) -> str:
        """What labels say, else the owner's name, else the object's own, without what Kubernetes appended to it."""
        about = self.about
        if found := next((labels[name] for name in SERVICE_LABELS if labels.get(name, "").strip()), ""):
            return found.strip()
        owners = about.values.get("ownerReferences")
        owner = owners[0] if isinstance(owners, list) and owners and isinstance(owners[0], dict) else about.values
        kind, name = Fields(owner).loose("kind"), Fields(owner).loose("name")
        appended = APPENDED.get(kind)
        match = appended.fullmatch(name) if appended and len(name) <= NAME_LENGTH else None
        return UNKNOWN_SERVICE if kind == "Node" else (match[1] if match else name.strip()) or UNKNOWN_SERVICE
