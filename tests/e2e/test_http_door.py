"""The door for signals, over real HTTP into a real database."""

import base64
import hashlib
import hmac
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from sre_copilot.adapters.system import new_id
from sre_copilot.domain.actors import Role
from tests.e2e.installation import Installation
from tests.e2e.server import Reply, Server
from tests.e2e.tenants import Resident, resident

LIMIT = 4 * 1024 * 1024


@pytest.fixture(scope="module")
def home(installation: Installation) -> Resident:
    """A tenant with a door."""
    return resident(installation, "home")


def knock(
    server: Server,
    home: Resident,
    body: Any,
    *,
    key: str | None = None,
    query: str = "",
    chunked: bool = False,
    name: str = "",
) -> Reply:
    """Send a delivery, with a name of its own where one is given."""
    headers = {} if key == "" else {"Authorization": f"Bearer {home.key if key is None else key}"}
    headers |= {"webhook-id": name} if name else {}
    return server.ask(
        "POST", f"/webhooks/{home.ids['integration']}{query}", body=body, headers=headers, chunked=chunked
    )


def alert(**fields: Any) -> bytes:
    return json.dumps(
        {"title": "Checkout answers 500", "service": "checkout", "severity": "critical", **fields}
    ).encode()


def signals(server: Server, home: Resident, service: str) -> list[Any]:
    path = f"/api/v1/signals?service={service}"
    items: list[Any] = server.ask("GET", path, headers=home.headers(Role.VIEWER)).expect(200).document["items"]
    return items


def test_what_is_answered_with_202_is_there(server: Server, home: Resident) -> None:
    told = knock(server, home, alert(service="durable"), name="durable-1").expect(202).document
    assert (told["accepted"], told["redelivered"], len(told["incidents"])) == (1, False, 1)
    (signal,) = signals(server, home, "durable")
    assert signal["delivery_id"] == told["delivery_id"]
    again = knock(server, home, alert(service="durable"), name="durable-1").expect(202).document
    assert (again["redelivered"], again["accepted"], again["delivery_id"]) == (True, 1, told["delivery_id"])
    assert len(signals(server, home, "durable")) == 1


def test_a_chunked_delivery_is_as_good_as_any(server: Server, home: Resident) -> None:
    pieces = iter([alert(service="chunked")[:10], alert(service="chunked")[10:]])
    assert knock(server, home, pieces, chunked=True).expect(202).document["accepted"] == 1
    assert len(signals(server, home, "chunked")) == 1


def test_a_key_in_the_address_opens_the_door_and_stays_out_of_the_log(server: Server, home: Resident) -> None:
    knock(server, home, alert(service="by-address"), key="", query=f"?token={home.key}").expect(202)
    assert len(signals(server, home, "by-address")) == 1
    assert home.key not in "".join(server.lines)


def test_a_signed_delivery_needs_no_key_and_one_changed_byte_is_enough_to_refuse_it(
    server: Server, home: Resident
) -> None:
    body, stamp = alert(service="signed"), str(int(time.time()))
    secret = base64.b64decode(home.signing_secret.removeprefix("whsec_"))
    mac = hmac.new(secret, b"msg_1.%b.%b" % (stamp.encode(), body), hashlib.sha256).digest()
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
    }
    path = f"/webhooks/{home.ids['integration']}"
    server.ask("POST", path, body=body.replace(b"500", b"501"), headers=headers).expect(401)
    assert signals(server, home, "signed") == []
    server.ask("POST", path, body=body, headers=headers).expect(202)
    assert len(signals(server, home, "signed")) == 1


@pytest.mark.parametrize("key", ["", "wrong", "srei_" + "x" * 43, "\u00fc"])
def test_without_the_key_nothing_is_stored(server: Server, home: Resident, key: str) -> None:
    knock(server, home, alert(service="burgled"), key=key.encode().decode("latin-1")).expect(401)
    assert signals(server, home, "burgled") == []


def test_keys_and_secrets_are_never_read_back(server: Server, home: Resident) -> None:
    door = f"/api/v1/integrations/{home.ids['integration']}"
    for path in ("/api/v1/integrations", door, "/api/v1/tokens", "/api/v1/deliveries"):
        told = server.ask("GET", path, headers=home.headers()).expect(200).body.decode()
        assert not [secret for secret in (home.key, home.signing_secret, *home.tokens.values()) if secret in told]
    assert server.ask("GET", door, headers=home.headers()).document["secrets_set"] == {"signing_secret": True}


def test_the_key_of_another_tenant_opens_nothing(server: Server, home: Resident, installation: Installation) -> None:
    other = resident(installation, "other")
    knock(server, home, alert(), key=other.key).expect(401)


def test_a_door_that_is_not_there_is_not_found(server: Server, home: Resident) -> None:
    server.ask("POST", f"/webhooks/{new_id()}", body=alert(), headers={"Authorization": f"Bearer {home.key}"}).expect(
        404
    )
    server.ask("POST", "/webhooks/1", body=alert()).expect(404)


HOSTILE: dict[str, bytes] = {
    "nothing": b"",
    "no json": b"{",
    "no utf-8": b'{"title": "\xff"}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "utf-16": '{"title": "a"}'.encode("utf-16"),
    "deep arrays": b"[" * 1_000_000,
    "deep objects": b'{"a":' * 500_000,
    "not a number": b'{"title": NaN}',
    "infinity": b'{"title": "a", "value": 1e999}',
    "many digits": b'{"title": "a", "value": ' + b"9" * 5_000 + b"}",
    "a name twice": b'{"title": "a", "title": "b"}',
    "a long string": b'{"title": "' + b"x" * 70_000 + b'"}',
    "too much": b'{"title": "' + b"x" * LIMIT + b'"}',
    "too many signals": json.dumps([{"title": "a"}] * 5_001).encode(),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_body_is_refused_or_kept_aside_and_harms_nobody(server: Server, home: Resident, name: str) -> None:
    answer = knock(server, home, HOSTILE[name])
    answer.in_form()
    kept = answer.status == 202 and answer.document.get("quarantined")
    assert kept or answer.status in (400, 413), (answer.status, answer.body)
    assert server.answers("/readyz")


@pytest.mark.parametrize(
    "fields",
    [
        {"title": "nul \x00 and \x1b[31m", "description": "\ud800 lone"},
        {"labels": {"x" * 1_000: "y" * 1_000}},
        {"occurred_at": "9999-12-31T23:59:59Z"},
        {"occurred_at": "0001-01-01T00:00:00Z"},
        {"service": "x" * 300},
        {"severity": "apocalyptic"},
        {"title": "<script>alert(1)</script> {{7*7}} ${jndi:ldap://x}"},
    ],
    ids=["nul and surrogate", "long labels", "year 9999", "year 1", "long service", "severity", "markup"],
)
def test_whatever_is_stored_can_be_read_back(server: Server, home: Resident, fields: dict[str, Any]) -> None:
    answer = knock(server, home, alert(**fields))
    assert answer.status in (202, 400), answer.body
    if answer.status == 202 and not answer.document.get("quarantined"):
        for incident in answer.document["incidents"]:
            for part in ("", "/timeline", "/signals", "/snapshot", "/hypotheses"):
                server.ask("GET", f"/api/v1/incidents/{incident}{part}", headers=home.headers()).expect(200)
    server.ask("GET", "/api/v1/signals", headers=home.headers()).expect(200)


def test_equal_deliveries_at_once_count_once(server: Server, home: Resident) -> None:
    body = alert(service="at-once")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: knock(server, home, body, name="at-once-1"), range(16)))
    assert {answer.status for answer in answers} == {202}
    assert sum(not answer.document["redelivered"] for answer in answers) == 1
    assert len(signals(server, home, "at-once")) == 1


def test_two_people_at_once_make_one_step(server: Server, home: Resident) -> None:
    path = f"/api/v1/incidents/{home.ids['incident']}/transitions"
    body = json.dumps({"action": "acknowledge"})
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: server.ask("POST", path, body=body, headers=home.headers()), range(8)))
    assert sorted(answer.status for answer in answers) == [200] + [409] * 7
    assert {answer.document["state"] for answer in answers} == {"acknowledged"}
    log = server.ask("GET", path, headers=home.headers()).expect(200).document["items"]
    assert [row["to_state"] for row in log] == ["detected", "acknowledged"]
