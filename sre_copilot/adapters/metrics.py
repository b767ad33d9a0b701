"""Where no metrics store is configured, a snapshot holds none, and says so."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sre_copilot.domain.snapshots import MetricSeries


class NoMetrics:
    """A metric context that knows nothing."""

    def series(self, *, tenant_id: UUID, start: datetime, end: datetime) -> Sequence[MetricSeries]:
        """Return no series."""
        return ()
