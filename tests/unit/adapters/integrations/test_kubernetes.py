"""Kubernetes' Event objects, of both versions of the API and as whatever carries them wraps them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sre_copilot.domain.deliveries import Parsed
from sre_copilot.domain.errors import UnreadableDelivery
from sre_copilot.domain.signals import Environment, Severity, SignalStatus, SignalType
from tests.unit.adapters.integrations.door import NOW, Door

DOOR = Door(type="kubernetes")
POD: dict[str, Any] = {
    "kind": "Pod",
    "namespace": "shop",
    "name": "checkout-7d4b9c6f5b-x2x9z",
    "uid": "6cf7d2a4-2a3b-4a57-b6f7-0d0a5e2f6f61",
    "apiVersion": "v1",
    "resourceVersion": "81234",
    "fieldPath": "spec.containers{app}",
}
BACKOFF: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Event",
    "metadata": {"name": "checkout.17a3", "namespace": "shop", "creationTimestamp": "2026-03-01T11:40:00Z"},
    "involvedObject": POD,
    "reason": "BackOff",
    "message": "Back-off restarting failed container app in pod checkout-7d4b9c6f5b-x2x9z_shop(6cf7d2a4-2a3b)",
    "source": {"component": "kubelet", "host": "worker-3"},
    "firstTimestamp": "2026-03-01T11:40:00Z",
    "lastTimestamp": "2026-03-01T11:55:00Z",
    "count": 12,
    "type": "Warning",
    "eventTime": None,
    "reportingComponent": "kubelet",
    "series": None,
}
SCHEDULING: dict[str, Any] = {
    "apiVersion": "events.k8s.io/v1",
    "kind": "Event",
    "metadata": {"name": "checkout.17a4", "namespace": "shop"},
    "regarding": {**POD, "fieldPath": None},
    "reason": "FailedScheduling",
    "note": "0/3 nodes are available: 3 Insufficient cpu.",
    "type": "Warning",
    "eventTime": "2026-03-01T11:30:00.123456Z",
    "series": {"count": 5, "lastObservedTime": "2026-03-01T11:50:00.000000Z"},
    "reportingController": "default-scheduler",
    "deprecatedFirstTimestamp": None,
}
SCALED: dict[str, Any] = {
    **BACKOFF,
    "involvedObject": {"kind": "Deployment", "namespace": "shop", "name": "checkout", "uid": "90d1dd2c"},
    "reason": "ScalingReplicaSet",
    "message": "Scaled up replica set checkout-7d4b9c6f5b from 0 to 1",
    "source": {"component": "deployment-controller"},
    "count": 1,
    "type": "Normal",
}


def node(reason: str, at: str = "11:55", first: str = "08:00", **fields: Any) -> dict[str, Any]:
    about = {"kind": "Node", "name": "worker-3", "uid": "worker-3"}
    times = {"firstTimestamp": f"2026-03-01T{first}:00Z", "lastTimestamp": f"2026-03-01T{at}:00Z"}
    return {
        **BACKOFF,
        "involvedObject": about,
        "reason": reason,
        "message": reason,
        "type": "Normal",
        **times,
        **fields,
    }


def test_a_crashing_container_is_an_alert_of_its_pods_service() -> None:
    draft = DOOR.signal(BACKOFF)
    assert (draft.signal_type, draft.status) == (SignalType.ALERT, SignalStatus.FIRING)
    assert (draft.severity, draft.severity_word) == (Severity.HIGH, "Warning")
    assert draft.service == "checkout"
    assert (draft.environment, draft.environment_word) == (Environment.DEVELOPMENT, "")
    assert (draft.name, draft.title) == ("BackOff", "Pod checkout-7d4b9c6f5b-x2x9z: BackOff")
    assert draft.description == BACKOFF["message"]
    assert draft.occurred_at == datetime(2026, 3, 1, 11, 40, tzinfo=UTC)
    assert draft.expires_at == datetime(2026, 3, 1, 12, 55, tzinfo=UTC)
    assert draft.episode_started_at is None
    assert str(draft.vendor_key).startswith("6cf7d2a4-2a3b-4a57-b6f7-0d0a5e2f6f61/BackOff/")
    assert draft.labels == {
        "reason": "BackOff",
        "kind": "Pod",
        "namespace": "shop",
        "name": "checkout-7d4b9c6f5b-x2x9z",
        "container": "app",
        "component": "kubelet",
        "node": "worker-3",
    }
    assert draft.raw == BACKOFF


def test_an_event_of_the_newer_api_is_read_alike() -> None:
    draft = DOOR.signal(SCHEDULING)
    assert (draft.name, draft.severity, draft.service) == ("FailedScheduling", Severity.MEDIUM, "checkout")
    assert draft.description == SCHEDULING["note"]
    assert draft.occurred_at == datetime(2026, 3, 1, 11, 30, 0, 123456, tzinfo=UTC)
    assert draft.expires_at == datetime(2026, 3, 1, 12, 50, tzinfo=UTC)
    assert draft.labels["component"] == "default-scheduler"
    other = {**SCHEDULING, "note": "0/4 nodes are available: 1 node had a taint, 3 Insufficient memory."}
    assert DOOR.series(other) == DOOR.series(SCHEDULING)


def test_counting_on_is_a_repeat_that_moves_the_expiry() -> None:
    later = {
        **BACKOFF,
        "count": 14,
        "lastTimestamp": "2026-03-01T11:59:00Z",
        "message": BACKOFF["message"].replace("2a3b", "9"),
    }
    first, again = DOOR.signal(BACKOFF), DOOR.signal(later)
    assert DOOR.series(later) == DOOR.series(BACKOFF)
    assert (again.status, again.occurred_at) == (first.status, first.occurred_at)
    assert again.expires_at == datetime(2026, 3, 1, 12, 59, tzinfo=UTC)


def test_what_one_event_object_counts_after_a_quiet_time_is_a_new_occurrence() -> None:
    old = {**BACKOFF, "firstTimestamp": "2026-02-27T11:40:00Z"}
    assert DOOR.signal(old).occurred_at == datetime(2026, 3, 1, 11, 40, tzinfo=UTC)
    quick = Door(type="kubernetes", settings={"quiet_minutes": 10})
    assert quick.signal(BACKOFF).occurred_at == datetime(2026, 3, 1, 11, 50, tzinfo=UTC)
    assert quick.signal(BACKOFF).expires_at == datetime(2026, 3, 1, 12, 5, tzinfo=UTC)


@pytest.mark.parametrize(("minutes", "meant"), [(0, 1), (-5, 1), (720, 720), (10**9, 720), ("x", 60), (True, 60)])
def test_the_quiet_time_stays_within_its_limits(minutes: Any, meant: int) -> None:
    draft = Door(type="kubernetes", settings={"quiet_minutes": minutes}).signal(BACKOFF)
    assert draft.expires_at == datetime(2026, 3, 1, 11, 55, tzinfo=UTC) + timedelta(minutes=meant)


def test_an_expiry_stays_within_what_is_taken_of_times() -> None:
    ahead = {**BACKOFF, "lastTimestamp": "2026-03-02T11:59:00Z"}
    assert DOOR.signal(ahead).expires_at == NOW + timedelta(hours=24)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Readiness probe failed: Get 10.1.2.3:80: refused", "Readiness probe failed: HTTP statuscode: 503", True),
        ("Readiness probe failed: x", "Liveness probe failed: x", False),
        ("Container a failed 3 times", "Container a failed 4 times", True),
        ('Failed to pull image "a:1"', 'Failed to pull image "b:2"', True),
    ],
)
def test_one_reason_for_different_troubles_is_told_apart_by_its_message(one: str, other: str, same: bool) -> None:
    series = [DOOR.series({**BACKOFF, "reason": "Unhealthy", "message": message}) for message in (one, other)]
    assert (series[0] == series[1]) is same
    sidecar = {**BACKOFF, "involvedObject": {**POD, "fieldPath": "spec.containers{sidecar}"}}
    assert DOOR.series(sidecar) != DOOR.series(BACKOFF)


def test_a_node_that_comes_back_ends_its_alert_whatever_its_uid() -> None:
    lost, back = node("NodeNotReady"), node("NodeReady", at="11:58")
    back["involvedObject"] = {**back["involvedObject"], "uid": "5e2f6f61"}
    firing, ended = DOOR.signal(lost), DOOR.signal(back)
    assert (firing.status, ended.status) == (SignalStatus.FIRING, SignalStatus.RESOLVED)
    assert (firing.severity, firing.severity_word) == (Severity.HIGH, "Normal")
    assert firing.occurred_at == datetime(2026, 3, 1, 11, 55, tzinfo=UTC)
    assert ended.occurred_at == datetime(2026, 3, 1, 11, 58, tzinfo=UTC)
    assert (firing.expires_at, ended.expires_at) == (None, None)
    assert DOOR.series(lost) == DOOR.series(back)
    assert (firing.service, firing.labels["node"]) == ("unknown", "worker-3")
    assert DOOR.series({**lost, "clusterName": "eu"}) != DOOR.series(lost)


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("NodeHasDiskPressure", "NodeHasNoDiskPressure"),
        ("NodeHasInsufficientMemory", "NodeHasSufficientMemory"),
        ("NodeHasInsufficientPID", "NodeHasSufficientPID"),
    ],
)
def test_pressure_on_a_node_ends_too(bad: str, good: str) -> None:
    assert DOOR.signal(node(bad)).severity is Severity.MEDIUM
    assert DOOR.series(node(bad)) == DOOR.series(node(good)) != DOOR.series(node("NodeNotReady"))


@pytest.mark.parametrize(
    ("reason", "severity"),
    [
        ("CrashLoopBackOff", Severity.HIGH),
        ("OOMKilling", Severity.HIGH),
        ("SystemOOM", Severity.HIGH),
        ("NodeNotReady", Severity.HIGH),
        ("Evicted", Severity.MEDIUM),
        ("FailedMount", Severity.MEDIUM),
        ("Failed", Severity.MEDIUM),
        ("Unhealthy", Severity.LOW),
        ("Preempted", Severity.LOW),
        ("SomethingOfAnOperator", Severity.MEDIUM),
        ("", Severity.MEDIUM),
    ],
)
def test_severity_is_that_of_the_reason_and_a_warning_of_another_is_medium(reason: str, severity: Severity) -> None:
    draft = DOOR.signal({**BACKOFF, "reason": reason})
    assert (draft.severity, draft.severity_word) == (severity, "Warning")


@pytest.mark.parametrize("reason", ["Scheduled", "Pulling", "Pulled", "Created", "Started", "Killing", "", "Invented"])
def test_other_normal_events_say_nothing(reason: str) -> None:
    assert DOOR.read({**BACKOFF, "reason": reason, "type": "Normal"}) == Parsed()


def test_ignored_reasons_say_nothing() -> None:
    assert Door(type="kubernetes", settings={"ignored_reasons": ["backoff"]}).read([BACKOFF, SCHEDULING]).drafts != ()
    assert Door(type="kubernetes", settings={"ignored_reasons": ["*"]}).read([BACKOFF, SCHEDULING]) == Parsed()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (5, "the body must be an object, not a number"),
        ({}, "involvedObject is missing"),
        ({"kind": "Event"}, "involvedObject is missing"),
        ({"items": {}}, "items must be a list, not an object"),
        ({"items": [BACKOFF, 5]}, r"items\[1\] must be an object"),
        ([BACKOFF, {"type": "ADDED", "object": {"kind": "Event"}}], r"\[1\]\.object\.involvedObject is missing"),
        ({**BACKOFF, "reason": 5}, "reason must be a string"),
        ({**BACKOFF, "type": 5}, "type must be a string"),
        ({**BACKOFF, "involvedObject": []}, "involvedObject must be an object"),
        ({**BACKOFF, "involvedObject": {"kind": "Pod"}}, r"involvedObject\.name is missing"),
        ({**BACKOFF, "involvedObject": {**POD, "uid": 5}}, r"involvedObject\.uid must be a string"),
        ({**BACKOFF, "firstTimestamp": "now"}, "firstTimestamp must be an RFC 3339 time"),
        ({**SCHEDULING, "series": {"lastObservedTime": 5}}, r"series\.lastObservedTime must be a string"),
        ({**SCHEDULING, "regarding": {**POD, "name": 5}}, r"regarding\.name must be a string"),
    ],
)
def test_a_wrong_field_is_named(body: Any, words: str) -> None:
    with pytest.raises(UnreadableDelivery, match=f"^{words}"):
        DOOR.read(body)
