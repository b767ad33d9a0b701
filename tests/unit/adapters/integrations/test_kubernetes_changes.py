"""Kubernetes' events: changes, what wraps events, and whose they are."""

from typing import Any

import pytest

from sre_copilot.domain.deliveries import Parsed
from sre_copilot.domain.signals import Environment, Severity, SignalStatus, SignalType
from tests.unit.adapters.integrations.door import Door
from tests.unit.adapters.integrations.test_kubernetes import BACKOFF, DOOR, POD, SCALED, SCHEDULING, node


@pytest.mark.parametrize(
    ("message", "kind", "version"),
    [
        ("Scaled up replica set checkout-7d4b9c6f5b from 0 to 1", "deploy", "7d4b9c6f5b"),
        ("Scaled up replica set checkout-7d4b9c6f5b to 1", "deploy", "7d4b9c6f5b"),
        ("Scaled up replica set checkout-7d4b9c6f5b from 1 to 3", "scale", ""),
        ("Scaled down replica set checkout-55f6d8b7c9 from 3 to 0", "scale", ""),
        ("Scaled up replica set odd to 1", "deploy", "odd"),
        ("something else", "scale", ""),
    ],
)
def test_a_new_replica_set_is_a_deploy_and_other_scaling_a_change_of_configuration(
    message: str, kind: str, version: str
) -> None:
    draft = DOOR.signal({**SCALED, "message": message})
    assert draft.signal_type is (SignalType.DEPLOY_EVENT if kind == "deploy" else SignalType.CONFIG_CHANGE)
    assert (draft.status, draft.severity, draft.service) == (SignalStatus.MOMENT, Severity.INFO, "checkout")
    assert draft.expires_at is None
    assert draft.change is not None
    assert (draft.change.kind, draft.change.version) == (kind, version)
    assert draft.title == draft.change.summary == f"Deployment checkout: {message}"


def test_another_rollout_is_another_series() -> None:
    message = "Scaled up replica set checkout-55f6d8b7c9 from 0 to 1"
    assert DOOR.series({**SCALED, "message": message}) != DOOR.series(SCALED)


@pytest.mark.parametrize(("reason", "kind"), [("NodeNotSchedulable", "config"), ("SuccessfulRescale", "scale")])
def test_cordoned_nodes_and_autoscaling_are_changes(reason: str, kind: str) -> None:
    change = DOOR.signal(node(reason)).change
    assert change is not None
    assert change.kind == kind


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("registry.example:5000/shop/checkout:1.42.0", "1.42.0"),
        ("checkout:1@sha256:0a", "1"),
        ("checkout", "checkout"),
    ],
)
def test_a_pulled_image_is_a_deploy_of_its_workload_where_that_is_wanted(image: str, version: str) -> None:
    pulled = {**BACKOFF, "reason": "Pulled", "type": "Normal"}
    body = {**pulled, "message": f'Successfully pulled image "{image}" in 1.2s (1.2s including waiting)'}
    assert DOOR.read(body) == Parsed()
    wanted = Door(type="kubernetes", settings={"image_pulls": True})
    change = wanted.signal(body).change
    assert change is not None
    assert (change.kind, change.version) == ("deploy", version)
    other_pod = {**body, "involvedObject": {**POD, "uid": "other", "name": "checkout-7d4b9c6f5b-9zz2x"}}
    assert wanted.series(other_pod) == wanted.series(body)
    assert wanted.read({**pulled, "message": 'Container image "a" already present on machine'}) == Parsed()


@pytest.mark.parametrize(
    "body",
    [
        [BACKOFF, SCHEDULING],
        {"kind": "EventList", "apiVersion": "v1", "metadata": {}, "items": [BACKOFF, SCHEDULING]},
        {"kind": "List", "items": [{"type": "ADDED", "object": BACKOFF}, {"type": "MODIFIED", "object": SCHEDULING}]},
        [{"type": "MODIFIED", "object": BACKOFF}, SCHEDULING, {"type": "DELETED", "object": BACKOFF}],
        [BACKOFF, SCHEDULING, {"type": "BOOKMARK", "object": {"kind": "Event", "metadata": {}}}],
        [BACKOFF, SCHEDULING, {"type": "ERROR", "object": {"kind": "Status", "code": 410}}],
        [BACKOFF, SCHEDULING, {"kind": "ConfigMap", "data": {}}, {"type": "ADDED", "object": {"kind": "Deployment"}}],
    ],
)
def test_events_are_read_out_of_whatever_wraps_them(body: Any) -> None:
    parsed = DOOR.read(body)
    assert [draft.name for draft in parsed.drafts] == ["BackOff", "FailedScheduling"]
    assert [draft.raw for draft in parsed.drafts] == [BACKOFF, SCHEDULING]
    assert parsed.vendor_id is None


def test_an_empty_list_is_nothing() -> None:
    assert DOOR.read([]) == DOOR.read({"kind": "EventList", "items": []}) == Parsed()


@pytest.mark.parametrize(
    ("about", "service"),
    [
        ({"name": "checkout-7d4b9c6f5b-x2x9z"}, "checkout"),
        ({"name": "log-shipper-x2x9z"}, "log-shipper"),
        ({"name": "postgres-0"}, "postgres"),
        ({"name": "backup-29538840-x2x9z"}, "backup"),
        ({"name": "by-hand"}, "by-hand"),
        ({"name": "x" * 300}, "unreadable"),
        ({"kind": "ReplicaSet", "name": "checkout-7d4b9c6f5b"}, "checkout"),
        ({"kind": "Job", "name": "backup-29538840"}, "backup"),
        ({"kind": "Deployment", "name": "checkout"}, "checkout"),
        ({"kind": "HorizontalPodAutoscaler", "name": "checkout"}, "checkout"),
        ({"kind": "Node", "name": "worker-3"}, "unknown"),
        ({"ownerReferences": [{"kind": "ReplicaSet", "name": "web-7d4b9c6f5b"}]}, "web"),
        ({"ownerReferences": [{"kind": "StatefulSet", "name": "kafka"}]}, "kafka"),
        ({"ownerReferences": [5]}, "checkout"),
        ({"labels": {"app.kubernetes.io/name": "payments", "app": "x"}}, "payments"),
        ({"labels": {"app_kubernetes_io/name": "payments"}}, "payments"),
        ({"labels": {"app": " "}}, "checkout"),
    ],
)
def test_the_service_is_what_labels_or_owner_say_or_the_name_without_its_appendix(
    about: dict[str, Any], service: str
) -> None:
    parsed = DOOR.gateway.manager.plugins["kubernetes"].parse(  # type: ignore[attr-defined]
        DOOR.integration, {**BACKOFF, "involvedObject": {**POD, **about}}, DOOR.delivery(b"")
    )
    assert parsed.drafts[0].service == (service if service != "unreadable" else "x" * 300)


@pytest.mark.parametrize(
    ("environments", "settings", "labels", "environment"),
    [
        ({}, {}, {}, Environment.DEVELOPMENT),
        ({"Shop": Environment.PRODUCTION}, {"environment": "staging"}, {}, Environment.PRODUCTION),
        ({}, {"environment": "production"}, {}, Environment.PRODUCTION),
        ({}, {"environment": "production"}, {"environment": "staging"}, Environment.STAGING),
        ({}, {}, {"env": "production"}, Environment.PRODUCTION),
    ],
)
def test_the_environment_is_that_of_the_namespace_in_the_table_then_a_labels_then_the_clusters(
    environments: dict[str, Environment], settings: dict[str, str], labels: dict[str, str], environment: Environment
) -> None:
    door = Door(type="kubernetes", settings=settings, environments=environments)
    assert door.signal({**BACKOFF, "involvedObject": {**POD, "labels": labels}}).environment is environment


def test_a_namespace_is_no_environment_unless_the_table_has_it() -> None:
    production = {**BACKOFF, "involvedObject": {**POD, "namespace": "production"}}
    assert DOOR.signal(production).environment is Environment.DEVELOPMENT
