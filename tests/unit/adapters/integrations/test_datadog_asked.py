"""Asking Datadog, which is scripted here; tests/e2e/test_polled_datadog.py asks over real HTTP."""

import json
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import attrs
import pytest

from sre_copilot.adapters.integrations.builtin.datadog import Datadog
from sre_copilot.adapters.integrations.builtin.datadog.polling import MOST_PAGES, MOST_SEEN
from sre_copilot.adapters.integrations.builtin.datadog.settings import QUERIES
from sre_copilot.application.ports.outgoing import Answer
from sre_copilot.domain.canonical import canonical
from sre_copilot.domain.deliveries import Pulled
from sre_copilot.domain.errors import CredentialsRefused, OutgoingFailed, OutgoingRefused
from sre_copilot.domain.integrations import Integration, Secrets
from sre_copilot.domain.snapshots import MetricKind
from sre_copilot.hookspecs import Tools
from sre_copilot.testing.doors import toolbox
from sre_copilot.testing.outgoing import ScriptedOutgoing, json_answer
from tests.unit.adapters.integrations.door import NOW, Door
from tests.unit.adapters.integrations.test_datadog_events import CHANGE, MONITOR, TOLD, event

URL = "https://api.datadoghq.com"
EVENTS = f"{URL}/api/v2/events"
QUERY = f"{URL}/api/v1/query"
VALIDATE = f"{URL}/api/v1/validate"
KEYS = {"api_key": ("k0",), "application_key": ("a0",)}
STARTED = {"from": int((NOW - timedelta(minutes=15)).timestamp() * 1000), "seen": []}


def named(name: str, state: str = "Alert", cycle: str = "") -> dict[str, Any]:
    """An event of this name, about an alert of its own."""
    changed = {"alert_cycle_key_txt": cycle or name, "transition": {"destination_state": state}}
    return event({**TOLD, "evt": {"uid": name}, "monitor": {**MONITOR, **changed}})


def page(*events: Any, more: str | None = None) -> Answer:
    return json_answer({"data": list(events), "meta": {"page": {"after": more}} if more else {"status": "done"}})


@attrs.frozen
class Asked:
    """A plugin with a scripted server."""

    http: ScriptedOutgoing = attrs.field(factory=ScriptedOutgoing)
    settings: dict[str, Any] = attrs.field(factory=dict)
    secrets: dict[str, tuple[str, ...]] = attrs.field(factory=lambda: dict(KEYS))
    now: datetime = NOW

    @property
    def integration(self) -> Integration:
        return attrs.evolve(Door(type="datadog").integration, settings=self.settings)

    @property
    def tools(self) -> Tools:
        return toolbox(outgoing=self.http).at(self.now)

    def pull(self, cursor: Any, *answers: Any) -> Pulled:
        self.http.answer("GET", EVENTS, *answers)
        # As it comes back from the database.
        kept = json.loads(json.dumps(cursor))
        return Datadog().pull(self.integration, Secrets(self.secrets), kept, self.tools)

    def check(self) -> str:
        return Datadog().check(self.integration, Secrets(self.secrets), self.tools)

    def measured(self) -> list[Any]:
        start = NOW - timedelta(hours=2)
        return list(Datadog().metrics(self.integration, Secrets(self.secrets), start, NOW, self.tools))

    @property
    def questions(self) -> list[dict[str, str]]:
        asked = [parse_qs(urlsplit(request.url).query) for request in self.http.requests]
        return [{name: values[0] for name, values in one.items()} for one in asked]


def names(pulled: Pulled) -> list[str]:
    return [json.loads(one.body)["attributes"]["attributes"]["evt"]["uid"] for one in pulled.deliveries]


def test_the_first_poll_brings_what_still_fires_and_changes_oldest_first() -> None:
    asked = Asked()
    told = [
        named("b2", "OK", "b"),
        named("a2", "Alert", "a"),
        event(CHANGE),
        named("b1", "Alert", "b"),
        {"attributes": 5, "id": "odd"},
        event({"evt": {"uid": "noise"}}),
        named("a1", "Warn", "a"),
    ]
    pulled = asked.pull({}, page(*told[:4], more="next"), page(*told[4:]))
    bodies = [json.loads(one.body) for one in pulled.deliveries]
    assert bodies == [told[6], told[4], told[2], told[1]]
    first, second = asked.questions
    assert (first["sort"], first["filter[query]"]) == ("-timestamp", "source:alert OR @evt.category:change")
    assert int(first["filter[to]"]) - int(first["filter[from]"]) == 86_400_000
    assert second["page[cursor]"] == "next"
    assert not pulled.is_more
    # What was left out doesn't come at the next poll either.
    again = Asked()
    assert names(again.pull(pulled.cursor, page(*told[:4]))) == []
    assert int(again.questions[0]["filter[from]"]) == int(NOW.timestamp() * 1000) - 600_000


def test_keys_go_into_headers_and_the_filter_is_the_configured_one() -> None:
    asked = Asked(settings={"url": "https://api.datadoghq.eu/", "events": "source:alert env:prod"})
    asked.http.answer("GET", "https://api.datadoghq.eu/api/v2/events", page())
    asked.pull(STARTED, page())
    (request,) = asked.http.requests
    assert (request.headers["DD-API-KEY"], request.headers["DD-APPLICATION-KEY"]) == ("k0", "a0")
    assert asked.questions[0]["filter[query]"] == "source:alert env:prod"


def test_windows_overlap_and_what_was_brought_does_not_come_again() -> None:
    asked = Asked()
    first = asked.pull(STARTED, page(named("a"), named("b"), more="next"), page(named("c")))
    assert names(first) == ["a", "b", "c"]
    assert asked.questions[0]["sort"] == "timestamp"
    end = int(NOW.timestamp() * 1000)
    assert asked.questions[0]["filter[to]"] == str(end)
    again = Asked()
    # "late" happened before "c" but was listed after the first poll.
    second = again.pull(first.cursor, page(named("late"), named("c"), named("d")))
    assert again.questions[0]["filter[from]"] == str(end - 600_000)
    assert names(second) == ["late", "d"]


def test_a_poll_that_runs_out_of_its_budget_goes_on_at_its_page() -> None:
    asked = Asked()
    pages = [page(named(f"e{number}"), more=f"p{number}") for number in range(MOST_PAGES + 1)]
    first = asked.pull(STARTED, *pages)
    assert (len(names(first)), first.is_more) == (MOST_PAGES, True)
    again = Asked(now=NOW + timedelta(minutes=1))
    second = again.pull(first.cursor, page(named("last")))
    (question,) = again.questions
    assert question["page[cursor]"] == f"p{MOST_PAGES - 1}"
    window = ("filter[from]", "filter[to]", "sort", "filter[query]", "page[limit]")
    assert [question[name] for name in window] == [asked.questions[0][name] for name in window]
    assert (names(second), second.is_more, "page" in second.cursor) == (["last"], False, False)


@pytest.mark.parametrize("failure", [json_answer({}, 429), json_answer({}, 503), OutgoingFailed("No answer.")])
def test_a_later_page_that_fails_is_asked_for_at_the_next_poll(failure: Any) -> None:
    first = Asked().pull(STARTED, page(named("a"), more="next"), failure)
    assert (names(first), first.is_more) == (["a"], False)
    asked = Asked()
    assert names(asked.pull(first.cursor, page(named("b")))) == ["b"]
    assert asked.questions[0]["page[cursor]"] == "next"


def test_a_page_that_is_gone_makes_its_window_begin_again_and_one_just_named_is_a_failure() -> None:
    kept = Asked().pull(STARTED, page(named("a"), more="next"), json_answer({}, 503)).cursor
    asked = Asked()
    assert names(asked.pull(kept, json_answer({}, 400), page(named("a"), named("b")))) == ["b"]
    assert "page[cursor]" not in asked.questions[1]
    for cursor in (STARTED, {}):
        with pytest.raises(OutgoingFailed, match="page"):
            Asked().pull(cursor, page(named("a"), more="next"), json_answer({}, 400))


def test_a_poll_that_brings_nothing_has_failed_even_after_its_page_was_gone() -> None:
    kept = Asked().pull(STARTED, page(named("a"), more="next"), json_answer({}, 503)).cursor
    with pytest.raises(OutgoingFailed, match="503"):
        Asked().pull(kept, json_answer({}, 400), json_answer({}, 503))


def test_a_flood_is_remembered_as_far_as_there_is_room() -> None:
    cursor: Any = STARTED
    for turn in range(12):
        answers = [
            page(*(named(f"{turn}/{part}/{number}") for number in range(50)), more=f"p{turn}/{part}")
            for part in range(MOST_PAGES)
        ]
        cursor = Asked().pull(cursor, *answers).cursor
    assert len(cursor["seen"]) == MOST_SEEN
    assert len(canonical(cursor)) < 60_000
    assert names(Asked().pull(cursor, page(named(f"11/{MOST_PAGES - 1}/49"), named("new")))) == ["new"]


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (json_answer({}, 401), CredentialsRefused, "keys"),
        (json_answer({}, 403), CredentialsRefused, "keys"),
        (json_answer({}, 429, x_ratelimit_reset="37"), OutgoingFailed, "wait 37 seconds"),
        (json_answer({}, 429, x_ratelimit_reset="soon"), OutgoingFailed, "wait .status 429"),
        (json_answer({}, 400), OutgoingFailed, "400"),
        (json_answer({}, 302), OutgoingFailed, "302"),
        (json_answer({}, 503), OutgoingFailed, "503"),
        (json_answer([]), OutgoingFailed, "not Datadog"),
        (json_answer({"data": 5}), OutgoingFailed, "list"),
        (json_answer({"data": [{}], "meta": {"page": {"after": "x" * 5000}}}), OutgoingFailed, "too long"),
        (Answer(status=200, body=b"<html>"), OutgoingFailed, "can't be read"),
    ],
)
@pytest.mark.parametrize("cursor", [{}, STARTED])
def test_whatever_else_is_answered_fails_the_poll(
    cursor: Any, answer: Answer, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        Asked().pull(cursor, answer)


@pytest.mark.parametrize("meta", [None, [], {"page": None}, {"page": {"after": 5}}, {"page": {"after": ""}}])
def test_pages_end_where_none_is_named(meta: Any) -> None:
    answer = json_answer({"data": [named("a"), 5, None], "meta": meta})
    assert names(Asked().pull(STARTED, answer)) == ["a"]


def test_a_page_that_names_itself_is_the_last() -> None:
    pulled = Asked().pull(STARTED, page(named("a"), more="next"), page(named("b"), more="next"))
    assert (names(pulled), pulled.is_more) == (["a", "b"], False)


def test_it_checks_both_keys_and_says_which_site_answers() -> None:
    asked = Asked()
    asked.http.answer("GET", VALIDATE, json_answer({"valid": True}))
    asked.http.answer("GET", EVENTS, page())
    assert asked.check() == "api.datadoghq.com answers, accepts both keys and lists events."
    half = Asked(secrets={"api_key": ("k0",)})
    half.http.answer("GET", VALIDATE, json_answer({"valid": True}))
    assert "without an application_key" in half.check()
    for wrong in (json_answer({"valid": False}), json_answer({}, 403)):
        asked.http.answer("GET", VALIDATE, wrong)
        with pytest.raises(CredentialsRefused):
            asked.check()


def test_without_keys_nothing_is_asked() -> None:
    incomplete: tuple[dict[str, tuple[str, ...]], ...] = ({}, {"api_key": ("k0",)})
    for secrets in incomplete:
        with pytest.raises(OutgoingRefused, match="api_key and application_key"):
            Asked(secrets=secrets).pull({}, page())
    asked = Asked(secrets={})
    assert "only listens" in asked.check()
    assert asked.http.requests == []


def row(scope: str, *values: float | None, **more: Any) -> dict[str, Any]:
    start = (NOW.timestamp() - 7200) * 1000
    points = [[start + 20_000 * place, value] for place, value in enumerate(values)]
    return {"scope": scope, "tag_set": scope.split(","), "pointlist": points, "interval": 20, **more}


def test_configured_queries_become_metrics_of_services_and_hosts() -> None:
    asked = Asked(settings={"queries": ["errors[ratio]=sum:e{*} by {service}/sum:h{*} by {service}"]})
    rows = [row("service:checkout,env:prod", 0.1, None, 0.3), row("host:web-1", 0.5), row("*", 1), row("service:x")]
    asked.http.answer("GET", QUERY, json_answer({"status": "ok", "series": rows}))
    checkout, host = asked.measured()
    assert (checkout.component, checkout.name, checkout.kind) == ("checkout", "errors", MetricKind.ERROR_RATE)
    assert (checkout.unit, checkout.step_seconds, checkout.values) == ("ratio", 20, (0.1, None, 0.3))
    assert (host.component, host.values) == ("web-1", (0.5,))
    (question,) = asked.questions
    assert question["query"] == "sum:e{*} by {service}/sum:h{*} by {service}"
    assert int(question["to"]) - int(question["from"]) == 7200


def test_where_no_unit_is_configured_datadogs_own_counts_and_the_step_is_read_from_the_samples() -> None:
    asked = Asked(settings={"queries": ["latency=p95:trace.http.request{*} by {service}"]})
    told = row("service:checkout", 0.1, 0.2, interval=None, unit=[{"name": "second"}, None], tag_set=None)
    asked.http.answer("GET", QUERY, json_answer({"status": "ok", "series": [told]}))
    (series,) = asked.measured()
    assert (series.unit, series.kind, series.step_seconds) == ("s", MetricKind.LATENCY, 20)


@pytest.mark.parametrize(
    "bad",
    [
        json_answer({}, 400),
        json_answer({"status": "error", "error": "no"}),
        json_answer({"status": "ok", "series": 5}),
        json_answer({"status": "ok", "series": [{"pointlist": [[1]]}]}),
        json_answer({"status": "ok", "series": [row("service:x", 1, unit=[5])]}),
        json_answer({"status": "ok", "series": [{"scope": "service:x", "pointlist": [[1e300, 1.0]]}]}),
    ],
)
def test_a_query_that_fails_is_left_out_unless_all_do(bad: Answer) -> None:
    asked = Asked(settings={"queries": ["sum:a{*}", "sum:b{*}"]})
    asked.http.answer("GET", QUERY, bad, json_answer({"status": "ok", "series": []}))
    assert asked.measured() == []
    asked.http.answer("GET", QUERY, bad)
    with pytest.raises(OutgoingFailed):
        asked.measured()


def test_wrong_keys_are_no_failed_query_and_the_default_queries_are_asked() -> None:
    asked = Asked()
    asked.http.answer("GET", QUERY, json_answer({"status": "ok", "series": []}))
    assert asked.measured() == []
    assert len(asked.questions) == len(QUERIES)
    asked.http.answer("GET", QUERY, json_answer({}, 403))
    with pytest.raises(CredentialsRefused):
        asked.measured()
