"""The tenant's services and how they depend on each other."""

from abc import abstractmethod
from collections.abc import Iterable, Sequence, Set
from datetime import datetime
from typing import Protocol

import attrs

from sre_copilot.domain.service_graph import ServiceGraph


@attrs.frozen(kw_only=True, order=True)
class KnownService:
    """A service of the tenant. `declared` says that the imported graph has it, `over_limit` that the plan doesn't cover it."""

    name: str
    declared: bool
    over_limit: bool


class Services(Protocol):
    """The service graph of the tenant."""

    @abstractmethod
    def graph(self) -> ServiceGraph:
        """Everything known of services, calls and placements; services that only signals named are not in it."""

    @abstractmethod
    def known(self) -> Sequence[KnownService]:
        """Every service that the graph or a signal named, by name."""

    @abstractmethod
    def replace(self, graph: ServiceGraph, *, at: datetime, limit: int) -> None:
        """Make this the tenant's graph. Services known before stay known; new ones beyond `limit` are flagged."""

    @abstractmethod
    def unknown(self, names: Set[str]) -> Set[str]:
        """Those of these services that neither the graph nor a signal has named yet."""

    @abstractmethod
    def saw(self, names: Iterable[str], *, at: datetime, limit: int) -> None:
        """Remember that signals named these services. Those beyond `limit` known ones are recorded and flagged."""

    @abstractmethod
    def over_limit(self) -> tuple[str, ...]:
        """The names of the services flagged as beyond the plan's limit, sorted."""
