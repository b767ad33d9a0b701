"""A cluster whose API server is asked by a worker, over TLS with an authority of its own."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.e2e.command_line import new_tenant
from tests.e2e.installation import Installation
from tests.e2e.polled_vendors import OPEN, Answer, vendor, working
from tests.e2e.server import awaited

TOKEN = "a-token-of-a-service-account"


def event(version: int, reason: str, kind: str, message: str) -> dict[str, Any]:
    about = {"kind": "Pod", "namespace": "shop", "name": "checkout-7d4b9c6f5b-x2x9z", "uid": "6cf7d2a4"}
    at = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return {
        "metadata": {"name": f"checkout.{version}", "namespace": "shop", "resourceVersion": str(version)},
        "involvedObject": about,
        "reason": reason,
        "message": message,
        "type": kind,
        "firstTimestamp": at,
        "lastTimestamp": at,
        "count": 1,
    }


def cluster(path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
    """A list in two chunks; the warning is in the second one."""
    if headers.get("authorization") != f"Bearer {TOKEN}":
        return 401, {}, {"kind": "Status", "status": "Failure", "reason": "Unauthorized", "code": 401}
    if path == "/version":
        return 200, {}, {"major": "1", "minor": "35", "gitVersion": "v1.35.1"}
    if path != "/api/v1/events":
        return 404, {}, {"kind": "Status", "status": "Failure", "reason": "NotFound", "code": 404}
    about: dict[str, Any] = {"resourceVersion": "4711"}
    if query.get("continue") == "the rest":
        items = [event(4700, "BackOff", "Warning", "Back-off restarting failed container app in pod checkout")]
    else:
        items, about["continue"] = [event(4600, "Started", "Normal", "Started container app")], "the rest"
    return 200, {}, {"kind": "EventList", "apiVersion": "v1", "metadata": about, "items": items}


def test_a_warning_of_a_cluster_that_is_polled_opens_an_incident(installation: Installation, tmp_path: Path) -> None:
    terminal = new_tenant(installation)
    wrong, right = tmp_path / "wrong", tmp_path / "right"
    wrong.write_text("another", encoding="utf-8")
    right.write_text(f"{TOKEN}\n", encoding="utf-8")
    with vendor(cluster, tls=True) as api:

        def shown(*arguments: str) -> str:
            answer = terminal(*arguments, environment=OPEN, columns=400)
            return answer.out + answer.err

        made = terminal(
            *("integrations", "create", "kubernetes", "--name", "cluster", "--set", f"url={api.url}"),
            *("--feature", "pull", "--secret", f"token=file:{wrong}"),
            environment=OPEN,
        )
        made.expect(0)
        assert "certificate does not hold" in shown("integrations", "test", "cluster")
        terminal("integrations", "configure", "cluster", "--set", f"certificate_authority={api.authority}").expect(0)
        assert "does not accept the token" in shown("integrations", "test", "cluster")
        terminal("integrations", "configure", "cluster", "--secret", f"token=file:{right}").expect(0)
        assert "Kubernetes v1.35.1 answers" in shown("integrations", "test", "cluster")
        with working(installation):
            awaited(lambda: bool(terminal.told("incidents", "list")["incidents"]), "an incident of the warning")
    (incident,) = terminal.told("incidents", "list")["incidents"]
    assert "BackOff" in incident["title"]
    (delivery,) = terminal.told("deliveries", "list")["deliveries"]
    assert delivery["verdict"] == "pulled"
