"""Change what is configured of an integration; disable it and enable it again."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import attrs

from sre_copilot.application.configuring import (
    check_overlap,
    check_times,
    checked_features,
    configured,
    sealed,
    unsealed,
)
from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.deliveries import IntegrationTypes
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.sealing import Sealer
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.application.trail import record_audit
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.integrations import Feature, Health, Integration
from sre_copilot.domain.signals import Environment
from sre_copilot.domain.text import checked_name, checked_text


@attrs.frozen(kw_only=True)
class ConfigureIntegration:
    """Change an integration; only what is given changes."""

    units: UnitOfWorkFactory
    types: IntegrationTypes
    sealer: Sealer
    clock: Clock
    ids: Ids

    def __call__(
        self,
        *,
        actor: Actor,
        integration_id: UUID,
        name: str | None = None,
        dedup_window: timedelta | None = None,
        environments: Mapping[str, Environment] | None = None,
        settings: Mapping[str, Any] | None = None,
        overlap: timedelta = timedelta(0),
        sync_interval: timedelta | None = None,
        expected_every: timedelta | None = None,
        expects_heartbeat: bool | None = None,
        features: Collection[Feature] | None = None,
        is_active: bool | None = None,
    ) -> Integration:
        """Return the integration afterwards.

        A setting or secret given as None is taken back; a secret that is replaced stays valid for `overlap`. An
        `expected_every` of nothing (0) means any silence is normal. Enabling forgets earlier failures of the plugin.
        Raises NotPermitted, NotFound, AlreadyExists, KeyRingUnusable, SealBroken, and InvalidInput for bad values.
        """
        actor.require(Permission.ADMINISTER)
        check_overlap(overlap)
        now = self.clock.now()
        told: dict[str, Any] = {
            "name": checked_name("The name", name) if name is not None else None,
            "dedup_window": dedup_window,
            "sync_interval": sync_interval,
            "is_active": is_active,
            "expects_heartbeat": expects_heartbeat,
            "environments": _checked(environments),
        }
        changes = {field: value for field, value in told.items() if value is not None}
        if expected_every is not None:
            changes["expected_every"] = expected_every or None
        with self.units(actor.tenant_id) as uow:
            before = uow.integrations.lock(integration_id)
            if features is not None:
                able = self.types.features(before.type)
                changes["features"] = checked_features(before.type, features, able)
            after = attrs.evolve(before, **changes)
            check_times(after.dedup_window, after.sync_interval, after.expected_every)
            if settings:
                after = self._reconfigured(after, settings, until=now + overlap)
            uow.integrations.save(after)
            if is_active:
                uow.integrations.note(integration_id, Health())
            record_audit(
                uow,
                self.ids,
                actor,
                "integration.changed",
                AuditAction.UPDATE,
                at=now,
                resource=("integration", integration_id),
                details={"changed": sorted({*changes, *(settings or {})})},
            )
            uow.commit()
        return attrs.evolve(after, settings=unsealed(self.sealer, after).settings)

    def _reconfigured(self, integration: Integration, given: Mapping[str, Any], *, until: datetime) -> Integration:
        known = self.types.settings(integration.type)
        before = unsealed(self.sealer, integration)
        return sealed(self.sealer, integration, configured(known, before, given, until=until))


def _checked(environments: Mapping[str, Environment] | None) -> dict[str, Environment] | None:
    if environments is None:
        return None
    return {checked_text("The word for an environment", word): ours for word, ours in environments.items()}
