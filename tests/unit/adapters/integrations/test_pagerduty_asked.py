"""Asking PagerDuty, which is scripted here; tests/e2e/test_polled_pagerduty.py asks one through real HTTP."""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

import attrs
import pytest

from sre_copilot.adapters.integrations.builtin.pagerduty import PagerDuty
from sre_copilot.adapters.integrations.builtin.pagerduty.asking import LAST, PAGE
from sre_copilot.adapters.integrations.source import LARGEST_CURSOR
from sre_copilot.application.ports.outgoing import Answer, Request
from sre_copilot.domain.canonical import canonical
from sre_copilot.domain.deliveries import Acknowledgement, Parsed, Pulled
from sre_copilot.domain.errors import CredentialsRefused, OutgoingFailed, OutgoingRefused, UnreadableDelivery
from sre_copilot.domain.fingerprint import fingerprint
from sre_copilot.domain.integrations import Integration, Secrets
from sre_copilot.domain.signals import SignalStatus
from sre_copilot.hookspecs import Tools
from sre_copilot.testing.doors import toolbox
from sre_copilot.testing.outgoing import ScriptedOutgoing, json_answer
from tests.unit.adapters.integrations.door import NOW, Door
from tests.unit.adapters.integrations.test_pagerduty_webhooks import CREATED, DATA, webhook

URL = "https://api.pagerduty.com/incidents"
PULLED = {**{name: value for name, value in DATA.items() if name != "number"}, "incident_number": 2}
FIRING, RESOLVED = SignalStatus.FIRING, SignalStatus.RESOLVED


def at(minutes: float) -> str:
    """So many minutes after NOW, as PagerDuty writes it."""
    return (NOW + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


@attrs.define
class Vendor:
    """What PagerDuty has, and a plugin that asks it."""

    incidents: dict[str, dict[str, Any]] = attrs.field(factory=dict)
    settings: dict[str, Any] = attrs.field(factory=dict)
    secrets: dict[str, tuple[str, ...]] = attrs.field(factory=lambda: {"api_token": ("t0",)})
    http: ScriptedOutgoing = attrs.field(factory=ScriptedOutgoing)
    cursor: Any = attrs.field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self.http.answer("GET", "https://", self._listed)

    def _listed(self, request: Request) -> Answer:
        asked = parse_qs(urlsplit(request.url).query)
        assert asked["date_range"] == ["all"]
        field, _, direction = asked["sort_by"][0].partition(":")
        rows = [row for row in self.incidents.values() if row["status"] in asked["statuses[]"]]
        rows.sort(key=lambda row: str(row[field]), reverse=direction == "desc")
        offset, limit = int(asked["offset"][0]), int(asked["limit"][0])
        page = rows[offset : offset + limit]
        told = {"incidents": page, "limit": limit, "offset": offset, "more": offset + limit < len(rows), "total": None}
        return json_answer(told)

    def has(self, name: str = "PGR0VU2", status: str = "triggered", **more: Any) -> None:
        key = DATA["incident_key"] if name == DATA["id"] else name
        known = self.incidents.get(name, {**PULLED, "id": name, "incident_key": key, "resolved_at": None})
        self.incidents[name] = {**known, "status": status, **more}

    def ends(self, name: str, minutes: float) -> None:
        self.has(name, "resolved", resolved_at=at(minutes), last_status_change_at=at(minutes))

    @property
    def integration(self) -> Integration:
        return attrs.evolve(Door(type="pagerduty").integration, settings=self.settings)

    @property
    def tools(self) -> Tools:
        return toolbox(outgoing=self.http).at(NOW)

    def pull(self) -> Pulled:
        pulled = PagerDuty().pull(self.integration, Secrets(self.secrets), self.cursor, self.tools)
        assert len(canonical(pulled.cursor)) <= LARGEST_CURSOR
        self.cursor = pulled.cursor
        return pulled

    def read(self) -> list[Parsed]:
        """What a poll brings, read."""
        gateway = Door(type="pagerduty").gateway
        return [gateway.parse(self.integration, delivery) for delivery in self.pull().deliveries]

    def says(self) -> list[tuple[str | None, SignalStatus, datetime | None]]:
        """The key, the status and the time of every signal that a poll brings."""
        return [(d.vendor_key, d.status, d.occurred_at) for parsed in self.read() for d in parsed.drafts]


def moment(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def test_what_is_pulled_is_the_same_as_what_is_told() -> None:
    vendor, door = Vendor(), Door(type="pagerduty")
    vendor.has()
    (parsed,) = vendor.read()
    (draft,), told = parsed.drafts, door.signal(webhook())
    assert fingerprint(vendor.integration.id, draft) == door.series(webhook())
    for name in ("status", "severity", "service", "environment", "title", "occurred_at", "episode_started_at", "links"):
        assert getattr(draft, name) == getattr(told, name)
    assert draft.labels == told.labels


def test_an_acknowledged_incident_fires_and_is_acknowledged() -> None:
    vendor = Vendor()
    people = [{"at": at(-5), "acknowledger": {"summary": name}} for name in ("Maeve Onda", "Tenex Engineer")]
    vendor.has(status="acknowledged", acknowledgements=people)
    (parsed,) = vendor.read()
    told = Door(type="pagerduty").read(webhook("acknowledged", status="acknowledged"))
    assert parsed.acknowledgements == told.acknowledgements
    assert [(draft.status, draft.episode_started_at) for draft in parsed.drafts] == [(FIRING, CREATED)]
    vendor.has(acknowledgements=None)
    vendor.read()
    vendor.has(status="acknowledged")
    assert [parsed.acknowledgements for parsed in vendor.read()] == [
        (Acknowledgement(vendor_key=DATA["incident_key"]),)
    ]


def test_only_what_changed_is_told_again() -> None:
    vendor = Vendor()
    vendor.has("A")
    assert vendor.says() == [("A", FIRING, CREATED)]
    assert vendor.says() == []
    vendor.has("A", alert_counts={"all": 7}, updated_at=at(-1))
    assert vendor.says() == []
    vendor.has("A", priority={"summary": "P2"})
    vendor.has("B", created_at=at(-2))
    assert vendor.says() == [("A", FIRING, CREATED), ("B", FIRING, moment(-2))]
    del vendor.incidents["A"]
    assert vendor.says() == []
    assert list(vendor.cursor["open"]) == ["B"], "what is not listed any more is forgotten"


def test_an_incident_ends_when_it_was_resolved_however_long_ago_it_began() -> None:
    vendor = Vendor()
    vendor.has("A", created_at="2019-05-01T00:00:00Z")
    vendor.read()
    vendor.ends("A", -1)
    (parsed,) = vendor.read()
    firing, ended = parsed.drafts
    assert (ended.status, ended.occurred_at, ended.episode_started_at) == (RESOLVED, moment(-1), None)
    assert ended.vendor_key == firing.vendor_key == "A"
    assert vendor.says() == []


def test_what_came_and_went_between_two_polls_is_told_and_what_was_over_before_the_first_is_not() -> None:
    vendor = Vendor()
    for number in range(PAGE):
        vendor.ends(f"OLD{number}", -10 - number)
    vendor.ends("LATE", -9)
    assert vendor.says() == vendor.says() == []
    vendor.ends("A", -8)
    assert vendor.says() == [("A", FIRING, CREATED), ("A", RESOLVED, moment(-8))]
    vendor.ends("B", -8)
    vendor.ends("SHOWN_LATER", -8.5)
    assert vendor.says()[1::2] == [("SHOWN_LATER", RESOLVED, moment(-8.5)), ("B", RESOLVED, moment(-8))]


def test_a_first_poll_of_an_account_where_nothing_ended_yet_misses_no_end() -> None:
    vendor = Vendor()
    assert vendor.says() == []
    vendor.ends("A", -600)
    assert vendor.says()[1:] == [("A", RESOLVED, moment(-600))]


def test_a_reopened_incident_fires_anew_and_ends_again() -> None:
    vendor = Vendor()
    vendor.has("A")
    vendor.read()
    vendor.ends("A", -9)
    vendor.read()
    vendor.has("A", last_status_change_at=at(-10))
    assert vendor.says() == [("A", FIRING, CREATED)], "PagerDuty's list of open ones lags behind"
    vendor.ends("A", -9)
    vendor.read()
    vendor.has("A", last_status_change_at=at(-7), resolved_at=None)
    assert vendor.says() == [("A", FIRING, moment(-7))]
    vendor.has("A", "acknowledged", last_status_change_at=at(-6))
    assert vendor.says() == [("A", FIRING, moment(-7))]
    vendor.ends("A", -5)
    assert vendor.says() == [("A", FIRING, moment(-7)), ("A", RESOLVED, moment(-5))]


def test_long_lists_are_walked_to_their_ends_by_polls_that_follow_at_once() -> None:
    vendor = Vendor()
    vendor.read()
    for number in range(401):
        vendor.has(f"Q{number:013}", created_at=at(-1000 + number))
    for number in range(333):
        vendor.ends(f"R{number:013}", -500 + number)
    told: list[Any] = []
    for is_more in (True, True, False):
        before = len(vendor.http.requests)
        pulled = vendor.pull()
        assert (pulled.is_more, len(vendor.http.requests) - before <= 6) == (is_more, True)
        told += [delivery.body for delivery in pulled.deliveries]
    assert len(set(told)) == 401 + 333
    vendor.ends("NEW", -0.5)
    assert [key for key, *_ in vendor.says()[1:]][-1:] == ["NEW"]


def test_a_list_is_walked_no_further_than_pagerduty_shows_it() -> None:
    vendor = Vendor(cursor={"until": "", "open_at": LAST - PAGE})
    rows = [{**PULLED, "id": f"Q{number}"} for number in range(PAGE)]
    vendor.http.answer("GET", URL, json_answer({"incidents": rows, "more": True}))
    vendor.pull()
    assert vendor.cursor["open_at"] == 0


def test_what_is_too_much_to_remember_comes_again_as_the_same_deliveries() -> None:
    vendor = Vendor()
    for number in range(900):
        vendor.has(f"Q{number:013}")
    told: list[bytes] = []
    for _ in range(12):
        told += [delivery.body for delivery in vendor.pull().deliveries]
    assert len(told) > len(set(told)) == 900
    door = Door(type="pagerduty")
    names = [door.read(body, path="/incidents").vendor_id for body in told]
    assert names == [f"pulled:{sha256(body).hexdigest()}" for body in told]


def test_a_clock_that_runs_ahead_hides_nothing() -> None:
    vendor = Vendor()
    vendor.ends("AHEAD", 600)
    vendor.ends("NONSENSE", 0)
    vendor.has("NONSENSE", "resolved", resolved_at="0001-01-01T00:00:00Z", last_status_change_at=5)
    vendor.read()
    vendor.ends("A", -2)
    assert vendor.says() == [("A", FIRING, CREATED), ("A", RESOLVED, moment(-2))]


def test_it_asks_for_the_configured_place_services_and_teams_with_the_token() -> None:
    vendor = Vendor(settings={"url": "https://api.eu.pagerduty.com/", "service_ids": ["P1", "P2"], "team_ids": ["T1"]})
    vendor.read()
    for request in vendor.http.requests:
        assert request.url.startswith("https://api.eu.pagerduty.com/incidents?")
        assert request.headers["Authorization"] == "Token token=t0"
        assert request.headers["Accept"] == "application/vnd.pagerduty+json;version=2"
        asked = parse_qs(urlsplit(request.url).query)
        assert (asked["service_ids[]"], asked["team_ids[]"]) == (["P1", "P2"], ["T1"])


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (json_answer({}, 401), CredentialsRefused, "does not accept the api_token"),
        (json_answer({}, 403), CredentialsRefused, "read incidents"),
        (json_answer({}, 429, ratelimit_reset="12"), OutgoingFailed, "asks to wait 12 s"),
        (json_answer({}, 429, ratelimit_reset="<b>"), OutgoingFailed, r"asks to wait \(status 429\)"),
        (json_answer({}, 503), OutgoingFailed, "answered 503"),
        (json_answer([]), OutgoingFailed, "no PagerDuty"),
        (json_answer({"incidents": 5}), OutgoingFailed, "no PagerDuty"),
        (json_answer({"incidents": [5]}), OutgoingFailed, "no PagerDuty"),
        (json_answer({"incidents": [{"id": "x" * 101}]}), OutgoingFailed, "no PagerDuty"),
        (Answer(status=200, body=b"<html>"), OutgoingFailed, "can't be read"),
    ],
)
def test_whatever_else_is_answered_fails_the_poll(answer: Answer, error: type[Exception], words: str) -> None:
    vendor = Vendor()
    vendor.http.answer("GET", URL, answer)
    with pytest.raises(error, match=words):
        vendor.pull()
    with pytest.raises(error, match=words):
        PagerDuty().check(vendor.integration, Secrets(vendor.secrets), vendor.tools)


def test_without_a_token_nothing_is_asked() -> None:
    vendor = Vendor(secrets={})
    with pytest.raises(OutgoingRefused, match="api_token"):
        vendor.pull()
    assert "only listens" in PagerDuty().check(vendor.integration, Secrets(), vendor.tools)
    assert vendor.http.requests == []


def test_a_check_says_that_incidents_can_be_read() -> None:
    vendor = Vendor()
    vendor.has()
    assert "some are open" in PagerDuty().check(vendor.integration, Secrets(vendor.secrets), vendor.tools)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"status": "of_tomorrow"}, 'incident.status must be "triggered"'),
        ({"created_at": 5}, "incident.created_at must be a string"),
        ({"urgency": []}, "incident.urgency must be a string"),
    ],
)
def test_one_that_cannot_be_read_is_named(more: Any, words: str) -> None:
    body = {"incident": {**PULLED, **more}}
    with pytest.raises(UnreadableDelivery, match=words):
        Door(type="pagerduty").read(body, path="/incidents")
