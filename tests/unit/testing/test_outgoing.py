"""The twins of the ways out: they answer as they are told, and keep what they were asked."""

import pytest

from sre_copilot.application.ports.mail import MailMessage, MailServer
from sre_copilot.application.ports.outgoing import Answer, Request
from sre_copilot.domain.errors import OutgoingFailed, OutgoingRefused
from sre_copilot.testing.mail import RecordedMail
from sre_copilot.testing.outgoing import ScriptedOutgoing, json_answer

SLACK = Request(method="POST", url="https://slack.example/api/chat.postMessage", body=b"{}")
MAIL = MailMessage(
    sender="sre@example.com", recipients=["ada@example.com"], subject="slow", text="slow", message_id="<1@example.com>"
)
SERVER = MailServer(host="mail.example")


def test_answers_come_by_method_and_the_longest_beginning_of_the_url() -> None:
    outgoing = ScriptedOutgoing()
    outgoing.answer("POST", "https://slack.example/", Answer(status=404))
    outgoing.answer("POST", "https://slack.example/api/", json_answer({"ok": True}, x_request_id="7"))
    outgoing.answer("GET", "https://slack.example/api/chat", Answer(status=500))
    answer = outgoing.send(SLACK)
    assert (answer.json(), answer.headers["x-request-id"]) == ({"ok": True}, "7")
    assert outgoing.requests == [SLACK]


def test_answers_come_one_after_the_other_and_the_last_one_stays() -> None:
    outgoing = ScriptedOutgoing()
    outgoing.answer("POST", "https://", OutgoingFailed("away"), lambda asked: Answer(status=201, body=asked.body))
    with pytest.raises(OutgoingFailed, match="away"):
        outgoing.send(SLACK)
    assert [outgoing.send(SLACK).body for _ in range(2)] == [b"{}", b"{}"]
    assert len(outgoing.requests) == 3


def test_what_nobody_scripted_cannot_be_reached() -> None:
    with pytest.raises(OutgoingFailed, match=r"slack\.example can't be reached"):
        ScriptedOutgoing().send(SLACK)


def test_plain_http_is_refused_unless_the_twin_is_told_otherwise() -> None:
    request = Request(url="http://prometheus.example:9090/")
    with pytest.raises(OutgoingRefused):
        ScriptedOutgoing().send(request)
    outgoing = ScriptedOutgoing(allow_plain=True)
    outgoing.answer("GET", "http://prometheus.example:9090/", json_answer([]))
    assert outgoing.send(request).json() == []


def test_mails_are_kept_and_ordered_failures_come_first() -> None:
    mail = RecordedMail(failures=[OutgoingFailed("away")])
    with pytest.raises(OutgoingFailed, match="away"):
        mail.send(SERVER, MAIL)
    mail.send(SERVER, MAIL)
    assert mail.sent == [(SERVER, MAIL)]
