"""The adapters on PostgreSQL do what is asked of every adapter."""

from collections.abc import Callable

import pytest

from sre_copilot.adapters.django_orm import setup
from sre_copilot.adapters.django_orm.repositories.job_queue import DjangoJobQueue
from sre_copilot.adapters.django_orm.repositories.schedule import DjangoScheduleRuns
from sre_copilot.adapters.django_orm.unit_of_work import DjangoDirectory, DjangoUnitOfWorkFactory
from sre_copilot.testing.conformance.access import AccessConformance, PollsConformance, ReplayConformance
from sre_copilot.testing.conformance.consultations import ConsultationsConformance
from sre_copilot.testing.conformance.corrections import CorrectionsConformance
from sre_copilot.testing.conformance.deliveries import AuditConformance, LedgerConformance, ServicesConformance
from sre_copilot.testing.conformance.diagnoses import DiagnosesConformance
from sre_copilot.testing.conformance.house import Conformance
from sre_copilot.testing.conformance.incidents import IncidentListConformance, IncidentsConformance
from sre_copilot.testing.conformance.isolation import TenancyConformance
from sre_copilot.testing.conformance.jobs import JobsConformance
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
from tests.integration.database import Database


class OnPostgres(Conformance):
    """One database for all tests."""

    @pytest.fixture
    def units(self, database: Database) -> DjangoUnitOfWorkFactory:
        return DjangoUnitOfWorkFactory()

    @pytest.fixture
    def directory(self, database: Database) -> DjangoDirectory:
        return DjangoDirectory()

    @pytest.fixture
    def end_thread(self) -> Callable[[], None]:
        return setup.close


class TestUnitOfWork(OnPostgres, UnitOfWorkConformance):
    """Commit, rollback, nesting."""


class TestTenancy(OnPostgres, TenancyConformance):
    """Isolation."""


class TestLedger(OnPostgres, LedgerConformance):
    """Deliveries."""


class TestAccess(OnPostgres, AccessConformance):
    """Keys and tokens."""


class TestPolls(OnPostgres, PollsConformance):
    """Polls and silence."""


class TestReplay(OnPostgres, ReplayConformance):
    """Second thoughts."""


class TestAudit(OnPostgres, AuditConformance):
    """The trail."""


class TestServices(OnPostgres, ServicesConformance):
    """The graph."""


class TestIncidents(OnPostgres, IncidentsConformance):
    """One by one."""


class TestIncidentLists(OnPostgres, IncidentListConformance):
    """In lists."""


class TestSealed(OnPostgres, SealedConformance):
    """Envelopes of integrations."""


class TestSeries(OnPostgres, SeriesConformance):
    """Recording."""


class TestLocking(OnPostgres, LockingConformance):
    """Knowing."""


class TestSignals(OnPostgres, SignalsConformance):
    """Reading."""


class TestDiagnoses(OnPostgres, DiagnosesConformance):
    """Causes."""


class TestPrecedents(OnPostgres, PrecedentsConformance):
    """Learning."""


class TestRunbooks(OnPostgres, RunbooksConformance):
    """Finding."""


class TestRecommendations(OnPostgres, RecommendationsConformance):
    """Deciding."""


class TestOutbox(OnPostgres, OutboxConformance):
    """Telling."""


class TestRoutes(OnPostgres, RoutesConformance):
    """Whom."""


class TestCorrections(OnPostgres, CorrectionsConformance):
    """Second thoughts of people."""


class TestSilences(OnPostgres, SilencesConformance):
    """What nobody is told of."""


class TestLocks(OnPostgres, LocksConformance):
    """Two threads."""


class TestJobs(OnPostgres, JobsConformance):
    """Later."""

    @pytest.fixture
    def queue(self, database: Database) -> DjangoJobQueue:
        return DjangoJobQueue()


class TestScheduleRuns(ScheduleRunsConformance):
    """Again and again."""

    @pytest.fixture
    def runs(self, database: Database) -> DjangoScheduleRuns:
        return DjangoScheduleRuns()


class TestConsultations(OnPostgres, ConsultationsConformance):
    pass


class TestResponseTimes(OnPostgres, ResponseTimesConformance):
    """By week."""
