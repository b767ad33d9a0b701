"""Builders: values of the domain with sensible contents, where a test names only what it is about.

Every builder takes any field of what it makes as a keyword. Ids that are not given are new ones.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sre_copilot.adapters.system import new_id
from sre_copilot.domain.actions import ActionType, Reversibility, RiskLevel
from sre_copilot.domain.actors import Actor, Role
from sre_copilot.domain.audit import AuditAction, AuditEntry
from sre_copilot.domain.decisions import Decision
from sre_copilot.domain.deliveries import Delivery, DeliveryRecord, DeliveryStatus, Receipt
from sre_copilot.domain.fingerprint import fingerprint
from sre_copilot.domain.hypotheses import (
    CandidateKind,
    Component,
    ComponentScore,
    Confidence,
    Diagnosis,
    Evidence,
    EvidenceKind,
    Hypothesis,
    NextEvidence,
    Polarity,
    RankedCause,
)
from sre_copilot.domain.incidents import Incident
from sre_copilot.domain.integrations import Integration
from sre_copilot.domain.recommendations import Recommendation
from sre_copilot.domain.runbooks import Runbook, RunbookAction
from sre_copilot.domain.signals import Environment, Severity, Signal, SignalDraft
from sre_copilot.domain.snapshots import ContextSnapshot, MetricKind, MetricSeries, ObservedSignal
from sre_copilot.domain.tenants import Tenant, User
from sre_copilot.testing.clock import BEGINNING


def make_tenant(**given: Any) -> Tenant:
    """Return a tenant with a slug of its own."""
    tenant_id: UUID = given.pop("id", None) or new_id()
    name = f"tenant-{tenant_id.hex[-12:]}"
    defaults = {"name": name, "slug": name, "contact_email": f"{name}@example.com", "created_at": BEGINNING}
    return Tenant(id=tenant_id, **{**defaults, **given})


def make_user(tenant_id: UUID, **given: Any) -> User:
    """Return an engineer of the tenant with an e-mail address of their own."""
    user_id: UUID = given.pop("id", None) or new_id()
    defaults = {
        "email": f"ada-{user_id.hex[-12:]}@example.com",
        "full_name": "Ada Engineer",
        "role": Role.ENGINEER,
        "created_at": BEGINNING,
    }
    return User(id=user_id, tenant_id=tenant_id, **{**defaults, **given})


def make_integration(tenant_id: UUID, **given: Any) -> Integration:
    """Return a generic integration of the tenant with a name of its own."""
    integration_id: UUID = given.pop("id", None) or new_id()
    defaults = {"type": "generic", "name": f"source-{integration_id.hex[-12:]}", "created_at": BEGINNING}
    return Integration(id=integration_id, tenant_id=tenant_id, **{**defaults, **given})


def make_draft(**given: Any) -> SignalDraft:
    """Return a firing alert of checkout in production, identified by its labels."""
    labels = {"alertname": "HighLatency", "service": "checkout"}
    defaults = {
        "name": "HighLatency",
        "title": "Latency of checkout is high",
        "service": "checkout",
        "environment": Environment.PRODUCTION,
        "severity": Severity.HIGH,
        "labels": labels,
        "identity": labels,
        "occurred_at": BEGINNING,
        "raw": {"alert": "HighLatency", "value": 2.5},
    }
    return SignalDraft(**{**defaults, **given})


def make_signal(integration: Integration, **given: Any) -> Signal:
    """Return a recorded signal: the first of its series, received as it happened. `draft` is a `make_draft()`."""
    draft: SignalDraft = given.pop("draft", None) or make_draft()
    occurred_at: datetime = given.pop("occurred_at", None) or draft.occurred_at or BEGINNING
    defaults = {
        "id": new_id(),
        "delivery_id": new_id(),
        "source": integration.type,
        "fingerprint": fingerprint(integration.id, draft),
        "ordinal": 1,
        "timestamp": occurred_at,
        "received_at": occurred_at,
        "decision": Decision.NEW_EPISODE,
        "vendor_id": draft.vendor_id,
    }
    fields = {**defaults, **given}
    return Signal(
        tenant_id=integration.tenant_id, integration_id=integration.id, draft=draft, occurred_at=occurred_at, **fields
    )


def make_delivery(body: bytes = b"{}", **given: Any) -> Delivery:
    """Return a delivery that came in at the beginning."""
    return Delivery(body=body, **{"received_at": BEGINNING, **given})


def make_record(integration: Integration, **given: Any) -> DeliveryRecord:
    """Return an accepted delivery of the integration, as stored, with an empty receipt."""
    record_id: UUID = given.pop("id", None) or new_id()
    defaults = {
        "delivery": make_delivery(),
        "status": DeliveryStatus.ACCEPTED,
        "receipt": Receipt(delivery_id=record_id),
    }
    return DeliveryRecord(
        id=record_id, tenant_id=integration.tenant_id, integration_id=integration.id, **{**defaults, **given}
    )


def make_incident(tenant_id: UUID, **given: Any) -> Incident:
    """Return a detected incident of checkout in production, created when it was detected."""
    detected_at: datetime = given.pop("detected_at", BEGINNING)
    defaults = {
        "id": new_id(),
        "title": "Latency of checkout is high",
        "service": "checkout",
        "environment": Environment.PRODUCTION,
        "severity": Severity.HIGH,
        "created_at": detected_at,
        "updated_at": detected_at,
    }
    return Incident(tenant_id=tenant_id, detected_at=detected_at, **{**defaults, **given})


def make_snapshot(incident: Incident, **given: Any) -> ContextSnapshot:
    """Return a snapshot of the incident with one signal and one metric series, taken 5 minutes after detection."""
    onset = incident.detected_at
    signal = ObservedSignal(
        id=new_id(), service=incident.service, title=incident.title, severity="high", started_at=onset
    )
    metric = MetricSeries(
        component=incident.service,
        name="latency_p99",
        kind=MetricKind.LATENCY,
        unit="s",
        start=onset - timedelta(minutes=1),
        step_seconds=30.0,
        values=(0.2, None, 2.5, 2.75),
    )
    defaults = {
        "id": new_id(),
        "as_of": onset + timedelta(minutes=5),
        "window_start": onset - timedelta(hours=1),
        "onset": onset,
        "window_end": onset + timedelta(minutes=5),
        "alarm": incident.service,
        "signals": (signal,),
        "metrics": (metric,),
    }
    return ContextSnapshot(incident_id=incident.id, **{**defaults, **given})


def make_cause(**given: Any) -> RankedCause:
    """Return a service as a cause, with one piece of evidence."""
    evidence = Evidence(
        id="latency-of-checkout",
        kind=EvidenceKind.METRIC,
        polarity=Polarity.SUPPORTS,
        component=Component.SIGNAL_STRENGTH,
        strength=0.75,
        refers_to="checkout/latency_p99",
        summary="Latency rose from 0.2 s to 2.5 s",
        at=BEGINNING,
    )
    defaults = {
        "kind": CandidateKind.SERVICE,
        "subject": "checkout",
        "claim": "checkout is the origin",
        "description": "Its latency rose first.",
        "score": 1.5,
        "confidence": Confidence(lower=0.25, primary=0.5, upper=0.75, calibrated_on=40),
        "components": {Component.SIGNAL_STRENGTH: ComponentScore(value=0.75, weight=2.0, contribution=1.5)},
        "supporting": (evidence,),
    }
    return RankedCause(**{**defaults, **given})


def make_diagnosis(snapshot: ContextSnapshot, **given: Any) -> Diagnosis:
    """Return a convincing diagnosis made from the snapshot, as of it."""
    defaults = {
        "id": new_id(),
        "engine_version": "test-1",
        "at": snapshot.as_of,
        "convincing": True,
        "next_evidence": (NextEvidence(subject="checkout", check="its database", why="not looked at yet"),),
    }
    return Diagnosis(incident_id=snapshot.incident_id, snapshot_id=snapshot.id, **{**defaults, **given})


def make_hypothesis(diagnosis: Diagnosis, **given: Any) -> Hypothesis:
    """Return the first hypothesis of the diagnosis."""
    defaults = {"id": new_id(), "rank": 1, "cause": make_cause(), "created_at": diagnosis.at}
    return Hypothesis(incident_id=diagnosis.incident_id, diagnosis_id=diagnosis.id, **{**defaults, **given})


def make_runbook(**given: Any) -> Runbook:
    """Return a runbook for slow services, with a slug of its own and one action."""
    runbook_id: UUID = given.pop("id", None) or new_id()
    defaults = {
        "slug": f"slow-service-{runbook_id.hex[-12:]}",
        "title": "A service answers slowly",
        "description": "What to do where latency is high.",
        "content": "# Look at saturation first",
        "tags": ("latency",),
        "created_at": BEGINNING,
        "updated_at": BEGINNING,
        "actions": (RunbookAction(action_type=ActionType.SCALE_OUT, description="Add two instances."),),
    }
    return Runbook(id=runbook_id, **{**defaults, **given})


def make_recommendation(incident: Incident, **given: Any) -> Recommendation:
    """Return a pending proposal to roll back."""
    defaults = {
        "id": new_id(),
        "action_type": ActionType.ROLLBACK,
        "description": "Roll back checkout\nUndo the deploy of 08:55.",
        "rationale": "The deploy came right before.",
        "risk_level": RiskLevel.MEDIUM,
        "estimated_impact": "The previous version serves again.",
        "reversibility": Reversibility.MANUAL,
        "relevance_score": 0.5,
        "rank": 1,
        "created_at": incident.detected_at,
    }
    return Recommendation(incident_id=incident.id, **{**defaults, **given})


def make_audit_entry(actor: Actor, **given: Any) -> AuditEntry:
    """Return the entry of a harmless change by the actor."""
    defaults = {
        "id": new_id(),
        "event_type": "incident.edited",
        "action": AuditAction.UPDATE,
        "at": BEGINNING,
        "resource_type": "incident",
        "resource_id": new_id(),
        "details": {"title": "new", "count": 2},
    }
    return AuditEntry(
        tenant_id=actor.tenant_id,
        actor_kind=actor.kind.value,
        actor_id=actor.id,
        user_id=actor.user_id,
        origin=actor.origin,
        **{**defaults, **given},
    )
