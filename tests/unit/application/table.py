"""Everything that can be asked of the application: who may, and which audit entries it leaves. A new one needs a row."""

import inspect
from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from sre_copilot.application import queries, use_cases
from sre_copilot.application.ports.series import SignalFilter
from sre_copilot.application.queries.administration import AdministrationQueries
from sre_copilot.application.queries.incidents import IncidentQueries
from sre_copilot.application.queries.integrations import IntegrationQueries
from sre_copilot.application.queries.key_ring import KeyRingQueries
from sre_copilot.application.queries.operations import OperationQueries
from sre_copilot.application.queries.reports import ReportQueries
from sre_copilot.application.queries.service_graph import ServiceQueries
from sre_copilot.application.queries.signals import SignalQueries
from sre_copilot.application.use_cases.add_key import AddKey
from sre_copilot.application.use_cases.add_user import AddUser
from sre_copilot.application.use_cases.advise_incident import AdviseIncident
from sre_copilot.application.use_cases.assign_incident import AssignIncident
from sre_copilot.application.use_cases.authenticate_delivery import AuthenticateDelivery
from sre_copilot.application.use_cases.change_user import ChangeUser
from sre_copilot.application.use_cases.configure_integration import ConfigureIntegration
from sre_copilot.application.use_cases.create_integration import CreateIntegration
from sre_copilot.application.use_cases.create_tenant import CreateTenant
from sre_copilot.application.use_cases.create_token import CreateToken
from sre_copilot.application.use_cases.decide_recommendation import DecideRecommendation
from sre_copilot.application.use_cases.declare_incident import DeclareIncident
from sre_copilot.application.use_cases.diagnose_incident import DiagnoseIncident
from sre_copilot.application.use_cases.edit_incident import EditIncident
from sre_copilot.application.use_cases.give_feedback import GiveFeedback
from sre_copilot.application.use_cases.import_services import ImportServices
from sre_copilot.application.use_cases.ingest_delivery import IngestDelivery
from sre_copilot.application.use_cases.note_on_incident import NoteOnIncident
from sre_copilot.application.use_cases.poll_integration import PollIntegration
from sre_copilot.application.use_cases.recommend_actions import RecommendActions
from sre_copilot.application.use_cases.record_outcome import RecordOutcome
from sre_copilot.application.use_cases.replay_delivery import ReplayDelivery
from sre_copilot.application.use_cases.reseal_secrets import ResealSecrets
from sre_copilot.application.use_cases.retire_key import RetireKey
from sre_copilot.application.use_cases.retry_job import RetryJob
from sre_copilot.application.use_cases.revoke_token import RevokeToken
from sre_copilot.application.use_cases.rotate_integration_key import RotateIntegrationKey
from sre_copilot.application.use_cases.run_due_timers import RunDueTimers
from sre_copilot.application.use_cases.take_detection_snapshot import TakeDetectionSnapshot
from sre_copilot.application.use_cases.transition_incident import TransitionIncident
from sre_copilot.application.use_cases.watch_silence import WatchSilence
from sre_copilot.domain.actors import Role
from sre_copilot.domain.edits import Edit
from sre_copilot.domain.hypotheses import Feedback
from sre_copilot.domain.lifecycle import Action
from sre_copilot.domain.outcomes import OutcomeResult
from sre_copilot.domain.service_graph import ServiceGraph
from sre_copilot.testing.clock import BEGINNING
from tests.unit.application import (
    outbound_rows,
    postmortem_rows,
    precedent_rows,
    regrouping_rows,
    runbook_rows,
    silence_rows,
)
from tests.unit.application.row import (
    ADMINISTRATORS,
    AUTOMATION,
    NOBODY,
    PEOPLE_WHO_RESPOND,
    READERS,
    RESPONDERS,
    SENDERS,
    Asked,
    Row,
)
from tests.unit.application.scene import Scene

CHANGES: dict[Asked, Row] = {
    **outbound_rows.CHANGES,
    **regrouping_rows.CHANGES,
    **silence_rows.CHANGES,
    **postmortem_rows.CHANGES,
    **precedent_rows.CHANGES,
    **runbook_rows.CHANGES,
    (AdviseIncident, "__call__"): Row(
        given=lambda on: {"incident_id": on.incident}, permitted=RESPONDERS, leaves=("incident.advised",), in_steps=True
    ),
    (AssignIncident, "__call__"): Row(
        given=lambda on: {"incident_id": on.incident, "user_id": on.actor("viewer").id},
        permitted=RESPONDERS,
        leaves=("incident.assigned",),
    ),
    (AddUser, "__call__"): Row(
        given=lambda on: {"email": "grace@example.com", "role": Role.VIEWER},
        permitted=ADMINISTRATORS,
        leaves=("user.added",),
        finds=False,
    ),
    (ChangeUser, "__call__"): Row(
        given=lambda on: {"user_id": on.actor("viewer").id, "is_active": False},
        permitted=ADMINISTRATORS,
        leaves=("user.changed",),
    ),
    (ConfigureIntegration, "__call__"): Row(
        given=lambda on: {"integration_id": on.stage.integration.id, "name": "renamed"},
        permitted=ADMINISTRATORS,
        leaves=("integration.changed",),
    ),
    (CreateToken, "__call__"): Row(
        given=lambda on: {"user_id": on.actor("viewer").id, "name": "ci", "role": Role.VIEWER},
        permitted=ADMINISTRATORS,
        leaves=("token.created",),
    ),
    (PollIntegration, "__call__"): Row(
        given=lambda on: {"integration_id": on.polled}, permitted=AUTOMATION, leaves=("incident.opened",), in_steps=True
    ),
    (WatchSilence, "__call__"): Row(
        given=lambda on: {"integration_id": on.silent}, permitted=AUTOMATION, leaves=("incident.opened",)
    ),
    (ReplayDelivery, "__call__"): Row(
        given=lambda on: {"delivery_id": on.quarantined}, permitted=RESPONDERS, leaves=("delivery.replayed",)
    ),
    (RevokeToken, "__call__"): Row(
        given=lambda on: {"token_id": on.token}, permitted=ADMINISTRATORS, leaves=("token.revoked",)
    ),
    (RotateIntegrationKey, "__call__"): Row(
        given=lambda on: {"integration_id": on.stage.integration.id},
        permitted=ADMINISTRATORS,
        leaves=("integration.key_rotated",),
    ),
    (CreateIntegration, "__call__"): Row(
        given=lambda on: {"type": "generic", "name": "another"},
        permitted=ADMINISTRATORS,
        leaves=("integration.created",),
        finds=False,
    ),
    (DecideRecommendation, "__call__"): Row(
        given=lambda on: {"recommendation_id": on.pending, "accept": True},
        permitted=RESPONDERS,
        leaves=("recommendation.accepted",),
    ),
    (DeclareIncident, "__call__"): Row(
        given=lambda on: {"title": "Checkout fails", "service": "checkout"},
        permitted=RESPONDERS,
        leaves=("incident.opened",),
        finds=False,
    ),
    (DiagnoseIncident, "__call__"): Row(
        given=lambda on: {"incident_id": on.incident}, permitted=RESPONDERS, leaves=("incident.diagnosed",)
    ),
    (EditIncident, "__call__"): Row(
        given=lambda on: {"incident_id": on.incident, "edit": Edit(title="Checkout is down")},
        permitted=RESPONDERS,
        leaves=("incident.edited",),
    ),
    (GiveFeedback, "__call__"): Row(
        given=lambda on: {"hypothesis_id": on.hypothesis, "feedback": Feedback.ACCEPTED},
        permitted=PEOPLE_WHO_RESPOND,
        leaves=("hypothesis.judged",),
    ),
    (ImportServices, "__call__"): Row(
        given=lambda on: {"graph": ServiceGraph(services=frozenset({"checkout"}))},
        permitted=RESPONDERS,
        leaves=("services.imported",),
        finds=False,
    ),
    (IngestDelivery, "__call__"): Row(
        given=lambda on: {"integration_id": on.stage.integration.id, "delivery": on.delivery},
        permitted=SENDERS,
        leaves=("incident.opened",),
    ),
    (NoteOnIncident, "__call__"): Row(
        given=lambda on: {"incident_id": on.incident, "text": "rolled back"},
        permitted=RESPONDERS,
        leaves=("incident.noted",),
    ),
    (RecommendActions, "__call__"): Row(
        given=lambda on: {"incident_id": on.incident}, permitted=RESPONDERS, leaves=("incident.recommended",)
    ),
    (RecordOutcome, "__call__"): Row(
        given=lambda on: {"recommendation_id": on.accepted, "result": OutcomeResult.WORKED},
        permitted=RESPONDERS,
        leaves=("recommendation.executed",),
    ),
    (ResealSecrets, "__call__"): Row(
        given=lambda on: {}, permitted=AUTOMATION, leaves=("secrets.resealed",), finds=False
    ),
    (RunDueTimers, "__call__"): Row(
        given=lambda on: {"now": BEGINNING + timedelta(hours=13)},
        permitted=AUTOMATION,
        leaves=("incident.resolved",),
        finds=False,
    ),
    (TakeDetectionSnapshot, "__call__"): Row(
        given=lambda on: {"incident_id": on.declared}, permitted=AUTOMATION, leaves=("snapshot.taken",)
    ),
    (TransitionIncident, "__call__"): Row(
        given=lambda on: {"incident_id": on.incident, "action": Action.MITIGATE},
        permitted=RESPONDERS,
        leaves=("incident.mitigated",),
    ),
}
"""Use cases, each of which changes something."""

READS: dict[Asked, Row] = {
    **outbound_rows.READS,
    **silence_rows.READS,
    **postmortem_rows.READS,
    **precedent_rows.READS,
    **runbook_rows.READS,
    (AdministrationQueries, "tokens"): Row(given=lambda on: {}, permitted=ADMINISTRATORS, finds=False),
    (AdministrationQueries, "users"): Row(given=lambda on: {}, permitted=READERS, finds=False),
    (IntegrationQueries, "list"): Row(given=lambda on: {}, permitted=READERS, finds=False),
    (IntegrationQueries, "show"): Row(given=lambda on: {"integration_id": on.stage.integration.id}, permitted=READERS),
    (IntegrationQueries, "trial"): Row(
        given=lambda on: {"integration_id": on.stage.integration.id}, permitted=ADMINISTRATORS
    ),
    (IntegrationQueries, "deliveries"): Row(given=lambda on: {}, permitted=READERS, finds=False),
    (IntegrationQueries, "delivery"): Row(given=lambda on: {"delivery_id": on.quarantined}, permitted=READERS),
    (IncidentQueries, "list"): Row(given=lambda on: {}, permitted=READERS, finds=False),
    (IncidentQueries, "get"): Row(given=lambda on: {"incident_id": on.incident}, permitted=READERS),
    (IncidentQueries, "show"): Row(given=lambda on: {"incident_id": on.incident}, permitted=READERS),
    (IncidentQueries, "transitions"): Row(given=lambda on: {"incident_id": on.incident}, permitted=READERS),
    (IncidentQueries, "diagnosis"): Row(given=lambda on: {"incident_id": on.incident}, permitted=READERS),
    (IncidentQueries, "consultation"): Row(given=lambda on: {"incident_id": on.incident}, permitted=READERS),
    (IncidentQueries, "recommendations"): Row(given=lambda on: {"incident_id": on.incident}, permitted=READERS),
    (IncidentQueries, "snapshot"): Row(given=lambda on: {"incident_id": on.incident}, permitted=READERS),
    (KeyRingQueries, "sealed"): Row(given=lambda on: {}, permitted=AUTOMATION, finds=False),
    (ServiceQueries, "list"): Row(given=lambda on: {}, permitted=READERS, finds=False),
    (ReportQueries, "model_usage"): Row(given=lambda on: {}, permitted=READERS, finds=False),
    (ReportQueries, "response_times"): Row(given=lambda on: {}, permitted=READERS, finds=False),
    (SignalQueries, "list"): Row(
        given=lambda on: {"narrowed": SignalFilter(incident_id=on.incident)}, permitted=READERS
    ),
    (SignalQueries, "waiting"): Row(given=lambda on: {}, permitted=READERS, finds=False),
    (SignalQueries, "explain"): Row(
        given=lambda on: {"signal_id": next(iter(on.stage.tables.signals))}, permitted=READERS
    ),
}

WITHOUT_ACTOR: dict[Asked, Row] = {
    (CreateTenant, "__call__"): Row(
        given=lambda on: {"slug": "acme", "admin_email": "ada@acme.example"},
        permitted=NOBODY,
        leaves=("tenant.created",),
    ),
    (AuthenticateDelivery, "__call__"): Row(
        given=lambda on: {"integration_id": on.stage.integration.id, "delivery": on.delivery}, permitted=NOBODY
    ),
    (AdministrationQueries, "actor_of_token"): Row(given=lambda on: {"token": "srec_0"}, permitted=NOBODY),
    (AdministrationQueries, "door_of_key"): Row(
        given=lambda on: {"key": "srei_0", "kind": "generic"}, permitted=NOBODY
    ),
    (AddKey, "__call__"): Row(given=lambda on: {}, permitted=NOBODY),
    (RetireKey, "__call__"): Row(given=lambda on: {"key_id": "key-0"}, permitted=NOBODY),
    (KeyRingQueries, "all"): Row(given=lambda on: {}, permitted=NOBODY),
    (AdministrationQueries, "active_integrations"): Row(given=lambda on: {}, permitted=NOBODY),
    (RetryJob, "__call__"): Row(given=lambda on: {"job_id": on.dead_job}, permitted=NOBODY, leaves=("job.retried",)),
    (OperationQueries, "unfinished_jobs"): Row(given=lambda on: {}, permitted=NOBODY),
    (OperationQueries, "dead_jobs"): Row(given=lambda on: {}, permitted=NOBODY),
    (OperationQueries, "schedule"): Row(given=lambda on: {}, permitted=NOBODY),
    (AdministrationQueries, "tenants"): Row(given=lambda on: {}, permitted=NOBODY),
    (AdministrationQueries, "tenant"): Row(given=lambda on: {"slug": on.stage.tenant.slug}, permitted=NOBODY),
    (AdministrationQueries, "person"): Row(given=lambda on: {"tenant": on.stage.tenant}, permitted=NOBODY),
}
"""For whoever operates the installation and stands outside of every tenant: never to be put behind a door of a tenant."""

AT_ONCE = {asked: row for asked, row in CHANGES.items() if not row.in_steps}
"""Use cases that change everything or nothing."""

TABLE = {**CHANGES, **READS, **WITHOUT_ACTOR}
ROLES = {**CHANGES, **READS}


def ask(scene: Scene, asked: Asked, row: Row, *, units: Any = None, **who: Any) -> Any:
    """Ask it on this scene, on other units of work where some are given; `who` is the actor, where it takes one."""
    kind, method = asked
    return getattr(scene.part(kind, units), method)(**who, **row.given(scene))


def everything() -> Iterator[tuple[Asked, inspect.Signature]]:
    """Every use case, and every public method of the queries, with its signature."""
    for kind in _classes(use_cases):
        if "__call__" in vars(kind):
            yield (kind, "__call__"), inspect.signature(vars(kind)["__call__"])
    for kind in _classes(queries):
        if kind.__name__.endswith("Queries"):
            public = ((name, member) for name, member in vars(kind).items() if not name.startswith("_"))
            yield from (
                ((kind, name), inspect.signature(member)) for name, member in public if inspect.isfunction(member)
            )


def _classes(package: ModuleType) -> Iterator[type[Any]]:
    for found in iter_modules(package.__path__, f"{package.__name__}."):
        module = import_module(found.name)
        yield from (member for _, member in inspect.getmembers(module, inspect.isclass) if _is_of(member, module))


def _is_of(member: type[Any], module: ModuleType) -> bool:
    return member.__module__ == module.__name__


def title(asked: Asked) -> str:
    """How a test names it."""
    kind, method = asked
    return kind.__name__ if method == "__call__" else f"{kind.__name__}.{method}"
