"""A real Prometheus, which is asked: for its alerts by polls, and for metrics around the incident."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from sre_copilot.adapters.postgres.embedded import EmbeddedPostgres
from sre_copilot.adapters.system import SystemClock
from sre_copilot.application.copilot import Copilot
from sre_copilot.bootstrap import bootstrap
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.integrations import Feature
from sre_copilot.domain.signals import SignalStatus
from sre_copilot.settings import Settings
from tests.e2e.monitoring import prometheus, reload
from tests.e2e.server import awaited

UP = 'up[0 or 1]=label_replace(up, "service", "$1", "job", "(.+)")'


def measured(port: int) -> int:
    """How many samples there are, a step of ours apart."""
    now = time.time()
    window = urlencode({"query": "up", "start": now - 150, "end": now, "step": 15})
    with urlopen(f"http://127.0.0.1:{port}/api/v1/query_range?{window}", timeout=10) as answer:
        return sum(len(row["values"]) for row in json.load(answer)["data"]["result"])


@pytest.fixture
def copilot(tmp_path: Path) -> Iterator[Copilot]:
    folder = tmp_path / "data"
    with bootstrap(Settings(data_folder=folder, allow_private_addresses=True)) as made:
        yield made
    EmbeddedPostgres(folder).erase()


def test_its_alerts_become_one_incident_that_ends_with_them_and_its_metrics_are_kept(
    copilot: Copilot, tmp_path: Path
) -> None:
    _, admin = copilot.create_tenant(slug="polls", admin_email="ada@polls.example.com")
    actor = admin.as_actor(origin="test")
    folder = tmp_path / "prometheus"
    with prometheus(folder, 9, "unused") as port:
        made = copilot.create_integration(
            actor=actor,
            type="prometheus",
            settings={"url": f"http://127.0.0.1:{port}", "queries": [UP]},
            features=[Feature.PULL, Feature.CONTEXT],
        ).integration
        assert "answers" in (copilot.integrations.trial(actor=actor, integration_id=made.id).works or "")

        def signals() -> list[Any]:
            system = Actor.system(actor.tenant_id)
            with copilot.integrations.units(actor.tenant_id) as uow:
                # As if the interval were over: this test has no time for it.
                uow.integrations.end_poll(
                    made.id, cursor=uow.integrations.get(made.id).cursor, next_at=SystemClock().now()
                )
                uow.commit()
            polled = copilot.poll(tenant_id=system.tenant_id, integration_id=made.id)
            assert polled is not None
            assert polled.problem == ""
            return list(copilot.signals.list(actor=actor))

        rules = folder / "rules.yml"
        rules.write_text(rules.read_text().replace("> 0", "> 2"))
        reload(port)
        awaited(lambda: measured(port) > 1, "it has measured for longer than a step")
        rules.write_text(rules.read_text().replace("> 2", "> 0"))
        reload(port)
        awaited(lambda: len(signals()) == 1, "the alert fires")
        signals()
        (row,) = signals()
        assert (row.draft.service, row.draft.status) == ("checkout", SignalStatus.FIRING)
        (incident,) = copilot.incidents.list(actor=actor)
        taken = copilot.incidents.snapshot(actor=actor, incident_id=incident.id)
        assert {series.component for series in taken.metrics} == {"prometheus"}
        rules.write_text(rules.read_text().replace("> 0", "> 2"))
        reload(port)
        awaited(lambda: len(signals()) == 2, "the alert ends")
        assert [row.draft.status for row in signals()].count(SignalStatus.RESOLVED) == 1
        assert len(list(copilot.incidents.list(actor=actor))) == 1
