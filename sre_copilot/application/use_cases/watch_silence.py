"""Notice that an integration has fallen silent, and that it is heard again: silence is a signal too."""

import json
from datetime import datetime
from uuid import UUID

import attrs

from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.ids import Ids
from sre_copilot.application.ports.intake import Arrived
from sre_copilot.application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from sre_copilot.application.recording import Recorder, Recording
from sre_copilot.application.retrying import again_on_conflict
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.deliveries import Delivery, DeliveryRecord, DeliveryStatus, Parsed, Receipt, Verdict
from sre_copilot.domain.integrations import Integration
from sre_copilot.domain.signals import Environment, Severity, SignalDraft, SignalStatus

KEY = "sre-copilot:silence"
"""The series of an integration's silences; no vendor has a key like this."""
SERVICE = "sre-copilot"
"""Whom the alarm concerns: the monitoring itself, so that it joins no incident of a service."""


@attrs.frozen(kw_only=True)
class WatchSilence:
    """Raise an alarm for an integration that is silent for longer than is normal, or end it."""

    units: UnitOfWorkFactory
    clock: Clock
    ids: Ids

    def __call__(self, *, actor: Actor, integration_id: UUID) -> Receipt | None:
        """Return the receipt of the alarm or of its end, None where nothing has changed. Raises NotPermitted, NotFound."""
        actor.require(Permission.AUTOMATE)
        now = self.clock.now()
        return again_on_conflict(lambda: self._watched(actor, integration_id, now))

    def _watched(self, actor: Actor, integration_id: UUID, now: datetime) -> Receipt | None:
        with self.units(actor.tenant_id) as uow:
            integration = uow.integrations.lock(integration_id)
            if not integration.silence_changes(now):
                return None
            falls_silent = integration.silence_noticed_at is None
            receipt = self._recorded(uow, actor, integration, now, falls_silent=falls_silent)
            uow.integrations.silence(integration_id, now if falls_silent else None)
            uow.commit()
        return receipt

    def _recorded(
        self, uow: UnitOfWork, actor: Actor, integration: Integration, now: datetime, *, falls_silent: bool
    ) -> Receipt:
        draft = _alarm(integration, now, falls_silent=falls_silent)
        body = json.dumps(dict(draft.raw)).encode()
        delivery = Delivery(body=body, received_at=now, path="silence")
        arrived = Arrived(actor=actor, integration=integration, delivery=delivery, verdict=Verdict.OWN)
        recording = Recording(arrived=arrived.saying(Parsed(drafts=(draft,))), delivery_id=self.ids.new())
        (receipt,) = Recorder(uow=uow, ids=self.ids, tenant_id=integration.tenant_id).record([recording])
        record = DeliveryRecord(
            id=receipt.delivery_id,
            tenant_id=integration.tenant_id,
            integration_id=integration.id,
            delivery=delivery,
            status=DeliveryStatus.ACCEPTED,
            verdict=Verdict.OWN,
            receipt=receipt,
        )
        uow.deliveries.add([record])
        return receipt


def _alarm(integration: Integration, now: datetime, *, falls_silent: bool) -> SignalDraft:
    what = "heartbeat" if integration.expects_heartbeat else "delivery"
    since = integration.last_sign_of_life.isoformat(timespec="seconds")
    expected = integration.expected_every
    usual = f"one is expected every {expected.total_seconds():g} seconds" if expected else "none is expected any more"
    return SignalDraft(
        status=SignalStatus.FIRING if falls_silent else SignalStatus.RESOLVED,
        severity=Severity.HIGH,
        service=SERVICE,
        environment=Environment.PRODUCTION,
        name="IntegrationSilent",
        title=f"Integration {integration.name} has fallen silent",
        description=f"The last {what} came at {since}; {usual}. Alerts may be getting lost: check the sender.",
        labels={"integration": integration.name, "type": integration.type},
        vendor_key=KEY,
        occurred_at=now,
        raw={"alarm": "silence", "integration": integration.name, "silent": falls_silent, "last_sign_of_life": since},
    )
