"""GitLab: deployments and their states, jobs of pipelines that deploy, and pushes to configuration.

Everything becomes a change. A deployment is one series, whatever its states, and the same one as its job's in the
pipeline. GitLab tells of a pipeline whenever its state changes; here it counts once it is over, and only for those of
its jobs that deployed something, at the time when they began. Such messages are recognised by job and time, because
GitLab sends them again when another job is retried. Other events say nothing here.

`X-Gitlab-Token` is the secret itself and covers neither the body nor a time, so a delivery can't be stale or altered
in a way that shows. A signing token does better: its signature follows the Standard Webhooks specification.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs

from sre_copilot.domain.deliveries import Delivery, Parsed, Sample
from sre_copilot.domain.errors import MalformedDelivery
from sre_copilot.domain.integrations import Integration, Secrets, Setting, SettingKind
from sre_copilot.domain.patterns import name_matches
from sre_copilot.domain.payloads import Fields, joined_key, readable_time, web_links, wrong
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
from sre_copilot.domain.signatures import require_fresh, require_match, standard_webhook
from sre_copilot.domain.strict_json import read_json
from sre_copilot.hookspecs import IntegrationPlugin, Tools, hookimpl

SEVERITIES: Mapping[str, Severity] = {"failed": Severity.LOW}
"""States of a deploy that went wrong. Every other state is info: a change is context, not trouble."""
FINISHED = frozenset({"success", "failed", "canceled"})
"""States in which a pipeline or job is over; a job that was skipped changed nothing."""
SECRET = "secret_token"
SIGNING = "signing_token"
STATES = Setting(
    name="deployment_states",
    help="States of a deployment that are changes, in GitLab's words.",
    kind=SettingKind.LIST,
    default=("running", "success", "failed", "canceled"),
)
JOBS = Setting(
    name="deploy_jobs",
    help="Jobs of pipelines that deploy, by name or stage; * is any text.",
    kind=SettingKind.LIST,
    default=("*deploy*",),
)
SETTINGS = (
    Setting(
        name=SECRET,
        help="The secret token of the webhook, as entered at GitLab. Without any secret the integration's key decides.",
        secret=True,
        generated="glhook_",
    ),
    Setting(name=SIGNING, help="The signing token of the webhook (whsec_...), where GitLab has one.", secret=True),
    STATES,
    JOBS,
    SERVICES,
    CONFIG_PATHS,
    CONFIG_BRANCHES,
    ENVIRONMENT,
)

_ZONE = re.compile(r" (UTC|[+-]\d{4})\Z")


@attrs.frozen
class GitLab:
    """Reads webhook deliveries of projects and groups."""

    type: str = "gitlab"
    title: str = "GitLab"
    settings: tuple[Setting, ...] = SETTINGS
    kept_headers: tuple[str, ...] = ("x-gitlab-event", "x-gitlab-event-uuid", "idempotency-key")

    def verify(self, integration: Integration, secrets: Secrets, delivery: Delivery, tools: Tools) -> bool:
        """Check the signature where a signing token is set up, else the token."""
        signing, tokens = secrets.valid(SIGNING), secrets.valid(SECRET)
        if signing:
            given, stamp = delivery.header("webhook-signature").split(), delivery.header("webhook-timestamp")
            if given:
                require_fresh(stamp, tools.now)
            named = delivery.header("webhook-id")
            require_match(given, [standard_webhook(secret, named, stamp, delivery.body) for secret in signing])
        elif tokens:
            require_match([delivery.header("x-gitlab-token")], tokens)
        return bool(signing or tokens)

    def sign(self, secrets: Secrets, delivery: Delivery, now: datetime) -> Delivery:
        """Show the token, and sign where there is a signing token."""
        headers = {**delivery.headers, "x-gitlab-token": secrets.current(SECRET)}
        if signing := secrets.current(SIGNING):
            named, stamp = headers.get("idempotency-key", delivery.body_hash[:36]), str(int(now.timestamp()))
            headers |= {"webhook-id": named, "webhook-timestamp": stamp}
            headers["webhook-signature"] = standard_webhook(signing, named, stamp, delivery.body)
        return attrs.evolve(delivery, headers=headers)

    def without_credentials(self, body: bytes) -> bytes:
        """The body without the values of a pipeline's variables: people start pipelines with passwords in them."""
        try:
            event = read_json(body)
        except MalformedDelivery:
            return body
        attributes = event.get("object_attributes") if isinstance(event, dict) else None
        if not isinstance(attributes, dict) or not isinstance(attributes.get("variables"), list):
            return body
        variables = [item for item in attributes["variables"] if isinstance(item, dict)]
        attributes["variables"] = [{"key": item.get("key")} for item in variables]
        return json.dumps(event).encode()

    def delivery_id(self, payload: Any, delivery: Delivery) -> str | None:
        """The header `Idempotency-Key`, else `X-Gitlab-Event-UUID`, which several events may share, and what it is about."""
        event = payload if isinstance(payload, dict) else {}
        if event.get("object_kind") == "pipeline":
            return None
        named = delivery.header("x-gitlab-event-uuid").strip()
        about = [event.get(name) for name in ("object_kind", "deployment_id", "status", "ref", "after")]
        mark = hashlib.sha256(json.dumps(about).encode()).hexdigest()[:12]
        return delivery.header("idempotency-key").strip() or (f"{named}/{mark}" if named else None)

    def parse(self, integration: Integration, payload: Any, delivery: Delivery) -> Parsed:
        """Return the changes that the event tells of. Raises UnreadableDelivery that names the field."""
        event = Fields.of(payload)
        readers = {"deployment": _deployment, "pipeline": _pipeline, "push": _push}
        kind = event.text("object_kind")
        if kind not in readers:
            return Parsed()
        return Parsed(drafts=tuple(readers[kind](event, _repository(event, integration), delivery.received_at)))

    def samples(self, now: datetime) -> Sequence[Sample]:
        """A deployment that succeeded, and a pipeline whose deploy job failed."""
        project = {"id": 15, "name": "Checkout", "path_with_namespace": "acme/checkout", "default_branch": "main"}
        began, ended = (f"{now - timedelta(minutes=ago):%Y-%m-%d %H:%M:%S} UTC" for ago in (15, 12))
        user = {"name": "Ana Ruiz", "username": "ana"}
        deployment = {
            "object_kind": "deployment",
            "status": "success",
            "status_changed_at": ended,
            "deployment_id": 15,
            "deployable_id": 796,
            "deployable_url": "https://gitlab.example/acme/checkout/-/jobs/796",
            "environment": "production",
            "environment_tier": "production",
            "ref": "v1.42.0",
            "short_sha": "279484c0",
            "commit_title": "Release 1.42.0",
        }
        job = {
            "id": 380,
            "stage": "deploy",
            "name": "production",
            "status": "failed",
            "started_at": began,
            "finished_at": ended,
            "environment": {"name": "production", "action": "start", "deployment_tier": "production"},
            "user": user,
        }
        attributes = {"id": 31, "ref": "main", "sha": "bcbb5ec396a2c0f828686f14fac9b80b780504f2", "status": "failed"}
        pipeline = {"object_kind": "pipeline", "object_attributes": attributes, "builds": [job]}
        return tuple(
            _sample(name, {**event, "project": project, "user": user})
            for name, event in (("change", deployment), ("failed", pipeline), ("issue", {"object_kind": "issue"}))
        )


def _repository(event: Fields, integration: Integration) -> Repository:
    project = event.object("project")
    full_name = project.text("path_with_namespace")
    return Repository(
        integration=integration,
        full_name=full_name,
        name=full_name.rpartition("/")[2] or project.text("name"),
        default_branch=project.loose("default_branch"),
    )


def _deployment(event: Fields, repository: Repository, received_at: datetime) -> Iterable[SignalDraft]:
    state, project = event.required("status"), event.object("project").number_or_key("id") or ""
    job, deployment = event.number_or_key("deployable_id"), event.number_or_key("deployment_id")
    if job is None and deployment is None:
        raise wrong("deployment_id", "is missing")
    if state not in repository.integration.listed(STATES):
        return
    series = joined_key("job", project, job) if job else joined_key("deployment", project, deployment or "")
    environment, commit = event.text("environment"), event.text("short_sha")
    version = repository.version(event.text("ref"), commit)
    details = ChangeDetails(
        summary=f"Deployment of {_to(f'{repository.service} {version}', environment)}: {state}",
        version=version,
        author=event.object("user").loose("username") or event.object("user").loose("name"),
        commit=commit,
        text=event.loose("commit_title"),
        links=web_links(*(event.values.get(name) for name in ("deployable_url", "commit_url"))),
    )
    yield repository.change(
        details,
        series=series,
        at=_time(event, "status_changed_at", received_at),
        raw=event.values,
        state=state,
        severity=SEVERITIES.get(state, Severity.INFO),
        words=(environment, event.text("environment_tier")),
        labels={"ref": event.text("ref")},
    )


def _pipeline(event: Fields, repository: Repository, received_at: datetime) -> Iterable[SignalDraft]:
    pipeline = event.object("object_attributes")
    if pipeline.required("status") not in FINISHED or event.values.get("builds") is None:
        return
    patterns = repository.integration.listed(JOBS)
    for job in event.objects("builds"):
        if name_matches(patterns, job.text("name"), job.text("stage")) and job.text("status") in FINISHED:
            began = _time(job, "started_at", received_at)
            if began is not None:
                yield _job(event, job, repository, began)


def _job(event: Fields, job: Fields, repository: Repository, began: datetime) -> SignalDraft:
    pipeline, where = event.object("object_attributes"), job.object("environment")
    key = job.number_or_key("id")
    if key is None:
        raise wrong(job.at("id"), "is missing")
    state, environment, commit = job.text("status"), where.text("name"), pipeline.text("sha")
    version = repository.version(pipeline.text("ref"), commit)
    user = job.object("user")
    details = ChangeDetails(
        summary=f"Job {job.text('name')} of {_to(f'{repository.service} {version}', environment)}: {state}",
        version=version,
        author=user.loose("username") or event.object("user").loose("username") or user.loose("name"),
        commit=commit,
        text=event.object("commit").loose("message"),
        links=web_links(pipeline.values.get("url")),
    )
    # Not the whole event: a pipeline of many jobs would be kept many times over.
    raw = {"pipeline": pipeline.values.get("id"), "ref": pipeline.text("ref"), "sha": commit, "build": job.values}
    return repository.change(
        details,
        series=joined_key("job", event.object("project").number_or_key("id") or "", key),
        at=began,
        raw=raw,
        state=state,
        severity=SEVERITIES.get(state, Severity.INFO),
        words=(environment, where.text("deployment_tier")),
        labels={"ref": pipeline.text("ref"), "job": job.text("name"), "stage": job.text("stage")},
    )


def _push(event: Fields, repository: Repository, received_at: datetime) -> Iterable[SignalDraft]:
    commits = event.objects("commits")
    push = Push(
        branch=branch_of(event.text("ref")),
        commit=event.text("after"),
        author=event.loose("user_username") or event.loose("user_name"),
        commits=commits,
        links=web_links(*(commit.values.get("url") for commit in commits[-1:])),
        # GitLab tells when commits were written, but not when they were pushed.
        at=None,
        raw=event.values,
    )
    draft = repository.config_push(push)
    return () if draft is None else (draft,)


def _to(what: str, environment: str) -> str:
    return f"{what.strip()} to {environment}" if environment else what.strip()


def _time(fields: Fields, name: str, received_at: datetime) -> datetime | None:
    """A time as GitLab writes it: RFC 3339, or with a space before its zone, or with UTC for a zone."""
    word = _ZONE.sub(lambda zone: zone[1].replace("UTC", "Z"), fields.text(name))
    return readable_time(fields.at(name), word, received_at) if word else None


def _sample(name: str, event: Mapping[str, Any]) -> Sample:
    body = json.dumps(event).encode()
    headers = {
        "content-type": "application/json",
        "x-gitlab-event": f"{str(event['object_kind']).title()} Hook",
        "x-gitlab-event-uuid": hashlib.sha256(body).hexdigest()[:36],
    }
    return Sample(name=name, body=body, headers=headers)


@hookimpl
def sre_copilot_integrations() -> list[IntegrationPlugin]:
    """Register the integration type `gitlab`."""
    return [GitLab()]
