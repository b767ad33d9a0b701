"""A copilot in memory, with an integration of the plugin under test in it."""

from collections.abc import Mapping
from typing import Any, Self
from uuid import UUID

import attrs

from sre_copilot.domain.actors import Actor, Role
from sre_copilot.domain.deliveries import Delivery, Receipt
from sre_copilot.domain.errors import CopilotError
from sre_copilot.testing.clock import ManualClock
from sre_copilot.testing.conformance.plugins.subject import Subject, Violation
from sre_copilot.testing.stage import Stage, copilot, stage
from sre_copilot.testing.tables import TenantTables


@attrs.frozen(kw_only=True)
class Scene:
    """One integration whose deliveries come in."""

    stage: Stage
    sender: Actor
    integration_id: UUID
    key: str = attrs.field(repr=False)

    @classmethod
    def of(cls, subject: Subject, settings: Mapping[str, Any] | None = None) -> Self:
        """A new one, configured with these settings and secrets, by default with what is required."""
        clock = ManualClock(subject.now)
        known = stage()
        ready = copilot(units=known.units, clock=clock, gateway=subject.gateway, types=subject.types)
        given = settings if settings is not None else subject.integration().settings
        try:
            made = ready.create_integration(actor=known.person(Role.ADMIN), type=subject.kind, settings=given)
        except CopilotError as error:
            raise Violation(f"No integration of it can be created: {error}") from None
        sender = Actor.integration(known.tenant.id, made.integration.id, name=made.integration.name)
        return cls(
            stage=attrs.evolve(known, copilot=ready, clock=clock),
            sender=sender,
            integration_id=made.integration.id,
            key=made.key,
        )

    @property
    def tables(self) -> TenantTables:
        """What is stored."""
        return self.stage.tables

    def hand_in(self, delivery: Delivery) -> Receipt:
        """Take in a delivery as the integration's own. Raises Violation where it is refused."""
        try:
            return self.stage.copilot.ingest(actor=self.sender, integration_id=self.integration_id, delivery=delivery)
        except CopilotError as error:
            raise Violation(f"A sample is refused: {error}") from None
