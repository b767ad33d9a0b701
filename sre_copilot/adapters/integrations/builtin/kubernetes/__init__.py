"""Kubernetes: Event objects of `v1` and `events.k8s.io/v1`, one, a list or as a watch wraps them.

Warnings, and some events that are bad news although their type is Normal, are alerts; rollouts, scaling and cordoned
nodes are changes; the rest of the normal ones says nothing here, and neither do other objects and deleted events.

An alert's identity is the object, the reason, and where one reason covers different troubles a hash of what the message
says besides numbers and quotations. When something happens again, Kubernetes counts it in the same Event object: that
moves the expiry and is no new signal. Nobody tells the end, except for a node's conditions, so other alerts expire when
nothing was heard of them for `quiet_minutes`. An event that comes again is known by series, status and time.

Kubernetes signs nothing: the integration's key decides. Where the address of an API server is configured, it is also asked
for its events.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from sre_copilot.adapters.integrations.builtin.kubernetes.asking import ASKED, pulled, version
from sre_copilot.adapters.integrations.builtin.kubernetes.samples import samples
from sre_copilot.adapters.integrations.builtin.kubernetes.signals import SETTINGS, signals
from sre_copilot.domain.deliveries import Delivery, Parsed, Pulled, Sample
from sre_copilot.domain.integrations import Integration, Secrets, Setting
from sre_copilot.hookspecs import IntegrationPlugin, Tools, hookimpl


@attrs.frozen
class Kubernetes:
    """Reads events that somebody posts, and those that it lists."""

    type: str = "kubernetes"
    title: str = "Kubernetes events"
    settings: tuple[Setting, ...] = (*SETTINGS, *ASKED)

    def parse(self, integration: Integration, payload: Any, delivery: Delivery) -> Parsed:
        """Return the signals of the events. Raises UnreadableDelivery that names the event and its field."""
        return Parsed(drafts=signals(payload, integration, delivery.received_at))

    def samples(self, now: datetime) -> Sequence[Sample]:
        """A node that is lost and comes back, a container that keeps crashing, and a rollout that a watch saw."""
        return samples(now)

    def pull(self, integration: Integration, secrets: Secrets, cursor: Mapping[str, Any], tools: Tools) -> Pulled:
        """List the events, and return those that are new or happened again."""
        return pulled(integration, secrets, cursor, tools)

    def check(self, integration: Integration, secrets: Secrets, tools: Tools) -> str:
        """Ask the API server for its version and for an event, where its address is set."""
        return version(integration, secrets, tools)


@hookimpl
def sre_copilot_integrations() -> list[IntegrationPlugin]:
    """Register the integration type `kubernetes`."""
    return [Kubernetes()]
