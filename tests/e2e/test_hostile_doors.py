"""Bodies that nobody means well with, at every door of a running server: refused or kept aside, and nothing else."""

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest

from sre_copilot.adapters.integrations.manager import PluginManager
from sre_copilot.adapters.system import SystemClock
from sre_copilot.domain.deliveries import Delivery
from sre_copilot.domain.integrations import Secrets
from sre_copilot.hookspecs import SignsSamples
from sre_copilot.testing.conformance.plugins.subject import Subject, readers
from tests.e2e.installation import Installation
from tests.e2e.server import Reply, Server
from tests.e2e.tenants import Resident, resident

PLUGINS = PluginManager([])
TEMPLATES = {"datadog", "argocd", "new_relic", "jenkins"}
"""Whose text is the user's own: malformed bodies are kept aside, not refused."""
FORMS = {"nagios", "slack", "zabbix"}
"""Whose bodies may be forms, in which much is well-formed that is no JSON."""
SLOWEST, ANYHOW = 2.0, 30.0
"""Seconds that an answer may cost and take; and may take once, where the machine was busy with something else."""
TOOK_LONG: set[bytes] = set()
"""Bodies that were answered too late once. At a second door that is no chance any more."""
ROOM = 50 * 1024 * 1024
DEEP = b'{"a":' * 33 + b"1" + b"}" * 33

REFUSED: Mapping[str, tuple[bytes, set[int]]] = {
    "a body over 4 MiB": (b'{"a":"' + b"x" * (4 * 1024 * 1024) + b'"}', {413}),
    "33 levels": (DEEP, {400}),
    "100,000 levels": (b"[" * 100_000, {400}),
}
"""Refused for everyone."""
MALFORMED: Mapping[str, bytes] = {
    "nothing": b"",
    "half an object": b'{"title": "x"',
    "no text": bytes(range(256)),
    "Latin-1": '{"title": "é"}'.encode("latin-1"),
    "NaN": b'{"title": NaN}',
    "infinity": b'{"title": 1e999}',
    "5,000 digits": b'{"title": ' + b"9" * 5_000 + b"}",
    "a name twice": b'{"title": "a", "title": "b"}',
    "a long string": b'{"title": "' + b"x" * (64 * 1024 + 1) + b'"}',
    "a byte order mark": b"\xef\xbb\xbf{}",
}
"""Refused, and by templates kept aside."""
STRANGE: Mapping[str, bytes] = {
    "null": b"null",
    "a number": b"0",
    "a list of lists": b"[[], [[]]]",
    "NUL and half a surrogate": rb'{"title": "a\u0000b\ud800", "alerts": "\udfff"}',
    "5,001 things": json.dumps([{"title": "x"}] * 5_001).encode(),
    "an absurd time": b'{"title": "x", "occurred_at": "9999-99-99T99:99:99Z", "startsAt": "0000-00-00"}',
    "wrong types": b'{"title": [1], "status": {}, "alerts": {"a": []}, "event_action": 5, "data": "x", "severity": []}',
}
"""Well-formed: read, kept aside, or refused for their size."""


@attrs.frozen(kw_only=True)
class Door:
    """An integration of one type at the running server."""

    kind: str
    server: Server
    home: Resident
    id: str
    key: str = attrs.field(repr=False)
    secrets: Secrets

    def knock(self, body: bytes, headers: Mapping[str, str] | None = None) -> Reply:
        """Send a body as its vendor proves it, and look at what the answer costs."""
        delivery = Delivery(body=body, received_at=SystemClock().now(), headers=dict(headers or {}))
        plugin = PLUGINS.plugins[self.kind]
        if self.secrets.values and isinstance(plugin, SignsSamples):
            delivery = plugin.sign(self.secrets, delivery, SystemClock().now())
        with quickly(self.server, body):
            reply = self.server.ask(
                "POST",
                f"/webhooks/{self.id}",
                body=body,
                headers={"Authorization": f"Bearer {self.key}", **delivery.headers},
            )
        assert reply.status < 500, reply.body
        assert b"Traceback" not in reply.body
        return reply

    def stored(self) -> list[Any]:
        """Every delivery of it, read back one by one."""
        found: list[Any] = []
        path = f"/api/v1/deliveries?integration={self.id}&limit=200"
        for row in self.server.ask("GET", path, headers=self.home.headers()).expect(200).document["items"]:
            shown = self.server.ask("GET", f"/api/v1/deliveries/{row['id']}", headers=self.home.headers())
            found.append(shown.expect(200).document)
        return found


@pytest.fixture(scope="module")
def home(installation: Installation) -> Resident:
    return resident(installation, "hostile")


@pytest.fixture(scope="module", params=readers(PLUGINS))
def door(request: pytest.FixtureRequest, server: Server, home: Resident) -> Door:
    subject = Subject(kind=request.param, manager=PLUGINS)
    values = {name: found[0] for name, found in subject.secrets().values.items()}
    secrets = values if isinstance(subject.plugin, SignsSamples) else {}
    body = {
        "type": subject.kind,
        "name": f"hostile {subject.kind}",
        "settings": {**subject.integration().settings, **secrets},
    }
    made = server.ask("POST", "/api/v1/integrations", body=json.dumps(body).encode(), headers=home.headers())
    told = made.expect(201).document
    return Door(
        kind=subject.kind,
        server=server,
        home=home,
        id=told["integration"]["id"],
        key=told["key"],
        secrets=subject.secrets() if secrets else Secrets(),
    )


@pytest.fixture(scope="module", autouse=True)
def bounded(server: Server) -> Iterator[None]:
    """No process grows by more than there is room for, and all are well afterwards."""
    before = memory(server)
    yield
    after = memory(server)
    assert set(after) == set(before), "a process was replaced"
    assert {pid: grown for pid, size in after.items() if (grown := size - before[pid]) > ROOM} == {}
    assert server.answers("/readyz")


@contextmanager
def quickly(server: Server, body: bytes) -> Iterator[None]:
    """What is asked within costs little and is answered soon; the clock also runs while others have the processor."""
    began, spent = time.monotonic(), processor_seconds(server)
    yield
    took = time.monotonic() - began
    assert processor_seconds(server) - spent < SLOWEST
    assert took < (ANYHOW if body not in TOOK_LONG else SLOWEST)
    if took >= SLOWEST:
        TOOK_LONG.add(body)


def processor_seconds(server: Server) -> float:
    """What the server's processes have spent so far, in their own code and in the kernel."""
    rows = [Path(f"/proc/{pid}/stat").read_text(encoding="ascii") for pid in server.children()]
    # Whatever stands in the parentheses is the process's name; the two times are the 12th and 13th field after it.
    ticks = [int(field) for row in rows for field in row.rpartition(")")[2].split()[11:13]]
    return sum(ticks) / os.sysconf("SC_CLK_TCK")


def memory(server: Server) -> dict[int, int]:
    """Bytes that each of the server's processes has in memory."""
    rows = {pid: Path(f"/proc/{pid}/status").read_text(encoding="ascii") for pid in server.children()}
    return {
        pid: int(line.split()[1]) * 1024
        for pid, text in rows.items()
        for line in text.splitlines()
        if line.startswith("VmRSS")
    }


def test_what_is_refused_for_everyone_stores_nothing(door: Door) -> None:
    before = len(door.stored())
    for what, (body, statuses) in REFUSED.items():
        assert (what, door.knock(body).status in statuses) == (what, True)
    assert len(door.stored()) == before


def test_what_is_malformed_is_refused_or_from_templates_kept_aside(door: Door) -> None:
    before, taken = len(door.stored()), 0
    for what, body in MALFORMED.items():
        reply = door.knock(body)
        taken += reply.status != 400
        if door.kind in TEMPLATES:
            assert (what, reply.status, reply.document.get("quarantined")) == (what, 202, True)
        elif door.kind in FORMS or door.kind == "cloudevents":
            assert (what, reply.status in (200, 202, 400)) == (what, True)
        else:
            assert (what, reply.status) == (what, 400)
    # Fewer where a delivery came again.
    assert len(door.stored()) - before <= taken


def test_what_is_strange_is_read_or_kept_aside_and_can_be_read_back(door: Door) -> None:
    for what, body in STRANGE.items():
        # What Amazon did not sign is not looked into.
        assert (what, door.knock(body).status in (200, 202, 400, 401, 413)) == (what, True)
    assert all(row["body_hash"] for row in door.stored())


def test_strange_headers_harm_nobody(door: Door) -> None:
    for value in ("\x01", "x" * 5_000, "é".encode().decode("latin-1"), "{}", "-1"):
        names = ("webhook-id", "content-type", "x-github-event", "ce-id", "x-slack-request-timestamp")
        assert door.knock(b"{}", dict.fromkeys(names, value)).status in (200, 202, 400, 401)


@pytest.mark.parametrize("path", ["/v2/enqueue", "/v2/change/enqueue", "/api/v2/alerts"])
def test_doors_of_other_tools_refuse_in_their_own_words(
    path: str, installation: Installation, server: Server, home: Resident
) -> None:
    kind = "prometheus" if path == "/api/v2/alerts" else "pagerduty"
    words = ("integrations", "create", kind, "--name", path, "--tenant", home.slug, "--json")
    key = installation.call(*words).expect(0).document["key"]
    member = b'"routing_key": ' + json.dumps(key).encode()
    hostile = {what: body for what, (body, _) in REFUSED.items()} | dict(MALFORMED) | dict(STRANGE)
    # What is an object gets the key that PagerDuty's clients send in it.
    with_key = {what: body.replace(b"{", b"{" + member + b",", 1) for what, body in hostile.items() if b'{"' in body}
    for what, body in (*hostile.items(), *with_key.items()):
        with quickly(server, body):
            reply = server.ask("POST", path, body=body, headers={"Authorization": f"Bearer {key}"})
        assert (what, reply.status in (400, 401, 413)) == (what, True), reply.body
        assert b"Traceback" not in reply.body


def test_afterwards_everything_can_be_read(installation: Installation, server: Server, home: Resident) -> None:
    paths = ["/api/v1/incidents?limit=200", "/api/v1/signals?limit=200", "/api/v1/integrations"]
    for path in paths:
        server.ask("GET", path, headers=home.headers()).expect(200)
    for row in server.ask("GET", paths[0], headers=home.headers()).document["items"]:
        for part in ("", "/timeline", "/signals", "/hypotheses", "/recommendations"):
            server.ask("GET", f"/api/v1/incidents/{row['id']}{part}", headers=home.headers()).expect(200)
        server.ask("POST", f"/api/v1/incidents/{row['id']}/diagnose", headers=home.headers()).expect(201)
    for words in (("deliveries", "list", "--limit", "1000"), ("incidents", "list"), ("integrations", "list")):
        installation.call(*words, "--tenant", home.slug, "--json").expect(0)
