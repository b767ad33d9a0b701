"""Events as whatever carries them sends them."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sre_copilot.domain.deliveries import Sample


def samples(now: datetime) -> Sequence[Sample]:
    """A node that is lost and comes back, a container that keeps crashing, and a rollout that a watch saw."""
    began, ended = (f"{now - timedelta(minutes=ago):%Y-%m-%dT%H:%M:%SZ}" for ago in (15, 5))
    node = {"kind": "Node", "name": "worker-3", "uid": "worker-3", "apiVersion": "v1"}
    pod = {"kind": "Pod", "namespace": "shop", "name": "checkout-7d4b9c6f5b-x2x9z", "uid": "6cf7d2a4-2a3b-4a57"}
    deployment = {"kind": "Deployment", "namespace": "shop", "name": "checkout", "uid": "90d1dd2c-2f0b-4ab5"}
    crash = "Back-off restarting failed container checkout in pod checkout-7d4b9c6f5b-x2x9z_shop"
    rollout = "Scaled up replica set checkout-7d4b9c6f5b from 0 to 1"
    bodies = {
        "firing": _event(node, "NodeNotReady", "Node worker-3 status is now: NodeNotReady", began),
        "resolved": _event(node, "NodeReady", "Node worker-3 status is now: NodeReady", ended),
        "crash": {**_event(pod, "BackOff", crash, began), "type": "Warning", "count": 14},
        "change": {"type": "ADDED", "object": _event(deployment, "ScalingReplicaSet", rollout, began)},
    }
    return tuple(
        Sample(name=name, body=json.dumps(body).encode(), resolves="firing" if name == "resolved" else "")
        for name, body in bodies.items()
    )


def _event(about: Mapping[str, str], reason: str, message: str, at: str) -> dict[str, Any]:
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
