"""Why a signal ended up where it is, and which still wait for an incident."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import attrs

from sre_copilot.application.ports.series import SignalFilter, StoredDecision
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.corrections import Correction
from sre_copilot.domain.signals import Signal
from sre_copilot.domain.silences import Silence

MOST_CORRECTIONS = 20
"""Of one series that are shown with a decision."""


@attrs.frozen(kw_only=True)
class Explanation:
    """A signal, and the correlation decision of its episode where it has one; for a duplicate, that of its original.

    `silence` is the one that the decision was left to. `corrections` are what people did with episodes of its series
    since, newest first, this one's and others'; they decide nothing about the next.
    """

    signal: Signal
    correlation: StoredDecision | None
    silence: Silence | None = None
    corrections: tuple[Correction, ...] = ()
    people: Mapping[UUID, str] = attrs.field(factory=dict)
    """The names of those who did."""


@attrs.frozen(kw_only=True)
class SignalQueries:
    """Reads signals and decisions."""

    units: UnitOfWorkFactory

    def list(self, *, actor: Actor, narrowed: SignalFilter | None = None) -> Sequence[Signal]:
        """Signals by timestamp, newest first. Raises NotPermitted, and NotFound for an incident that is not known."""
        actor.require(Permission.READ)
        wanted = narrowed or SignalFilter()
        with self.units(actor.tenant_id) as uow:
            if wanted.incident_id is not None:
                uow.incidents.get(wanted.incident_id)
            return uow.signals.list(wanted)

    def waiting(self, *, actor: Actor, limit: int = 20) -> Sequence[Signal]:
        """The signals that open no incident before the plan's limit allows it, oldest first. Raises NotPermitted."""
        actor.require(Permission.READ)
        with self.units(actor.tenant_id) as uow:
            return uow.signals.waiting_originals(limit)

    def explain(self, *, actor: Actor, signal_id: UUID) -> Explanation:
        """Say what was decided about a signal. Raises NotPermitted, NotFound."""
        actor.require(Permission.READ)
        with self.units(actor.tenant_id) as uow:
            signal = uow.signals.get(signal_id)
            original_id = signal.original_id or signal.id
            decided = uow.corrections.decided([original_id]).get(original_id)
            silence_id = decided.decision.silence_id if decided is not None else None
            silence = uow.silences.get(silence_id) if silence_id is not None else None
            corrections = tuple(uow.corrections.of_series(signal.fingerprint, limit=MOST_CORRECTIONS))
            named = {one.user_id for one in corrections}
            people = {one.id: one.full_name or one.email for one in uow.tenants.users()} if named else {}
            return Explanation(
                signal=signal,
                correlation=decided,
                silence=silence,
                corrections=corrections,
                people={user_id: name for user_id, name in people.items() if user_id in named},
            )
