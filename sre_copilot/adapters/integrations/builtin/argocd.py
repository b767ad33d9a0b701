"""Argo CD: what its notifications say, by the templates that our documentation publishes.

    {"event", "app", "uid"?, "namespace"?, "project"?, "destination"?, "labels"?: {}, "sync"?, "health"?, "health_since"?,
     "health_message"?, "phase"?, "revision"?, "started_at"?, "finished_at"?, "message"?, "author"?, "images"?: [],
     "repository"?, "url"?}

`event` is the name of the trigger. Syncs are changes: all that is told of one revision of an application is one series,
so that `on-deployed` and `on-sync-succeeded` at the same time count once. Bad health (`on-health-degraded`) and a state
that Argo CD can't tell (`on-sync-status-unknown`) are alerts that `on-health-recovered` and `on-sync-status-known` end.
Other triggers say nothing here. The text is the user's own template, so that what Go writes for a missing value
(`<no value>`) counts as missing everywhere. Argo CD names no deliveries; one that it repeats is known by series, status
and time.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs

from sre_copilot.domain.deliveries import Delivery, Parsed, Sample
from sre_copilot.domain.integrations import Integration
from sre_copilot.domain.payloads import Fields, joined_key, readable_time, texts, web_links
from sre_copilot.domain.signals import UNKNOWN_SERVICE, ChangeDetails, Severity, SignalDraft, SignalStatus, SignalType
from sre_copilot.hookspecs import IntegrationPlugin, hookimpl

SEVERITIES: Mapping[str, Severity] = {
    "degraded": Severity.HIGH,
    "missing": Severity.HIGH,
    "suspended": Severity.LOW,
    "progressing": Severity.LOW,
    "healthy": Severity.INFO,
}
"""Argo CD's words for health, in lower case -> ours, for alerts. Every other word is medium."""
SERVICE_LABELS = ("service", "app.kubernetes.io/name", "app")
ENVIRONMENT_LABELS = ("environment", "env", "app.kubernetes.io/environment")
SYNCS: Mapping[str, tuple[str, str]] = {
    "on-deployed": ("deployed", "finished_at"),
    "on-sync-succeeded": ("synced", "finished_at"),
    "on-sync-failed": ("sync failed", "finished_at"),
    "on-sync-running": ("sync started", "started_at"),
}
"""Trigger -> how it is told, and the field that has its time."""
FAILED = frozenset({"on-sync-failed"})
ALERTS: Mapping[str, tuple[str, SignalStatus]] = {
    "on-health-degraded": ("health", SignalStatus.FIRING),
    "on-health-recovered": ("health", SignalStatus.RESOLVED),
    "on-sync-status-unknown": ("sync status", SignalStatus.FIRING),
    "on-sync-status-known": ("sync status", SignalStatus.RESOLVED),
}
"""Trigger -> what the alert is about, and whether it fires or has ended."""
LIVES: Mapping[str, str] = {"on-created": "created", "on-deleted": "deleted"}
"""Trigger -> what became of the application as a whole."""

_MISSING = re.compile(r"<no value>|<nil>|null|\{\{.*\}\}", re.DOTALL)
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.ASCII)
ABBREVIATED = 7


@attrs.frozen
class ArgoCD:
    """Reads notifications about applications."""

    type: str = "argocd"
    title: str = "Argo CD"
    takes_templates: bool = True

    def parse(self, integration: Integration, payload: Any, delivery: Delivery) -> Parsed:
        """Return the change or alert. Raises UnreadableDelivery that names the field."""
        message = Fields.of(payload)
        trigger = message.required("event").strip()
        read = next((read for triggers, read in READERS if trigger in triggers), None)
        if read is None:
            return Parsed()
        return Parsed(drafts=(read(trigger, _App.of(message, integration), delivery.received_at),))

    def samples(self, now: datetime) -> Sequence[Sample]:
        """An application whose health gets bad and recovers, a deploy, and a sync that failed."""
        began, ended = (f"{now - timedelta(minutes=ago):%Y-%m-%dT%H:%M:%SZ}" for ago in (15, 12))
        app = {
            "app": "checkout",
            "uid": "0c2f6f4d-50a8-4f0f-8a0c-3f7a4f6d1f5e",
            "namespace": "argocd",
            "project": "shop",
            "destination": "shop",
            "labels": {"environment": "production"},
            "revision": "5be2a07c1f0c6f1f36a2f7bd1cf5ae2b28d5f7c3",
            "started_at": began,
            "finished_at": ended,
            "images": ["registry.example/checkout:1.42.0"],
            "url": "https://argocd.example/applications/argocd/checkout",
        }
        degraded = {"event": "on-health-degraded", "health": "Degraded", "health_since": began}
        recovered = {"event": "on-health-recovered", "health": "Healthy", "health_since": ended}
        deployed = {"event": "on-deployed", "sync": "Synced", "health": "Healthy", "phase": "Succeeded"}
        failed = {"event": "on-sync-failed", "phase": "Failed", "message": "one or more objects failed to apply"}
        return (
            _sample("firing", {**app, **degraded}),
            _sample("resolved", {**app, **recovered}, resolves="firing"),
            _sample("change", {**app, **deployed}),
            _sample("failed", {**app, **failed}),
        )


@attrs.frozen(kw_only=True)
class _App:
    """An application as a message tells of it."""

    message: Fields
    integration: Integration
    name: str
    key: str
    labels: Mapping[str, str]
    version: str
    revision: str

    @classmethod
    def of(cls, message: Fields, integration: Integration) -> "_App":
        """Return what every message has. Raises UnreadableDelivery without a name."""
        name = message.required("app").strip()
        labels = message.object("labels").scalars()
        revision, images = _word(message, "revision"), texts(message.values.get("images"))
        # Several images are several versions, and none of them is the application's.
        tag = images[0].partition("@")[0].rpartition("/")[2].partition(":")[2] if len(images) == 1 else ""
        return cls(
            message=message,
            integration=integration,
            name=name,
            key=_word(message, "uid") or joined_key(_word(message, "namespace"), name),
            labels=labels,
            version=tag or (revision[:ABBREVIATED] if _COMMIT.fullmatch(revision) else revision),
            revision=revision,
        )

    def signal(self, status: SignalStatus, series: tuple[str, ...], title: str, at: datetime | None) -> SignalDraft:
        """Return what all signals about it have in common."""
        message = self.message
        said = {
            name: _word(message, name) for name in ("namespace", "project", "destination", "sync", "health", "phase")
        }
        labelled = [self.labels.get(name, "") for name in ENVIRONMENT_LABELS]
        environment, word = self.integration.environment_among(*labelled, said["destination"])
        service = next((found for name in SERVICE_LABELS if (found := self.labels.get(name, "").strip())), self.name)
        return SignalDraft(
            status=status,
            service=service or UNKNOWN_SERVICE,
            environment=environment,
            environment_word=word,
            name=title,
            title=f"{self.name}: {title}",
            labels={"app": self.name, **self.labels, **{name: value for name, value in said.items() if value}},
            vendor_key=joined_key(*series),
            occurred_at=at,
            links=web_links(message.values.get("url")),
            raw=message.values,
        )

    def change(self, draft: SignalDraft, kind: SignalType, text: str = "") -> SignalDraft:
        """Return a signal as a change of this application."""
        details = ChangeDetails(
            kind="deploy" if kind is SignalType.DEPLOY_EVENT else "config",
            summary=f"{self.name} {self.version} {draft.name}" if self.version else draft.title,
            version=self.version,
            author=_word(self.message, "author"),
            commit=self.revision if _COMMIT.fullmatch(self.revision) else "",
            text=text,
            links=draft.links,
        )
        return attrs.evolve(
            draft, signal_type=kind, severity=Severity.INFO, title=details.summary, description=text, change=details
        )


def _sync(trigger: str, app: _App, received_at: datetime) -> SignalDraft:
    told, field = SYNCS[trigger]
    at = _time(app.message, field, received_at)
    draft = app.signal(SignalStatus.MOMENT, ("sync", app.key, app.revision), told, at)
    change = app.change(draft, SignalType.DEPLOY_EVENT, _word(app.message, "message"))
    severity = Severity.LOW if trigger in FAILED else Severity.INFO
    return attrs.evolve(change, severity=severity, severity_word=_word(app.message, "phase"))


def _alert(trigger: str, app: _App, received_at: datetime) -> SignalDraft:
    about, status = ALERTS[trigger]
    is_health = about == "health"
    word = _word(app.message, "health" if is_health else "sync")
    at = _time(app.message, "health_since", received_at) if is_health else None
    draft = app.signal(status, (about, app.key), f"{about} is {word}" if word else about, at)
    return attrs.evolve(
        draft,
        name=f"Argo CD {about}",
        description=_word(app.message, "health_message" if is_health else "message"),
        severity=SEVERITIES.get(word.lower(), Severity.MEDIUM),
        severity_word=word,
    )


def _life(trigger: str, app: _App, received_at: datetime) -> SignalDraft:
    draft = app.signal(SignalStatus.MOMENT, (trigger, app.key), f"application {LIVES[trigger]}", None)
    return app.change(draft, SignalType.CONFIG_CHANGE)


READERS: tuple[tuple[Mapping[str, object], Callable[[str, _App, datetime], SignalDraft]], ...] = (
    (SYNCS, _sync),
    (ALERTS, _alert),
    (LIVES, _life),
)


def _word(message: Fields, name: str) -> str:
    """A text in which the template may have had no value to put."""
    word = message.text(name).strip()
    return "" if _MISSING.fullmatch(word) else word


def _time(message: Fields, name: str, received_at: datetime) -> datetime | None:
    word = _word(message, name)
    return readable_time(message.at(name), word, received_at) if word else None


def _sample(name: str, body: Mapping[str, Any], resolves: str = "") -> Sample:
    return Sample(name=name, body=json.dumps(body).encode(), resolves=resolves)


@hookimpl
def sre_copilot_integrations() -> list[IntegrationPlugin]:
    """Register the integration type `argocd`."""
    return [ArgoCD()]
