"""E-mail: one thread per incident, text and simple HTML, handed in at an SMTP server.

A mail's `Message-ID` is made of the message's key, so that a mail which is sent again is the same mail; later mails of an
incident refer to the first one. An address of a routing rule is one or more recipients, separated by commas.
"""

import re
from collections.abc import Iterable, Sequence
from html import escape

import attrs

from sre_copilot.application.ports.mail import MailMessage, MailServer, Security
from sre_copilot.domain.errors import InvalidInput, NotifyRefused, OutgoingRefused
from sre_copilot.domain.integrations import Integration, Secrets, Setting, SettingKind
from sre_copilot.domain.outbound import Content, Happening, IncidentFacts, Message, Sent
from sre_copilot.domain.telling import details, facts, headline, sentence, short_id, tidy
from sre_copilot.hookspecs import IntegrationPlugin, Tools, hookimpl

MOST_RECIPIENTS = 20
SECURITIES: dict[str, Security] = {"starttls": "starttls", "tls": "tls", "none": "none"}
_ADDRESS = re.compile(r"[^@\s,<>]{1,64}@[^@\s,<>]{1,253}")
SETTINGS = (
    Setting(name="host", help="The SMTP server that mail is handed in at.", required=True),
    Setting(name="port", help="Its port.", kind=SettingKind.NUMBER, default=587),
    Setting(
        name="security", help="starttls, tls, or none (only where private addresses are allowed).", default="starttls"
    ),
    Setting(name="user", help="Who signs in there; without one nobody does."),
    Setting(name="password", help="The password of that user.", secret=True, sent_to="host"),
    Setting(name="sender", help="From whom mail comes, such as copilot@example.com.", required=True),
    Setting(name="recipients", help="Who gets it, unless a rule says.", kind=SettingKind.LIST, required=True),
)


@attrs.frozen
class Email:
    """Writes a mail for every message."""

    type: str = "email"
    title: str = "E-mail"
    settings: tuple[Setting, ...] = SETTINGS

    def address(self, word: str) -> str:
        """Return the recipients, separated by `, `. Raises InvalidInput."""
        return ", ".join(recipients_of(word.split(",")))

    def notify(self, integration: Integration, secrets: Secrets, message: Message, tools: Tools) -> Sent:
        """Hand in a mail. Raises NotifyRefused, OutgoingFailed, OutgoingRefused."""
        content, happening = message.content, message.content.happening
        if happening is None or content.incident is None:
            raise NotifyRefused("A mail is told what happens to incidents, and nothing else.")
        settings = integration.settings
        people = message.address.split(",") if message.address else settings.get("recipients", ())
        first = message.thread.get("message_id")
        message_id = f"<{message.key}@{_domain(settings.get('sender', ''))}>"
        subject = f"[{content.incident.environment.value}] {headline(content.incident)} ({short_id(content.incident)})"
        mail = MailMessage(
            sender=str(settings.get("sender", "")),
            recipients=_checked(people),
            subject=f"Re: {subject}" if first else subject,
            text=text_of(content, happening),
            html=html_of(content.incident, happening),
            message_id=message_id,
            references=(str(first),) if first else (),
        )
        tools.mail.send(server_of(integration, secrets), mail)
        return Sent(receipt={"message_id": message_id})

    def check(self, integration: Integration, secrets: Secrets, tools: Tools) -> str:
        """Send a mail that says that it is a trial. Raises OutgoingFailed, OutgoingRefused."""
        settings = integration.settings
        sender = str(settings.get("sender", ""))
        people = settings.get("recipients", ())
        mail = MailMessage(
            sender=sender,
            recipients=people,
            subject="SRE Copilot can send mail",
            text="This mail is a trial. Nothing has happened.\n",
            message_id=f"<trial-{int(tools.now.timestamp())}-{integration.id.hex}@{_domain(sender)}>",
        )
        tools.mail.send(server_of(integration, secrets), mail, deadline=4.5)
        return f"The server took a mail for {len(people)} recipients."


def server_of(integration: Integration, secrets: Secrets) -> MailServer:
    """The configured server. Raises OutgoingRefused for a setting that is none."""
    settings = integration.settings
    security = SECURITIES.get(str(settings.get("security", "starttls")).lower())
    if security is None:
        raise OutgoingRefused("The setting security must be starttls, tls or none.")
    return MailServer(
        host=str(settings.get("host", "")),
        port=int(settings.get("port", 587)),
        security=security,
        user=str(settings.get("user", "")),
        password=secrets.current("password"),
    )


def recipients_of(words: Iterable[str]) -> tuple[str, ...]:
    """Return mail addresses, each once. Raises InvalidInput for what is none, for none and for too many."""
    found = tuple(dict.fromkeys(word.strip() for word in words))
    if not 1 <= len(found) <= MOST_RECIPIENTS or not all(_ADDRESS.fullmatch(word) for word in found):
        raise InvalidInput(f"Give 1 to {MOST_RECIPIENTS} mail addresses like ada@example.com, separated by commas.")
    return found


def text_of(content: Content, happening: Happening) -> str:
    """The mail as plain text."""
    incident = content.incident
    assert incident is not None
    parts = [f"{sentence(happening, incident)}.", *details(happening)]
    parts += ["", headline(incident), *(f"{name}: {word}" for name, word in facts(incident))]
    if incident.description:
        parts += ["", tidy(incident.description)]
    return "\n".join([*parts, "", f"Incident {incident.id}", ""])


def html_of(incident: IncidentFacts, happening: Happening) -> str:
    """The mail as HTML: nothing in it is loaded from anywhere, and nothing that an alert says is more than text."""
    rows = "".join(
        f'<tr><td style="color:#666;padding-right:1em">{escape(name)}</td><td>{escape(word)}</td></tr>'
        for name, word in facts(incident)
    )
    lines = "".join(f"<div>{escape(one)}</div>" for one in details(happening))
    description = (
        f'<p style="white-space:pre-wrap">{escape(tidy(incident.description))}</p>' if incident.description else ""
    )
    return (
        f'<div style="font-family:sans-serif"><p><strong>{escape(sentence(happening, incident))}.</strong></p>{lines}'
        f"<h3>{escape(headline(incident))}</h3><table>{rows}</table>{description}"
        f'<p style="color:#666">Incident {incident.id}</p></div>'
    )


def _checked(people: Sequence[str]) -> tuple[str, ...]:
    try:
        return recipients_of(people)
    except InvalidInput as error:
        raise NotifyRefused(str(error)) from None


def _domain(sender: str) -> str:
    """The sender's domain, by which message ids are told from those of others."""
    domain = sender.rpartition("@")[2].rstrip("> ").lower()
    return domain if re.fullmatch(r"[a-z0-9.-]{1,100}", domain) else "sre-copilot.invalid"


@hookimpl
def sre_copilot_integrations() -> list[IntegrationPlugin]:
    """Return e-mail."""
    return [Email()]
