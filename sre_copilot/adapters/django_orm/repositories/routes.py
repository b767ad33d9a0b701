"""Who is told what."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import attrs
from django.db.models import QuerySet

from sre_copilot.adapters.django_orm import models
from sre_copilot.adapters.django_orm.constraints import translated
from sre_copilot.adapters.django_orm.routing import ALIAS
from sre_copilot.domain.errors import NotFound
from sre_copilot.domain.lifecycle import State
from sre_copilot.domain.outbound import Event
from sre_copilot.domain.routing import RoutingRule, Target
from sre_copilot.domain.signals import Environment, Severity


@attrs.define
class DjangoRoutes:
    """The tenant's routing rules, read once per unit of work."""

    tenant_id: UUID
    _known: list[RoutingRule] | None = attrs.field(default=None, init=False)

    def all(self) -> Sequence[RoutingRule]:
        """Every rule, by name."""
        if self._known is None:
            self._known = [_rule(row) for row in self._rows().order_by("name")]
        return self._known

    def add(self, rule: RoutingRule) -> None:
        """Store a new rule. Raises AlreadyExists."""
        self._known = None
        with translated():
            self._rows().create(id=rule.id, tenant_id=self.tenant_id, created_at=rule.created_at, **_columns(rule))

    def save(self, rule: RoutingRule) -> None:
        """Store a changed rule. Raises NotFound, AlreadyExists."""
        self._known = None
        with translated():
            if not self._rows().filter(id=rule.id).update(**_columns(rule)):
                raise NotFound(route=rule.id)

    def remove(self, rule_id: UUID) -> RoutingRule:
        """Take a rule away and return it. Raises NotFound."""
        self._known = None
        with translated():
            row = self._rows().select_for_update().filter(id=rule_id).first()
            if row is None:
                raise NotFound(route=rule_id)
            removed = _rule(row)
            row.delete(using=ALIAS)
        return removed

    def _rows(self) -> QuerySet[models.RoutingRule]:
        return models.RoutingRule.objects.using(ALIAS).filter(tenant_id=self.tenant_id)


def _columns(rule: RoutingRule) -> dict[str, Any]:
    return {
        "integration_id": rule.target.integration_id,
        "address": rule.target.address,
        "name": rule.name,
        "services": list(rule.services),
        "minimum_severity": rule.minimum_severity.value,
        "states": sorted(rule.states),
        "events": sorted(rule.events),
        "environments": sorted(rule.environments),
        "is_active": rule.is_active,
    }


def _rule(row: models.RoutingRule) -> RoutingRule:
    return RoutingRule(
        id=row.id,
        tenant_id=row.tenant_id,
        name=row.name,
        target=Target(row.integration_id, row.address),
        services=tuple(row.services),
        minimum_severity=Severity(row.minimum_severity),
        states=frozenset(map(State, row.states)),
        events=frozenset(map(Event, row.events)),
        environments=frozenset(map(Environment, row.environments)),
        is_active=row.is_active,
        created_at=row.created_at,
    )
