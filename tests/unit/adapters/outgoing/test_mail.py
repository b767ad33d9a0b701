"""Mail against a real SMTP server on loopback."""

import email
import email.policy
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any

import attrs
import pytest
import trustme

from sre_copilot.adapters.outgoing.connecting import Guard
from sre_copilot.adapters.outgoing.mail import SmtpMail
from sre_copilot.application.ports.mail import MailMessage, MailServer
from sre_copilot.domain.errors import OutgoingFailed, OutgoingRefused
from tests.unit.adapters.outgoing.loopback import Server, serving
from tests.unit.adapters.outgoing.post_office import Office, post_office

HOST = "mail.example.test"
GUARD = Guard(allow_private=True, look_up=lambda host: ["127.0.0.1"])
PLAIN = SmtpMail(guard=GUARD)
MESSAGE = MailMessage(
    sender="SRE Copilot <sre@example.com>",
    recipients=["Ada <ada@example.com>", "bob@example.com"],
    subject="Prüfung: checkout is slow",
    text="First line\n.\n..\nGrüße",
    html="<p>Grüße</p>",
    message_id="<2@example.com>",
    references=["<0@example.com>", "<1@example.com>"],
)


@pytest.fixture
def mail(authority: trustme.CA) -> SmtpMail:
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    return SmtpMail(guard=GUARD, trust=lambda: trust)


@pytest.fixture
def theirs(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST).configure_cert(context)
    return context


def at(office: Office | Server, **given: Any) -> MailServer:
    return MailServer(**{"host": HOST, "port": office.port, "security": "none", **given})


def test_a_mail_arrives_with_everything_in_it() -> None:
    with post_office() as office:
        PLAIN.send(at(office), MESSAGE)
    (envelope,) = office.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == ("sre@example.com", ["ada@example.com", "bob@example.com"])
    assert isinstance(envelope.content, bytes)
    arrived = email.message_from_bytes(envelope.content, policy=email.policy.default)
    assert arrived["Subject"] == MESSAGE.subject
    assert arrived["From"] == MESSAGE.sender
    assert arrived["To"] == "Ada <ada@example.com>, bob@example.com"
    assert arrived["Message-ID"] == "<2@example.com>"
    assert arrived["In-Reply-To"] == "<1@example.com>"
    assert arrived["References"] == "<0@example.com> <1@example.com>"
    assert arrived["Auto-Submitted"] == "auto-generated"
    plain, html = (arrived.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None
    assert plain.get_content().splitlines() == MESSAGE.text.splitlines()
    assert html is not None
    assert html.get_content().strip() == MESSAGE.html


def test_the_greeting_names_our_address_and_not_the_machine() -> None:
    with post_office() as office:
        PLAIN.send(at(office), MESSAGE)
    assert office.greetings == ["[127.0.0.1]"]


def test_the_password_is_given_after_starttls(mail: SmtpMail, theirs: ssl.SSLContext) -> None:
    with post_office(password="pass wörd", starttls=theirs) as office:
        mail.send(at(office, security="starttls", user="ada", password="pass wörd"), MESSAGE)
    assert office.sign_ins == [(b"ada", "pass wörd".encode())]
    assert len(office.envelopes) == 1


def test_tls_from_the_first_byte_asks_for_the_configured_name(mail: SmtpMail, theirs: ssl.SSLContext) -> None:
    names: list[str | None] = []
    theirs.sni_callback = lambda _, name, __: names.append(name)
    with post_office(tls=theirs) as office:
        mail.send(at(office, security="tls"), MESSAGE)
    assert names == [HOST]
    assert len(office.envelopes) == 1


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_a_server_without_starttls_gets_neither_password_nor_mail(mail: SmtpMail) -> None:
    with post_office(password="planted") as office, pytest.raises(OutgoingFailed, match=r"STARTTLS .* not supported"):
        mail.send(at(office, security="starttls", user="ada", password="planted"), MESSAGE)
    assert (office.sign_ins, office.envelopes) == ([], [])


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_of_another_name_is_refused(security: str, mail: SmtpMail, authority: trustme.CA) -> None:
    wrong = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("other.example.test").configure_cert(wrong)
    opening = post_office(tls=wrong) if security == "tls" else post_office(starttls=wrong)
    with opening as office, pytest.raises(OutgoingFailed, match="certificate does not hold"):
        mail.send(at(office, security=security, user="ada", password="planted"), MESSAGE)
    assert office.envelopes == []


def test_a_wrong_password_is_said_without_repeating_it(mail: SmtpMail, theirs: ssl.SSLContext) -> None:
    with post_office(password="right", starttls=theirs) as office, pytest.raises(OutgoingFailed) as caught:
        mail.send(at(office, security="starttls", user="ada", password="planted"), MESSAGE)
    assert str(caught.value) == f"{HOST} does not accept the user and password (code 535)."


@pytest.mark.parametrize(
    ("change", "step"),
    [
        ({"recipients": ["ada@example.com", "bob@example.com"]}, r"a recipient is refused \(code 552\)"),
        ({"recipients": ["ada@example.com"], "text": "planted-poison"}, r"the message is refused \(code 554\)"),
    ],
)
def test_a_mail_goes_to_everybody_or_to_nobody(change: dict[str, Any], step: str) -> None:
    with post_office(full="bob@example.com") as office, pytest.raises(OutgoingFailed, match=step) as caught:
        PLAIN.send(at(office), attrs.evolve(MESSAGE, **change))
    assert office.envelopes == []
    assert "planted" not in str(caught.value)


def dripping(start: bytes, piece: bytes) -> Callable[[Server, socket.socket], None]:
    return lambda server, connection: server.drip(connection, start, piece)


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
@pytest.mark.parametrize(
    "handle",
    [
        dripping(b"", b""),
        dripping(b"", b"2"),
        dripping(b"220 hello\r\n", b"250-x\r\n"),
        dripping(b"220 hello\r\n", b""),
    ],
)
def test_the_deadline_holds_in_all(handle: Callable[[Server, socket.socket], None], security: str) -> None:
    started = time.monotonic()
    with serving(handle) as server, pytest.raises(OutgoingFailed) as caught:
        PLAIN.send(at(server, security=security), MESSAGE, deadline=0.3)
    assert time.monotonic() - started < 3
    assert "within 0.3 s" in str(caught.value) or "TLS failed" in str(caught.value)


def test_a_server_that_never_says_goodbye_has_taken_the_mail_all_the_same() -> None:
    taken: list[bytes] = []

    def rude(server: Server, connection: socket.socket) -> None:
        connection.sendall(b"220 hello\r\n")
        for line in connection.makefile("rb"):
            if line == b".\r\n":
                taken.append(line)
                connection.sendall(b"250 taken\r\n")
            elif line.startswith(b"QUIT"):
                server.over.wait()
            elif line.startswith((b"EHLO", b"MAIL", b"RCPT")):
                connection.sendall(b"250 OK\r\n")
            elif line.startswith(b"DATA"):
                connection.sendall(b"354 go on\r\n")

    with serving(rude) as server:
        PLAIN.send(at(server), MESSAGE, deadline=2)
    assert len(taken) == 1


@pytest.mark.parametrize(
    "said",
    [b"HTTP/1.1 400 Bad\r\n\r\n", b"220 " + b"x" * 100_000, b"554 planted\r\n", b"\xff\r\n", b"220 hi\r\n\xff\r\n"],
)
def test_what_is_no_mail_server_is_a_failure_without_its_words(said: bytes) -> None:
    with serving(dripping(said, b"")) as server, pytest.raises(OutgoingFailed) as caught:
        PLAIN.send(at(server), MESSAGE, deadline=0.5)
    assert str(caught.value).startswith(HOST)
    assert "planted" not in str(caught.value)


def test_a_server_that_hangs_up_is_a_failure() -> None:
    with serving(lambda server, connection: None) as server, pytest.raises(OutgoingFailed, match=f"^{HOST} can't be"):
        PLAIN.send(at(server), MESSAGE)


def test_the_same_addresses_are_refused_as_for_requests() -> None:
    with post_office() as office:
        for guard, word in (
            (Guard(look_up=lambda host: ["127.0.0.1"]), "loopback"),
            (Guard(allow_private=True, look_up=lambda host: ["127.0.0.1", "169.254.169.254"]), "metadata"),
        ):
            with pytest.raises(OutgoingRefused, match=word):
                SmtpMail(guard=guard).send(at(office, security="tls"), MESSAGE)
    assert office.greetings == []


def test_mail_is_not_sent_unencrypted_unless_private_addresses_are_allowed() -> None:
    with pytest.raises(OutgoingRefused, match="unencrypted unless SRE_COPILOT_ALLOW_PRIVATE_ADDRESSES"):
        SmtpMail(guard=Guard(look_up=lambda host: pytest.fail("looked up"))).send(
            MailServer(host=HOST, security="none"), MESSAGE
        )
