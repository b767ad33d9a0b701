"""Jenkins: our pipeline snippet's message, and the Notification plugin's."""

from datetime import UTC, datetime
from typing import Any

import pytest

from sre_copilot.domain.deliveries import Parsed
from sre_copilot.domain.errors import NotAuthentic, UnreadableDelivery
from sre_copilot.domain.signals import Environment, Severity, SignalStatus, SignalType
from sre_copilot.domain.signatures import hmac_hex
from tests.unit.adapters.integrations.door import Door

DOOR = Door(type="jenkins")
COMMIT = "c6d86dc654b12425e706bcf951adfe5a8627a517"
OURS: dict[str, Any] = {
    "job": "shop/checkout/main",
    "number": 42,
    "result": "SUCCESS",
    "started_at": 1772362800000,
    "duration": 180000,
    "service": "checkout",
    "environment": "production",
    "version": "1.42.0",
    "commit": COMMIT,
    "branch": "main",
    "cause": "Started by user Ana Ruiz",
    "user": "ana",
    "url": "https://jenkins.example/job/shop/job/checkout/job/main/42/",
    "paths": ["deploy/values.yaml", 5],
}
PLUGIN: dict[str, Any] = {
    "name": "asgard",
    "display_name": "asgard",
    "url": "job/asgard/",
    "build": {
        "full_url": "http://localhost:8080/job/asgard/18/",
        "number": 18,
        "phase": "COMPLETED",
        "status": "FAILURE",
        "timestamp": 1772362980000,
        "url": "job/asgard/18/",
        "scm": {
            "url": "https://github.com/evgeny-goldin/asgard.git",
            "branch": "origin/master",
            "commit": COMMIT,
            "changes": ["src/a.py"],
            "culprits": ["ana", "ben"],
        },
        "artifacts": {},
    },
}


def built(**build: Any) -> dict[str, Any]:
    return {**PLUGIN, "build": {**PLUGIN["build"], **build}}


def test_the_snippets_message_is_a_deploy_that_happened_at_its_end() -> None:
    draft = DOOR.signal(OURS)
    assert (draft.signal_type, draft.status) == (SignalType.DEPLOY_EVENT, SignalStatus.MOMENT)
    assert (draft.severity, draft.severity_word) == (Severity.INFO, "SUCCESS")
    assert (draft.service, draft.environment) == ("checkout", Environment.PRODUCTION)
    assert draft.occurred_at == datetime(2026, 3, 1, 11, 3, tzinfo=UTC)
    assert draft.title == "shop/checkout/main #42 (checkout 1.42.0 to production): SUCCESS"
    assert draft.raw == OURS
    change = draft.change
    assert change is not None
    assert (change.version, change.author, change.commit) == ("1.42.0", "ana", COMMIT)
    assert (change.text, change.paths) == ("Started by user Ana Ruiz", ("deploy/values.yaml",))
    assert change.links == (OURS["url"],)


def test_a_start_is_a_change_of_the_same_series_at_its_own_time() -> None:
    started = {**OURS, "result": "STARTED", "duration": 900}
    assert DOOR.signal(started).occurred_at == datetime(2026, 3, 1, 11, tzinfo=UTC)
    assert DOOR.series(started) == DOOR.series(OURS)
    assert len({DOOR.series(body) for body in (OURS, {**OURS, "number": 43}, {**OURS, "job": "shop"})}) == 3


def test_the_notification_plugins_message_is_a_deploy_too() -> None:
    draft = DOOR.signal(PLUGIN)
    assert (draft.severity, draft.severity_word) == (Severity.LOW, "FAILURE")
    assert (draft.service, draft.environment) == ("unknown", Environment.DEVELOPMENT)
    assert draft.occurred_at == datetime(2026, 3, 1, 11, 3, tzinfo=UTC)
    assert draft.title == "asgard #18: FAILURE"
    assert draft.vendor_key == "asgard/18"
    assert draft.change is not None
    assert (draft.change.author, draft.change.commit, draft.change.paths) == ("ana, ben", COMMIT, ("src/a.py",))
    started = DOOR.signal(built(phase="STARTED", status=None))
    assert (started.severity, started.severity_word) == (Severity.INFO, "STARTED")
    assert started.vendor_key == draft.vendor_key


@pytest.mark.parametrize("body", [built(phase="QUEUED"), built(phase="FINALIZED"), {**OURS, "result": "NOT_BUILT"}])
def test_what_changes_nothing_says_nothing(body: dict[str, Any]) -> None:
    assert DOOR.read(body) == Parsed()


@pytest.mark.parametrize(
    ("result", "severity"),
    [
        ("SUCCESS", Severity.INFO),
        ("failure", Severity.LOW),
        ("UNSTABLE", Severity.LOW),
        ("ABORTED", Severity.INFO),
        ("SOMETHING", Severity.INFO),
    ],
)
def test_a_deploy_that_went_wrong_is_low_and_every_other_result_info(result: str, severity: Severity) -> None:
    draft = DOOR.signal({**OURS, "result": result})
    assert (draft.severity, draft.severity_word) == (severity, result.upper())


def test_settings_say_what_deploys_and_which_service_and_environment() -> None:
    settings = {"deploy_jobs": ["*asgard*"], "services": ["asgard=gateway"], "environment": "staging"}
    door = Door(type="jenkins", settings=settings)
    assert door.read(OURS) == Parsed()
    draft = door.signal(PLUGIN)
    assert (draft.service, draft.environment) == ("gateway", Environment.STAGING)
    assert draft.title == "asgard #18 (gateway): FAILURE"


def test_numbers_may_be_texts_and_unresolved_variables_count_as_missing() -> None:
    body = {**OURS, "number": "42", "started_at": "1772362800000", "duration": None}
    assert DOOR.series(body) == DOOR.series(OURS)
    assert DOOR.signal(body).occurred_at == datetime(2026, 3, 1, 11, tzinfo=UTC)
    unset = dict.fromkeys(("service", "version", "commit", "environment", "user"), "${env.NOTHING}")
    draft = DOOR.signal({**OURS, **unset, "branch": "$BRANCH", "cause": "null", "started_at": "$START"})
    assert (draft.service, draft.environment_word, draft.occurred_at) == ("unknown", "", None)
    assert draft.title == "shop/checkout/main #42: SUCCESS"
    assert set(draft.labels) == {"job", "number", "result"}


def test_without_a_time_there_is_none() -> None:
    assert DOOR.signal({**OURS, "started_at": None}).occurred_at is None


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ([OURS], "the body must be an object, not a list"),
        ({}, "result is missing"),
        ({**OURS, "result": 5.5}, "result must be a string, not a number"),
        ({**OURS, "job": "$JOB_NAME"}, "job is missing"),
        ({**OURS, "number": None}, "number is missing"),
        ({**OURS, "number": []}, "number must be a string, not a list"),
        ({**OURS, "service": 5}, "service must be a string, not a number"),
        ({**OURS, "environment": {}}, "environment must be a string"),
        ({**OURS, "started_at": "yesterday"}, "started_at must be a time as a number since 1970"),
        ({**OURS, "started_at": 5}, "started_at lies before the year 2000"),
        (built(phase=None), r"build\.phase is missing"),
        (built(status=None), r"build\.status is missing"),
        (built(number=1.5), r"build\.number must be a string"),
        (built(scm=[]), r"build\.scm must be an object"),
        ({**PLUGIN, "name": ""}, "name is missing"),
        (b'{"job": "a" "number": 1}', "The body is not JSON"),
    ],
)
def test_a_wrong_field_is_named_and_a_broken_template_kept_for_repair(body: Any, words: str) -> None:
    with pytest.raises(UnreadableDelivery, match=f"^{words}"):
        DOOR.read(body)


SECRET, OLD = "a-secret-for-tests", "the-one-before"
SIGNED = Door(type="jenkins", secrets={"signing_secret": (SECRET, OLD)})
BODY = b'{"job": "a"}'
RIGHT = hmac_hex(SECRET, BODY)


@pytest.mark.parametrize("signature", [RIGHT, f"sha256={RIGHT}", f" sha256={RIGHT} ", hmac_hex(OLD, BODY)])
def test_a_signature_of_the_current_or_the_previous_secret_opens(signature: str) -> None:
    assert SIGNED.verify(BODY, {"X-Jenkins-Signature": signature})


@pytest.mark.parametrize(
    ("headers", "body", "reason"),
    [
        ({}, BODY, "missing"),
        ({"X-Jenkins-Signature": "sha256="}, BODY, "missing"),
        ({"X-Jenkins-Signature": "0" * 64}, BODY, "wrong"),
        ({"X-Jenkins-Signature": RIGHT[1:]}, BODY, "wrong"),
        ({"X-Jenkins-Signature": "ü" * 64}, BODY, "wrong"),
        ({"X-Jenkins-Signature": RIGHT}, BODY.replace(b"a", b"b"), "wrong"),
        ({"X-Jenkins-Signature": hmac_hex("rotated away", BODY)}, BODY, "wrong"),
        ({"X-Hub-Signature-256": RIGHT}, BODY, "missing"),
    ],
)
def test_what_is_not_signed_with_a_valid_secret_is_refused(headers: dict[str, str], body: bytes, reason: str) -> None:
    with pytest.raises(NotAuthentic) as caught:
        SIGNED.verify(body, headers)
    assert caught.value.reason == reason


def test_the_signature_may_come_in_another_header() -> None:
    door = Door(type="jenkins", secrets=SIGNED.secrets, settings={"signature_header": "X-Hub-Signature-256"})
    assert door.verify(BODY, {"x-hub-signature-256": f"sha256={RIGHT}"})


def test_without_a_secret_the_key_decides() -> None:
    assert not DOOR.verify(BODY, {"X-Jenkins-Signature": RIGHT})
