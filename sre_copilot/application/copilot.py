"""The facade: everything that can be asked of the copilot, in one place."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from types import TracebackType
from typing import Self, TypedDict, Unpack
from uuid import UUID

import attrs

from sre_copilot.application.acting import Acting
from sre_copilot.application.doors import Door
from sre_copilot.application.queries.administration import AdministrationQueries
from sre_copilot.application.queries.calibration import CalibrationQueries
from sre_copilot.application.queries.drafts import DraftQueries
from sre_copilot.application.queries.incidents import IncidentQueries
from sre_copilot.application.queries.integrations import IntegrationQueries
from sre_copilot.application.queries.key_ring import KeyRingQueries
from sre_copilot.application.queries.operations import OperationQueries
from sre_copilot.application.queries.outbound import OutboundQueries
from sre_copilot.application.queries.precedents import PrecedentQueries
from sre_copilot.application.queries.reports import ReportQueries
from sre_copilot.application.queries.runbooks import RunbookQueries
from sre_copilot.application.queries.service_graph import ServiceQueries
from sre_copilot.application.queries.signals import SignalQueries
from sre_copilot.application.queries.silences import SilenceQueries
from sre_copilot.application.use_cases.add_key import AddKey
from sre_copilot.application.use_cases.add_route import AddRoute
from sre_copilot.application.use_cases.add_user import AddUser
from sre_copilot.application.use_cases.advise_incident import AdviseIncident
from sre_copilot.application.use_cases.assign_incident import AssignIncident
from sre_copilot.application.use_cases.authenticate_delivery import AuthenticateDelivery
from sre_copilot.application.use_cases.change_route import ChangeRoute
from sre_copilot.application.use_cases.change_user import ChangeUser
from sre_copilot.application.use_cases.configure_integration import ConfigureIntegration
from sre_copilot.application.use_cases.create_integration import CreateIntegration
from sre_copilot.application.use_cases.create_runbook import CreateRunbook
from sre_copilot.application.use_cases.create_silence import CreateSilence
from sre_copilot.application.use_cases.create_tenant import CreateTenant
from sre_copilot.application.use_cases.create_token import CreateToken
from sre_copilot.application.use_cases.decide_recommendation import DecideRecommendation
from sre_copilot.application.use_cases.declare_incident import DeclareIncident
from sre_copilot.application.use_cases.delete_runbook import DeleteRunbook
from sre_copilot.application.use_cases.diagnose_incident import DiagnoseIncident
from sre_copilot.application.use_cases.dispatch_messages import DispatchMessages
from sre_copilot.application.use_cases.edit_incident import EditIncident
from sre_copilot.application.use_cases.edit_runbook import EditRunbook
from sre_copilot.application.use_cases.end_silence import EndSilence
from sre_copilot.application.use_cases.forget_precedent import ForgetPrecedent
from sre_copilot.application.use_cases.give_feedback import GiveFeedback
from sre_copilot.application.use_cases.import_runbook import ImportRunbook
from sre_copilot.application.use_cases.import_services import ImportServices
from sre_copilot.application.use_cases.ingest_delivery import LOOKS, IngestDelivery
from sre_copilot.application.use_cases.merge_incidents import MergeIncidents
from sre_copilot.application.use_cases.move_signal import MoveSignal
from sre_copilot.application.use_cases.note_on_incident import NoteOnIncident
from sre_copilot.application.use_cases.poll_integration import Polled, PollIntegration
from sre_copilot.application.use_cases.publish_postmortem import PublishPostmortem
from sre_copilot.application.use_cases.recommend_actions import RecommendActions
from sre_copilot.application.use_cases.record_outcome import RecordOutcome
from sre_copilot.application.use_cases.remove_route import RemoveRoute
from sre_copilot.application.use_cases.replay_delivery import ReplayDelivery
from sre_copilot.application.use_cases.reseal_secrets import ResealSecrets
from sre_copilot.application.use_cases.restore_precedent import RestorePrecedent
from sre_copilot.application.use_cases.restore_runbook import RestoreRunbook
from sre_copilot.application.use_cases.retire_key import RetireKey
from sre_copilot.application.use_cases.retry_job import RetryJob
from sre_copilot.application.use_cases.retry_message import RetryMessage
from sre_copilot.application.use_cases.revert_runbook import RevertRunbook
from sre_copilot.application.use_cases.revoke_token import RevokeToken
from sre_copilot.application.use_cases.rotate_integration_key import RotateIntegrationKey
from sre_copilot.application.use_cases.run_due_timers import RunDueTimers, TimersRun
from sre_copilot.application.use_cases.split_incident import SplitIncident
from sre_copilot.application.use_cases.take_detection_snapshot import TakeDetectionSnapshot
from sre_copilot.application.use_cases.transition_incident import TransitionIncident
from sre_copilot.application.use_cases.watch_silence import WatchSilence
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.deliveries import Delivery, Receipt, Verdict
from sre_copilot.domain.errors import CopilotError, IntegrationChanged
from sre_copilot.domain.incidents import Incident, Resolution
from sre_copilot.domain.lifecycle import Action

BELIEVED = frozenset({Verdict.SIGNATURE, Verdict.PULLED})
"""Verdicts on deliveries in which people are known to be who the vendor says."""


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
    configure_integration: ConfigureIntegration
    rotate_integration_key: RotateIntegrationKey
    add_user: AddUser
    change_user: ChangeUser
    create_token: CreateToken
    revoke_token: RevokeToken
    authenticate_delivery: AuthenticateDelivery
    ingest_delivery: IngestDelivery
    replay_delivery: ReplayDelivery
    poll_integration: PollIntegration
    watch_silence: WatchSilence
    take_detection_snapshot: TakeDetectionSnapshot
    run_timers: RunDueTimers
    declare: DeclareIncident
    edit: EditIncident
    assign: AssignIncident
    note: NoteOnIncident
    transition: TransitionIncident
    merge: MergeIncidents
    split: SplitIncident
    move_signal: MoveSignal
    diagnose: DiagnoseIncident
    advise: AdviseIncident
    recommend: RecommendActions
    give_feedback: GiveFeedback
    forget_precedent: ForgetPrecedent
    restore_precedent: RestorePrecedent
    decide_recommendation: DecideRecommendation
    record_outcome: RecordOutcome
    create_runbook: CreateRunbook
    import_runbook: ImportRunbook
    edit_runbook: EditRunbook
    revert_runbook: RevertRunbook
    delete_runbook: DeleteRunbook
    restore_runbook: RestoreRunbook
    add_key: AddKey
    reseal_secrets: ResealSecrets
    retire_key: RetireKey
    add_route: AddRoute
    change_route: ChangeRoute
    remove_route: RemoveRoute
    create_silence: CreateSilence
    end_silence: EndSilence
    dispatch: DispatchMessages
    retry_message: RetryMessage
    retry_job: RetryJob
    publish_postmortem: PublishPostmortem
    act: Acting
    administration: AdministrationQueries
    incidents: IncidentQueries
    signals: SignalQueries
    silences: SilenceQueries
    operations: OperationQueries
    services: ServiceQueries
    reports: ReportQueries
    calibration: CalibrationQueries
    precedents: PrecedentQueries
    runbooks: RunbookQueries
    drafts: DraftQueries
    integrations: IntegrationQueries
    key_ring: KeyRingQueries
    outbound: OutboundQueries
    on_close: Callable[[], None] = lambda: None

    def receive(self, *, integration_id: UUID, delivery: Delivery, origin: str = "") -> Receipt:
        """Let a delivery in at an integration's door, and take it in; `origin` says from where it comes.

        Raises what `AuthenticateDelivery` and `IngestDelivery` raise.
        """
        for _ in range(LOOKS):
            admitted = self.authenticate_delivery(
                integration_id=integration_id, delivery=delivery, origin=origin, compares=True
            )
            with suppress(IntegrationChanged):
                return self.ingest(
                    actor=admitted.actor,
                    integration_id=integration_id,
                    delivery=delivery,
                    verdict=admitted.verdict,
                    admitted_by=admitted.door,
                )
            # Whoever sends has to prove itself to the integration as it is now.
        raise IntegrationChanged

    def ingest(
        self,
        *,
        actor: Actor,
        integration_id: UUID,
        delivery: Delivery,
        verdict: Verdict = Verdict.HANDED_IN,
        admitted_by: Door | None = None,
    ) -> Receipt:
        """Take in a delivery; once it is durable, keep what was known of each incident that it opened, and do its command.

        A command is only done where the vendor has proven that it is its own: nobody acts in another's name by handing
        a delivery in.

        Raises what `IngestDelivery` raises.
        """
        receipt = self.ingest_delivery(
            actor=actor, integration_id=integration_id, delivery=delivery, verdict=verdict, admitted_by=admitted_by
        )
        self._keep_snapshots(Actor.system(actor.tenant_id, origin="ingest"), receipt.opened)
        if receipt.command is not None and not receipt.quarantined and verdict in BELIEVED:
            sender = Actor.integration(actor.tenant_id, integration_id, origin=actor.origin)
            return self.act(actor=sender, integration_id=integration_id, receipt=receipt)
        return receipt

    def poll(self, *, tenant_id: UUID, integration_id: UUID) -> Polled | None:
        """Poll an integration where that is due, and keep what is known of the incidents that it opens."""
        actor = Actor.system(tenant_id, origin="poll")
        polled = self.poll_integration(actor=actor, integration_id=integration_id)
        if polled is not None:
            self._keep_snapshots(actor, polled.opened)
        return polled

    def watch(self, *, tenant_id: UUID, integration_id: UUID) -> Receipt | None:
        """Raise or end the alarm of an integration's silence, and keep what is known of the incident that it opens."""
        actor = Actor.system(tenant_id, origin="silence")
        receipt = self.watch_silence(actor=actor, integration_id=integration_id)
        if receipt is not None:
            self._keep_snapshots(actor, receipt.opened)
        return receipt

    def replay(self, *, actor: Actor, delivery_id: UUID) -> Receipt:
        """Parse a quarantined delivery again, and keep what is known of the incidents that it opens.

        Raises what `ReplayDelivery` raises.
        """
        receipt = self.replay_delivery(actor=actor, delivery_id=delivery_id)
        self._keep_snapshots(Actor.system(actor.tenant_id, origin="replay"), receipt.opened)
        return receipt

    def run_due_timers(self, *, actor: Actor, now: datetime) -> TimersRun:
        """Do what the clock demands, then keep what was known of incidents whose snapshot is still to be taken.

        Messages whose time has come are given to a worker. Raises NotPermitted.
        """
        run = self.run_timers(actor=actor, now=now)
        self._keep_snapshots(actor, run.unseen)
        self.dispatch.wake(actor=actor, now=now)
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
