"""The ORM classes, one module per section of the data model. Write them qualified: `models.Incident`."""

from sre_copilot.adapters.django_orm.models.audit import AuditLog
from sre_copilot.adapters.django_orm.models.consultations import Consultation
from sre_copilot.adapters.django_orm.models.deliveries import Delivery
from sre_copilot.adapters.django_orm.models.diagnosis import (
    ContextSnapshot,
    Diagnosis,
    Hypothesis,
    HypothesisFeedback,
)
from sre_copilot.adapters.django_orm.models.incidents import (
    Incident,
    IncidentNote,
    IncidentStateTransition,
    LegalTransition,
)
from sre_copilot.adapters.django_orm.models.integrations import Integration
from sre_copilot.adapters.django_orm.models.outbound import OutboxMessage, RoutingRule
from sre_copilot.adapters.django_orm.models.precedents import Precedent
from sre_copilot.adapters.django_orm.models.reports import ChangedWeek, ResponseTimesOfWeek
from sre_copilot.adapters.django_orm.models.runbooks import (
    Recommendation,
    RecommendationOutcome,
    Runbook,
    RunbookVersion,
)
from sre_copilot.adapters.django_orm.models.schedule import ScheduleRun
from sre_copilot.adapters.django_orm.models.series import Correction, CorrelationDecision, Episode, Series, Sighting
from sre_copilot.adapters.django_orm.models.service_graph import Service, ServiceCall, ServicePlacement
from sre_copilot.adapters.django_orm.models.signals import Signal
from sre_copilot.adapters.django_orm.models.silences import Silence
from sre_copilot.adapters.django_orm.models.tenants import Tenant, User
from sre_copilot.adapters.django_orm.models.tokens import ApiToken

__all__ = [
    "ApiToken",
    "AuditLog",
    "ChangedWeek",
    "Consultation",
    "ContextSnapshot",
    "Correction",
    "CorrelationDecision",
    "Delivery",
    "Diagnosis",
    "Episode",
    "Hypothesis",
    "HypothesisFeedback",
    "Incident",
    "IncidentNote",
    "IncidentStateTransition",
    "Integration",
    "LegalTransition",
    "OutboxMessage",
    "Precedent",
    "Recommendation",
    "RecommendationOutcome",
    "ResponseTimesOfWeek",
    "RoutingRule",
    "Runbook",
    "RunbookVersion",
    "ScheduleRun",
    "Series",
    "Service",
    "ServiceCall",
    "ServicePlacement",
    "Sighting",
    "Signal",
    "Silence",
    "Tenant",
    "User",
]
