"""What GitHub's events say: deployments, runs of workflows, and pushes."""

from collections.abc import Mapping
from datetime import datetime

from sre_copilot.domain.integrations import Integration, Setting, SettingKind
from sre_copilot.domain.patterns import name_matches
from sre_copilot.domain.payloads import SECONDS, Fields, joined_key, web_links, wrong
from sre_copilot.domain.repositories import Push, Repository, branch_of
from sre_copilot.domain.signals import ChangeDetails, Severity, SignalDraft

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


def read_event(kind: str, event: Fields, integration: Integration, received_at: datetime) -> SignalDraft | None:
    """Return the change, if events of this kind are one. Raises UnreadableDelivery that names the field."""
    readers = {
        "deployment": _deployment,
        "deployment_status": _deployment_status,
        "workflow_run": _workflow_run,
        "push": _push,
    }
    if kind not in readers:
        return None
    return readers[kind](event, _repository(event, integration), received_at)


def kind_of(event: Fields) -> str:
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
