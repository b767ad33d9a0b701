"""What GitHub sends, for trying the integration."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sre_copilot.adapters.integrations.builtin.github.events import kind_of
from sre_copilot.domain.deliveries import Sample
from sre_copilot.domain.payloads import Fields


def samples(now: datetime) -> Sequence[Sample]:
    """A deployment that succeeded, the run of a workflow that failed, and the ping of a new webhook."""
    repository = {
        "id": 186853002,
        "name": "checkout",
        "full_name": "acme/checkout",
        "html_url": "https://github.com/acme/checkout",
        "default_branch": "main",
    }
    commit, at = "f95f852bd8fca8fcc58a9a2d6c842781e32a215e", _written(now - timedelta(minutes=15))
    deployment = {
        "id": 145988746,
        "sha": commit,
        "ref": "v1.42.0",
        "task": "deploy",
        "environment": "production",
        "description": "Release 1.42.0",
        "creator": {"login": "ana"},
        "created_at": at,
    }
    status = {"id": 209916254, "state": "success", "environment": "production", "created_at": at}
    run = {
        "id": 30433642,
        "name": "Deploy",
        "path": ".github/workflows/deploy.yml",
        "head_branch": "main",
        "head_sha": commit,
        "run_attempt": 1,
        "status": "completed",
        "conclusion": "failure",
        "html_url": "https://github.com/acme/checkout/actions/runs/30433642",
        "actor": {"login": "ana"},
        "updated_at": at,
    }
    common = {"repository": repository, "sender": {"login": "ana"}}
    return (
        _sample("change", {"action": "created", "deployment_status": status, "deployment": deployment, **common}),
        _sample("failed", {"action": "completed", "workflow_run": run, **common}),
        _sample("ping", {"zen": "Keep it logically awesome.", "hook_id": 30, **common}),
    )


def _sample(name: str, event: Mapping[str, Any]) -> Sample:
    body = json.dumps(event).encode()
    kind = kind_of(Fields.of(event)) or "ping"
    headers = {"x-github-event": kind, "x-github-delivery": hashlib.sha256(body).hexdigest()[:36]}
    return Sample(name=name, body=body, headers={"content-type": "application/json", **headers})


def _written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
