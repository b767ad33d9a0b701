"""Performing one command, as the person who gave it, through the use cases that everybody goes through."""

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

import attrs

from sre_copilot.application.ports.incidents import IncidentFilter
from sre_copilot.application.ports.unit_of_work import UnitOfWork
from sre_copilot.application.queries.incidents import IncidentQueries
from sre_copilot.application.use_cases.decide_recommendation import DecideRecommendation
from sre_copilot.application.use_cases.declare_incident import DeclareIncident
from sre_copilot.application.use_cases.note_on_incident import NoteOnIncident
from sre_copilot.application.use_cases.transition_incident import TransitionIncident
from sre_copilot.domain.actors import Actor, Permission
from sre_copilot.domain.commands import HELP, STEPS, Command, Response, Verb, declared, resolved
from sre_copilot.domain.errors import InvalidInput, NotFound
from sre_copilot.domain.incidents import Incident, Resolution
from sre_copilot.domain.lifecycle import OPEN, State
from sre_copilot.domain.outbound import advice_of, diagnosed, facts_of
from sre_copilot.domain.recommendations import Recommendation, RecommendationStatus
from sre_copilot.domain.telling import advice, details, headline, short_id

LISTED = 20
NEWEST = 1000
"""A part of an id is looked up among this many newest incidents."""
LATEST = 5
"""Entries of the timeline that `show` shows."""
STRANGER = (
    "I don't know who you are here, so nothing was done. An administrator can tell me: "
    "sre-copilot users change EMAIL --slack-id {by}"
)


@attrs.frozen(kw_only=True)
class Performing:
    """One command in one unit of work, which the use cases join. The commit is the caller's."""

    uow: UnitOfWork
    command: Command
    transition: TransitionIncident
    note: NoteOnIncident
    decide: DecideRecommendation
    declare: DeclareIncident
    incidents: IncidentQueries

    def perform(self, *, origin: str) -> Response:
        """Do it and return what came of it. Raises what the use cases raise, NotFound and InvalidInput."""
        command = self.command
        if (
            command.verb is Verb.NOTE
            and command.thread
            and self.uow.outbox.place(command.channel, command.thread) is None
        ):
            # People talk about other things too.
            return Response(text="")
        if command.verb is Verb.HELP:
            return Response(text=HELP)
        known = [user for user in self.uow.tenants.users() if command.by and user.slack_user_id == command.by]
        if len(known) != 1:
            return Response(text=STRANGER.format(by=command.by), ok=False)
        person = known[0].as_actor(origin=origin)
        return self._verbs()[command.verb](person)

    def _verbs(self) -> Mapping[Verb, Callable[[Actor], Response]]:
        return {
            **dict.fromkeys(STEPS, self._step),
            Verb.LIST: self._list,
            Verb.SHOW: self._show,
            Verb.DECLARE: self._declare,
            Verb.NOTE: self._note,
            Verb.ACCEPT: self._decide,
            Verb.REJECT: self._decide,
        }

    def _list(self, person: Actor) -> Response:
        found = self.incidents.list(actor=person, narrowed=IncidentFilter(states=OPEN, limit=LISTED))
        text = f"{len(found)} open incidents" if len(found) != 1 else "One open incident"
        return Response(text=text, incidents=tuple(facts_of(incident) for incident in found))

    def _show(self, person: Actor) -> Response:
        view = self.incidents.show(actor=person, incident_id=self._find(person).id)
        lines: list[str] = []
        if view.diagnosis is not None:
            lines += details(diagnosed(view.diagnosis, view.hypotheses, by="", automated=True))
        lines += [f"{advice(advice_of(row))}, {row.status.value}" for row in view.recommendations]
        lines += [f"{entry.at:%H:%M} {entry.text}" for entry in view.timeline[-LATEST:]]
        assignee = view.people.get(view.incident.assigned_to, "") if view.incident.assigned_to else ""
        facts = facts_of(view.incident, assignee=assignee)
        return Response(text=headline(facts), incidents=(facts,), lines=tuple(lines))

    def _declare(self, person: Actor) -> Response:
        person.require(Permission.RESPOND)
        given = declared(self.command.text)
        if given is None:
            raise InvalidInput("Say which service and what is wrong: declare SERVICE [SEVERITY] TITLE.")
        incident = self.declare(actor=person, title=given.title, service=given.service, severity=given.severity)
        return Response(text=f"Declared {_named(incident)}.", changed=True, incidents=(facts_of(incident),))

    def _step(self, person: Actor) -> Response:
        person.require(Permission.RESPOND)
        verb, text = self.command.verb, self.command.text
        action, target = STEPS[verb]
        incident = self._find(person)
        # Acknowledged is whatever somebody works on.
        at_work = verb is Verb.ACKNOWLEDGE and incident.state in OPEN - {State.DETECTED}
        if incident.state is target or at_work:
            return Response(
                text=f"{_named(incident)} is {incident.state.value} already.", incidents=(facts_of(incident),)
            )
        how, reason = resolved(text) if verb is Verb.RESOLVE else (Resolution.FIXED, text)
        after = self.transition(actor=person, incident_id=incident.id, action=action, reason=reason, resolution=how)
        return Response(text=f"{_named(after)} is {after.state.value}.", changed=True, incidents=(facts_of(after),))

    def _note(self, person: Actor) -> Response:
        person.require(Permission.RESPOND)
        place = self.uow.outbox.place(self.command.channel, self.command.thread) if self.command.thread else None
        incident = self._find(person)
        said_at = place[1] if place is not None and place[0] == incident.id else None
        self.note(actor=person, incident_id=incident.id, text=self.command.text, said_at=said_at)
        return Response(text=f"Noted on {_named(incident)}.", changed=True)

    def _decide(self, person: Actor) -> Response:
        person.require(Permission.RESPOND)
        accept = self.command.verb is Verb.ACCEPT
        wanted = RecommendationStatus.ACCEPTED if accept else RecommendationStatus.REJECTED
        found = self._recommendation()
        if found.status is wanted:
            return Response(text=f"It is {wanted.value} already: {found.title}")
        decided = self.decide(actor=person, recommendation_id=found.id, accept=accept, notes=self.command.text)
        return Response(text=f"{wanted.value.capitalize()}: {decided.title}", changed=True)

    def _recommendation(self) -> Recommendation:
        try:
            return self.uow.recommendations.get(UUID(self.command.subject))
        except ValueError:
            raise NotFound("There is no such recommendation.") from None

    def _find(self, person: Actor) -> Incident:
        """The incident that is meant. Raises NotPermitted, NotFound, and InvalidInput where it could be several."""
        person.require(Permission.READ)
        word = self.command.incident
        if not word and self.command.thread:
            place = self.uow.outbox.place(self.command.channel, self.command.thread)
            if place is not None:
                return self.uow.incidents.get(place[0])
        if not word:
            return _only(self.uow.incidents.list(IncidentFilter(states=OPEN, limit=2)), "is open")
        if len(word) == len(str(UUID(int=0))):
            return self.uow.incidents.get(_whole(word))
        newest = self.uow.incidents.list(IncidentFilter(limit=NEWEST))
        fitting = [row for row in newest if str(row.id).startswith(word) or str(row.id).endswith(word)]
        return _only(fitting, f"has {word} in its id")


def _whole(word: str) -> UUID:
    try:
        return UUID(word)
    except ValueError:
        raise NotFound("There is no such incident.") from None


def _only(found: Sequence[Incident], what: str) -> Incident:
    if not found:
        raise NotFound(f"No incident {what}; `list` shows the open ones.")
    if len(found) > 1:
        raise InvalidInput(f"More than one incident {what}; say which one by its id, `list` shows them.")
    return found[0]


def _named(incident: Incident) -> str:
    facts = facts_of(incident)
    return f"{headline(facts)} ({short_id(facts)})"
