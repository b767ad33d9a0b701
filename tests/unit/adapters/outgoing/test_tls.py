"""Certificates: the name that was configured is the one that has to be proven, whatever its address is."""

import ssl

import pytest
import trustme

from sre_copilot.adapters.outgoing.connecting import Guard
from sre_copilot.adapters.outgoing.requests import GuardedClient
from sre_copilot.adapters.outgoing.trust import system_trust, trust_in
from sre_copilot.application.ports.outgoing import Request
from sre_copilot.domain.errors import OutgoingFailed
from tests.unit.adapters.outgoing.loopback import answering, serving
from tests.unit.adapters.outgoing.test_requests import OK

GUARD = Guard(allow_private=True, look_up=lambda host: ["127.0.0.1"])


@pytest.fixture
def client(authority: trustme.CA) -> GuardedClient:
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    return GuardedClient(guard=GUARD, trust=lambda: trust)


def certified(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def test_the_name_is_asked_for_and_proven_though_the_address_is_what_is_called(
    authority: trustme.CA, client: GuardedClient
) -> None:
    with serving(answering(OK), certified(authority, "hooks.example.test")) as server:
        assert client.send(Request(url=f"https://HOOKS.example.test:{server.port}/")).body == b"ok"
    assert server.names == ["hooks.example.test"]
    assert f"\r\nHost: hooks.example.test:{server.port}\r\n".encode() in server.received[0]


def test_an_address_is_proven_too_where_it_is_configured(authority: trustme.CA, client: GuardedClient) -> None:
    with serving(answering(OK), certified(authority, "127.0.0.1")) as server:
        assert client.send(Request(url=f"https://127.0.0.1:{server.port}/")).body == b"ok"


@pytest.mark.parametrize("name", ["127.0.0.1", "other.example.test"])
def test_another_name_than_the_configured_one_is_refused_before_anything_is_sent(
    name: str, authority: trustme.CA, client: GuardedClient
) -> None:
    with serving(answering(OK), certified(authority, name)) as server:
        request = Request(url=f"https://hooks.example.test:{server.port}/planted", headers={"X-Key": "planted"})
        with pytest.raises(OutgoingFailed, match=r"its certificate does not hold \(Hostname mismatch") as caught:
            client.send(request)
    assert server.received == []
    assert "planted" not in str(caught.value)


def test_an_authority_that_the_system_does_not_know_is_not_trusted(authority: trustme.CA) -> None:
    theirs = certified(authority, "hooks.example.test")
    with serving(answering(OK), theirs) as server, pytest.raises(OutgoingFailed, match="its certificate does not hold"):
        GuardedClient(guard=GUARD).send(Request(url=f"https://hooks.example.test:{server.port}/"))
    assert server.received == []


def test_a_server_that_speaks_no_tls_is_named(client: GuardedClient) -> None:
    plain = serving(lambda server, connection: connection.sendall(b"HTTP/1.1 400 Bad\r\n\r\n"))
    with plain as server, pytest.raises(OutgoingFailed, match=r"hooks\.example\.test can't be reached: TLS failed \("):
        client.send(Request(url=f"https://hooks.example.test:{server.port}/"))


def test_the_systems_trust_is_read_once_and_asks_for_proof() -> None:
    assert system_trust() is system_trust()
    assert system_trust().check_hostname
    assert system_trust().verify_mode is ssl.CERT_REQUIRED
    assert system_trust().minimum_version >= ssl.TLSVersion.TLSv1_2


def pem(authority: trustme.CA) -> str:
    return authority.cert_pem.bytes().decode()


def test_certificates_that_a_request_brings_are_trusted_for_it_alone(authority: trustme.CA) -> None:
    client = GuardedClient(guard=GUARD)
    with serving(answering(OK), certified(authority, "cluster.example.test")) as server:
        url = f"https://cluster.example.test:{server.port}/"
        bundle = pem(trustme.CA()) + pem(authority)
        assert client.send(Request(url=url, trust=bundle)).body == b"ok"
        with pytest.raises(OutgoingFailed, match="its certificate does not hold"):
            client.send(Request(url=url))


def test_where_a_request_brings_certificates_no_others_are_trusted(
    authority: trustme.CA, client: GuardedClient
) -> None:
    with serving(answering(OK), certified(authority, "hooks.example.test")) as server:
        request = Request(url=f"https://hooks.example.test:{server.port}/", trust=pem(trustme.CA()))
        with pytest.raises(OutgoingFailed, match="its certificate does not hold"):
            client.send(request)
    assert server.received == []


def test_a_certificate_that_a_request_brings_proves_no_other_name(authority: trustme.CA) -> None:
    with serving(answering(OK), certified(authority, "other.example.test")) as server:
        request = Request(url=f"https://hooks.example.test:{server.port}/", trust=pem(authority))
        with pytest.raises(OutgoingFailed, match="Hostname mismatch"):
            GuardedClient(guard=GUARD).send(request)


def test_a_servers_own_certificate_can_be_named(authority: trustme.CA) -> None:
    leaf = authority.issue_cert("hooks.example.test")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure_cert(context)
    with serving(answering(OK), context) as server:
        trust = leaf.cert_chain_pems[0].bytes().decode()
        request = Request(url=f"https://hooks.example.test:{server.port}/", trust=trust)
        assert GuardedClient(guard=GUARD).send(request).body == b"ok"


def test_brought_certificates_are_loaded_once_and_ask_for_proof(authority: trustme.CA) -> None:
    trust = trust_in(pem(authority))
    assert trust is trust_in(pem(authority))
    assert trust.check_hostname
    assert trust.verify_mode is ssl.CERT_REQUIRED
    assert trust.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert not trust.verify_flags & ssl.VERIFY_X509_STRICT
