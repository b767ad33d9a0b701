"""A mail as bytes that every server takes: headers that can't be broken out of, a body of 7-bit lines."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy

import attrs

from sre_copilot.application.ports.mail import MailMessage
from sre_copilot.domain.errors import OutgoingRefused

_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,253}", re.ASCII)
_MESSAGE_ID = re.compile(r"<[!-;=?A-~]{1,125}@[!-;=?A-Z^-~\[\]]{1,125}>", re.ASCII)
_BREAKS = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]")


class IdsHeader(UnstructuredHeader, BaseHeader):
    """Message ids, one a line. The library's own folding tears long ones apart, and no reader finds them then."""

    def fold(self, *, policy: Policy) -> str:
        """Return the header as it is sent."""
        return f"{self.name}: {f'{policy.linesep} '.join(str(self).split())}{policy.linesep}"


def _registry() -> HeaderRegistry:
    registry = HeaderRegistry()
    for name in ("message-id", "in-reply-to", "references"):
        registry.map_to_type(name, IdsHeader)
    return registry


POLICY = SMTP.clone(header_factory=_registry(), cte_type="7bit")


@attrs.frozen
class Letter:
    """A mail ready to be handed in: the addresses of its envelope, and its bytes."""

    sender: str
    recipients: Sequence[str]
    data: bytes = attrs.field(repr=False)


def written(message: MailMessage) -> Letter:
    """Return a mail as it is handed in, dated now. Raises OutgoingRefused for what can't be written as it is."""
    if _BREAKS.search(message.subject):
        raise OutgoingRefused("The subject of the mail has a line break or a control character.")
    if not all(_MESSAGE_ID.fullmatch(word) for word in (message.message_id, *message.references)):
        raise OutgoingRefused("A message id must read <unique@host>, with up to 250 visible ASCII characters.")
    mail = EmailMessage(policy=POLICY)
    senders = _addressed(mail, "From", [message.sender])
    recipients = _addressed(mail, "To", message.recipients)
    mail["Subject"] = _storable(message.subject)
    mail["Date"] = datetime.now(UTC)
    mail["Message-ID"] = message.message_id
    if message.references:
        mail["In-Reply-To"] = message.references[-1]
        mail["References"] = " ".join(message.references)
    # Nobody's holiday notice shall answer an alarm.
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(_storable(message.text))
    if message.html:
        mail.add_alternative(_storable(message.html), subtype="html")
    return Letter(senders[0], recipients, mail.as_bytes())


def _addressed(mail: EmailMessage, header: str, people: Sequence[str]) -> Sequence[str]:
    """Set the header and return the bare addresses. Raises OutgoingRefused unless each of the people is exactly one."""
    addresses = [_address(header, person) for person in people]
    if not addresses:
        raise OutgoingRefused(f"The mail needs an address in {header}.")
    mail[header] = addresses
    return [address.addr_spec for address in addresses]


def _address(header: str, person: str) -> Address:
    if not _BREAKS.search(person):
        read = POLICY.header_factory(header, _storable(person))
        addresses: Sequence[Address] = read.addresses
        one = len(addresses) == 1 and read.groups[0].display_name is None and not read.defects
        if one and _ADDRESS.fullmatch(addresses[0].addr_spec):
            return addresses[0]
    raise OutgoingRefused(f"An address in {header} does not read ada@example.com or Ada <ada@example.com>.")


def _storable(text: str) -> str:
    """Replace what no encoding can carry, so that an alarm with half a character in it is still sent."""
    return text.encode("utf-8", "replace").decode("utf-8")
