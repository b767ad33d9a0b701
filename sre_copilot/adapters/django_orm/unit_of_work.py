"""The unit of work on PostgreSQL: one transaction, one tenant, under row security."""

from collections.abc import Collection, Sequence
from contextlib import ExitStack
from contextvars import ContextVar
from datetime import datetime
from types import TracebackType
from typing import Self
from uuid import UUID

from django.db import Error, connections, transaction

from sre_copilot.adapters.django_orm import models, sets
from sre_copilot.adapters.django_orm.constraints import translated
from sre_copilot.adapters.django_orm.renewing import renewing
from sre_copilot.adapters.django_orm.repositories.audit import DjangoAuditTrail
from sre_copilot.adapters.django_orm.repositories.consultations import DjangoConsultations
from sre_copilot.adapters.django_orm.repositories.corrections import DjangoCorrections
from sre_copilot.adapters.django_orm.repositories.deliveries import DjangoDeliveries
from sre_copilot.adapters.django_orm.repositories.diagnoses import DjangoDiagnoses
from sre_copilot.adapters.django_orm.repositories.incidents import DjangoIncidents
from sre_copilot.adapters.django_orm.repositories.integrations import DjangoIntegrations
from sre_copilot.adapters.django_orm.repositories.jobs import DjangoJobs
from sre_copilot.adapters.django_orm.repositories.neighbourhood import Neighbourhoods
from sre_copilot.adapters.django_orm.repositories.outbox import DjangoOutbox
from sre_copilot.adapters.django_orm.repositories.precedents import DjangoPrecedents
from sre_copilot.adapters.django_orm.repositories.recommendations import DjangoRecommendations
from sre_copilot.adapters.django_orm.repositories.response_times import DjangoResponseTimes
from sre_copilot.adapters.django_orm.repositories.routes import DjangoRoutes
from sre_copilot.adapters.django_orm.repositories.runbooks import DjangoRunbooks
from sre_copilot.adapters.django_orm.repositories.series import DjangoSeriesStore
from sre_copilot.adapters.django_orm.repositories.service_graph import DjangoServices
from sre_copilot.adapters.django_orm.repositories.signals import DjangoSignals
from sre_copilot.adapters.django_orm.repositories.silences import DjangoSilences
from sre_copilot.adapters.django_orm.repositories.tenants import DjangoTenants, tenant_from_row
from sre_copilot.adapters.django_orm.repositories.tokens import DjangoTokens
from sre_copilot.adapters.django_orm.routing import ALIAS
from sre_copilot.domain.tenants import Tenant

BIND = "SELECT current_setting('sre_copilot.tenant_id', true), set_config('sre_copilot.tenant_id', %b, true)"
_open: ContextVar["DjangoUnitOfWork | None"] = ContextVar("open_unit_of_work", default=None)


class DjangoUnitOfWork:
    """One transaction on the copilot's alias, bound to one tenant by the row-security setting."""

    def __init__(self, tenant_id: UUID, neighbourhoods: Neighbourhoods) -> None:
        self.tenant_id = tenant_id
        neighbourhood = neighbourhoods.of(tenant_id)
        self.tenants = DjangoTenants(tenant_id)
        self.integrations = DjangoIntegrations(tenant_id)
        self.tokens = DjangoTokens(tenant_id)
        self.deliveries = DjangoDeliveries(tenant_id)
        self.series = DjangoSeriesStore(tenant_id, neighbourhood)
        self.signals = DjangoSignals(tenant_id)
        self.incidents = DjangoIncidents(tenant_id, neighbourhood)
        self.corrections = DjangoCorrections(tenant_id)
        self.silences = DjangoSilences(tenant_id)
        self.consultations = DjangoConsultations(tenant_id)
        self.response_times = DjangoResponseTimes(tenant_id)
        self.services = DjangoServices(tenant_id, neighbourhood)
        self.diagnoses = DjangoDiagnoses(tenant_id)
        self.precedents = DjangoPrecedents(tenant_id)
        self.runbooks = DjangoRunbooks(tenant_id)
        self.recommendations = DjangoRecommendations(tenant_id)
        self.audit = DjangoAuditTrail(tenant_id)
        self.outbox = DjangoOutbox(tenant_id)
        self.routes = DjangoRoutes(tenant_id)
        self.jobs = DjangoJobs(tenant_id)
        self._outer: DjangoUnitOfWork | None = None
        self._atomic: ExitStack | None = None
        self._before = ""
        self._committed = False

    def __enter__(self) -> Self:
        """Begin, or join the unit of the same tenant. Raises RuntimeError inside one of another tenant."""
        self._outer, self._committed = _open.get(), False
        if self._outer is not None:
            if self._outer.tenant_id != self.tenant_id:
                raise RuntimeError("a unit of work of another tenant is open")
            return self
        with translated():
            renewing(self._bind)
        _open.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Commit where `commit` was called and nothing was raised since, else roll back."""
        if self._outer is not None:
            return
        _open.set(None)
        atomic, self._atomic = self._atomic, None
        assert atomic is not None
        keeps = self._committed and kind is None
        with translated():
            if not keeps:
                transaction.set_rollback(True, using=ALIAS)
            atomic.__exit__(kind, error, trace)
            if keeps and connections[ALIAS].in_atomic_block:
                self._restore()
            if isinstance(error, Error | UnicodeEncodeError):
                # Reads are not translated one by one; what went wrong in them gets the domain's words here.
                raise error

    def _bind(self) -> None:
        """Open the transaction and bind it to the tenant."""
        # Whatever goes wrong in here ends the transaction; else Django would think for ever that this thread is in one.
        with ExitStack() as stack:
            stack.enter_context(transaction.atomic(using=ALIAS))
            ((before, _),) = sets.ask(BIND, [str(self.tenant_id)], prepared=True)
            self._before = before or ""
            self._atomic = stack.pop_all()

    def commit(self) -> None:
        """Have everything kept when the unit ends. A joined unit leaves that to the outer one."""
        if self._outer is None:
            with translated():
                sets.ask("SET CONSTRAINTS ALL IMMEDIATE", [], prepared=True)
        self._committed = True

    def _restore(self) -> None:
        """Somebody else's transaction, of which we were a savepoint, would keep our setting to its end."""
        sets.ask(BIND, [self._before], prepared=True)


class DjangoUnitOfWorkFactory:
    """Opens units of work, which share what this process remembers."""

    def __init__(self) -> None:
        self._neighbourhoods = Neighbourhoods()

    def __call__(self, tenant_id: UUID) -> DjangoUnitOfWork:
        """Return a unit of work for the tenant."""
        return DjangoUnitOfWork(tenant_id, self._neighbourhoods)


class DjangoDirectory:
    """Finds tenants before one is known, through functions that answer exactly one question each."""

    def tenants(self) -> Sequence[Tenant]:
        """Every tenant, by creation."""
        with translated():
            return renewing(self._tenants)

    def tenant_of_integration(self, integration_id: UUID) -> UUID | None:
        """The tenant of an integration, or None."""
        found = self._found("SELECT sre_copilot_find_integration(%s)", integration_id)
        return found[0] if found else None

    def due_tenants(self, now: datetime) -> Sequence[UUID]:
        """Ids of the tenants whose timers have something to do, sorted."""
        with translated():
            return renewing(lambda: self._due(now))

    @staticmethod
    def _due(now: datetime) -> list[UUID]:
        with connections[ALIAS].cursor() as cursor:
            cursor.execute("SELECT sre_copilot_due_tenants(%s)", [now])
            return [row[0] for row in cursor.fetchall()]

    def integration_of_key(self, key_hash: str) -> tuple[UUID, UUID] | None:
        """Tenant and id of the integration with this key."""
        found = self._found("SELECT * FROM sre_copilot_find_integration_by_key(%s)", key_hash)
        return (found[0], found[1]) if found else None

    def due_polls(self, now: datetime) -> Sequence[tuple[UUID, UUID]]:
        """Tenant and id of every active integration whose poll is due."""
        return self._pairs("SELECT * FROM sre_copilot_due_polls(%s)", now)

    def changed_silences(self, now: datetime) -> Sequence[tuple[UUID, UUID]]:
        """Tenant and id of every integration that fell silent, or is heard again."""
        return self._pairs("SELECT * FROM sre_copilot_changed_silences(%s)", now)

    def integrations_of(self, kinds: Collection[str]) -> Sequence[tuple[UUID, UUID]]:
        """Tenant and id of every active integration of these types."""
        return self._pairs("SELECT * FROM sre_copilot_integrations_of(%s)", sorted(kinds))

    def token_of_hash(self, token_hash: str) -> tuple[UUID, UUID] | None:
        """Tenant and id of the API token with this hash."""
        found = self._found("SELECT * FROM sre_copilot_find_token(%s)", token_hash)
        return (found[0], found[1]) if found else None

    @staticmethod
    def _tenants() -> list[Tenant]:
        rows = models.Tenant.objects.using(ALIAS).raw("SELECT * FROM sre_copilot_list_tenants()")
        return [tenant_from_row(row) for row in rows]

    @staticmethod
    def _pairs(question: str, wanted: datetime | list[str]) -> list[tuple[UUID, UUID]]:
        def ask() -> list[tuple[UUID, UUID]]:
            with connections[ALIAS].cursor() as cursor:
                cursor.execute(question, [wanted])
                return [(tenant_id, row_id) for tenant_id, row_id in cursor.fetchall()]

        with translated():
            return renewing(ask)

    @staticmethod
    def _found(question: str, wanted: UUID | str) -> tuple[UUID, ...] | None:
        def ask() -> tuple[UUID, ...] | None:
            with connections[ALIAS].cursor() as cursor:
                cursor.execute(question, [wanted])
                row: tuple[UUID, ...] | None = cursor.fetchone()
            return row if row and row[0] is not None else None

        with translated():
            return renewing(ask)
