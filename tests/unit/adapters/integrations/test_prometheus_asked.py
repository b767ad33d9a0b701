"""Asking a Prometheus, which is scripted here; tests/e2e/test_polled_prometheus.py asks a real one."""

from datetime import timedelta
from typing import Any

import attrs
import pytest

from sre_copilot.adapters.integrations.builtin.prometheus import Prometheus
from sre_copilot.adapters.integrations.builtin.prometheus.asking import LARGEST_CURSOR, QUERIES
from sre_copilot.application.ports.outgoing import Answer
from sre_copilot.domain.canonical import canonical
from sre_copilot.domain.deliveries import Pulled
from sre_copilot.domain.errors import CredentialsRefused, OutgoingFailed, OutgoingRefused
from sre_copilot.domain.integrations import Integration, Secrets
from sre_copilot.domain.signals import SignalStatus
from sre_copilot.domain.snapshots import MetricKind
from sre_copilot.hookspecs import Tools
from sre_copilot.testing.doors import toolbox
from sre_copilot.testing.outgoing import ScriptedOutgoing, json_answer
from tests.unit.adapters.integrations.door import NOW, Door

URL = "https://prometheus.example"
LABELS = {"alertname": "CheckoutDown", "service": "checkout", "severity": "critical"}
ALERT = {"labels": LABELS, "annotations": {"summary": "Down"}, "state": "firing", "activeAt": "2026-03-01T11:50:00Z"}


@attrs.frozen
class Asked:
    """A plugin with a scripted server."""

    http: ScriptedOutgoing = attrs.field(factory=ScriptedOutgoing)
    settings: dict[str, Any] = attrs.field(factory=lambda: {"url": URL})
    secrets: dict[str, tuple[str, ...]] = attrs.field(factory=dict)

    @property
    def integration(self) -> Integration:
        return attrs.evolve(Door(type="prometheus").integration, settings=self.settings)

    @property
    def tools(self) -> Tools:
        return toolbox(outgoing=self.http).at(NOW)

    def fires(self, *alerts: Any) -> None:
        told = json_answer({"status": "success", "data": {"alerts": list(alerts)}})
        self.http.answer("GET", f"{URL}/api/v1/alerts", told)

    def pull(self, cursor: Any = None) -> Pulled:
        return Prometheus().pull(self.integration, Secrets(self.secrets), cursor or {}, self.tools)

    def statuses(self, pulled: Pulled) -> list[tuple[str, SignalStatus]]:
        (delivery,) = pulled.deliveries
        parsed = Door(type="prometheus").gateway.parse(self.integration, delivery)
        return [(draft.labels["alertname"], draft.status) for draft in parsed.drafts]


def test_what_fires_comes_as_the_same_series_as_at_both_doors() -> None:
    asked = Asked()
    asked.fires(ALERT, {**ALERT, "state": "pending", "labels": {"alertname": "Later"}})
    (delivery,) = asked.pull().deliveries
    (draft,) = Door(type="prometheus").gateway.parse(asked.integration, delivery).drafts
    door = Door(type="prometheus")
    posted = door.signal(
        {"version": "4", "alerts": [{"status": "firing", "labels": LABELS, "startsAt": ALERT["activeAt"]}]}
    )
    assert (draft.identity, draft.occurred_at, draft.status) == (posted.identity, posted.occurred_at, posted.status)
    assert draft.expires_at == NOW + timedelta(minutes=5)


def test_what_fires_no_longer_has_ended() -> None:
    asked = Asked()
    asked.fires(ALERT)
    first = asked.pull()
    asked = Asked()
    asked.fires({**ALERT, "labels": {"alertname": "Other"}})
    second = asked.pull(first.cursor)
    assert asked.statuses(second) == [("Other", SignalStatus.FIRING), ("CheckoutDown", SignalStatus.RESOLVED)]
    asked = Asked()
    asked.fires()
    third = asked.pull(second.cursor)
    assert asked.statuses(third) == [("Other", SignalStatus.RESOLVED)]
    assert Asked().http.requests == []
    asked = Asked()
    asked.fires()
    assert asked.pull(third.cursor) == Pulled(cursor={"firing": []})


def test_a_flood_of_alerts_is_told_whole_and_remembered_as_far_as_there_is_room() -> None:
    asked = Asked()
    asked.fires(*({**ALERT, "labels": {**LABELS, "pod": f"checkout-{number}"}} for number in range(1500)))
    pulled = asked.pull()
    assert len(asked.statuses(pulled)) == 1500
    assert 100 < len(pulled.cursor["firing"]) < 1500
    assert len(canonical(pulled.cursor)) <= LARGEST_CURSOR + 100


@pytest.mark.parametrize(
    ("secrets", "header"), [({"token": ("t0",)}, "Bearer t0"), ({"password": ("p0",)}, "Basic YWRhOnAw"), ({}, None)]
)
def test_it_asks_with_a_token_or_a_password(secrets: dict[str, tuple[str, ...]], header: str | None) -> None:
    asked = Asked(settings={"url": f"{URL}/", "user": "ada"}, secrets=secrets)
    asked.fires()
    asked.pull()
    (request,) = asked.http.requests
    assert request.headers.get("Authorization") == header


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (json_answer({}, 401), CredentialsRefused),
        (json_answer({}, 503), OutgoingFailed),
        (json_answer({"status": "error", "data": {}}), OutgoingFailed),
        (json_answer({"status": "success", "data": {"alerts": 5}}), OutgoingFailed),
        (json_answer([]), OutgoingFailed),
        (Answer(status=200, body=b"<html>"), OutgoingFailed),
    ],
)
def test_whatever_else_is_answered_fails_the_poll(answer: Answer, error: type[Exception]) -> None:
    asked = Asked()
    asked.http.answer("GET", f"{URL}/api/v1/alerts", answer)
    with pytest.raises(error):
        asked.pull()


def test_without_an_address_nothing_is_asked() -> None:
    asked = Asked(settings={})
    with pytest.raises(OutgoingRefused, match="url"):
        asked.pull()
    assert "only listens" in Prometheus().check(asked.integration, Secrets(), asked.tools)


def measured(asked: Asked) -> list[Any]:
    return list(Prometheus().metrics(asked.integration, Secrets(), NOW - timedelta(hours=2), NOW, asked.tools))


def test_configured_queries_become_metrics_of_services() -> None:
    asked = Asked(settings={"url": URL, "queries": ['error_ratio[ratio]=sum by (service) (errors{code=~"5.."})']})
    start = NOW.timestamp() - 7200
    values = [[start + 15 * place, str(place / 10)] for place in range(4)] + [[start + 60, "NaN"]]
    result = [{"metric": {"service": "checkout"}, "values": values}, {"metric": {}, "values": values}]
    told = json_answer({"status": "success", "data": {"resultType": "matrix", "result": result}})
    asked.http.answer("GET", f"{URL}/api/v1/query_range", told)
    (series,) = measured(asked)
    assert (series.component, series.name, series.kind, series.unit) == (
        "checkout",
        "error_ratio",
        MetricKind.ERROR_RATE,
        "ratio",
    )
    assert series.values == (0.0, 0.1, 0.2, 0.3)
    (request,) = asked.http.requests
    assert "query=sum+by+%28service%29+%28errors%7Bcode%3D~%225..%22%7D%29" in request.url
    assert "step=15" in request.url


@pytest.mark.parametrize(
    "bad",
    [
        json_answer({}, 422),
        json_answer({"status": "success", "data": {"result": 5}}),
        json_answer(
            {"status": "success", "data": {"result": [{"metric": {"service": "a"}, "values": [[1e300, "1"]]}]}}
        ),
    ],
)
def test_a_query_that_fails_is_left_out_unless_all_do(bad: Answer) -> None:
    asked = Asked()
    fine = json_answer({"status": "success", "data": {"resultType": "matrix", "result": []}})
    asked.http.answer("GET", f"{URL}/api/v1/query_range", bad, fine)
    assert measured(asked) == []
    assert len(asked.http.requests) == len(QUERIES)
    asked = Asked()
    asked.http.answer("GET", f"{URL}/api/v1/query_range", bad)
    with pytest.raises(OutgoingFailed):
        measured(asked)
