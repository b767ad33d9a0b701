"""Send what waits in the outbox for one integration."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import attrs

from sre_copilot.application.announcing import have_sent
from sre_copilot.application.configuring import opened
from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.notifiers import Notifiers
from sre_copilot.application.ports.outbox import Claim
from sre_copilot.application.ports.sealing import Sealer
from sre_copilot.application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from sre_copilot.application.trail import record_audit
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.audit import AuditAction
from sre_copilot.domain.errors import (
    CopilotError,
    KeyRingUnusable,
    NotifyLater,
    NotifyRefused,
    OutgoingFailed,
    OutgoingRefused,
    PluginBusy,
    PluginFailed,
    SealBroken,
    UnknownIntegrationType,
)
from sre_copilot.domain.integrations import Integration, SyncStatus
from sre_copilot.domain.outbound import Sent
from sre_copilot.domain.outbox import OutboxEntry, OutboxStatus, wait_of

LONGEST_RUN = timedelta(seconds=10)
"""After so long the rest is left to another run, so that no target keeps a worker to itself."""
UNUSABLE_FOR = timedelta(minutes=1)
"""How long messages wait whose target's secrets can't be opened."""


BUSY_FOR = timedelta(seconds=5)


@attrs.frozen(kw_only=True)
class Dispatched:
    """What a run did: messages sent, tries that failed and will be repeated, messages that are dead now."""

    sent: int = 0
    failed: int = 0
    dead: int = 0


@attrs.frozen(kw_only=True)
class Tried:
    """What one try came to: the entry afterwards, and what that says of its target.

    `failure` is None where nothing is wrong with the target; `hold_until` is how long it takes nothing at all.
    """

    entry: OutboxEntry
    sent: Sent | None = None
    failure: CopilotError | None = None
    hold_until: datetime | None = None


@attrs.frozen(kw_only=True)
class DispatchMessages:
    """Send messages one by one: claimed in one unit of work, sent outside of any, what came of it kept in another.

    Whoever is killed in between leaves a claim that ends by itself; the message is then sent again under the same key.
    Safe from several processes at once.
    """

    units: UnitOfWorkFactory
    notifiers: Notifiers
    sealer: Sealer
    clock: Clock
    ids: Ids

    def __call__(self, *, actor: Actor, integration_id: UUID) -> Dispatched:
        """Send what is due, until nothing is or the run took 10 s; what is left then is sent by a job of its own.

        Raises NotPermitted.
        """
        actor.require(Permission.AUTOMATE)
        until = self.clock.now() + LONGEST_RUN
        run = Dispatched()
        while (claimed := self._claimed(actor, integration_id)) is not None:
            tried = self._tried(*claimed)
            if self._kept(actor, tried):
                run = _counted(run, tried)
            if self.clock.now() >= until:
                with self.units(actor.tenant_id) as uow:
                    have_sent(uow, actor.tenant_id, [integration_id])
                    uow.commit()
                break
        return run

    def wake(self, *, actor: Actor, now: datetime) -> Sequence[UUID]:
        """Have sent what is due and nobody is known to send: what a dead worker had, and what was to be tried later.

        Returns the ids of the integrations. Raises NotPermitted.
        """
        actor.require(Permission.AUTOMATE)
        with self.units(actor.tenant_id) as uow:
            due = tuple(uow.outbox.due(now))
            if due:
                have_sent(uow, actor.tenant_id, due)
                uow.commit()
        return due

    def _claimed(self, actor: Actor, integration_id: UUID) -> tuple[Integration, Claim] | None:
        with self.units(actor.tenant_id) as uow:
            claim = uow.outbox.claim(integration_id, self.clock.now())
            if claim is None:
                return None
            integration = uow.integrations.get(integration_id)
            uow.commit()
        return integration, claim

    def _tried(self, integration: Integration, claim: Claim) -> Tried:
        entry = claim.entry
        try:
            integration, secrets = opened(self.sealer, integration, self.clock.now())
            sent = self.notifiers.notify(integration, secrets, entry.message(claim.thread), self.clock.now())
        except NotifyLater as error:
            until = self.clock.now() + wait_of(error.retry_after)
            return Tried(entry=entry.waiting(until, str(error)), hold_until=until)
        except PluginBusy as error:
            return Tried(entry=entry.waiting(self.clock.now() + BUSY_FOR, str(error)))
        except (SealBroken, KeyRingUnusable) as error:
            # Nothing is wrong with the message; it goes as soon as somebody has repaired what is.
            until = self.clock.now() + UNUSABLE_FOR
            return Tried(entry=entry.waiting(until, str(error)), failure=error, hold_until=until)
        except (NotifyRefused, OutgoingRefused, UnknownIntegrationType) as error:
            return Tried(entry=entry.refused(str(error), self.clock.now()), failure=error)
        except (OutgoingFailed, PluginFailed) as error:
            return Tried(entry=entry.failed(str(error), self.clock.now()), failure=error)
        return Tried(entry=entry.sent(sent, self.clock.now()), sent=sent)

    def _kept(self, actor: Actor, tried: Tried) -> bool:
        """Store what came of a try; False where somebody else has the message by now, whose word counts then."""
        entry, now = tried.entry, self.clock.now()
        with self.units(actor.tenant_id) as uow:
            if not uow.outbox.keep(entry):
                return False
            if entry.status is not OutboxStatus.PENDING:
                self._trail(uow, actor, entry, now)
            if tried.sent is not None and tried.sent.thread and entry.incident_id is not None:
                uow.incidents.keep_thread(entry.incident_id, tried.sent.channel, tried.sent.thread)
            if tried.hold_until is not None:
                uow.outbox.hold(entry.integration_id, tried.hold_until)
            _note(uow, entry.integration_id, tried, now)
            uow.commit()
        return True

    def _trail(self, uow: UnitOfWork, actor: Actor, entry: OutboxEntry, now: datetime) -> None:
        record_audit(
            uow,
            self.ids,
            actor,
            f"message.{entry.status.value}",
            AuditAction.EXECUTE,
            at=now,
            resource=("message", entry.id),
            details={"event": entry.event, "integration": str(entry.integration_id), "error": entry.last_error},
        )


def _note(uow: UnitOfWork, integration_id: UUID, tried: Tried, now: datetime) -> None:
    """Keep how the target is doing, counted from what it is by now: others note something too."""
    if tried.failure is not None:
        health = uow.integrations.lock(integration_id).health
        by_plugin = isinstance(tried.failure, PluginFailed)
        failed = health.failed(now, str(tried.failure), status=SyncStatus.FAILED, by_plugin=by_plugin)
        uow.integrations.note(integration_id, failed)
    elif tried.sent is not None:
        integration = uow.integrations.get(integration_id)
        if integration.is_success_to_note(now):
            uow.integrations.note(integration_id, integration.health.succeeded(now))


def _counted(run: Dispatched, tried: Tried) -> Dispatched:
    return Dispatched(
        sent=run.sent + (tried.sent is not None),
        failed=run.failed + (tried.failure is not None and tried.entry.status is OutboxStatus.PENDING),
        dead=run.dead + (tried.entry.status is OutboxStatus.DEAD),
    )
