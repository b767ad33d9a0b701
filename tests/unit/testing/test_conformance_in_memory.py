"""The twins in memory do what is asked of every adapter."""

import pytest

from sre_copilot.application.ports.sealing import Sealer
from sre_copilot.testing.conformance.access import AccessConformance, PollsConformance, ReplayConformance
from sre_copilot.testing.conformance.consultations import ConsultationsConformance
from sre_copilot.testing.conformance.corrections import CorrectionsConformance
from sre_copilot.testing.conformance.deliveries import AuditConformance, LedgerConformance, ServicesConformance
from sre_copilot.testing.conformance.diagnoses import DiagnosesConformance
from sre_copilot.testing.conformance.house import Conformance
from sre_copilot.testing.conformance.incidents import IncidentListConformance, IncidentsConformance
from sre_copilot.testing.conformance.isolation import TenancyConformance
from sre_copilot.testing.conformance.jobs import JobsConformance
from sre_copilot.testing.conformance.key_ring import KeyRingConformance
from sre_copilot.testing.conformance.locking import LockingConformance
from sre_copilot.testing.conformance.locks import LocksConformance
from sre_copilot.testing.conformance.outbox import OutboxConformance
from sre_copilot.testing.conformance.precedents import PrecedentsConformance
from sre_copilot.testing.conformance.recommendations import RecommendationsConformance
from sre_copilot.testing.conformance.response_times import ResponseTimesConformance
from sre_copilot.testing.conformance.routes import RoutesConformance
from sre_copilot.testing.conformance.runbooks import RunbooksConformance
from sre_copilot.testing.conformance.schedule import ScheduleRunsConformance
from sre_copilot.testing.conformance.sealed import SealedConformance
from sre_copilot.testing.conformance.series import SeriesConformance
from sre_copilot.testing.conformance.signals import SignalsConformance
from sre_copilot.testing.conformance.silences import SilencesConformance
from sre_copilot.testing.conformance.units import UnitOfWorkConformance
from sre_copilot.testing.jobs import InMemoryJobQueue
from sre_copilot.testing.schedule import InMemoryScheduleRuns
from sre_copilot.testing.sealing import InMemoryKeyRing, make_sealer
from sre_copilot.testing.tenants import InMemoryDirectory
from sre_copilot.testing.unit_of_work import InMemoryUnitOfWorkFactory


class InMemory(Conformance):
    """One database per test."""

    @pytest.fixture
    def units(self) -> InMemoryUnitOfWorkFactory:
        return InMemoryUnitOfWorkFactory()

    @pytest.fixture
    def directory(self, units: InMemoryUnitOfWorkFactory) -> InMemoryDirectory:
        return InMemoryDirectory(units.database)


class TestUnitOfWork(InMemory, UnitOfWorkConformance):
    """Commit, rollback, nesting."""


class TestTenancy(InMemory, TenancyConformance):
    """Isolation."""


class TestLedger(InMemory, LedgerConformance):
    """Deliveries."""


class TestAccess(InMemory, AccessConformance):
    """Keys and tokens."""


class TestPolls(InMemory, PollsConformance):
    """Polls and silence."""


class TestReplay(InMemory, ReplayConformance):
    """Second thoughts."""


class TestAudit(InMemory, AuditConformance):
    """The trail."""


class TestServices(InMemory, ServicesConformance):
    """The graph."""


class TestIncidents(InMemory, IncidentsConformance):
    """One by one."""


class TestIncidentLists(InMemory, IncidentListConformance):
    """In lists."""


class TestSealed(InMemory, SealedConformance):
    """Envelopes of integrations."""


class TestSeries(InMemory, SeriesConformance):
    """Recording."""


class TestLocking(InMemory, LockingConformance):
    """Knowing."""


class TestSignals(InMemory, SignalsConformance):
    """Reading."""


class TestDiagnoses(InMemory, DiagnosesConformance):
    """Causes."""


class TestPrecedents(InMemory, PrecedentsConformance):
    """Learning."""


class TestRunbooks(InMemory, RunbooksConformance):
    """Finding."""


class TestRecommendations(InMemory, RecommendationsConformance):
    """Deciding."""


class TestOutbox(InMemory, OutboxConformance):
    """Telling."""


class TestRoutes(InMemory, RoutesConformance):
    """Whom."""


class TestCorrections(InMemory, CorrectionsConformance):
    """Second thoughts of people."""


class TestSilences(InMemory, SilencesConformance):
    """What nobody is told of."""


class TestLocks(InMemory, LocksConformance):
    """Two threads."""


class TestJobs(InMemory, JobsConformance):
    """Later."""

    @pytest.fixture
    def queue(self, units: InMemoryUnitOfWorkFactory) -> InMemoryJobQueue:
        return InMemoryJobQueue(units.database)


class TestScheduleRuns(ScheduleRunsConformance):
    """Again and again."""

    @pytest.fixture
    def runs(self) -> InMemoryScheduleRuns:
        return InMemoryScheduleRuns()


class TestKeyRing(KeyRingConformance):
    """Keys without a file."""

    @pytest.fixture
    def ring(self) -> InMemoryKeyRing:
        return InMemoryKeyRing()

    @pytest.fixture
    def sealer(self, ring: InMemoryKeyRing) -> Sealer:
        return make_sealer(ring)


class TestConsultations(InMemory, ConsultationsConformance):
    pass


class TestResponseTimes(InMemory, ResponseTimesConformance):
    """By week."""
