"""A copilot in memory behind one real plugin: where the tests see what becomes of a vendor's messages in the end."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs

from sre_copilot.application.copilot import Copilot
from sre_copilot.domain.deliveries import Delivery, Receipt
from sre_copilot.domain.lifecycle import State
from sre_copilot.domain.stored_episodes import Episode
from sre_copilot.testing.builders import make_integration, make_tenant
from sre_copilot.testing.doors import plugin_gateway
from sre_copilot.testing.stage import Stage, copilot, stage


@attrs.frozen
class House:
    """A copilot with one integration that reads through its plugin."""

    stage: Stage
    copilot: Copilot

    @classmethod
    def of(cls, kind: str) -> "House":
        tenant = make_tenant()
        here = stage(tenant=tenant, integration=make_integration(tenant.id, type=kind))
        return cls(here, copilot(units=here.units, clock=here.clock, gateway=plugin_gateway()))

    @property
    def now(self) -> datetime:
        return self.stage.clock.now()

    def knock(self, body: Any, path: str = "") -> Receipt:
        delivery = Delivery(body=json.dumps(body).encode(), path=path, received_at=self.now)
        return self.copilot.ingest(actor=self.stage.sender, integration_id=self.stage.integration.id, delivery=delivery)

    def wait(self, **time: float) -> None:
        now = self.stage.clock.advance(timedelta(**time))
        self.copilot.run_due_timers(actor=self.stage.system, now=now)

    @property
    def episodes(self) -> Sequence[Episode]:
        return sorted(self.stage.tables.episodes.values(), key=lambda episode: episode.started_at)

    @property
    def states(self) -> list[State]:
        return [incident.state for incident in self.stage.tables.incidents.values()]
