"""GitHub: deployments and their states, runs of workflows that deploy, and pushes to configuration.

Everything becomes a change. A deployment (`deployment`, `deployment_status`) is one series, whatever its states; so is
each attempt of a workflow run. A push counts where it touches one of the paths `config_paths` on one of the branches
`config_branches`. Other events, such as `ping`, say nothing here.

`X-Hub-Signature-256` covers the body and no time, so a delivery can't be stale: a replayed one is recognised by
`X-GitHub-Delivery`, which names the event.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote_to_bytes

import attrs

from sre_copilot.domain.deliveries import Delivery, Parsed, Sample
from sre_copilot.domain.integrations import Integration, Secrets, Setting, SettingKind
from sre_copilot.domain.patterns import name_matches
from sre_copilot.domain.payloads import SECONDS, Fields, joined_key, web_links, wrong
from sre_copilot.domain.repositories import (
    CONFIG_BRANCHES,
    CONFIG_PATHS,
    ENVIRONMENT,
    SERVICES,
    Push,
    Repository,
    branch_of,
)
from sre_copilot.domain.signals import ChangeDetails, Severity, SignalDraft
from sre_copilot.domain.signatures import hmac_hex, require_match
from sre_copilot.domain.strict_json import read_json
from sre_copilot.hookspecs import IntegrationPlugin, Tools, hookimpl

SEVERITIES: Mapping[str, Severity] = {
    "failure": Severity.LOW,
    "error": Severity.LOW,
    "timed_out": Severity.LOW,
    "startup_failure": Severity.LOW,
}
"""States and conclusions of a deploy that went wrong. Every other state is info: a change is context, not trouble."""
CREATED = "created"
"""The word for a deployment that was asked for, beside GitHub's states."""
NOTHING_RAN = frozenset({"skipped", "stale", "action_required"})
"""Conclusions of workflow runs that changed nothing."""
SECRET = "signing_secret"
STATES = Setting(
    name="deployment_states",
    help=f'States of a deployment that are changes: "{CREATED}" and GitHub\'s own words.',
    kind=SettingKind.LIST,
    default=(CREATED, "in_progress", "success", "failure", "error"),
)
WORKFLOWS = Setting(
    name="deploy_workflows",
    help="Workflows that deploy, by name or file name; * is any text.",
    kind=SettingKind.LIST,
    default=("*deploy*",),
)
SETTINGS = (
    Setting(
        name=SECRET,
        help="The secret of the webhook, as entered at GitHub. Without one the integration's key decides.",
        secret=True,
        generated="whsec_",
    ),
    STATES,
    WORKFLOWS,
    SERVICES,
    CONFIG_PATHS,
    CONFIG_BRANCHES,
    ENVIRONMENT,
)


@attrs.frozen
class GitHub:
    """Reads webhook deliveries, as JSON or as the form that GitHub offers too."""

    type: str = "github"
    title: str = "GitHub"
    settings: tuple[Setting, ...] = SETTINGS
    kept_headers: tuple[str, ...] = ("x-github-event", "x-github-delivery")

    def verify(self, integration: Integration, secrets: Secrets, delivery: Delivery, tools: Tools) -> bool:
        """Check `X-Hub-Signature-256` against every valid secret."""
        valid = secrets.valid(SECRET)
        if valid:
            require_match([delivery.header("x-hub-signature-256")], [_signature(secret, delivery) for secret in valid])
        return bool(valid)

    def sign(self, secrets: Secrets, delivery: Delivery, now: datetime) -> Delivery:
        """Sign as GitHub does; no time goes into it."""
        signed = {**delivery.headers, "x-hub-signature-256": _signature(secrets.current(SECRET), delivery)}
        return attrs.evolve(delivery, headers=signed)

    def read(self, delivery: Delivery) -> Any:
        """The body, or the field `payload` of a form: a whole event, so that a form's limits don't fit."""
        body = delivery.body
        if delivery.header("content-type").lower().startswith("application/x-www-form-urlencoded"):
            body = unquote_to_bytes(body.partition(b"payload=")[2].partition(b"&")[0].replace(b"+", b" "))
        return read_json(body)

    def delivery_id(self, payload: Any, delivery: Delivery) -> str | None:
        """The header `X-GitHub-Delivery`."""
        return delivery.header("x-github-delivery").strip() or None

    def parse(self, integration: Integration, payload: Any, delivery: Delivery) -> Parsed:
        """Return the change, if the event is one. Raises UnreadableDelivery that names the field."""
        event = Fields.of(payload)
        kind = delivery.header("x-github-event").strip() or _kind(event)
        readers = {
            "deployment": _deployment,
            "deployment_status": _deployment_status,
            "workflow_run": _workflow_run,
            "push": _push,
        }
        if kind not in readers:
            return Parsed()
        draft = readers[kind](event, _repository(event, integration), delivery.received_at)
        return Parsed(drafts=(draft,) if draft else ())

    def samples(self, now: datetime) -> Sequence[Sample]:
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


def _signature(secret: str, delivery: Delivery) -> str:
    return f"sha256={hmac_hex(secret, delivery.body)}"


def _kind(event: Fields) -> str:
    """What an event is by its fields, where it was handed in without its header."""
    kinds = ("deployment_status", "deployment", "workflow_run")
    found = next((kind for kind in kinds if event.values.get(kind) is not None), "")
    return found or ("push" if "commits" in event.values else "")


def _repository(event: Fields, integration: Integration) -> Repository:
    repository = event.object("repository")
    full_name = repository.text("full_name")
    return Repository(
        integration=integration,
        full_name=full_name,
        name=repository.text("name") or full_name.rpartition("/")[2],
        default_branch=repository.loose("default_branch"),
    )


def _deployment(event: Fields, repository: Repository, received_at: datetime) -> SignalDraft | None:
    return _deployed(event, repository, CREATED, event.object("deployment").time("created_at", received_at))


def _deployment_status(event: Fields, repository: Repository, received_at: datetime) -> SignalDraft | None:
    status = event.object("deployment_status")
    return _deployed(event, repository, status.required("state"), status.time("created_at", received_at))


def _deployed(event: Fields, repository: Repository, state: str, at: datetime | None) -> SignalDraft | None:
    deployment, status = event.object("deployment"), event.object("deployment_status")
    series = joined_key("deployment", _id(deployment))
    if state not in repository.integration.listed(STATES):
        return None
    # GitHub marks the deployments that users see, whatever their environment is called.
    marked = "production" if deployment.values.get("production_environment") is True else ""
    word = status.text("environment") or deployment.text("environment")
    commit, ref = deployment.text("sha"), deployment.text("ref")
    version = repository.version(ref, commit)
    what = " to ".join(name for name in (f"{repository.service} {version}".strip(), word) if name)
    details = ChangeDetails(
        summary=f"Deployment of {what}: {state}",
        version=version,
        author=deployment.object("creator").loose("login"),
        commit=commit,
        text=status.loose("description") or deployment.loose("description"),
        links=web_links(*(status.values.get(name) for name in ("log_url", "target_url", "environment_url"))),
    )
    return repository.change(
        details,
        series=series,
        at=at,
        raw=event.values,
        state=state,
        severity=SEVERITIES.get(state, Severity.INFO),
        words=(word, marked),
        labels={"ref": ref, "task": deployment.loose("task")},
    )


def _workflow_run(event: Fields, repository: Repository, received_at: datetime) -> SignalDraft | None:
    run = event.object("workflow_run")
    series = joined_key("workflow_run", _id(run), run.number_or_key("run_attempt") or "1")
    name, file = run.text("name"), run.text("path").partition("@")[0].rpartition("/")[2]
    action = event.text("action")
    state = run.text("conclusion", action) if action == "completed" else action
    deploys = name_matches(repository.integration.listed(WORKFLOWS), name, file)
    if action not in ("in_progress", "completed") or state in NOTHING_RAN or not deploys:
        return None
    commit, branch = run.text("head_sha"), run.loose("head_branch")
    version = repository.version(branch, commit)
    details = ChangeDetails(
        summary=f"Workflow {name or file} of {repository.service} {version}: {state}",
        version=version,
        author=run.object("triggering_actor").loose("login") or run.object("actor").loose("login"),
        commit=commit,
        text=run.object("head_commit").loose("message"),
        links=web_links(run.values.get("html_url")),
    )
    return repository.change(
        details,
        series=series,
        at=run.time("updated_at" if action == "completed" else "run_started_at", received_at),
        raw=event.values,
        state=state,
        severity=SEVERITIES.get(state, Severity.INFO),
        labels={"workflow": name, "branch": branch, "event": run.loose("event")},
    )


def _push(event: Fields, repository: Repository, received_at: datetime) -> SignalDraft | None:
    push = Push(
        branch=branch_of(event.text("ref")),
        commit=event.text("after"),
        author=event.object("pusher").loose("name"),
        commits=event.objects("commits"),
        links=web_links(event.values.get("compare")),
        at=_pushed_at(event.object("repository"), received_at),
        raw=event.values,
    )
    return repository.config_push(push)


def _pushed_at(pushed: Fields, received_at: datetime) -> datetime | None:
    # A number in pushes, a text in all other events.
    if isinstance(pushed.values.get("pushed_at"), str):
        return pushed.time("pushed_at", received_at)
    return pushed.epoch("pushed_at", received_at, per_second=SECONDS)


def _id(fields: Fields) -> str:
    key = fields.number_or_key("id")
    if key is None:
        raise wrong(fields.at("id"), "is missing")
    return key


def _sample(name: str, event: Mapping[str, Any]) -> Sample:
    body = json.dumps(event).encode()
    kind = _kind(Fields.of(event)) or "ping"
    headers = {"x-github-event": kind, "x-github-delivery": hashlib.sha256(body).hexdigest()[:36]}
    return Sample(name=name, body=body, headers={"content-type": "application/json", **headers})


def _written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@hookimpl
def sre_copilot_integrations() -> list[IntegrationPlugin]:
    """Register the integration type `github`."""
    return [GitHub()]
