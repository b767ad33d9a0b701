"""The generic integration: one signal or a list, in our own words, for senders that have no plugin.

    {"dedup_key"?, "title", "description"?, "type"?, "severity"?, "status"?: "firing" | "resolved", "service"?,
     "environment"?, "occurred_at"?, "labels"?: {}, "links"?: [], "source"?, "id"?, "paths"?: []}

A change says in its `description` what was changed (message, diff) and in `paths` which files. `id` names the event and
`dedup_key` the series. Without a key the series is told by title, service, source and labels,
so a resolve has to repeat them. The header `webhook-id` names the delivery as a whole.

Deliveries are signed after the Standard Webhooks specification (standardwebhooks.com, symmetric signatures `v1`), or
show the integration's key where it is set to accept that.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs

from sre_copilot.domain.deliveries import Delivery, Parsed, Sample
from sre_copilot.domain.integrations import Integration, Secrets, Setting, SettingKind
from sre_copilot.domain.payloads import Fields, texts, web_links, wrong
from sre_copilot.domain.signals import (
    UNKNOWN_SERVICE,
    ChangeDetails,
    Severity,
    SignalDraft,
    SignalStatus,
    SignalType,
)
from sre_copilot.domain.signatures import require_fresh, require_match, standard_webhook
from sre_copilot.hookspecs import IntegrationPlugin, Tools, hookimpl

SEVERITIES: Mapping[str, Severity] = {
    **{ours.value: ours for ours in Severity},
    "error": Severity.HIGH,
    "warning": Severity.MEDIUM,
}
"""Our five words and the two that most tools have besides. Every other word is medium."""
SECRET = "signing_secret"
MOST_PATHS = 1_000
SETTINGS = (
    Setting(
        name=SECRET,
        help="The secret that senders sign with, after the Standard Webhooks specification.",
        secret=True,
        generated="whsec_",
    ),
    Setting(
        name="accept_key",
        help="Also take deliveries without a signature that show the integration's key.",
        kind=SettingKind.FLAG,
        default=False,
    ),
)


@attrs.frozen
class Generic:
    """Reads signals in our own words."""

    type: str = "generic"
    title: str = "Generic webhook"
    heeds_429: bool = True
    settings: tuple[Setting, ...] = SETTINGS

    def verify(self, integration: Integration, secrets: Secrets, delivery: Delivery, tools: Tools) -> bool:
        """Check the signature; without one, and where the integration accepts it, the key decides."""
        signatures = delivery.header("webhook-signature").split()
        if not signatures and integration.settings.get("accept_key"):
            return False
        stamp = delivery.header("webhook-timestamp")
        if signatures:
            require_fresh(stamp, tools.now)
        require_match(signatures, _signatures(secrets.valid(SECRET), delivery, stamp))
        return True

    def sign(self, secrets: Secrets, delivery: Delivery, now: datetime) -> Delivery:
        """Sign as the specification says; the id is made of the body, so that the same body has the same id."""
        stamp = str(int(now.timestamp()))
        named = {"webhook-id": f"msg_{delivery.body_hash[:24]}", "webhook-timestamp": stamp, **delivery.headers}
        unsigned = attrs.evolve(delivery, headers=named)
        signature = " ".join(_signatures((secrets.current(SECRET),), unsigned, stamp))
        return attrs.evolve(unsigned, headers={**named, "webhook-signature": signature})

    def delivery_id(self, payload: Any, delivery: Delivery) -> str | None:
        """The header `webhook-id`."""
        return delivery.header("webhook-id").strip() or None

    def samples(self, now: datetime) -> Sequence[Sample]:
        """A deploy, and an alert that fires and ends."""
        alert = {"dedup_key": "sample-1", "title": "Checkout answers slowly", "service": "checkout", "severity": "high"}
        deploy = {"title": "Deploy checkout 1.42.0", "type": "deploy_event", "service": "checkout"}
        return (
            _sample("firing", {**alert, "occurred_at": (now - timedelta(minutes=10)).isoformat()}),
            _sample(
                "resolved",
                {**alert, "status": "resolved", "occurred_at": (now - timedelta(minutes=1)).isoformat()},
                resolves="firing",
            ),
            _sample("change", {**deploy, "occurred_at": (now - timedelta(minutes=15)).isoformat()}),
        )

    def parse(self, integration: Integration, payload: Any, delivery: Delivery) -> Parsed:
        """Return the signals. Raises UnreadableDelivery that names the signal and its field."""
        items = payload if isinstance(payload, list) else [payload]
        paths = [f"[{place}]" for place in range(len(items))] if isinstance(payload, list) else [""]
        signals = [Fields.of(item, path) for item, path in zip(items, paths, strict=True)]
        return Parsed(drafts=tuple(_draft(signal, integration, delivery.received_at) for signal in signals))


def _signatures(secrets: Sequence[str], delivery: Delivery, stamp: str) -> list[str]:
    """The right signatures, one per valid secret."""
    named = delivery.header("webhook-id")
    return [standard_webhook(secret, named, stamp, delivery.body) for secret in secrets]


def _sample(name: str, body: Mapping[str, Any], resolves: str = "") -> Sample:
    return Sample(name=name, body=json.dumps(body).encode(), resolves=resolves)


def _draft(signal: Fields, integration: Integration, received_at: datetime) -> SignalDraft:
    title = signal.required("title")
    description = signal.text("description")
    signal_type = _type(signal)
    status = _status(signal)
    service = signal.text("service").strip()
    source = signal.text("source")
    labels = signal.object("labels").all_texts()
    severity_word = signal.text("severity")
    environment_word = signal.text("environment")
    links = _links(signal)
    return SignalDraft(
        signal_type=signal_type,
        status=SignalStatus.MOMENT if signal_type.is_change else status,
        severity=_severity(severity_word, signal_type),
        severity_word=severity_word,
        service=service or UNKNOWN_SERVICE,
        environment=integration.environment_of(environment_word),
        environment_word=environment_word,
        name=title,
        title=title,
        description=description,
        labels={**({"source": source} if source else {}), **labels},
        identity=_identity({"title": title, "service": service, "source": source}, labels),
        vendor_key=signal.key("dedup_key"),
        vendor_id=signal.key("id"),
        occurred_at=signal.time("occurred_at", received_at),
        change=_change(signal_type, signal, labels, links) if signal_type.is_change else None,
        links=links,
        raw=signal.values,
    )


def _type(signal: Fields) -> SignalType:
    word = signal.text("type") or SignalType.ALERT.value
    if word not in list(SignalType):
        raise wrong(signal.at("type"), f"must be one of {', '.join(SignalType)}")
    return SignalType(word)


def _status(signal: Fields) -> SignalStatus:
    word = signal.text("status") or SignalStatus.FIRING.value
    if word not in ("firing", "resolved"):
        raise wrong(signal.at("status"), 'must be "firing" or "resolved"')
    return SignalStatus(word)


def _severity(word: str, signal_type: SignalType) -> Severity:
    if not word and signal_type.is_change:
        return Severity.INFO
    return SEVERITIES.get(word.strip().lower(), Severity.MEDIUM)


def _identity(told: Mapping[str, str], labels: Mapping[str, str]) -> dict[str, str]:
    """Fields and labels side by side; a prefix keeps a label `title` apart from the title."""
    return {
        **{name: value for name, value in told.items() if value},
        **{f"label:{name}": value for name, value in labels.items()},
    }


def _change(
    signal_type: SignalType, signal: Fields, labels: Mapping[str, str], links: tuple[str, ...]
) -> ChangeDetails:
    return ChangeDetails(
        kind="config" if signal_type is SignalType.CONFIG_CHANGE else "deploy",
        summary=signal.required("title"),
        version=labels.get("version", ""),
        previous_version=labels.get("previous_version", ""),
        author=labels.get("author", ""),
        commit=labels.get("commit", ""),
        text=signal.text("description"),
        paths=texts(signal.values.get("paths"))[:MOST_PATHS],
        links=links,
    )


def _links(signal: Fields) -> tuple[str, ...]:
    links = signal.values.get("links")
    return web_links(*links) if isinstance(links, list) else ()


@hookimpl
def sre_copilot_integrations() -> list[IntegrationPlugin]:
    """Register the integration type `generic`."""
    return [Generic()]
