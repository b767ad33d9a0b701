"""No tenant sees, changes or detects another's: on every route a foreign id is answered like one that never was."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Any

import attrs
import pytest
from django.urls import URLPattern, URLResolver
from django.urls.resolvers import RegexPattern

from sre_copilot.adapters.system import SystemClock, new_id
from sre_copilot.domain.actors import Role
from sre_copilot.entrypoints.http import django_settings
from tests.e2e.installation import Installation
from tests.e2e.server import Reply, Server
from tests.e2e.tenants import Resident, resident

django_settings.configure()


@attrs.frozen(kw_only=True)
class Case:
    """How a route is asked. `body` is sent; without an id in the path the answer must hold nothing of the other tenant's."""

    body: Any = None
    query: str = ""
    status: int | None = None


NOT_FOUND = 404
NEXT_WEEK = (SystemClock().now() + timedelta(days=7)).isoformat()
CASES: Mapping[tuple[str, str], Case] = {
    ("GET", "api/v1/incidents"): Case(),
    ("POST", "api/v1/incidents"): Case(body={"title": "mine", "service": "mine"}),
    ("GET", "api/v1/incidents/<incident>"): Case(),
    ("PATCH", "api/v1/incidents/<incident>"): Case(body={"title": "changed"}),
    ("GET", "api/v1/incidents/<incident>/transitions"): Case(),
    ("POST", "api/v1/incidents/<incident>/transitions"): Case(body={"action": "resolve"}),
    ("POST", "api/v1/incidents/<incident>/assign"): Case(body={"assignee": "me"}),
    ("POST", "api/v1/incidents/<incident>/notes"): Case(body={"text": "written"}),
    ("GET", "api/v1/incidents/<incident>/timeline"): Case(),
    ("GET", "api/v1/incidents/<incident>/signals"): Case(),
    ("GET", "api/v1/incidents/<incident>/snapshot"): Case(),
    ("POST", "api/v1/incidents/<incident>/diagnose"): Case(),
    ("GET", "api/v1/incidents/<incident>/hypotheses"): Case(),
    ("GET", "api/v1/incidents/<incident>/recommendations"): Case(),
    ("POST", "api/v1/hypotheses/<hypothesis>/feedback"): Case(body={"feedback": "accepted"}),
    ("POST", "api/v1/recommendations/<recommendation>/status"): Case(body={"status": "accepted"}),
    ("GET", "api/v1/signals"): Case(),
    ("GET", "api/v1/signals/<signal>/decision"): Case(),
    ("GET", "api/v1/silences"): Case(),
    ("POST", "api/v1/silences"): Case(
        body={"matchers": [{"name": "service", "value": "mine"}], "ends_at": NEXT_WEEK, "comment": "mine"}
    ),
    ("POST", "api/v1/silences/preview"): Case(
        body={"matchers": [{"name": "service", "operator": "=~", "value": ".+"}]}
    ),
    ("GET", "api/v1/silences/<silence>"): Case(),
    ("POST", "api/v1/silences/<silence>/end"): Case(),
    ("GET", "api/v1/incidents/<incident>/runbook-draft"): Case(),
    ("GET", "api/v1/precedents"): Case(),
    ("GET", "api/v1/precedents/<precedent>"): Case(),
    ("POST", "api/v1/precedents/<precedent>/forget"): Case(),
    ("POST", "api/v1/precedents/<precedent>/restore"): Case(),
    ("GET", "api/v1/runbooks"): Case(),
    ("POST", "api/v1/runbooks"): Case(body={"title": "mine"}),
    ("GET", "api/v1/runbooks/search"): Case(query="?text=theirs"),
    ("GET", "api/v1/runbooks/<runbook>"): Case(),
    ("PATCH", "api/v1/runbooks/<runbook>"): Case(body={"title": "changed"}),
    ("DELETE", "api/v1/runbooks/<runbook>"): Case(),
    ("POST", "api/v1/runbooks/<runbook>/restore"): Case(),
    ("GET", "api/v1/runbooks/<runbook>/versions"): Case(),
    ("GET", "api/v1/runbooks/<runbook>/versions/<version>"): Case(),
    ("POST", "api/v1/runbooks/<runbook>/revert"): Case(body={"version": 1}),
    ("GET", "api/v1/reports/calibration"): Case(),
    ("GET", "api/v1/incidents/<incident>/postmortem"): Case(),
    ("PUT", "api/v1/incidents/<incident>/postmortem"): Case(body={"url": "https://wiki.example.com/1"}),
    ("GET", "api/v1/reports/language-model"): Case(),
    ("POST", "api/v1/incidents/<incident>/merge"): Case(body={"other": "<incident>"}, status=422),
    ("POST", "api/v1/incidents/<incident>/split"): Case(body={"signals": ["<signal>"]}, status=422),
    ("POST", "api/v1/incidents/<incident>/move-signal"): Case(body={"signal": "<signal>"}, status=422),
    ("GET", "api/v1/reports/response-times"): Case(),
    ("GET", "api/v1/services"): Case(),
    ("PUT", "api/v1/services"): Case(body={"services": ["mine"]}),
    ("GET", "api/v1/deliveries"): Case(),
    ("GET", "api/v1/deliveries/<delivery>"): Case(),
    ("POST", "api/v1/deliveries/<delivery>/replay"): Case(),
    ("GET", "api/v1/integrations"): Case(),
    ("POST", "api/v1/integrations"): Case(body={"type": "generic", "name": "second"}),
    ("GET", "api/v1/integrations/<integration>"): Case(),
    ("PATCH", "api/v1/integrations/<integration>"): Case(body={"name": "renamed"}),
    ("POST", "api/v1/integrations/<integration>/test"): Case(body={"fire": True}),
    ("POST", "api/v1/integrations/<integration>/rotate-key"): Case(body={}),
    ("GET", "api/v1/users"): Case(),
    ("POST", "api/v1/users"): Case(body={"email": f"{new_id()}@example.com", "role": "viewer"}),
    ("PATCH", "api/v1/users/<user>"): Case(body={"full_name": "renamed"}),
    ("GET", "api/v1/tokens"): Case(),
    ("POST", "api/v1/tokens"): Case(body={"name": "ci", "role": "viewer"}),
    ("DELETE", "api/v1/tokens/<token>"): Case(),
}
"""Every route that belongs to a tenant. A new one needs a line here."""

NOBODYS: Mapping[str, str] = {
    "webhooks/<integration>": "whoever knocks has no tenant: the door's own key decides, see test_http_door.py",
    "v2/enqueue": "whoever knocks has no tenant: the routing key decides, see test_real_clients.py",
    "v2/change/enqueue": "as v2/enqueue",
    "api/v2/alerts": "whoever knocks has no tenant: the door's own key decides, see test_real_clients.py",
    "api/v2/status": "the same for all who have the key of a door",
    "healthz": "tells nothing of any tenant",
    "readyz": "tells nothing of any tenant",
    "metrics": "counts without tenants",
    "openapi.json": "the same for all",
    "docs": "the same for all",
    "docs/<name>": "the same for all",
    "api/v1/": "there is nothing",
}
"""Routes that belong to no tenant, and why that is so."""


def routes(patterns: list[Any], before: str = "") -> Iterator[str]:
    """The patterns of all paths, ids by their names."""
    for row in patterns:
        route = before + str(row.pattern)
        if isinstance(row, URLResolver):
            yield from routes(row.url_patterns, route)
        else:
            assert isinstance(row, URLPattern)
            yield re.sub(r"<\w+:(\w+?)(?:_id)?>", r"<\1>", route)


def known_routes() -> set[str]:
    return set(routes(URLResolver(RegexPattern("^/"), django_settings.URLS).url_patterns))


def methods_of(route: str) -> set[str]:
    # Only once Django is configured.
    from sre_copilot.entrypoints.http.documentation import described

    named = {
        re.sub(r"{(\w+?)(?:_id)?}", r"<\1>", path).strip("/"): rows
        for path, rows in described(PurePosixPath("/"))["paths"].items()
    }
    return {method.upper() for method in named[route]}


def test_every_route_has_a_case_or_is_nobodys() -> None:
    found = known_routes()
    of_tenants = {(method, route) for route in found if route not in NOBODYS for method in methods_of(route)}
    assert of_tenants == set(CASES)
    assert set(NOBODYS) <= found


@pytest.fixture(scope="module")
def theirs(installation: Installation) -> Resident:
    """A tenant in the middle of an incident."""
    return resident(installation, "theirs")


@pytest.fixture(scope="module")
def mine(installation: Installation) -> Resident:
    """Another one, which asks."""
    return resident(installation, "mine")


def ask(server: Server, who: Resident, method: str, path: str, case: Case) -> Reply:
    headers = {"Authorization": f"Bearer {who.tokens[Role.ADMIN]}", "Content-Type": "application/json"}
    body = None if case.body is None else json.dumps(case.body)
    for name, value in who.ids.items():
        # What is the asker's own.
        body = body and body.replace(f"<{name}>", str(value))
    # A number means nothing without the id before it.
    path = path.replace("<version>", "1")
    return server.ask(method, f"/{path}{case.query}", body=body, headers=headers)


def same(one: Reply, other: Reply) -> None:
    """Assert that two answers can't be told apart but by their ids and times."""
    own = {"date", "x-request-id"}
    assert (one.status, one.body) == (other.status, other.body)
    assert {k: v for k, v in one.headers.items() if k not in own} == {
        k: v for k, v in other.headers.items() if k not in own
    }


@pytest.mark.parametrize(("method", "route"), [key for key in CASES if "<" in key[1]], ids=str)
def test_a_foreign_id_is_answered_like_one_that_never_was(
    server: Server, mine: Resident, theirs: Resident, method: str, route: str
) -> None:
    case = CASES[method, route]
    name = route.partition("<")[2].partition(">")[0]
    before = theirs.everything(server)
    foreign = ask(server, mine, method, route.replace(f"<{name}>", str(theirs.ids[name])), case)
    never = ask(server, mine, method, route.replace(f"<{name}>", str(new_id())), case)
    same(foreign.expect(NOT_FOUND), never.expect(NOT_FOUND))
    assert theirs.everything(server) == before
    # The case is one that would work for whose it is.
    own = ask(server, mine, method, route.replace(f"<{name}>", str(mine.ids[name])), case)
    assert own.status in (200, 201, 409, case.status), own.body


@pytest.mark.parametrize(("method", "route"), [key for key in CASES if "<" not in key[1]], ids=str)
def test_an_answer_holds_nothing_of_anothers(
    server: Server, mine: Resident, theirs: Resident, method: str, route: str
) -> None:
    before = theirs.everything(server)
    answer = ask(server, mine, method, route, CASES[method, route])
    assert answer.status in (200, 201), answer.body
    told = answer.body.decode()
    assert not [name for name, value in theirs.ids.items() if str(value) in told]
    assert theirs.word not in told
    assert theirs.everything(server) == before


def test_a_foreign_id_among_filters_and_values_is_like_one_that_never_was(
    server: Server, mine: Resident, theirs: Resident
) -> None:
    for route, template in (
        ("api/v1/incidents", "?assignee={}"),
        ("api/v1/signals", "?integration={}"),
        ("api/v1/deliveries", "?integration={}"),
    ):
        name = "user" if "assignee" in template else "integration"
        foreign, never = (
            ask(server, mine, "GET", route, Case(query=template.format(value)))
            for value in (theirs.ids[name], new_id())
        )
        same(foreign.expect(200), never.expect(200))
    path = f"api/v1/incidents/{mine.ids['incident']}/assign"
    foreign, never = (
        ask(server, mine, "POST", path, Case(body={"assignee": str(value)})) for value in (theirs.ids["user"], new_id())
    )
    same(foreign.expect(NOT_FOUND), never.expect(NOT_FOUND))
