"""The service graph of the tenant."""

from collections.abc import Iterable, Sequence, Set
from datetime import datetime
from uuid import UUID

import attrs
from django.db import transaction

from sre_copilot.adapters.django_orm import models, sets
from sre_copilot.adapters.django_orm.arrays import packed
from sre_copilot.adapters.django_orm.constraints import translated
from sre_copilot.adapters.django_orm.repositories.neighbourhood import Neighbourhood
from sre_copilot.adapters.django_orm.routing import ALIAS
from sre_copilot.application.ports.service_graph import KnownService
from sre_copilot.domain.service_graph import Call, Placement, ServiceGraph
from sre_copilot.domain.text import NAME_LENGTH

MARK = "SELECT xmin::text FROM tenants WHERE id = %b"
STORED = "SELECT name FROM services WHERE tenant_id = %b AND name = ANY (%b::text[])"


@attrs.frozen
class DjangoServices:
    """Services, calls and placements."""

    tenant_id: UUID
    _neighbourhood: Neighbourhood

    def graph(self) -> ServiceGraph:
        """What was imported; services that only signals named are not in it. Read again where it has changed."""
        with translated():
            ((mark,),) = sets.ask(MARK, [self.tenant_id], prepared=True)
        # Looked at once, because another thread may be replacing it.
        known, graph = self._neighbourhood.graph
        if known != mark:
            graph = self._graph()
            self._neighbourhood.graph = (mark, graph)
        return graph

    def _graph(self) -> ServiceGraph:
        mine = {"tenant_id": self.tenant_id}
        names = models.Service.objects.using(ALIAS).filter(declared=True, **mine).values_list("name", flat=True)
        calls = models.ServiceCall.objects.using(ALIAS).filter(**mine).values_list("caller", "callee")
        placements = models.ServicePlacement.objects.using(ALIAS).filter(**mine).values_list("service", "host", "pod")
        return ServiceGraph(
            services=frozenset(names),
            calls=frozenset(Call(caller=caller, callee=callee) for caller, callee in calls),
            placements=frozenset(Placement(service=service, host=host, pod=pod) for service, host, pod in placements),
        )

    def known(self) -> Sequence[KnownService]:
        """Every service that the graph or a signal named, by name."""
        rows = models.Service.objects.using(ALIAS).filter(tenant_id=self.tenant_id)
        return sorted(
            KnownService(name=name, declared=declared, over_limit=over_limit)
            for name, declared, over_limit in rows.values_list("name", "declared", "over_limit")
        )

    def replace(self, graph: ServiceGraph, *, at: datetime, limit: int) -> None:
        """Make this the graph. Services known before stay known; new ones beyond the limit are flagged."""
        self._lock()
        self._remember(graph.services, at, limit)
        mine = {"tenant_id": self.tenant_id}
        with translated():
            models.ServiceCall.objects.using(ALIAS).filter(**mine).delete()
            models.ServicePlacement.objects.using(ALIAS).filter(**mine).delete()
            services = models.Service.objects.using(ALIAS).filter(**mine)
            services.filter(declared=True).exclude(name__in=graph.services).update(declared=False)
            services.filter(declared=False, name__in=graph.services).update(declared=True)
            models.ServiceCall.objects.using(ALIAS).bulk_create(
                models.ServiceCall(caller=call.caller, callee=call.callee, **mine) for call in sorted(graph.calls)
            )
            models.ServicePlacement.objects.using(ALIAS).bulk_create(
                models.ServicePlacement(service=place.service, host=place.host, pod=place.pod, **mine)
                for place in sorted(graph.placements)
            )
            # Whoever keeps the graph in mind sees by the tenant's row that it is another one.
            models.Tenant.objects.using(ALIAS).filter(id=self.tenant_id).update(updated_at=at)
        # By one transaction the row is marked once, however often it is written.
        self._neighbourhood.graph = ("", ServiceGraph())

    def unknown(self, names: Set[str]) -> Set[str]:
        """Those that nobody has named yet. What was known once stays so, and is not asked for again."""
        asked = {name[:NAME_LENGTH] for name in names} - self._neighbourhood.services
        if not asked:
            return asked
        fresh = set(self._fresh(asked))
        # Not before it is committed: whoever undoes what surrounds this undoes the names that were stored before in it.
        transaction.on_commit(lambda: self._neighbourhood.services.update(asked - fresh), using=ALIAS)
        return fresh

    def saw(self, names: Iterable[str], *, at: datetime, limit: int) -> None:
        """Remember services that signals named; those beyond the limit are flagged."""
        seen = {name[:NAME_LENGTH] for name in names}
        if self._fresh(seen):
            self._lock()
            self._remember(seen, at, limit)

    def _lock(self) -> None:
        """Let only one unit of work of this tenant change the graph or count the plan's services, until it ends."""
        with translated():
            sets.ask("SELECT pg_advisory_xact_lock(hashtextextended(%b, 3))", [str(self.tenant_id)], prepared=True)

    def _fresh(self, names: Set[str]) -> list[str]:
        with translated():
            rows = sets.ask(STORED, [self.tenant_id, packed("text", list(names))])
        return sorted(names - {name for (name,) in rows})

    def _remember(self, names: Set[str], at: datetime, limit: int) -> None:
        rows = models.Service.objects.using(ALIAS).filter(tenant_id=self.tenant_id)
        room = max(0, limit - rows.count())
        with translated():
            rows.bulk_create(
                [
                    models.Service(tenant_id=self.tenant_id, name=name, first_seen_at=at, over_limit=place >= room)
                    for place, name in enumerate(self._fresh(names))
                ]
            )

    def over_limit(self) -> tuple[str, ...]:
        """The services flagged as beyond the plan's limit, sorted."""
        rows = models.Service.objects.using(ALIAS).filter(tenant_id=self.tenant_id, over_limit=True)
        return tuple(rows.order_by("name").values_list("name", flat=True))
