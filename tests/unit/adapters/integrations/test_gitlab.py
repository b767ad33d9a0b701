"""GitLab's webhooks, on shortened bodies as its documentation shows them."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from sre_copilot.domain.deliveries import Parsed
from sre_copilot.domain.errors import UnreadableDelivery
from sre_copilot.domain.signals import Environment, Severity, SignalStatus, SignalType
from tests.unit.adapters.integrations.door import Door

DOOR = Door(type="gitlab")
COMMIT = "bcbb5ec396a2c0f828686f14fac9b80b780504f2"
PROJECT: dict[str, Any] = {
    "id": 30,
    "name": "Test Deployment Webhooks",
    "web_url": "http://10.126.0.2:3000/root/test-deployment-webhooks",
    "path_with_namespace": "root/test-deployment-webhooks",
    "default_branch": "main",
}
DEPLOYMENT: dict[str, Any] = {
    "object_kind": "deployment",
    "status": "success",
    "status_changed_at": "2026-03-01 12:50:00 +0200",
    "deployment_id": 15,
    "deployable_id": 796,
    "deployable_url": "http://10.126.0.2:3000/root/test-deployment-webhooks/-/jobs/796",
    "environment": "staging",
    "environment_tier": "staging",
    "environment_external_url": "https://staging.example.com",
    "project": PROJECT,
    "ref": "main",
    "short_sha": "279484c0",
    "user": {"id": 1, "name": "Administrator", "username": "root", "email": "admin@example.com"},
    "commit_url": "http://10.126.0.2:3000/root/test-deployment-webhooks/-/commit/279484c0",
    "commit_title": "Add new file",
}
JOB: dict[str, Any] = {
    "id": 796,
    "stage": "deploy",
    "name": "production",
    "status": "failed",
    "created_at": "2026-03-01 10:00:00 UTC",
    "started_at": "2026-03-01 10:10:00 UTC",
    "finished_at": "2026-03-01 10:15:00 UTC",
    "when": "manual",
    "user": {"username": "ben"},
    "environment": {"name": "eu", "action": "start", "deployment_tier": "production"},
}
PIPELINE: dict[str, Any] = {
    "object_kind": "pipeline",
    "object_attributes": {
        "id": 31,
        "ref": "main",
        "tag": False,
        "sha": COMMIT,
        "status": "failed",
        "variables": [{"key": "TARGET", "value": "db-password-in-here"}, 5],
        "url": "http://10.126.0.2:3000/root/test-deployment-webhooks/-/pipelines/31",
    },
    "user": {"username": "root"},
    "project": PROJECT,
    "commit": {"id": COMMIT, "message": "Pin the base image\n"},
    "builds": [
        {"id": 380, "stage": "test", "name": "unit", "status": "success", "started_at": "2026-03-01 10:01:00 UTC"},
        JOB,
        {"id": 377, "stage": "deploy", "name": "staging", "status": "skipped", "started_at": None},
    ],
}
PUSH: dict[str, Any] = {
    "object_kind": "push",
    "ref": "refs/heads/main",
    "after": COMMIT,
    "user_username": "ana",
    "project": PROJECT,
    "commits": [{"id": COMMIT, "message": "Raise limits", "url": "https://c.example", "modified": ["deploy/a.yaml"]}],
}


def event(kind: str = "Deployment Hook", **headers: str) -> dict[str, str]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return {"X-Gitlab-Event": kind, "X-Gitlab-Event-UUID": "13792a34-cac6-4fda-95a8-c58e00a3954e", **named}


def test_a_deployment_that_succeeded_is_a_deploy() -> None:
    draft = DOOR.signal(DEPLOYMENT, event())
    assert (draft.signal_type, draft.status) == (SignalType.DEPLOY_EVENT, SignalStatus.MOMENT)
    assert (draft.severity, draft.severity_word) == (Severity.INFO, "success")
    assert draft.service == "test-deployment-webhooks"
    assert (draft.environment, draft.environment_word) == (Environment.STAGING, "staging")
    assert draft.occurred_at == datetime(2026, 3, 1, 10, 50, tzinfo=UTC)
    assert draft.title == "Deployment of test-deployment-webhooks 279484c0 to staging: success"
    assert draft.vendor_key == "job/30/796"
    assert draft.raw == DEPLOYMENT
    change = draft.change
    assert change is not None
    assert (change.author, change.commit, change.text) == ("root", "279484c0", "Add new file")
    assert change.links == (DEPLOYMENT["deployable_url"], DEPLOYMENT["commit_url"])


@pytest.mark.parametrize(
    ("state", "severity"),
    [
        ("running", Severity.INFO),
        ("success", Severity.INFO),
        ("canceled", Severity.INFO),
        ("failed", Severity.LOW),
    ],
)
def test_a_failed_deployment_is_low_and_every_other_state_info(state: str, severity: Severity) -> None:
    draft = DOOR.signal({**DEPLOYMENT, "status": state}, event())
    assert (draft.severity, draft.severity_word) == (severity, state)


def test_other_states_say_nothing_unless_they_are_configured() -> None:
    body = {**DEPLOYMENT, "status": "created"}
    assert DOOR.read(body, event()).drafts == ()
    assert Door(type="gitlab", settings={"deployment_states": ["created"]}).signal(body, event()).change


def test_a_deployment_without_a_job_is_known_by_its_own_id() -> None:
    body = {**DEPLOYMENT, "deployable_id": None}
    assert DOOR.signal(body, event()).vendor_key == "deployment/30/15"
    assert DOOR.series(body, event()) != DOOR.series(DEPLOYMENT, event())


@pytest.mark.parametrize(
    ("environment", "tier", "meant", "word"),
    [
        ("eu", "production", Environment.PRODUCTION, "production"),
        ("staging", "production", Environment.STAGING, "staging"),
        ("review/x", "other", Environment.DEVELOPMENT, "review/x"),
    ],
)
def test_the_tier_tells_what_an_environment_of_another_name_is(
    environment: str, tier: str, meant: Environment, word: str
) -> None:
    draft = DOOR.signal({**DEPLOYMENT, "environment": environment, "environment_tier": tier}, event())
    assert (draft.environment, draft.environment_word) == (meant, word)


@pytest.mark.parametrize(
    "written",
    ["2026-03-01 10:50:00 UTC", "2026-03-01T10:50:00Z", "2026-03-01T12:50:00.000+02:00", "2026-03-01 12:50:00 +0200"],
)
def test_times_are_read_in_all_of_gitlabs_spellings(written: str) -> None:
    draft = DOOR.signal({**DEPLOYMENT, "status_changed_at": written}, event())
    assert draft.occurred_at == datetime(2026, 3, 1, 10, 50, tzinfo=UTC)


def test_a_deploy_job_of_a_finished_pipeline_is_a_deploy_and_the_same_series_as_its_deployment() -> None:
    draft = DOOR.signal(PIPELINE, event("Pipeline Hook"))
    assert (draft.signal_type, draft.severity) == (SignalType.DEPLOY_EVENT, Severity.LOW)
    assert (draft.environment, draft.labels["environment"]) == (Environment.PRODUCTION, "eu")
    assert draft.title == "Job production of test-deployment-webhooks bcbb5ec to eu: failed"
    assert draft.occurred_at == datetime(2026, 3, 1, 10, 10, tzinfo=UTC)
    assert draft.raw == {"pipeline": 31, "ref": "main", "sha": COMMIT, "build": JOB}
    assert draft.change is not None
    assert (draft.change.author, draft.change.commit, draft.change.text) == ("ben", COMMIT, "Pin the base image\n")
    assert draft.change.links == (PIPELINE["object_attributes"]["url"],)
    assert DOOR.series(PIPELINE) == DOOR.series(DEPLOYMENT)


def test_a_pipeline_that_goes_on_or_deploys_nothing_says_nothing() -> None:
    running = {**PIPELINE, "object_attributes": {**PIPELINE["object_attributes"], "status": "running"}}
    assert DOOR.read(running).drafts == ()
    assert DOOR.read({**PIPELINE, "builds": PIPELINE["builds"][:1]}).drafts == ()
    assert DOOR.read({**PIPELINE, "builds": None}).drafts == ()
    assert DOOR.read({**PIPELINE, "builds": [{**JOB, "started_at": None}]}).drafts == ()
    assert Door(type="gitlab", settings={"deploy_jobs": ["unit"]}).signal(PIPELINE).labels["job"] == "unit"


def test_the_values_of_a_pipelines_variables_are_never_kept() -> None:
    kept = DOOR.gateway.strip(DOOR.integration, DOOR.delivery(PIPELINE))
    assert b"db-password-in-here" not in kept.body
    assert json.loads(kept.body)["object_attributes"]["variables"] == [{"key": "TARGET"}]
    assert json.loads(kept.body)["builds"] == PIPELINE["builds"]
    for body in (b"{", b"[1]", b'{"object_attributes": 5}', DOOR.delivery(DEPLOYMENT).body):
        assert DOOR.gateway.strip(DOOR.integration, DOOR.delivery(body)).body == body


def test_a_push_to_a_configured_path_is_a_change_of_configuration() -> None:
    configured = Door(type="gitlab", settings={"config_paths": ["deploy/**"], "environment": "production"})
    draft = configured.signal(PUSH, event("Push Hook"))
    assert (draft.signal_type, draft.environment) == (SignalType.CONFIG_CHANGE, Environment.PRODUCTION)
    assert draft.occurred_at is None
    assert draft.change is not None
    assert (draft.change.author, draft.change.paths) == ("ana", ("deploy/a.yaml",))
    assert draft.change.links == ("https://c.example",)
    assert DOOR.read(PUSH, event("Push Hook")).drafts == ()


@pytest.mark.parametrize("body", [{"object_kind": "issue"}, {"object_kind": "tag_push"}, {"event_name": "x"}, {}])
def test_other_events_say_nothing(body: Any) -> None:
    assert DOOR.read(body) == Parsed()


def test_a_delivery_is_known_by_its_idempotency_key_else_by_event_and_what_it_is_about() -> None:
    def named(body: Any, **headers: str) -> str | None:
        return DOOR.read(body, event(**headers)).vendor_id

    assert named(DEPLOYMENT, Idempotency_Key="f5e57ebe") == "f5e57ebe"
    assert named(DEPLOYMENT) == named(DEPLOYMENT)
    assert str(named(DEPLOYMENT)).startswith("13792a34-cac6-4fda-95a8-c58e00a3954e/")
    # Several events of one request to GitLab share the UUID, and are not the same.
    assert named(DEPLOYMENT) != named({**DEPLOYMENT, "deployment_id": 16})
    assert named(DEPLOYMENT) == named({**DEPLOYMENT, "user": None})
    assert DOOR.read(DEPLOYMENT).vendor_id is None
    # GitLab tells of a finished pipeline again when one of its jobs was retried: a repeat, by job and time.
    assert named(PIPELINE, Idempotency_Key="f5e57ebe") is None


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ([DEPLOYMENT], "the body must be an object, not a list"),
        ({"object_kind": 5}, "object_kind must be a string, not a number"),
        ({"object_kind": "deployment"}, "status is missing"),
        ({"object_kind": "deployment", "status": "success"}, "deployment_id is missing"),
        ({**DEPLOYMENT, "deployable_id": True}, "deployable_id must be a string"),
        ({**DEPLOYMENT, "environment": {}}, "environment must be a string, not an object"),
        ({**DEPLOYMENT, "status_changed_at": "yesterday"}, "status_changed_at must be an RFC 3339 time"),
        ({**DEPLOYMENT, "project": {"id": []}}, r"project\.id must be a string"),
        ({**PIPELINE, "object_attributes": {"status": 1}}, r"object_attributes\.status must be a string"),
        ({**PIPELINE, "builds": [JOB, 5]}, r"builds\[1\] must be an object"),
        ({**PIPELINE, "builds": [{**JOB, "id": None}]}, r"builds\[0\]\.id is missing"),
        ({**PIPELINE, "builds": [{**JOB, "status": 7}]}, r"builds\[0\]\.status must be a string"),
        ({**PUSH, "commits": None}, "commits must be a list, not nothing"),
    ],
)
def test_a_wrong_field_is_named(body: Any, words: str) -> None:
    with pytest.raises(UnreadableDelivery, match=f"^{words}"):
        DOOR.read(body, event())
