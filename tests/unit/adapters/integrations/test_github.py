"""GitHub's webhooks, on shortened bodies as its documentation shows them."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

import pytest

from sre_copilot.domain.deliveries import Parsed
from sre_copilot.domain.errors import MalformedDelivery, NotAuthentic, UnreadableDelivery
from sre_copilot.domain.signals import Environment, Severity, SignalStatus, SignalType
from sre_copilot.domain.signatures import hmac_hex
from tests.unit.adapters.integrations.door import Door

DOOR = Door(type="github")
COMMIT = "f95f852bd8fca8fcc58a9a2d6c842781e32a215e"
REPOSITORY: dict[str, Any] = {
    "id": 186853002,
    "name": "Hello-World",
    "full_name": "Codertocat/Hello-World",
    "default_branch": "main",
    "pushed_at": 1772366400,
}
DEPLOYMENT: dict[str, Any] = {
    "id": 145988746,
    "sha": COMMIT,
    "ref": "v2.1.0",
    "task": "deploy",
    "payload": {},
    "environment": "production",
    "description": None,
    "creator": {"login": "Codertocat"},
    "created_at": "2026-03-01T11:20:53Z",
}
STATUS: dict[str, Any] = {
    "action": "created",
    "deployment_status": {
        "id": 209916254,
        "state": "success",
        "creator": {"login": "github-actions[bot]"},
        "description": "Healthy",
        "environment": "production",
        "target_url": "https://ci.example/1",
        "log_url": "",
        "environment_url": "https://shop.example",
        "created_at": "2026-03-01T11:25:55Z",
    },
    "deployment": DEPLOYMENT,
    "repository": REPOSITORY,
    "sender": {"login": "Codertocat"},
}
CREATED: dict[str, Any] = {
    "action": "created",
    "deployment": DEPLOYMENT,
    "repository": REPOSITORY,
    "workflow_run": None,
}
RUN: dict[str, Any] = {
    "action": "completed",
    "workflow_run": {
        "id": 30433642,
        "name": "Ship it",
        "path": ".github/workflows/deploy.yml@refs/heads/main",
        "head_branch": "main",
        "head_sha": COMMIT,
        "event": "push",
        "run_attempt": 2,
        "status": "completed",
        "conclusion": "failure",
        "html_url": "https://github.com/Codertocat/Hello-World/actions/runs/30433642",
        "run_started_at": "2026-03-01T11:30:00Z",
        "updated_at": "2026-03-01T11:34:00Z",
        "actor": {"login": "ana"},
        "triggering_actor": {"login": "ben"},
        "head_commit": {"message": "Pin the base image"},
    },
    "repository": REPOSITORY,
}
PUSH: dict[str, Any] = {
    "ref": "refs/heads/main",
    "before": "6113728f27ae82c7b1a177c8d03f9e96e0adf246",
    "after": COMMIT,
    "compare": "https://github.com/Codertocat/Hello-World/compare/6113728f27ae...f95f852bd8fc",
    "commits": [{"id": COMMIT, "message": "Raise limits", "added": [], "modified": ["deploy/a.yaml"], "removed": []}],
    "pusher": {"name": "ana"},
    "repository": REPOSITORY,
}
CONFIGURED = Door(type="github", settings={"config_paths": ["deploy/**"], "environment": "production"})


def event(kind: str) -> dict[str, str]:
    return {"X-GitHub-Event": kind, "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958"}


def test_a_deployment_that_succeeded_is_a_deploy() -> None:
    draft = DOOR.signal(STATUS, event("deployment_status"))
    assert (draft.signal_type, draft.status) == (SignalType.DEPLOY_EVENT, SignalStatus.MOMENT)
    assert (draft.severity, draft.severity_word) == (Severity.INFO, "success")
    assert draft.service == "Hello-World"
    assert (draft.environment, draft.environment_word) == (Environment.PRODUCTION, "production")
    assert draft.vendor_key == "deployment/145988746"
    assert draft.occurred_at == datetime(2026, 3, 1, 11, 25, 55, tzinfo=UTC)
    assert draft.title == "Deployment of Hello-World v2.1.0 to production: success"
    assert draft.raw == STATUS
    change = draft.change
    assert change is not None
    assert (change.kind, change.version, change.author, change.commit) == ("deploy", "v2.1.0", "Codertocat", COMMIT)
    assert (change.text, change.links) == ("Healthy", ("https://ci.example/1", "https://shop.example"))


def test_a_deployment_that_was_created_is_a_deploy_of_the_same_series() -> None:
    draft = DOOR.signal(CREATED, event("deployment"))
    assert draft.occurred_at == datetime(2026, 3, 1, 11, 20, 53, tzinfo=UTC)
    assert draft.title == "Deployment of Hello-World v2.1.0 to production: created"
    assert DOOR.series(CREATED, event("deployment")) == DOOR.series(STATUS, event("deployment_status"))
    other = {**CREATED, "deployment": {**DEPLOYMENT, "id": 1}}
    assert DOOR.series(other, event("deployment")) != DOOR.series(CREATED, event("deployment"))


@pytest.mark.parametrize(
    ("state", "severity"),
    [("in_progress", Severity.INFO), ("success", Severity.INFO), ("failure", Severity.LOW), ("error", Severity.LOW)],
)
def test_a_failed_deployment_is_low_and_every_other_state_info(state: str, severity: Severity) -> None:
    status = {**STATUS["deployment_status"], "state": state}
    draft = DOOR.signal({**STATUS, "deployment_status": status}, event("deployment_status"))
    assert (draft.severity, draft.severity_word) == (severity, state)
    assert draft.title.endswith(f": {state}")


@pytest.mark.parametrize("state", ["pending", "queued", "waiting", "inactive", "unheard_of"])
def test_other_states_say_nothing_unless_they_are_configured(state: str) -> None:
    body = {**STATUS, "deployment_status": {**STATUS["deployment_status"], "state": state}}
    assert DOOR.read(body, event("deployment_status")).drafts == ()
    configured = Door(type="github", settings={"deployment_states": [state]})
    assert configured.signal(body, event("deployment_status")).severity is Severity.INFO
    assert configured.read(STATUS, event("deployment_status")).drafts == ()


def test_a_production_environment_of_another_name_is_known_by_its_mark() -> None:
    marked = {**DEPLOYMENT, "environment": "eu-west", "production_environment": True}
    draft = DOOR.signal({**CREATED, "deployment": marked}, event("deployment"))
    assert draft.environment is Environment.PRODUCTION
    assert draft.labels["environment"] == "eu-west"
    named = {**DEPLOYMENT, "environment": "staging", "production_environment": True}
    assert DOOR.signal({**CREATED, "deployment": named}, event("deployment")).environment is Environment.STAGING


def test_a_workflow_that_deploys_is_a_deploy_known_by_name_or_file() -> None:
    draft = CONFIGURED.signal(RUN, event("workflow_run"))
    assert (draft.signal_type, draft.severity) == (SignalType.DEPLOY_EVENT, Severity.LOW)
    assert draft.environment is Environment.PRODUCTION
    assert draft.vendor_key == "workflow_run/30433642/2"
    assert draft.occurred_at == datetime(2026, 3, 1, 11, 34, tzinfo=UTC)
    assert draft.title == "Workflow Ship it of Hello-World f95f852: failure"
    assert draft.change is not None
    assert (draft.change.author, draft.change.text) == ("ben", "Pin the base image")
    begun = CONFIGURED.signal({**RUN, "action": "in_progress"}, event("workflow_run"))
    assert begun.occurred_at == datetime(2026, 3, 1, 11, 30, tzinfo=UTC)
    assert (begun.vendor_key, begun.severity_word) == (draft.vendor_key, "in_progress")


@pytest.mark.parametrize(
    ("run", "action"),
    [
        ({"path": ".github/workflows/ci.yml"}, "completed"),
        ({}, "requested"),
        ({"conclusion": "skipped"}, "completed"),
        ({"conclusion": "action_required"}, "completed"),
    ],
)
def test_a_run_that_deploys_nothing_says_nothing(run: dict[str, Any], action: str) -> None:
    body = {**RUN, "action": action, "workflow_run": {**RUN["workflow_run"], **run}}
    assert DOOR.read(body, event("workflow_run")).drafts == ()


def test_which_workflows_deploy_is_configured() -> None:
    shipping = Door(type="github", settings={"deploy_workflows": ["ship*"]})
    assert len(shipping.read(RUN, event("workflow_run")).drafts) == 1
    assert Door(type="github", settings={"deploy_workflows": []}).read(RUN, event("workflow_run")).drafts == ()


def test_a_push_to_a_configured_path_is_a_change_of_configuration() -> None:
    draft = CONFIGURED.signal(PUSH, event("push"))
    assert (draft.signal_type, draft.severity) == (SignalType.CONFIG_CHANGE, Severity.INFO)
    assert draft.environment is Environment.PRODUCTION
    assert draft.occurred_at == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert draft.change is not None
    assert (draft.change.kind, draft.change.paths) == ("config", ("deploy/a.yaml",))
    assert (draft.change.author, draft.change.commit) == ("ana", COMMIT)
    assert draft.change.links == (PUSH["compare"],)
    assert DOOR.read(PUSH, event("push")).drafts == ()
    told = {**PUSH, "repository": {**REPOSITORY, "pushed_at": "2026-03-01T12:00:00Z"}}
    assert CONFIGURED.signal(told, event("push")).occurred_at == draft.occurred_at


def test_a_repository_may_be_another_service() -> None:
    mapped = Door(type="github", settings={"services": ["Codertocat/Hello-World=checkout"]})
    assert mapped.signal(STATUS, event("deployment_status")).service == "checkout"


@pytest.mark.parametrize(("kind", "body"), [("ping", {"zen": "x"}), ("issues", {"action": "opened"}), ("push_", PUSH)])
def test_other_events_say_nothing(kind: str, body: Any) -> None:
    assert DOOR.read(body, event(kind)) == Parsed(vendor_id="72d3162e-cc78-11e3-81ab-4c9367dc0958")


@pytest.mark.parametrize("body", [STATUS, CREATED, RUN, PUSH])
def test_an_event_that_was_handed_in_without_headers_is_known_by_its_fields(body: Any) -> None:
    parsed = CONFIGURED.read(body)
    assert len(parsed.drafts) == 1
    assert parsed.vendor_id is None


def test_the_form_that_github_offers_is_read_too() -> None:
    form = f"payload={quote_plus(DOOR.delivery({**STATUS, 'note': 'ä+& ' + 'x' * 65_000}).body)}".encode()
    headers = {**event("deployment_status"), "Content-Type": "application/x-www-form-urlencoded"}
    assert len(form) > 64 * 1024
    assert DOOR.signal(form, headers).vendor_key == "deployment/145988746"
    assert DOOR.signal(form, headers).raw["note"].startswith("ä+& x")
    for broken in (b"", b"payload=", b"other=1", b"payload=%7B", b"payload=%FF"):
        with pytest.raises(MalformedDelivery):
            DOOR.read(broken, headers)


@pytest.mark.parametrize(
    ("kind", "body", "words"),
    [
        ("deployment", [CREATED], "the body must be an object, not a list"),
        ("deployment", {"deployment": {}}, r"deployment\.id is missing"),
        ("deployment", {"deployment": {"id": 1.5}}, r"deployment\.id must be a string"),
        (
            "deployment",
            {"deployment": {**DEPLOYMENT, "created_at": "now"}},
            r"deployment\.created_at must be an RFC 3339",
        ),
        ("deployment", {"deployment": {**DEPLOYMENT, "environment": 5}}, r"deployment\.environment must be a string"),
        ("deployment_status", CREATED, r"deployment_status\.state is missing"),
        (
            "deployment_status",
            {**STATUS, "deployment_status": {"state": 5}},
            r"deployment_status\.state must be a string",
        ),
        ("workflow_run", {"action": 5, "workflow_run": {"id": 1}}, "action must be a string, not a number"),
        ("workflow_run", {"action": "completed", "workflow_run": {"name": "deploy"}}, r"workflow_run\.id is missing"),
        ("push", {**PUSH, "commits": {}}, "commits must be a list, not an object"),
        ("push", {**PUSH, "commits": [5]}, r"commits\[0\] must be an object, not a number"),
        ("push", {**PUSH, "ref": 5}, "ref must be a string"),
        ("push", {**PUSH, "repository": []}, "repository must be an object, not a list"),
    ],
)
def test_a_wrong_field_is_named(kind: str, body: Any, words: str) -> None:
    with pytest.raises(UnreadableDelivery, match=f"^{words}"):
        CONFIGURED.read(body, event(kind))


SECRET, OLD = "It's a Secret to Everybody", "the one before"
SIGNED = Door(type="github", secrets={"signing_secret": (SECRET, OLD)})
BODY = b"Hello, World!"
# GitHub's own example.
RIGHT = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def test_the_example_of_the_documentation_is_authentic_and_so_is_one_of_the_previous_secret() -> None:
    assert SIGNED.verify(BODY, {"X-Hub-Signature-256": RIGHT})
    assert SIGNED.verify(BODY, {"x-hub-signature-256": f"sha256={hmac_hex(OLD, BODY)}"})


@pytest.mark.parametrize(
    ("headers", "body", "reason"),
    [
        ({}, BODY, "missing"),
        ({"X-Hub-Signature-256": ""}, BODY, "missing"),
        ({"X-Hub-Signature": "sha1=" + "0" * 40}, BODY, "missing"),
        ({"X-Hub-Signature-256": "sha256=" + "0" * 64}, BODY, "wrong"),
        ({"X-Hub-Signature-256": RIGHT[:-1]}, BODY, "wrong"),
        ({"X-Hub-Signature-256": RIGHT.removeprefix("sha256=")}, BODY, "wrong"),
        ({"X-Hub-Signature-256": RIGHT.replace("7", "ü", 1)}, BODY, "wrong"),
        ({"X-Hub-Signature-256": RIGHT}, BODY[:-1] + b"?", "wrong"),
        ({"X-Hub-Signature-256": f"sha256={hmac_hex('rotated away', BODY)}"}, BODY, "wrong"),
    ],
)
def test_what_is_not_signed_with_a_valid_secret_is_refused(headers: dict[str, str], body: bytes, reason: str) -> None:
    with pytest.raises(NotAuthentic) as caught:
        SIGNED.verify(body, headers)
    assert caught.value.reason == reason


def test_without_a_secret_the_key_decides() -> None:
    assert not DOOR.verify(BODY, {"X-Hub-Signature-256": RIGHT})
