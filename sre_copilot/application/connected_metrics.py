"""Metrics, logs and traces around an incident, from every integration of the tenant that provides them."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import reduce
from typing import TypeVar
from uuid import UUID

import attrs

from sre_copilot.application.configuring import opened
from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.deliveries import SignalSource
from sre_copilot.application.ports.diagnoses import MetricContext
from sre_copilot.application.ports.sealing import Sealer
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.domain.errors import ContextUnavailable, CopilotError
from sre_copilot.domain.integrations import Feature, Integration, Secrets
from sre_copilot.domain.snapshots import MetricSeries
from sre_copilot.domain.telemetry import Telemetry

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class ConnectedMetrics(MetricContext):
    """Asks the stores that are configured. No transaction may be open: they may be slow."""

    units: UnitOfWorkFactory
    source: SignalSource
    sealer: Sealer
    clock: Clock

    def series(self, *, tenant_id: UUID, start: datetime, end: datetime) -> Sequence[MetricSeries]:
        """Return every store's series; what one can't give the others do. Raises ContextUnavailable where none answers."""
        asked = self._asked(
            tenant_id, Feature.CONTEXT, lambda store, secrets, now: self.source.metrics(store, secrets, start, end, now)
        )
        return [series for found in asked for series in found]

    def telemetry(self, *, tenant_id: UUID, start: datetime, end: datetime) -> Telemetry | None:
        """Return what all stores tell together, None without any. Raises ContextUnavailable where none answers."""
        asked = self._asked(
            tenant_id,
            Feature.TELEMETRY,
            lambda store, secrets, now: self.source.telemetry(store, secrets, start, end, now),
        )
        if not asked:
            return None
        return reduce(Telemetry.and_also, asked).within(start, end).bounded()

    def _asked(self, tenant_id: UUID, feature: Feature, ask: Callable[[Integration, Secrets, datetime], T]) -> list[T]:
        now = self.clock.now()
        with self.units(tenant_id) as uow:
            stores = [one for one in uow.integrations.all() if one.is_active and feature in one.features]
        found: list[T] = []
        failures: list[str] = []
        for store in stores:
            try:
                integration, secrets = opened(self.sealer, store, now)
                found.append(ask(integration, secrets, now))
            except CopilotError as error:
                failures.append(f"{store.name}: {error}")
        if failures and not found:
            raise ContextUnavailable(f"No {feature.value} store answered. {' '.join(failures)}")
        return found
