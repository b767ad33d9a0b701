"""Who is told what: rules that lead from what happened to targets. With no rule nobody is told."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import attrs

from sre_copilot.domain.errors import InvalidInput
from sre_copilot.domain.lifecycle import State
from sre_copilot.domain.outbound import Event, IncidentFacts
from sre_copilot.domain.signals import Environment, Severity
from sre_copilot.domain.text import NAME_LENGTH, checked_text

MOST_GLOBS = 100


@attrs.frozen(order=True)
class Target:
    """Where a message goes: an integration, and where in it; "" is the integration's own default.

    What an address is, the integration's type says: a Slack channel, mail addresses.
    """

    integration_id: UUID
    address: str = ""


@attrs.frozen(kw_only=True)
class RoutingRule:
    """Tell a target what happens to the incidents that fit all of this; an empty collection means any.

    `services` are names in which `*` stands for any characters and `?` for one, whatever their case.
    """

    id: UUID
    tenant_id: UUID
    name: str
    target: Target
    services: tuple[str, ...] = ()
    minimum_severity: Severity = Severity.INFO
    states: frozenset[State] = frozenset()
    events: frozenset[Event] = frozenset()
    environments: frozenset[Environment] = frozenset()
    is_active: bool = True
    created_at: datetime

    @property
    def integration_id(self) -> UUID:
        """The target's integration."""
        return self.target.integration_id


class Routed(StrEnum):
    """What one rule says to one happening, and why."""

    TOLD = "told"
    TOLD_BEFORE = "told_before"
    """Severity or state fit no longer, but the target has heard of the incident and hears how it goes on."""
    SAID_THERE = "said_there"
    """It comes from the target itself."""
    INACTIVE = "inactive"
    OTHER_EVENT = "other_event"
    OTHER_SERVICE = "other_service"
    OTHER_ENVIRONMENT = "other_environment"
    LESS_SEVERE = "less_severe"
    OTHER_STATE = "other_state"

    @property
    def tells(self) -> bool:
        """Whether the target is told."""
        return self in (Routed.TOLD, Routed.TOLD_BEFORE)


def route(
    rule: RoutingRule,
    event: Event,
    incident: IncidentFacts,
    *,
    told: Collection[Target] = (),
    said_at: Target | None = None,
) -> Routed:
    """Return what a rule says. `told` are the targets that have heard of the incident, `said_at` is where it was said."""
    if not rule.is_active:
        return Routed.INACTIVE
    if rule.target == said_at:
        return Routed.SAID_THERE
    if rule.events and event not in rule.events:
        return Routed.OTHER_EVENT
    if rule.services and not any(fits(glob, incident.service) for glob in rule.services):
        return Routed.OTHER_SERVICE
    if rule.environments and incident.environment not in rule.environments:
        return Routed.OTHER_ENVIRONMENT
    if incident.severity.weight < rule.minimum_severity.weight:
        return Routed.TOLD_BEFORE if rule.target in told else Routed.LESS_SEVERE
    if rule.states and incident.state not in rule.states:
        return Routed.TOLD_BEFORE if rule.target in told else Routed.OTHER_STATE
    return Routed.TOLD


def recipients(
    rules: Iterable[RoutingRule],
    event: Event,
    incident: IncidentFacts,
    *,
    told: Collection[Target] = (),
    said_at: Target | None = None,
) -> tuple[Target, ...]:
    """Return the targets that are told, each once and sorted, however many rules lead to it and in whatever order."""
    reached = (rule.target for rule in rules if route(rule, event, incident, told=told, said_at=said_at).tells)
    return tuple(sorted(set(reached)))


def fits(glob: str, name: str) -> bool:
    """Whether a name is what the glob says, whatever the case. Takes time in proportion to both lengths at most."""
    wanted, given = glob.casefold(), name.casefold()
    at, place = 0, 0
    star, retry = -1, 0
    while place < len(given):
        if at < len(wanted) and wanted[at] == "*":
            star, retry = at, place
            at += 1
        elif at < len(wanted) and wanted[at] in ("?", given[place]):
            at, place = at + 1, place + 1
        elif star >= 0:
            # The last star takes one character more; the ones before it have no need to.
            retry += 1
            at, place = star + 1, retry
        else:
            return False
    return not wanted[at:].strip("*")


def checked_globs(globs: Sequence[str]) -> tuple[str, ...]:
    """Return the globs without white space around them, each once. Raises InvalidInput for a blank or overlong one, or too many."""
    found = tuple(dict.fromkeys(checked_text("A service", glob).strip() for glob in globs))
    if len(found) > MOST_GLOBS or not all(0 < len(glob) <= NAME_LENGTH for glob in found):
        raise InvalidInput(
            f"Give at most {MOST_GLOBS} services, each of 1 to {NAME_LENGTH} characters; * stands for any."
        )
    return found
