"""The demo's last act: an incident is walked to its end, as a person would."""

from collections.abc import Iterator, Sequence
from typing import Any

import attrs
from rich.table import Table
from rich.text import Text

from sre_copilot.application.copilot import Copilot
from sre_copilot.application.queries.incidents import IncidentView
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.hypotheses import CandidateKind, Feedback
from sre_copilot.domain.incidents import Incident, Resolution
from sre_copilot.domain.lifecycle import Action, State, allowed_actions
from sre_copilot.domain.outcomes import OutcomeResult
from sre_copilot.domain.recommendations import RecommendationStatus
from sre_copilot.entrypoints.cli.render import grid, words

UNKNOWN = (CandidateKind.NONE_OF_THESE, CandidateKind.OTHERS)


@attrs.frozen(kw_only=True)
class Step:
    """One step: the command that does the same, without ids, and what came of it."""

    command: str
    result: str


@attrs.frozen(kw_only=True)
class Walker:
    """Walks one incident to `learned`; what was done before is not done again."""

    copilot: Copilot
    actor: Actor
    view: IncidentView

    def steps(self) -> Iterator[Step]:
        """Take and yield the steps that are left."""
        incident = self.view.incident
        if incident.state is State.LEARNED:
            return
        incident, taken = self._moved(incident, Action.ACKNOWLEDGE)
        yield from taken
        if incident.state is State.ACKNOWLEDGED:
            incident, taken = self._moved(incident, Action.INVESTIGATE)
            yield from taken
        yield from self._judged()
        yield from self._acted()
        incident, taken = self._moved(incident, Action.MITIGATE)
        yield from taken
        incident, taken = self._moved(incident, Action.RESOLVE, " --how fixed", resolution=Resolution.FIXED)
        yield from taken
        advice = self.view.recommendations
        _, taken = self._moved(
            incident,
            Action.LEARN,
            " --root-cause ... --summary ...",
            root_cause=self.view.hypotheses[0].cause.claim,
            resolution_summary=advice[0].title if advice else "It recovered.",
        )
        yield from taken

    def _moved(
        self, incident: Incident, action: Action, options: str = "", **details: Any
    ) -> tuple[Incident, list[Step]]:
        if action not in allowed_actions(incident.state):
            return incident, []
        after = self.copilot.transition(actor=self.actor, incident_id=incident.id, action=action, **details)
        result = f"{incident.state.value} → {after.state.value}"
        return after, [Step(command=f"incidents {action.value}{options}", result=result)]

    def _judged(self) -> Iterator[Step]:
        best = self.view.hypotheses[0]
        if best.feedback is not None:
            return
        feedback = Feedback.UNCERTAIN if best.cause.kind in UNKNOWN else Feedback.ACCEPTED
        self.copilot.give_feedback(actor=self.actor, hypothesis_id=best.id, feedback=feedback)
        yield Step(command=f"hypotheses feedback {feedback.value}", result=best.cause.claim)

    def _acted(self) -> Iterator[Step]:
        for row in self.view.recommendations[:1]:
            if row.status is not RecommendationStatus.PENDING:
                continue
            self.copilot.decide_recommendation(actor=self.actor, recommendation_id=row.id, accept=True)
            yield Step(command="recommendations accept", result=row.title)
            self.copilot.record_outcome(actor=self.actor, recommendation_id=row.id, result=OutcomeResult.WORKED)
            yield Step(command="recommendations outcome worked", result="the runbook's record grows")


def step_table(steps: Sequence[Step]) -> Table:
    """The steps, each with the command that a person would type, without its ids."""
    lines = grid()
    lines.add_column(no_wrap=True)
    for step in steps:
        lines.add_row(Text(step.command, style="cyan"), words(step.result))
    return lines
