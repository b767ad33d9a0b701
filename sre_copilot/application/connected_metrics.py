"""Metrics around an incident, from every integration of the tenant that provides context."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import attrs

from sre_copilot.application.configuring import opened
from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.deliveries import SignalSource
from sre_copilot.application.ports.diagnoses import MetricContext
from sre_copilot.application.ports.sealing import Sealer
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.domain.errors import ContextUnavailable, CopilotError
from sre_copilot.domain.integrations import Feature
from sre_copilot.domain.snapshots import MetricSeries


@attrs.frozen(kw_only=True)
class ConnectedMetrics(MetricContext):
    """Asks the metrics stores that are configured. No transaction may be open: they may be slow."""

    units: UnitOfWorkFactory
    source: SignalSource
    sealer: Sealer
    clock: Clock

    def series(self, *, tenant_id: UUID, start: datetime, end: datetime) -> Sequence[MetricSeries]:
        """Return every store's series; what one can't give the others do. Raises ContextUnavailable where none answers."""
        now = self.clock.now()
        with self.units(tenant_id) as uow:
            stores = [one for one in uow.integrations.all() if one.is_active and Feature.CONTEXT in one.features]
        found: list[MetricSeries] = []
        failures: list[str] = []
        for store in stores:
            try:
                integration, secrets = opened(self.sealer, store, now)
                found += self.source.metrics(integration, secrets, start, end, now)
            except CopilotError as error:
                failures.append(f"{store.name}: {error}")
        if failures and not found:
            raise ContextUnavailable(f"No metrics store answered. {' '.join(failures)}")
        return found
