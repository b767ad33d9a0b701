"""Configure a source of deliveries."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

import attrs

from sre_copilot.application.configuring import (
    Configuration,
    check_times,
    checked_features,
    configured,
    generated,
    sealed,
)
from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.deliveries import IntegrationTypes
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.sealing import Sealer
from sre_copilot.application.ports.tokens import Keys
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.application.trail import record_audit
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.episodes import DEDUP_WINDOW
from sre_copilot.domain.errors import UnknownIntegrationType
from sre_copilot.domain.integrations import KEY_PREFIX, SYNC_INTERVAL, DoorKey, Feature, Integration, hash_of_key
from sre_copilot.domain.signals import Environment
from sre_copilot.domain.text import checked_name, checked_text


@attrs.frozen(kw_only=True)
class IntegrationCreated:
    """A new integration, and what is shown once: its key, and by name the secrets that were made for it."""

    integration: Integration
    key: str = attrs.field(repr=False)
    secrets: Mapping[str, str] = attrs.field(factory=dict, repr=False)


@attrs.frozen(kw_only=True)
class CreateIntegration:
    """Create an integration of an installed type, with a key of its own."""

    units: UnitOfWorkFactory
    types: IntegrationTypes
    sealer: Sealer
    keys: Keys
    clock: Clock
    ids: Ids

    def __call__(
        self,
        *,
        actor: Actor,
        type: str,  # noqa: A002 - the document's word for it
        name: str = "",
        dedup_window: timedelta = DEDUP_WINDOW,
        environments: Mapping[str, Environment] | None = None,
        settings: Mapping[str, Any] | None = None,
        sync_interval: timedelta = SYNC_INTERVAL,
        expected_every: timedelta | None = None,
        expects_heartbeat: bool = False,
        features: Collection[Feature] = (),
    ) -> IntegrationCreated:
        """Return the integration with its key and the secrets that were made for it; they can't be read again.

        `settings` are the type's settings and secrets by name. Raises NotPermitted, UnknownIntegrationType,
        AlreadyExists, KeyRingUnusable, and InvalidInput for a time <= 0, a bad text or a bad setting.
        """
        actor.require(Permission.ADMINISTER)
        if type not in self.types.types():
            raise UnknownIntegrationType(type=type, installed=list(self.types.types()))
        check_times(dedup_window, sync_interval, expected_every)
        now = self.clock.now()
        known = self.types.settings(type)
        given = configured(known, Configuration(), settings or {}, until=now)
        configuration, secrets = generated(known, given, self.keys, until=now, only_missing=True)
        key = self.keys.new(KEY_PREFIX)
        integration = Integration(
            id=self.ids.new(),
            tenant_id=actor.tenant_id,
            type=type,
            name=checked_name("The name", name or type),
            created_at=now,
            dedup_window=dedup_window,
            key=DoorKey(current=hash_of_key(key)),
            sync_interval=sync_interval,
            expected_every=expected_every,
            expects_heartbeat=expects_heartbeat,
            features=checked_features(type, features, self.types.features(type)),
            environments={
                checked_text("The word for an environment", word): ours for word, ours in (environments or {}).items()
            },
        )
        integration = sealed(self.sealer, integration, configuration)
        with self.units(actor.tenant_id) as uow:
            uow.integrations.add(integration)
            record_audit(
                uow,
                self.ids,
                actor,
                "integration.created",
                AuditAction.CREATE,
                at=now,
                resource=("integration", integration.id),
                details={"type": type, "name": integration.name},
            )
            uow.commit()
        return IntegrationCreated(integration=integration, key=key, secrets=secrets)
