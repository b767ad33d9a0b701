"""What happens to an incident becomes messages for those whom a rule tells, in the same unit of work."""

from collections import Counter
from collections.abc import Callable
from uuid import UUID

import attrs
import pytest

from sre_copilot.application.ports.outbox import OutboxFilter
from sre_copilot.domain.actors import Role
from sre_copilot.domain.edits import Edit
from sre_copilot.domain.errors import InvalidTransition
from sre_copilot.domain.outbound import Event, Happening, IncidentFacts
from sre_copilot.domain.outbox import OutboxEntry
from sre_copilot.domain.outcomes import OutcomeResult
from sre_copilot.domain.routing import Target
from sre_copilot.domain.signals import Severity
from sre_copilot.testing.faults import Fault, TappedUnits
from sre_copilot.testing.stage import Stage, alert, stage


def told(here: Stage) -> list[OutboxEntry]:
    """The outbox, oldest first."""
    entries = here.copilot.outbound.messages(actor=here.system, narrowed=OutboxFilter(limit=1000))
    return sorted(entries, key=lambda entry: (entry.created_at, entry.id))


def last(here: Stage) -> tuple[Happening, IncidentFacts]:
    """What the latest message says."""
    content = told(here)[-1].content
    assert content.happening is not None
    assert content.incident is not None
    return content.happening, content.incident


@pytest.fixture
def here() -> Stage:
    """A stage whose integration is told of everything."""
    made = stage()
    made.copilot.add_route(actor=made.person(Role.ADMIN), name="all", integration_id=made.integration.id)
    return made


def opened(here: Stage) -> UUID:
    (incident,) = here.send(alert()).opened
    return incident


def diagnosed(here: Stage, incident: UUID) -> None:
    here.copilot.diagnose(actor=here.engineer, incident_id=incident)


def advised(here: Stage, incident: UUID) -> None:
    diagnosed(here, incident)
    here.copilot.recommend(actor=here.engineer, incident_id=incident)


def decided(here: Stage, incident: UUID) -> None:
    advised(here, incident)
    (first, *_) = here.copilot.incidents.recommendations(actor=here.engineer, incident_id=incident)
    here.copilot.decide_recommendation(actor=here.engineer, recommendation_id=first.id, accept=True)


def executed(here: Stage, incident: UUID) -> None:
    decided(here, incident)
    (first, *_) = here.copilot.incidents.recommendations(actor=here.engineer, incident_id=incident)
    here.copilot.record_outcome(actor=here.engineer, recommendation_id=first.id, result=OutcomeResult.WORKED)


def settled(here: Stage, incident: UUID) -> None:
    here.copilot.investigate(actor=here.engineer, incident_id=incident)
    here.wait(hours=13)


DEEDS: dict[str, tuple[Callable[[Stage, UUID], object], Event, str]] = {
    "a person's step": (
        lambda here, incident: here.copilot.acknowledge(actor=here.engineer, incident_id=incident),
        Event.STATE_CHANGED,
        "Engineer",
    ),
    "worse signals": (
        lambda here, incident: here.send(alert("ErrorRate", severity=Severity.CRITICAL)),
        Event.SEVERITY_CHANGED,
        "alerts",
    ),
    "a person's severity": (
        lambda here, incident: here.copilot.edit(
            actor=here.engineer, incident_id=incident, edit=Edit(severity=Severity.LOW)
        ),
        Event.SEVERITY_CHANGED,
        "Engineer",
    ),
    "an assignment": (
        lambda here, incident: here.copilot.assign(
            actor=here.engineer, incident_id=incident, user_id=here.people[Role.ENGINEER].id
        ),
        Event.ASSIGNED,
        "Engineer",
    ),
    "a note": (
        lambda here, incident: here.copilot.note(actor=here.engineer, incident_id=incident, text="looking"),
        Event.NOTED,
        "Engineer",
    ),
    "a diagnosis": (diagnosed, Event.HYPOTHESES_READY, "Engineer"),
    "advice": (advised, Event.RECOMMENDATIONS_READY, "Engineer"),
    "a decision": (decided, Event.RECOMMENDATION_DECIDED, "Engineer"),
    "an outcome": (executed, Event.RECOMMENDATION_DECIDED, "Engineer"),
    "an end that is only suggested": (settled, Event.SETTLE_SUGGESTED, "SRE Copilot"),
    "an end by itself": (lambda here, incident: here.wait(hours=13), Event.STATE_CHANGED, "SRE Copilot"),
}


@pytest.mark.parametrize("deed", DEEDS)
def test_everything_that_happens_is_told_once_with_who_did_it_and_how_the_incident_stands_then(
    here: Stage, deed: str
) -> None:
    do, event, by = DEEDS[deed]
    incident = opened(here)
    do(here, incident)
    happening, facts = last(here)
    assert (happening.event, happening.by, happening.automated) == (event, by, by != "Engineer")
    stored = here.copilot.incidents.get(actor=here.engineer, incident_id=incident)
    assert (facts.id, facts.state, facts.severity) == (incident, stored.state, stored.severity)
    assert [entry.sequence for entry in told(here)] == list(range(1, len(told(here)) + 1))


def test_an_opened_incident_is_told_with_its_reason(here: Stage) -> None:
    opened(here)
    happening, facts = last(here)
    assert (happening.event, happening.before, happening.text) == (Event.OPENED, "", "HighLatency on checkout")
    assert facts.title == "HighLatency on checkout"
    declared = here.copilot.declare(actor=here.engineer, title="Search is empty", service="search")
    assert last(here)[1].id == declared.id


def test_a_diagnosis_is_told_with_its_best_causes_and_their_intervals(here: Stage) -> None:
    diagnosed(here, opened(here))
    first, second = last(here)[0].causes
    assert (first.rank, first.lower, first.primary, first.upper) == (1, 0.4, 0.7, 0.9)
    assert second.kind == "none_of_these"
    assert last(here)[0].convincing is True


def test_advice_is_told_with_the_ids_by_which_it_can_be_accepted(here: Stage) -> None:
    incident = opened(here)
    advised(here, incident)
    rows = here.copilot.incidents.recommendations(actor=here.engineer, incident_id=incident)
    assert [one.recommendation_id for one in last(here)[0].advice] == [row.id for row in rows]


def test_the_assignee_is_told_by_name(here: Stage) -> None:
    incident = opened(here)
    here.copilot.assign(actor=here.engineer, incident_id=incident, user_id=here.people[Role.VIEWER].id)
    assert last(here)[1].assignee == "Viewer"
    here.copilot.assign(actor=here.engineer, incident_id=incident, user_id=None)
    assert last(here)[1].assignee == ""


def test_what_changes_nothing_that_people_follow_is_not_told(here: Stage) -> None:
    incident = opened(here)
    here.send(alert())
    here.copilot.edit(actor=here.engineer, incident_id=incident, edit=Edit(title="Checkout is down"))
    here.copilot.assign(actor=here.engineer, incident_id=incident, user_id=None)
    assert len(told(here)) == 1


def test_what_is_refused_is_not_told(here: Stage) -> None:
    incident = opened(here)
    with pytest.raises(InvalidTransition):
        here.copilot.learn(actor=here.engineer, incident_id=incident)
    assert len(told(here)) == 1


def test_a_note_is_not_told_where_it_was_said(here: Stage) -> None:
    incident = opened(here)
    target = Target(here.integration.id)
    here.copilot.note(actor=here.engineer, incident_id=incident, text="seen", said_at=target)
    assert len(told(here)) == 1


def test_with_no_rule_nobody_is_told_and_only_the_rules_are_asked_for_once() -> None:
    here, watch = stage(), Fault()
    incident = opened(here)
    assert told(here) == []
    acknowledging = attrs.evolve(
        here.copilot, transition=attrs.evolve(here.copilot.transition, units=TappedUnits(here.units, watch))
    )
    acknowledging.acknowledge(actor=here.engineer, incident_id=incident)
    asked = Counter(call for call in watch.calls if call.startswith(("routes", "outbox", "jobs")))
    assert asked == Counter({"routes.all": 1})


def test_a_rule_that_rests_tells_nobody(here: Stage) -> None:
    (rule,) = here.copilot.outbound.rules(actor=here.system)
    here.copilot.change_route(actor=here.person(Role.ADMIN), rule_id=rule.id, is_active=False)
    opened(here)
    assert told(here) == []


def test_a_dry_run_says_what_then_happens(here: Stage) -> None:
    admin = here.person(Role.ADMIN)
    here.copilot.add_route(
        actor=admin,
        name="worst",
        integration_id=here.integration.id,
        address="#worst",
        minimum_severity=Severity.CRITICAL,
    )
    incident = opened(here)
    run = here.copilot.outbound.dry_run_of(actor=admin, event=Event.NOTED, incident_id=incident)
    assert {rule.name: verdict.value for rule, verdict in run.rules} == {"all": "told", "worst": "less_severe"}
    here.copilot.note(actor=here.engineer, incident_id=incident, text="seen")
    noted = [entry.target for entry in told(here) if entry.event == Event.NOTED]
    assert tuple(noted) == run.targets == (Target(here.integration.id),)
