"""The doors that other tools' senders know: they refuse in words that those can read."""

from typing import Any
from uuid import UUID

import attrs
import pytest

from sre_copilot.domain.actors import Role
from sre_copilot.domain.errors import DatabaseUnavailable
from sre_copilot.entrypoints.http import running
from sre_copilot.entrypoints.http.running import Running
from sre_copilot.testing.deliveries import FixedTypes
from sre_copilot.testing.stage import stage
from tests.unit.entrypoints.http.client import Answer, ask

EVENT = {"routing_key": "srei_x", "event_action": "trigger", "payload": {"summary": "s", "source": "x"}}
KEY = {"Authorization": "Bearer srei_x"}
DOORS = ("/v2/enqueue", "/v2/change/enqueue", "/api/v2/alerts")


def knock(path: str) -> Answer:
    return ask("POST", path, json_body=[] if path == "/api/v2/alerts" else EVENT, headers=KEY)


@attrs.define
class Away:
    """A copilot whose database is away, and how often somebody looked after it."""

    revived: int = 0

    @property
    def administration(self) -> "Away":
        return self

    def door_of_key(self, key: str, *, kind: str) -> UUID:
        raise DatabaseUnavailable

    def revive(self) -> None:
        self.revived += 1


@pytest.mark.parametrize("path", DOORS)
def test_a_database_that_is_away_is_told_as_such_and_looked_after(path: str) -> None:
    away: Any = Away()
    running.use(Running(lambda: away, away.revive, patience=0.0))
    answers = [knock(path), knock(path)]
    assert {(answer.status, bool(answer.headers["retry-after"])) for answer in answers} == {(503, True)}
    assert away.revived == 1


def test_pagerdutys_clients_are_refused_as_pagerduty_refuses() -> None:
    running.use(stage().copilot)
    answer = knock("/v2/enqueue")
    assert (answer.status, answer.headers["content-type"]) == (401, "application/json")
    assert set(answer.document) == {"status", "message", "errors"}


@pytest.mark.parametrize(("method", "path"), [("POST", "/api/v2/alerts"), ("GET", "/api/v2/status")])
def test_alertmanagers_clients_are_refused_with_a_sentence_in_json(method: str, path: str) -> None:
    running.use(stage().copilot)
    answer = ask(method, path, headers=KEY)
    assert (answer.status, answer.headers["content-type"]) == (401, "application/json")
    assert answer.document == "There is no prometheus integration with this key."
    assert answer.headers["www-authenticate"]


def test_alertmanagers_status_is_told_to_who_has_the_key_of_now_and_not_one_that_was_rotated_out() -> None:
    here = stage(types=FixedTypes(known={"prometheus": ()}))
    running.use(here.copilot)
    admin = here.person(Role.ADMIN)
    made = here.copilot.create_integration(actor=admin, type="prometheus", name="metrics")
    renewed = here.copilot.rotate_integration_key(actor=admin, integration_id=made.integration.id)

    def told(key: str | None) -> int:
        return ask("GET", "/api/v2/status", headers={"Authorization": f"Bearer {key}"}).status

    assert (told(made.key), told(renewed.key)) == (401, 200)
