"""The door for signals."""

from datetime import timedelta

import attrs
import pytest
from django.test import RequestFactory

from sre_copilot.adapters.system import SystemClock, new_id
from sre_copilot.domain.deliveries import Parsed, Reply
from sre_copilot.domain.errors import CopilotError, MalformedDelivery, UnreadableDelivery
from sre_copilot.entrypoints.http import running
from sre_copilot.entrypoints.http.webhooks import delivery_of
from sre_copilot.testing.stage import Stage, alert, stage
from tests.unit.entrypoints.http.client import Answer, ask

BODY = b'{"title": "Checkout answers 500"}'


@attrs.define
class Door:
    """A stage whose integration takes whatever a test says that it means."""

    here: Stage
    key: str = attrs.field(repr=False)

    def says(self, answer: Parsed | CopilotError) -> None:
        """Let every delivery mean this."""
        self.here.script.answers[BODY] = answer

    def knock(
        self, *, key: str | None = None, query: str = "", body: bytes = BODY, integration: object = None
    ) -> Answer:
        """Send a delivery with the integration's key, or another."""
        shown = self.key if key is None else key
        headers = {"Authorization": f"Bearer {shown}"} if shown else {}
        return ask("POST", f"/webhooks/{integration or self.here.integration.id}{query}", body=body, headers=headers)


def door() -> Door:
    here = stage()
    admin = here.person(next(iter(role for role in here.people if role.value == "admin")))
    key = here.copilot.rotate_integration_key(actor=admin, integration_id=here.integration.id).key
    running.use(here.copilot)
    found = Door(here, key)
    found.says(Parsed(drafts=(alert(),)))
    return found


def test_a_delivery_is_taken_in_and_its_receipt_is_the_answer() -> None:
    at = door()
    answer = at.knock()
    assert answer.status == 202
    (incident,) = at.here.tables.incidents
    (delivery,) = at.here.tables.deliveries
    assert answer.document == {
        "delivery_id": str(delivery),
        "accepted": 1,
        "duplicates": 0,
        "repeats": 0,
        "redelivered": False,
        "resolved": 0,
        "incidents": [str(incident)],
    }


def test_a_sender_that_sets_no_headers_gives_its_key_in_the_address() -> None:
    at = door()
    assert at.knock(key="", query=f"?token={at.key}").status == 202
    assert at.key not in str(at.here.tables.deliveries)


@pytest.mark.parametrize(("key", "query"), [("", ""), ("wrong", ""), ("", "?token=wrong"), ("", "?token=")])
def test_a_sender_without_the_key_is_refused_and_nothing_is_stored(key: str, query: str) -> None:
    at = door()
    answer = at.knock(key=key, query=query)
    assert (answer.status, answer.document["code"]) == (401, "not_authentic")
    assert not at.here.tables.deliveries


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json; charset=rot13",
        "application/json; charset=undefined",
        "application/json; charset=idna",
        "application/json; charset=utf-16",
        "application/json; name*=nowhere''x",
        "application/json; name*=idna''x",
        f"application/json; name*{'9' * 5_000}=x",
        "; ;",
    ],
)
def test_an_encoding_that_is_none_keeps_nobody_out(content_type: str) -> None:
    at = door()
    path, shown = f"/webhooks/{at.here.integration.id}", {"Authorization": f"Bearer {at.key}"}
    assert ask("POST", path, body=BODY, headers=shown, CONTENT_TYPE=content_type).status == 202
    assert ask("POST", f"{path}?token={at.key}&x=%ff", body=BODY, CONTENT_TYPE=content_type).status == 202


def test_more_parameters_than_anybody_reads_are_refused_in_the_usual_form() -> None:
    at = door()
    path = f"/webhooks/{at.here.integration.id}?token={at.key}{'&a=b' * 2_000}"
    answer = ask("POST", path, body=BODY, CONTENT_TYPE="application/json; charset=utf-8")
    assert (answer.status, answer.document["code"]) == (400, "bad_request")


def test_an_integration_that_is_not_there_is_not_found() -> None:
    assert door().knock(integration=new_id()).status == 404


def test_what_is_no_json_is_refused_and_nothing_is_stored() -> None:
    at = door()
    at.says(MalformedDelivery("The body is not JSON: Expecting value, line 1, column 1."))
    answer = at.knock()
    assert (answer.status, answer.document["code"]) == (400, "malformed_delivery")
    assert not at.here.tables.deliveries


def test_what_has_no_meaning_is_kept_and_told_so() -> None:
    at = door()
    at.says(UnreadableDelivery("title is missing."))
    answer = at.knock()
    assert (answer.status, answer.document["quarantined"], answer.document["accepted"]) == (202, True, 0)
    assert answer.document["problem"] == "title is missing."


def test_a_vendor_that_expects_a_certain_answer_gets_it() -> None:
    at = door()
    at.says(Parsed(reply=Reply(body="challenge", content_type="text/plain", status=200)))
    answer = at.knock()
    assert (answer.status, answer.body, answer.headers["content-type"]) == (200, b"challenge", "text/plain")


def test_a_delivery_is_what_the_request_brought_and_how_it_came() -> None:
    request = RequestFactory().post(
        "/webhooks/7?token=t", data=BODY, content_type="text/plain", headers={"X-Event": "push"}
    )
    delivery = delivery_of(request)
    assert (delivery.body, delivery.path, delivery.token) == (BODY, "webhooks/7", "t")
    assert (delivery.header("x-event"), delivery.header("content-type")) == ("push", "text/plain")
    assert SystemClock().now() - delivery.received_at < timedelta(minutes=1)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_the_door_takes_deliveries_only(method: str) -> None:
    at = door()
    answer = ask(method, f"/webhooks/{at.here.integration.id}")
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
