"""The facade: everything that can be asked of the copilot, in one place."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from types import TracebackType
from typing import Self, TypedDict, Unpack
from uuid import UUID

import attrs

from sre_copilot.application.queries.administration import AdministrationQueries
from sre_copilot.application.queries.incidents import IncidentQueries
from sre_copilot.application.queries.service_graph import ServiceQueries
from sre_copilot.application.queries.signals import SignalQueries
from sre_copilot.application.use_cases.assign_incident import AssignIncident
from sre_copilot.application.use_cases.create_integration import CreateIntegration
from sre_copilot.application.use_cases.create_tenant import CreateTenant
from sre_copilot.application.use_cases.decide_recommendation import DecideRecommendation
from sre_copilot.application.use_cases.declare_incident import DeclareIncident
from sre_copilot.application.use_cases.diagnose_incident import DiagnoseIncident
from sre_copilot.application.use_cases.edit_incident import EditIncident
from sre_copilot.application.use_cases.give_feedback import GiveFeedback
from sre_copilot.application.use_cases.import_services import ImportServices
from sre_copilot.application.use_cases.ingest_delivery import IngestDelivery
from sre_copilot.application.use_cases.note_on_incident import NoteOnIncident
from sre_copilot.application.use_cases.recommend_actions import RecommendActions
from sre_copilot.application.use_cases.record_outcome import RecordOutcome
from sre_copilot.application.use_cases.run_due_timers import RunDueTimers, TimersRun
from sre_copilot.application.use_cases.take_detection_snapshot import TakeDetectionSnapshot
from sre_copilot.application.use_cases.transition_incident import TransitionIncident
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.deliveries import Delivery, Receipt
from sre_copilot.domain.errors import CopilotError
from sre_copilot.domain.incidents import Incident, Resolution
from sre_copilot.domain.lifecycle import Action


class TransitionDetails(TypedDict, total=False):
    """What may be said with a verb of the lifecycle; see `TransitionIncident`."""

    reason: str
    expected_version: int | None
    resolution: Resolution
    root_cause: str
    resolution_summary: str


@attrs.frozen(kw_only=True)
class Copilot:
    """The copilot of one installation. Thread-safe. Use it as a context manager, or call `close` at the end.

    Each attribute is a use case or a query; call it with keywords, the actor first: `copilot.diagnose(actor=..., incident_id=...)`.
    `ingest`, `run_due_timers` and the verbs of the lifecycle are what callers want of `ingest_delivery`, `run_timers` and
    `transition`: they also take the detection snapshots that become due.
    """

    create_tenant: CreateTenant
    create_integration: CreateIntegration
    import_services: ImportServices
    ingest_delivery: IngestDelivery
    take_detection_snapshot: TakeDetectionSnapshot
    run_timers: RunDueTimers
    declare: DeclareIncident
    edit: EditIncident
    assign: AssignIncident
    note: NoteOnIncident
    transition: TransitionIncident
    diagnose: DiagnoseIncident
    recommend: RecommendActions
    give_feedback: GiveFeedback
    decide_recommendation: DecideRecommendation
    record_outcome: RecordOutcome
    administration: AdministrationQueries
    incidents: IncidentQueries
    signals: SignalQueries
    services: ServiceQueries
    on_close: Callable[[], None] = lambda: None

    def ingest(self, *, actor: Actor, integration_id: UUID, delivery: Delivery) -> Receipt:
        """Take in a delivery; once it is durable, keep what was known of each incident that it opened.

        Raises what `IngestDelivery` raises.
        """
        receipt = self.ingest_delivery(actor=actor, integration_id=integration_id, delivery=delivery)
        self._keep_snapshots(Actor.system(actor.tenant_id, origin="ingest"), receipt.opened)
        return receipt

    def run_due_timers(self, *, actor: Actor, now: datetime) -> TimersRun:
        """Do what the clock demands, then keep what was known of incidents whose snapshot is still to be taken.

        Raises NotPermitted.
        """
        run = self.run_timers(actor=actor, now=now)
        self._keep_snapshots(actor, run.unseen)
        return run

    def _keep_snapshots(self, actor: Actor, incident_ids: Iterable[UUID]) -> None:
        """What is durable stays reported as done; a snapshot that fails is tried again whenever timers run."""
        for incident_id in incident_ids:
            with suppress(CopilotError):
                self.take_detection_snapshot(actor=actor, incident_id=incident_id)

    def acknowledge(self, *, actor: Actor, incident_id: UUID, **details: Unpack[TransitionDetails]) -> Incident:
        """Say that somebody is on it. For `details` and errors see `TransitionIncident`."""
        return self.transition(actor=actor, incident_id=incident_id, action=Action.ACKNOWLEDGE, **details)

    def investigate(self, *, actor: Actor, incident_id: UUID, **details: Unpack[TransitionDetails]) -> Incident:
        """Start, or go back to, looking for the cause."""
        return self.transition(actor=actor, incident_id=incident_id, action=Action.INVESTIGATE, **details)

    def mitigate(self, *, actor: Actor, incident_id: UUID, **details: Unpack[TransitionDetails]) -> Incident:
        """Say that the impact is stopped, the cause perhaps not."""
        return self.transition(actor=actor, incident_id=incident_id, action=Action.MITIGATE, **details)

    def resolve(self, *, actor: Actor, incident_id: UUID, **details: Unpack[TransitionDetails]) -> Incident:
        """Say that it is over, and how."""
        return self.transition(actor=actor, incident_id=incident_id, action=Action.RESOLVE, **details)

    def conclude(self, *, actor: Actor, incident_id: UUID, **details: Unpack[TransitionDetails]) -> Incident:
        """End an investigation without an established cause."""
        return self.transition(actor=actor, incident_id=incident_id, action=Action.CONCLUDE, **details)

    def learn(self, *, actor: Actor, incident_id: UUID, **details: Unpack[TransitionDetails]) -> Incident:
        """Write down what was learnt; this is final."""
        return self.transition(actor=actor, incident_id=incident_id, action=Action.LEARN, **details)

    def reopen(self, *, actor: Actor, incident_id: UUID, **details: Unpack[TransitionDetails]) -> Incident:
        """Go back to investigating what was thought to be over."""
        return self.transition(actor=actor, incident_id=incident_id, action=Action.REOPEN, **details)

    def close(self) -> None:
        """Give back what the calling thread holds, such as its database connection. Other threads end theirs by ending."""
        self.on_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
