"""The unit of work: everything or nothing, for one tenant."""

from abc import abstractmethod
from types import TracebackType
from typing import Protocol, Self
from uuid import UUID

from sre_copilot.application.ports.audit import AuditTrail
from sre_copilot.application.ports.consultations import Consultations
from sre_copilot.application.ports.corrections import Corrections
from sre_copilot.application.ports.deliveries import Deliveries
from sre_copilot.application.ports.diagnoses import Diagnoses
from sre_copilot.application.ports.incidents import Incidents
from sre_copilot.application.ports.jobs import Jobs
from sre_copilot.application.ports.outbox import Outbox, Routes
from sre_copilot.application.ports.precedents import Precedents
from sre_copilot.application.ports.recommendations import Recommendations
from sre_copilot.application.ports.response_times import ResponseTimes
from sre_copilot.application.ports.runbooks import Runbooks
from sre_copilot.application.ports.series import SeriesStore, Signals
from sre_copilot.application.ports.service_graph import Services
from sre_copilot.application.ports.silences import Silences
from sre_copilot.application.ports.tenants import Integrations, Tenants
from sre_copilot.application.ports.tokens import Tokens


class UnitOfWork(Protocol):
    """A context manager bound to one tenant; rolls back unless `commit` was called. Not shared between threads.

    Nesting one of the same tenant joins it, of another tenant raises RuntimeError.
    """

    @property
    def tenants(self) -> Tenants:
        """The tenant and its people."""

    @property
    def integrations(self) -> Integrations:
        """Its integrations."""

    @property
    def tokens(self) -> Tokens:
        """Its people's API tokens."""

    @property
    def deliveries(self) -> Deliveries:
        """Its ledger of deliveries."""

    @property
    def series(self) -> SeriesStore:
        """Its series, as they are recorded."""

    @property
    def signals(self) -> Signals:
        """Its signals and episodes, as they are read."""

    @property
    def incidents(self) -> Incidents:
        """Its incidents."""

    @property
    def corrections(self) -> Corrections:
        """Where people put its episodes."""

    @property
    def silences(self) -> Silences:
        """Its silences, and what they hold."""

    @property
    def response_times(self) -> ResponseTimes:
        """How long they took, added up by week."""

    @property
    def services(self) -> Services:
        """Its service graph."""

    @property
    def diagnoses(self) -> Diagnoses:
        """Its snapshots, diagnoses and hypotheses."""

    @property
    def precedents(self) -> Precedents:
        """What was learned from its past incidents."""

    @property
    def consultations(self) -> Consultations:
        """What an advisor was asked about its diagnoses."""

    @property
    def runbooks(self) -> Runbooks:
        """Its runbooks."""

    @property
    def recommendations(self) -> Recommendations:
        """Its recommendations."""

    @property
    def audit(self) -> AuditTrail:
        """Its audit trail."""

    @property
    def outbox(self) -> Outbox:
        """Its outgoing messages."""

    @property
    def routes(self) -> Routes:
        """Who is told what."""

    @property
    def jobs(self) -> Jobs:
        """What is to be done later."""

    @abstractmethod
    def __enter__(self) -> Self:
        """Begin."""

    @abstractmethod
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End; without a commit nothing of it remains."""

    @abstractmethod
    def commit(self) -> None:
        """Make it durable. Raises the domain error of a violated constraint."""


class UnitOfWorkFactory(Protocol):
    """Opens units of work. Thread-safe."""

    @abstractmethod
    def __call__(self, tenant_id: UUID) -> UnitOfWork:
        """Return a unit of work for the tenant, to be entered."""
