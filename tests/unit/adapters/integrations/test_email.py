"""E-mail: one thread per incident, what is in a mail, and what becomes of the server's no."""

from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any
from uuid import UUID

import attrs
import pytest

from sre_copilot.adapters.integrations.gateway import PluginTypes
from sre_copilot.adapters.integrations.isolation import Isolation
from sre_copilot.adapters.outgoing.connecting import Guard
from sre_copilot.adapters.outgoing.mail import SmtpMail
from sre_copilot.application.ports.mail import Mail
from sre_copilot.domain.errors import CopilotError, InvalidInput, NotifyRefused, OutgoingFailed, OutgoingRefused
from sre_copilot.domain.integrations import Secrets
from sre_copilot.domain.outbound import Answer, Content, Event, Message, Sent
from sre_copilot.testing.builders import make_integration
from sre_copilot.testing.doors import plugin_manager, plugin_notifiers, toolbox
from sre_copilot.testing.mail import RecordedMail
from sre_copilot.testing.outbound import make_facts, make_happening, make_message
from tests.unit.adapters.outgoing.post_office import Office, post_office

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SETTINGS = {
    "host": "mail.example.com",
    "sender": "SRE Copilot <copilot@example.com>",
    "recipients": ["ops@example.com"],
}
FACTS = make_facts(title="Latency is <b>high</b>", service="checkout", description="See\n<script>alert(1)</script>")


def tell(message: Message, mail: Mail, **settings: Any) -> Sent:
    integration = make_integration(UUID(int=1), type="email", settings={**SETTINGS, **settings})
    secrets = Secrets({"password": ("planted-password",)})
    return plugin_notifiers(mail=mail).notify(integration, secrets, message, NOW)


@pytest.fixture
def office() -> Iterator[Office]:
    with post_office() as opened:
        yield opened


def received(office: Office) -> EmailMessage:
    """The last mail that the server took."""
    content = office.envelopes[-1].content
    assert isinstance(content, bytes)
    mail = message_from_bytes(content, policy=default)
    assert isinstance(mail, EmailMessage)
    return mail


def through(office: Office, message: Message, **settings: Any) -> Sent:
    mail = SmtpMail(guard=Guard(allow_private=True))
    return tell(message, mail, host="127.0.0.1", port=office.port, security="none", **settings)


def test_a_real_server_gets_a_mail_that_says_what_happened_as_text_and_as_html(office: Office) -> None:
    message = make_message(make_happening(Event.OPENED, before="", text="HighLatency"), incident=FACTS)
    sent = through(office, message)
    mail = received(office)
    assert (mail["From"], mail["To"]) == ("SRE Copilot <copilot@example.com>", "ops@example.com")
    assert mail["Subject"] == f"[production] checkout: Latency is <b>high</b> ({str(FACTS.id)[-8:]})"
    assert mail["Message-ID"] == f"<{message.key}@example.com>" == sent.receipt["message_id"]
    text, html = (mail.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    assert "High incident opened: HighLatency." in text.get_content()
    assert "Severity: high" in text.get_content()
    assert "<b>high" not in html.get_content()
    assert "&lt;script&gt;" in html.get_content()
    assert "href" not in html.get_content()


def test_all_mails_of_an_incident_are_one_thread_that_begins_with_the_first(office: Office) -> None:
    first = through(office, make_message(incident=FACTS))
    through(office, make_message(make_happening(), incident=FACTS, sequence=2, thread=first.receipt))
    mail = received(office)
    assert mail["In-Reply-To"] == mail["References"] == first.receipt["message_id"]
    assert mail["Subject"].startswith("Re: [production] checkout")


def test_a_mail_that_is_sent_again_is_the_same_mail(office: Office) -> None:
    message = make_message(incident=FACTS)
    assert through(office, message) == through(office, attrs.evolve(message, attempt=2))


def test_a_rule_may_say_who_gets_it(office: Office) -> None:
    through(office, make_message(address="ada@example.com, grace@example.com"))
    assert office.envelopes[-1].rcpt_tos == ["ada@example.com", "grace@example.com"]


def test_the_server_is_used_as_configured() -> None:
    mail = RecordedMail()
    tell(make_message(), mail, security="TLS", port=465, user="copilot")
    ((server, _),) = mail.sent
    assert (server.host, server.port, server.security, server.user) == ("mail.example.com", 465, "tls", "copilot")
    assert server.password == "planted-password"


@pytest.mark.parametrize(
    ("settings", "message", "expected"),
    [
        ({"security": "ssl3"}, make_message(), OutgoingRefused),
        ({"recipients": ["nobody"]}, make_message(), NotifyRefused),
        ({"recipients": []}, make_message(), NotifyRefused),
        ({}, make_message(content=Content(answer=Answer(to="U1", channel="C1", text="No."))), NotifyRefused),
    ],
)
def test_what_can_not_be_sent_is_refused_for_good(
    settings: dict[str, Any], message: Message, expected: type[CopilotError]
) -> None:
    with pytest.raises(expected):
        tell(message, RecordedMail(), **settings)


def test_a_server_that_is_away_is_tried_again_and_no_password_is_told() -> None:
    mail = RecordedMail(failures=[OutgoingFailed("mail.example.com can't be reached.")])
    with pytest.raises(OutgoingFailed) as failed:
        tell(make_message(), mail)
    assert "planted" not in repr(failed.value)


def test_addresses_are_looked_at_when_a_rule_is_made() -> None:
    notifiers = plugin_notifiers()
    assert notifiers.address("email", "ada@example.com,  grace@example.com,ada@example.com") == (
        "ada@example.com, grace@example.com"
    )
    for bad in ("ada", "ada@example.com,", "a b@example.com", ",".join(f"u{n}@example.com" for n in range(21))):
        with pytest.raises(InvalidInput):
            notifiers.address("email", bad)


def test_a_trial_sends_a_mail_that_says_so() -> None:
    mail = RecordedMail()
    types = PluginTypes(plugin_manager(), Isolation(), toolbox(mail=mail))
    integration = make_integration(UUID(int=1), type="email", settings=SETTINGS)
    assert types.check(integration, Secrets(), NOW) == "The server took a mail for 1 recipients."
    ((_, letter),) = mail.sent
    assert "trial" in letter.text
