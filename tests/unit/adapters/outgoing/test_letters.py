"""What a mail may look like; the twin for tests refuses the same."""

import email
import email.policy
from email.message import EmailMessage
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.adapters.outgoing.connecting import Guard
from sre_copilot.adapters.outgoing.letters import written
from sre_copilot.adapters.outgoing.mail import SmtpMail
from sre_copilot.application.ports.mail import Mail, MailMessage, MailServer
from sre_copilot.domain.errors import OutgoingRefused
from sre_copilot.testing.mail import RecordedMail

SERVER = MailServer(host="mail.example.test")
MESSAGE = MailMessage(
    sender="sre@example.com",
    recipients=["ada@example.com"],
    subject="checkout is slow",
    text="slow",
    message_id="<1@example.com>",
)
REFUSED: dict[str, dict[str, Any]] = {
    "a line break in the subject": {"subject": "planted\r\nBcc: eve@example.com"},
    "a line separator in the subject": {"subject": "planted\u2028Bcc: eve@example.com"},
    "a NUL in the subject": {"subject": "planted\0"},
    "a line break in the sender": {"sender": "sre@example.com\r\nBcc: planted@example.com"},
    "two senders": {"sender": "planted@example.com, b@example.com"},
    "no sender": {"sender": ""},
    "a name without an address": {"sender": "planted"},
    "no recipients": {"recipients": []},
    "a line break in a recipient": {"recipients": ["planted@example.com\nBcc: eve@example.com"]},
    "two recipients in one": {"recipients": ["planted@example.com, eve@example.com"]},
    "an open bracket": {"recipients": ["<planted@example.com"]},
    "a space in an address": {"recipients": ["planted eve@example.com"]},
    "a quoted address": {"recipients": ['"planted eve"@example.com']},
    "an address beyond ASCII": {"recipients": ["plantedü@example.com"]},
    "a domain beyond ASCII": {"recipients": ["planted@bücher.example"]},
    "a group": {"recipients": ["all: planted@example.com;"]},
    "a message id without brackets": {"message_id": "planted@example.com"},
    "a message id with a line break": {"message_id": "<planted@example.com>\r\nBcc: eve@example.com"},
    "a message id that is two": {"message_id": "<planted@example.com> <2@example.com>"},
    "a message id without end": {"message_id": f"<{'planted' * 40}@example.com>"},
    "a reference with a space": {"references": ["<planted x@example.com>"]},
}
SERVERS: dict[str, dict[str, Any]] = {
    "no host": {"host": ""},
    "a line break in the host": {"host": "mail.example.test\r\nplanted"},
    "a host beyond ASCII": {"host": "büro.example"},
    "a URL": {"host": "https://mail.example.test"},
    "no port": {"port": 0},
    "a port that does not exist": {"port": 65536},
    "a security that does not exist": {"security": "ssl"},
}


@pytest.fixture(params=["real", "twin"])
def mail(request: pytest.FixtureRequest) -> Mail:
    if request.param == "real":
        return SmtpMail(guard=Guard(look_up=lambda host: pytest.fail("nobody is looked up")))
    return RecordedMail()


def read(message: MailMessage) -> EmailMessage:
    return email.message_from_bytes(written(message).data, policy=email.policy.default)


@pytest.mark.parametrize("change", REFUSED.values(), ids=REFUSED)
def test_a_mail_that_would_say_something_else_is_refused(change: dict[str, Any], mail: Mail) -> None:
    with pytest.raises(OutgoingRefused) as caught:
        mail.send(SERVER, attrs.evolve(MESSAGE, **change))
    assert "planted" not in str(caught.value)


@pytest.mark.parametrize("change", SERVERS.values(), ids=SERVERS)
def test_a_server_that_cannot_be_one_is_refused(change: dict[str, Any], mail: Mail) -> None:
    with pytest.raises(OutgoingRefused) as caught:
        mail.send(attrs.evolve(SERVER, **change), MESSAGE)
    assert "planted" not in str(caught.value)


def test_neither_password_nor_text_nor_readers_are_shown() -> None:
    server = attrs.evolve(SERVER, user="ada", password="planted")
    message = attrs.evolve(MESSAGE, recipients=["planted@example.com"], text="planted", html="planted")
    assert "planted" not in repr(server) + repr(message)


def test_names_of_people_may_be_in_any_script() -> None:
    message = attrs.evolve(
        MESSAGE, recipients=["Ädä Løvelace <ada@example.com>", '"Hopper, Grace" <grace@example.com>']
    )
    assert list(written(message).recipients) == ["ada@example.com", "grace@example.com"]
    assert [address.display_name for address in read(message)["To"].addresses] == ["Ädä Løvelace", "Hopper, Grace"]


def test_long_ids_stay_whole_so_that_threads_hold_together() -> None:
    ids = [f"<{letter * 100}@example.com>" for letter in "abc"]
    data = written(attrs.evolve(MESSAGE, message_id=f"<{'d' * 100}@example.com>", references=ids)).data
    lines = [line.removeprefix(b"References:").strip() for line in data.split(b"\r\n")]
    assert all(word.encode() in lines for word in ids)
    assert f"Message-ID: <{'d' * 100}@example.com>".encode() in lines


def test_half_a_character_does_not_stop_an_alarm() -> None:
    message = attrs.evolve(MESSAGE, subject="slow \ud800", text="slow \ud800\0", html="slow \ud800")
    assert read(message)["Subject"] == "slow ?"


@given(st.text(max_size=200), st.text(max_size=400), st.text(max_size=100))
def test_any_text_is_written_in_seven_bits_and_short_lines_or_refused(subject: str, text: str, html: str) -> None:
    try:
        data = written(attrs.evolve(MESSAGE, subject=subject, text=text, html=html)).data
    except OutgoingRefused:
        return
    assert data.isascii()
    assert max(len(line) for line in data.split(b"\r\n")) <= 998
    assert set(email.message_from_bytes(data).keys()) <= {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
        "Content-Transfer-Encoding",
    }  # fmt: skip
