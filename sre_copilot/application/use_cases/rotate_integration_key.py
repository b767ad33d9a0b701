"""Give an integration a new key, and new values of the secrets that the copilot makes."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

import attrs

from sre_copilot.application.configuring import check_overlap, generated, sealed, unsealed
from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.deliveries import IntegrationTypes
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.sealing import Sealer
from sre_copilot.application.ports.tokens import Keys
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.application.trail import record_audit
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.integrations import KEY_PREFIX, DoorKey, hash_of_key


@attrs.frozen(kw_only=True)
class KeysRotated:
    """What is shown once: the new key, and by name the new secrets."""

    key: str = attrs.field(repr=False)
    secrets: Mapping[str, str] = attrs.field(factory=dict, repr=False)


@attrs.frozen(kw_only=True)
class RotateIntegrationKey:
    """Rotate what senders prove themselves with."""

    units: UnitOfWorkFactory
    types: IntegrationTypes
    sealer: Sealer
    keys: Keys
    clock: Clock
    ids: Ids

    def __call__(self, *, actor: Actor, integration_id: UUID, overlap: timedelta = timedelta(0)) -> KeysRotated:
        """Return the new key and secrets; the ones before stay valid for `overlap`, at most 30 days.

        Raises NotPermitted, NotFound, InvalidInput, KeyRingUnusable, SealBroken.
        """
        actor.require(Permission.ADMINISTER)
        check_overlap(overlap)
        now = self.clock.now()
        until = now + overlap
        key = self.keys.new(KEY_PREFIX)
        with self.units(actor.tenant_id) as uow:
            integration = uow.integrations.lock(integration_id)
            configuration, secrets = generated(
                self.types.settings(integration.type),
                unsealed(self.sealer, integration),
                self.keys,
                until=until,
                only_missing=False,
            )
            old = integration.key
            changed = old.rotated(key, until=until) if old else DoorKey(current=hash_of_key(key))
            uow.integrations.save(sealed(self.sealer, attrs.evolve(integration, key=changed), configuration))
            record_audit(
                uow,
                self.ids,
                actor,
                "integration.key_rotated",
                AuditAction.UPDATE,
                at=now,
                resource=("integration", integration_id),
                details={"overlap_seconds": overlap.total_seconds(), "secrets": sorted(secrets)},
            )
            uow.commit()
        return KeysRotated(key=key, secrets=secrets)
