"""Argo CD's notifications, by the templates that the documentation publishes."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sre_copilot.domain.deliveries import Parsed
from sre_copilot.domain.errors import UnreadableDelivery
from sre_copilot.domain.signals import Environment, Severity, SignalStatus, SignalType
from tests.unit.adapters.integrations.door import Door

DOOR = Door(type="argocd")
PUBLISHED = Path(__file__).parents[4] / "docs/reference/integrations/argocd-notifications.yaml"
COMMIT = "5be2a07c1f0c6f1f36a2f7bd1cf5ae2b28d5f7c3"
APPLICATION: dict[str, Any] = {
    "metadata": {"name": "checkout", "namespace": "argocd", "uid": "0c2f6f4d", "labels": {"env": "production"}},
    "spec": {"project": "shop", "destination": {"namespace": "shop-live"}},
    "status": {
        "sync": {"status": "Synced"},
        "health": {"status": "Degraded", "lastTransitionTime": "2026-03-01T11:05:00Z"},
        "summary": {"images": ["registry.example:5000/checkout:1.42.0@sha256:0a"]},
        "operationState": {
            "phase": "Succeeded",
            "startedAt": "2026-03-01T11:00:00Z",
            "finishedAt": "2026-03-01T11:02:00Z",
            "message": 'said "done"',
            "syncResult": {"revision": COMMIT},
            "operation": {"initiatedBy": {"username": "ana"}},
        },
    },
}


def rendered(template: str, application: dict[str, Any] = APPLICATION) -> str:
    """What Argo CD makes of a published template, for the few things that these templates do."""
    text = PUBLISHED.read_text(encoding="utf-8")
    body = text.partition(f"template.sre-copilot-{template}: |")[2].partition("body: |\n")[2].partition("  trigger.")[0]

    def found(match: re.Match[str]) -> str:
        value: Any = application
        for name in re.findall(r'"([^"]+)"', match[1]):
            value = value.get(name) if isinstance(value, dict) else None
        return json.dumps({'""': "", "(dict)": {}, "(list)": []}[match[2]] if value is None else value)

    body = re.sub(r'{{toJson \(dig((?: "\w+")+) (""|\(dict\)|\(list\)) \.app\)}}', found, body)
    body = body.replace("{{.context.argocdUrl}}", "https://argocd.example")
    for name in ("namespace", "name"):
        body = body.replace(f"{{{{.app.metadata.{name}}}}}", application["metadata"][name])
    assert "{{" not in body
    return body


def told(event: str, **fields: Any) -> dict[str, Any]:
    return {"event": event, "app": "checkout", "uid": "0c2f6f4d", "namespace": "argocd", **fields}


def test_the_published_deploy_is_a_deploy() -> None:
    draft = DOOR.signal(rendered("deployed").encode())
    assert (draft.signal_type, draft.status) == (SignalType.DEPLOY_EVENT, SignalStatus.MOMENT)
    assert (draft.severity, draft.severity_word) == (Severity.INFO, "Succeeded")
    assert (draft.service, draft.environment) == ("checkout", Environment.PRODUCTION)
    assert draft.title == "checkout 1.42.0 deployed"
    assert draft.vendor_key == f"sync/0c2f6f4d/{COMMIT}"
    assert draft.occurred_at == datetime(2026, 3, 1, 11, 2, tzinfo=UTC)
    assert draft.links == ("https://argocd.example/applications/argocd/checkout",)
    change = draft.change
    assert change is not None
    assert (change.version, change.commit, change.author) == ("1.42.0", COMMIT, "ana")
    assert change.text == 'said "done"'


def test_the_published_alerts_fire_and_end() -> None:
    firing = DOOR.signal(rendered("degraded").encode())
    assert (firing.signal_type, firing.status) == (SignalType.ALERT, SignalStatus.FIRING)
    assert (firing.severity, firing.severity_word) == (Severity.HIGH, "Degraded")
    assert firing.occurred_at == datetime(2026, 3, 1, 11, 5, tzinfo=UTC)
    assert (firing.name, firing.title) == ("Argo CD health", "checkout: health is Degraded")
    healthy = {**APPLICATION, "status": {"health": {"status": "Healthy", "lastTransitionTime": "2026-03-01T11:09:00Z"}}}
    ended = DOOR.signal(rendered("recovered", healthy).encode())
    assert ended.status is SignalStatus.RESOLVED
    assert ended.occurred_at == datetime(2026, 3, 1, 11, 9, tzinfo=UTC)
    assert DOOR.series(rendered("degraded").encode()) == DOOR.series(rendered("recovered", healthy).encode())
    unknown, known = (DOOR.signal(rendered(name).encode()) for name in ("unknown", "known"))
    assert (unknown.status, known.status) == (SignalStatus.FIRING, SignalStatus.RESOLVED)
    assert unknown.vendor_key == known.vendor_key != firing.vendor_key
    assert unknown.severity is Severity.MEDIUM


@pytest.mark.parametrize("template", ["deployed", "sync-failed", "degraded", "recovered", "unknown", "known"])
def test_every_published_template_is_read_of_an_application_that_knows_nothing_yet(template: str) -> None:
    draft = DOOR.signal(rendered(template, {"metadata": {"name": "new", "namespace": "argocd"}}).encode())
    assert (draft.service, draft.occurred_at) == ("new", None)
    assert str(draft.vendor_key).split("/")[1] == "argocd%2Fnew"


@pytest.mark.parametrize(
    ("event", "phase", "severity", "title", "at"),
    [
        ("on-deployed", "Succeeded", Severity.INFO, "checkout 5be2a07 deployed", 2),
        ("on-sync-succeeded", "Succeeded", Severity.INFO, "checkout 5be2a07 synced", 2),
        ("on-sync-failed", "Failed", Severity.LOW, "checkout 5be2a07 sync failed", 2),
        ("on-sync-running", "Running", Severity.INFO, "checkout 5be2a07 sync started", 0),
    ],
)
def test_whatever_is_told_of_a_revision_is_one_series(
    event: str, phase: str, severity: Severity, title: str, at: int
) -> None:
    times = {"started_at": "2026-03-01T11:00:00Z", "finished_at": "2026-03-01T11:02:00Z"}
    draft = DOOR.signal(told(event, phase=phase, revision=COMMIT, **times))
    assert (draft.severity, draft.severity_word, draft.title) == (severity, phase, title)
    assert draft.occurred_at == datetime(2026, 3, 1, 11, at, tzinfo=UTC)
    assert draft.vendor_key == f"sync/0c2f6f4d/{COMMIT}"


@pytest.mark.parametrize(
    ("event", "title"), [("on-created", "application created"), ("on-deleted", "application deleted")]
)
def test_the_life_of_an_application_is_configuration(event: str, title: str) -> None:
    draft = DOOR.signal(told(event))
    assert (draft.signal_type, draft.title) == (SignalType.CONFIG_CHANGE, f"checkout: {title}")


@pytest.mark.parametrize(
    ("health", "severity"),
    [
        ("Degraded", Severity.HIGH),
        ("degraded", Severity.HIGH),
        ("Missing", Severity.HIGH),
        ("Suspended", Severity.LOW),
        ("Progressing", Severity.LOW),
        ("Healthy", Severity.INFO),
        ("Unknown", Severity.MEDIUM),
        ("", Severity.MEDIUM),
        ("<no value>", Severity.MEDIUM),
    ],
)
def test_severity_is_that_of_the_health_and_an_unknown_word_is_medium(health: str, severity: Severity) -> None:
    assert DOOR.signal(told("on-health-degraded", health=health)).severity is severity


@pytest.mark.parametrize(
    ("images", "revision", "version"),
    [
        (["r.example/a:1.2"], COMMIT, "1.2"),
        (["r.example:5000/a"], COMMIT, "5be2a07"),
        (["r.example/a:1", "r.example/b:2"], COMMIT, "5be2a07"),
        ([], "15.1.0", "15.1.0"),
        (["", 5], "", ""),
        ("a:1", "", ""),
    ],
)
def test_the_version_is_the_only_images_tag_else_the_revision(images: Any, revision: str, version: str) -> None:
    change = DOOR.signal(told("on-deployed", images=images, revision=revision)).change
    assert change is not None
    assert change.version == version


@pytest.mark.parametrize(
    ("labels", "service"),
    [({}, "checkout"), ({"app": "web"}, "web"), ({"service": "s", "app": "web"}, "s"), ({"app": " "}, "checkout")],
)
def test_the_service_is_what_a_label_says_or_the_application(labels: dict[str, str], service: str) -> None:
    assert DOOR.signal(told("on-deployed", labels=labels)).service == service


def test_the_environment_is_what_a_label_says_or_what_the_table_knows_of_the_destination() -> None:
    body = told("on-deployed", destination="shop-live")
    assert DOOR.signal(body).environment is Environment.DEVELOPMENT
    assert DOOR.signal(body).environment_word == "shop-live"
    table = Door(type="argocd", environments={"shop-live": Environment.PRODUCTION})
    assert table.signal(body).environment is Environment.PRODUCTION
    assert table.signal({**body, "labels": {"environment": "staging"}}).environment is Environment.STAGING


def test_a_value_that_the_template_did_not_find_counts_as_missing() -> None:
    missing = dict.fromkeys(("uid", "revision", "finished_at", "message", "phase"), "<no value>")
    draft = DOOR.signal({**told("on-deployed"), **missing})
    assert (draft.vendor_key, draft.occurred_at, draft.description) == ("sync/argocd%2Fcheckout/", None, "")
    assert DOOR.signal(told("on-deployed", revision="{{.app.status.x}}")).vendor_key == "sync/0c2f6f4d/"


def test_other_triggers_say_nothing() -> None:
    assert DOOR.read(told("on-my-own")) == Parsed()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ([], "the body must be an object, not a list"),
        ({"app": "a"}, "event is missing"),
        ({"event": "on-deployed"}, "app is missing"),
        (told("on-deployed", uid=5), "uid must be a string, not a number"),
        (told("on-deployed", revision=[]), "revision must be a string, not a list"),
        (told("on-deployed", finished_at="now"), "finished_at must be an RFC 3339 time"),
        (told("on-health-degraded", health=5), "health must be a string"),
        (told("on-deployed", labels=[]), "labels must be an object, not a list"),
        (b'{"event": "on-deployed", "message": "a "quoted" word"}', "The body is not JSON"),
    ],
)
def test_a_wrong_field_is_named_and_a_broken_template_kept_for_repair(body: Any, words: str) -> None:
    with pytest.raises(UnreadableDelivery, match=f"^{words}"):
        DOOR.read(body)
