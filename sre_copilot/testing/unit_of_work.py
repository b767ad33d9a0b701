"""The unit of work in memory: a copy of the tables on entering, put back unless committed."""

from types import TracebackType
from typing import Self
from uuid import UUID

import attrs

from sre_copilot.domain.errors import ForeignReference
from sre_copilot.testing.audit import InMemoryAuditTrail
from sre_copilot.testing.consultations import InMemoryConsultations
from sre_copilot.testing.corrections import InMemoryCorrections
from sre_copilot.testing.deliveries import InMemoryDeliveries
from sre_copilot.testing.diagnoses import InMemoryDiagnoses
from sre_copilot.testing.incidents import InMemoryIncidents
from sre_copilot.testing.jobs import InMemoryJobs
from sre_copilot.testing.outbox import InMemoryOutbox, InMemoryRoutes
from sre_copilot.testing.precedents import InMemoryPrecedents
from sre_copilot.testing.recommendations import InMemoryRecommendations
from sre_copilot.testing.response_times import InMemoryResponseTimes
from sre_copilot.testing.runbooks import InMemoryRunbooks
from sre_copilot.testing.series import InMemorySeriesStore, InMemorySignals
from sre_copilot.testing.service_graph import InMemoryServices
from sre_copilot.testing.silences import InMemorySilences
from sre_copilot.testing.tables import InMemoryDatabase, TenantTables
from sre_copilot.testing.tenants import InMemoryIntegrations, InMemoryTenants
from sre_copilot.testing.tokens import InMemoryTokens

REFERENCES = (
    ("tokens", "user_id", "users"),
    ("deliveries", "integration_id", "integrations"),
    ("signals", "integration_id", "integrations"),
    ("signals", "original_id", "signals"),
    ("signals", "incident_id", "incidents"),
    ("episodes", "incident_id", "incidents"),
    ("incidents", "assigned_to", "users"),
    ("transitions", "incident_id", "incidents"),
    ("transitions", "user_id", "users"),
    ("notes", "incident_id", "incidents"),
    ("notes", "user_id", "users"),
    ("snapshots", "incident_id", "incidents"),
    ("diagnoses", "incident_id", "incidents"),
    ("diagnoses", "snapshot_id", "snapshots"),
    ("hypotheses", "diagnosis_id", "diagnoses"),
    ("feedback", "hypothesis_id", "hypotheses"),
    ("consultations", "incident_id", "incidents"),
    ("consultations", "diagnosis_id", "diagnoses"),
    ("consultations", "advised_id", "diagnoses"),
    ("feedback", "user_id", "users"),
    ("precedents", "confirmed_by", "users"),
    ("precedents", "forgotten_by", "users"),
    ("runbooks", "owner_id", "users"),
    ("runbook_versions", "runbook_id", "runbooks"),
    ("runbook_versions", "written_by", "users"),
    ("recommendations", "incident_id", "incidents"),
    ("recommendations", "hypothesis_id", "hypotheses"),
    ("recommendations", "runbook_id", "runbooks"),
    ("outcomes", "recommendation_id", "recommendations"),
    ("outcomes", "recorded_by", "users"),
    ("outbox", "integration_id", "integrations"),
    ("outbox", "incident_id", "incidents"),
    ("routes", "integration_id", "integrations"),
    ("silences", "created_by", "users"),
    ("silences", "ended_by", "users"),
    ("corrections", "user_id", "users"),
    ("corrections", "left_id", "incidents"),
    ("corrections", "joined_id", "incidents"),
    ("audit", "user_id", "users"),
)
"""Table, field, and the table that must have what the field names, if it names anything."""


class InMemoryUnitOfWork:
    """Bound to one tenant; its repositories exist once it was entered. Waits while another thread is in one."""

    def __init__(self, factory: "InMemoryUnitOfWorkFactory", tenant_id: UUID) -> None:
        self.tenant_id = tenant_id
        self._factory = factory
        self._database = factory.database
        self._outer: InMemoryUnitOfWork | None = None
        self._before = TenantTables()
        self._committed = False

    def __enter__(self) -> Self:
        """Begin, or join the unit of the same tenant. Raises RuntimeError inside one of another tenant."""
        self._database.lock.acquire()
        self._outer = self._factory.open
        if self._outer is not None and self._outer.tenant_id != self.tenant_id:
            self._database.lock.release()
            raise RuntimeError("a unit of work of another tenant is open")
        self._committed = False
        if self._outer is None:
            self._factory.open = self
            self._before = self._database.of(self.tenant_id).copy()
        self._bind(self._database.of(self.tenant_id))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Keep everything where `commit` was called and nothing was raised since, else put back what was before."""
        if self._outer is None:
            self._factory.open = None
            if not self._committed or kind is not None:
                self._database.tables[self.tenant_id] = self._before
        self._database.lock.release()

    def commit(self) -> None:
        """Have everything kept when the unit ends. Raises ForeignReference where something names what is not there."""
        if self._outer is None:
            _check_references(self._tables)
        self._committed = True

    def _bind(self, tables: TenantTables) -> None:
        self._tables = tables
        self.tenants = InMemoryTenants(self.tenant_id, tables, self._database)
        self.integrations = InMemoryIntegrations(tables)
        self.tokens = InMemoryTokens(tables)
        self.deliveries = InMemoryDeliveries(tables)
        self.series = InMemorySeriesStore(tables)
        self.signals = InMemorySignals(tables)
        self.incidents = InMemoryIncidents(tables)
        self.corrections = InMemoryCorrections(tables)
        self.silences = InMemorySilences(tables)
        self.response_times = InMemoryResponseTimes(tables)
        self.services = InMemoryServices(tables)
        self.diagnoses = InMemoryDiagnoses(tables)
        self.precedents = InMemoryPrecedents(tables)
        self.consultations = InMemoryConsultations(tables)
        self.runbooks = InMemoryRunbooks(tables)
        self.recommendations = InMemoryRecommendations(tables)
        self.audit = InMemoryAuditTrail(tables)
        self.outbox = InMemoryOutbox(tables)
        self.routes = InMemoryRoutes(tables)
        self.jobs = InMemoryJobs(self.tenant_id, tables, self._database)


@attrs.define
class InMemoryUnitOfWorkFactory:
    """Opens units of work on one database; at most one thread is in one at a time. One factory per database."""

    database: InMemoryDatabase = attrs.field(factory=InMemoryDatabase, repr=False)
    open: InMemoryUnitOfWork | None = attrs.field(default=None, init=False, eq=False, repr=False)
    """The outermost unit that is open; only read and written under the database's lock."""

    def __call__(self, tenant_id: UUID) -> InMemoryUnitOfWork:
        """Return a unit of work for the tenant."""
        return InMemoryUnitOfWork(self, tenant_id)


def _check_references(tables: TenantTables) -> None:
    for table, field, target in REFERENCES:
        there = getattr(tables, target)
        for row in getattr(tables, table).values():
            named = getattr(row, field)
            if named is not None and named not in there:
                raise ForeignReference(table=table, field=field, names=named)
