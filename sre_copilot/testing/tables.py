"""What the database in memory holds: a few dictionaries of frozen values per tenant."""

from collections.abc import Iterator
from datetime import datetime
from itertools import count
from threading import RLock
from typing import Self
from uuid import UUID

import attrs

from sre_copilot.application.ports.diagnoses import FeedbackGiven
from sre_copilot.application.ports.jobs import QueuedJob
from sre_copilot.application.ports.series import StoredDecision
from sre_copilot.domain.audit import AuditEntry
from sre_copilot.domain.consultations import Consultation
from sre_copilot.domain.corrections import Correction
from sre_copilot.domain.deliveries import DeliveryRecord
from sre_copilot.domain.episodes import Fact
from sre_copilot.domain.hypotheses import Diagnosis, Hypothesis
from sre_copilot.domain.incidents import Incident
from sre_copilot.domain.integrations import Integration
from sre_copilot.domain.outbox import OutboxEntry
from sre_copilot.domain.outcomes import Outcome
from sre_copilot.domain.precedents import Precedent
from sre_copilot.domain.recommendations import Recommendation
from sre_copilot.domain.routing import RoutingRule
from sre_copilot.domain.runbooks import Runbook, RunbookVersion
from sre_copilot.domain.series_head import SeriesHead
from sre_copilot.domain.service_graph import ServiceGraph
from sre_copilot.domain.signals import Signal
from sre_copilot.domain.silences import Silence
from sre_copilot.domain.snapshots import ContextSnapshot
from sre_copilot.domain.stored_episodes import Episode
from sre_copilot.domain.tenants import Tenant, User
from sre_copilot.domain.timeline import Note, Transition
from sre_copilot.domain.tokens import ApiToken


@attrs.define
class TenantTables:
    """Everything that one tenant has, by id unless said otherwise. Values are frozen, so that a copy is shallow."""

    tenants: dict[UUID, Tenant] = attrs.field(factory=dict)
    users: dict[UUID, User] = attrs.field(factory=dict)
    integrations: dict[UUID, Integration] = attrs.field(factory=dict)
    polls: dict[UUID, datetime] = attrs.field(factory=dict)
    tokens: dict[UUID, ApiToken] = attrs.field(factory=dict)
    deliveries: dict[UUID, DeliveryRecord] = attrs.field(factory=dict)
    signals: dict[UUID, Signal] = attrs.field(factory=dict)
    episode_of: dict[UUID, UUID] = attrs.field(factory=dict)
    """The episode of each signal that has one."""
    sightings: dict[UUID, Fact] = attrs.field(factory=dict)
    """By signal that was seen again: the fact as it is then."""
    heads: dict[str, SeriesHead] = attrs.field(factory=dict)
    """By fingerprint."""
    episodes: dict[UUID, Episode] = attrs.field(factory=dict)
    decisions: dict[UUID, StoredDecision] = attrs.field(factory=dict)
    """The latest that correlation made, by signal."""
    moves: dict[UUID, StoredDecision] = attrs.field(factory=dict)
    """By signal: that people put its episode elsewhere since."""
    corrections: dict[UUID, Correction] = attrs.field(factory=dict)
    silences: dict[UUID, Silence] = attrs.field(factory=dict)
    lifted: dict[UUID, datetime] = attrs.field(factory=dict)
    """By silence: when everything that it held was looked at again."""
    incidents: dict[UUID, Incident] = attrs.field(factory=dict)
    transitions: dict[UUID, Transition] = attrs.field(factory=dict)
    notes: dict[UUID, Note] = attrs.field(factory=dict)
    graphs: dict[str, ServiceGraph] = attrs.field(factory=dict)
    """At most one, under ""."""
    services: dict[str, bool] = attrs.field(factory=dict)
    """By name: whether it lies beyond the plan's limit."""
    snapshots: dict[UUID, ContextSnapshot] = attrs.field(factory=dict)
    diagnoses: dict[UUID, Diagnosis] = attrs.field(factory=dict)
    hypotheses: dict[UUID, Hypothesis] = attrs.field(factory=dict)
    consultations: dict[UUID, Consultation] = attrs.field(factory=dict)
    feedback: dict[UUID, FeedbackGiven] = attrs.field(factory=dict)
    precedents: dict[UUID, Precedent] = attrs.field(factory=dict)
    runbooks: dict[UUID, Runbook] = attrs.field(factory=dict)
    runbook_versions: dict[UUID, RunbookVersion] = attrs.field(factory=dict)
    recommendations: dict[UUID, Recommendation] = attrs.field(factory=dict)
    outcomes: dict[UUID, Outcome] = attrs.field(factory=dict)
    outbox: dict[UUID, OutboxEntry] = attrs.field(factory=dict)
    routes: dict[UUID, RoutingRule] = attrs.field(factory=dict)
    threads: dict[UUID, tuple[str, str]] = attrs.field(factory=dict)
    """By incident: the channel and the thread where people talk about it."""
    audit: dict[UUID, AuditEntry] = attrs.field(factory=dict)
    jobs: dict[int, QueuedJob] = attrs.field(factory=dict)

    def copy(self) -> Self:
        """Return tables of their own with the same values."""
        return type(self)(**{field.name: dict(getattr(self, field.name)) for field in attrs.fields(type(self))})


@attrs.define
class InMemoryDatabase:
    """The tables of every tenant, and the one lock that lets units of work in one by one."""

    tables: dict[UUID, TenantTables] = attrs.field(factory=dict, repr=False)
    lock: RLock = attrs.field(factory=RLock, eq=False, repr=False)
    job_ids: Iterator[int] = attrs.field(factory=lambda: count(1), eq=False, repr=False)

    def of(self, tenant_id: UUID) -> TenantTables:
        """The tables of a tenant, empty ones where it is not known yet."""
        return self.tables.setdefault(tenant_id, TenantTables())

    def everywhere(self) -> list[TenantTables]:
        """The tables of all tenants."""
        return list(self.tables.values())
