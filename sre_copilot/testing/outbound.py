"""Builders: what happened, rules and messages with sensible contents, where a test names only what it is about."""

from typing import Any
from uuid import UUID

import attrs

from sre_copilot.adapters.system import new_id
from sre_copilot.domain.outbound import Content, Event, Happening, IncidentFacts, Message, facts_of
from sre_copilot.domain.outbox import OutboxEntry
from sre_copilot.domain.routing import RoutingRule, Target
from sre_copilot.testing.builders import make_incident
from sre_copilot.testing.clock import BEGINNING


def make_facts(**given: Any) -> IncidentFacts:
    """Return the facts of an incident of checkout."""
    return attrs.evolve(facts_of(make_incident(new_id())), **given)


def make_happening(event: Event = Event.STATE_CHANGED, **given: Any) -> Happening:
    """Return that Ada acknowledged it, or another event of hers."""
    return Happening(event=event, **{"at": BEGINNING, "by": "Ada Engineer", "before": "detected", **given})


def make_rule(integration_id: UUID, tenant_id: UUID | None = None, **given: Any) -> RoutingRule:
    """Return a rule with a name of its own by which the integration is told of everything."""
    rule_id: UUID = given.pop("id", None) or new_id()
    defaults = {"name": f"rule-{rule_id.hex[-12:]}", "target": Target(integration_id), "created_at": BEGINNING}
    return RoutingRule(id=rule_id, tenant_id=tenant_id or new_id(), **{**defaults, **given})


def make_entry(tenant_id: UUID, target: Target, incident_id: UUID | None, **given: Any) -> OutboxEntry:
    """Return a pending message, due at the beginning of time, the first of its incident there."""
    happening: Happening = given.pop("happening", None) or make_happening()
    defaults = {
        "id": new_id(),
        "sequence": 1 if incident_id else 0,
        "event": happening.event.value,
        "content": Content(incident=make_facts(id=incident_id or new_id()), happening=happening),
        "created_at": BEGINNING,
        "due_at": BEGINNING,
    }
    return OutboxEntry(tenant_id=tenant_id, target=target, incident_id=incident_id, **{**defaults, **given})


def make_message(happening: Happening | None = None, **given: Any) -> Message:
    """Return a message as a plugin is given it, the first of its incident there, at its first try."""
    facts: IncidentFacts = given.pop("incident", None) or make_facts()
    defaults = {
        "key": f"msg_{new_id().hex}",
        "sequence": 1,
        "attempt": 1,
        "address": "",
        "content": Content(incident=facts, happening=happening or make_happening(Event.OPENED, before="")),
        "created_at": BEGINNING,
    }
    return Message(**{**defaults, **given})
