"""`sre-copilot diagnose`, `explain`, `hypotheses`, `recommendations`."""

from uuid import UUID

import click

from sre_copilot.domain.hypotheses import Feedback
from sre_copilot.domain.outcomes import OutcomeResult
from sre_copilot.entrypoints.cli import render
from sre_copilot.entrypoints.cli.session import ID, Session, command


@click.command()
@click.argument("incident_id", type=ID, metavar="INCIDENT")
@command
def diagnose(session: Session, incident_id: UUID) -> None:
    """Rank the causes of an incident from what is known now, and recommend what to do."""
    with session.open() as copilot:
        actor = session.actor(copilot)
        diagnosis, found = copilot.diagnose(actor=actor, incident_id=incident_id)
        rows = copilot.recommend(actor=actor, incident_id=incident_id)
        session.show(
            {"diagnosis": diagnosis, "hypotheses": found, "recommendations": rows},
            render.hypotheses(found),
            render.recommendation_table(rows),
        )


@click.command()
@click.argument("signal_id", type=ID, metavar="SIGNAL")
@command
def explain(session: Session, signal_id: UUID) -> None:
    """Say why a signal ended up where it is: every candidate, score and factor."""
    with session.open() as copilot:
        actor = session.actor(copilot)
        told = copilot.signals.explain(actor=actor, signal_id=signal_id)
        signal, stored = told.signal, told.correlation
        facts = (
            f"{signal.draft.name} on {signal.draft.service} at {render.when(signal.timestamp)}: {signal.decision.value}"
        )
        if stored is None:
            session.show(told, facts, "No correlation was decided for it.")
            return
        shown = (item.incident_id for item in stored.decision.scores)
        titles = {str(one): copilot.incidents.show(actor=actor, incident_id=one).incident.title for one in shown}
        outcome = f"{stored.decision.outcome.value} (threshold {stored.decision.threshold:.2f})"
        session.show(told, facts, outcome, render.score_table(stored.decision.scores, titles))


@click.group()
def hypotheses() -> None:
    """Say what you think of a hypothesis."""


@hypotheses.command("feedback")
@click.argument("hypothesis_id", type=ID, metavar="HYPOTHESIS")
@click.argument("feedback", type=click.Choice([value.value for value in Feedback]))
@click.option("--notes", default="")
@command
def give_feedback(session: Session, hypothesis_id: UUID, feedback: str, notes: str) -> None:
    """Accept or reject a hypothesis, or say that you are uncertain."""
    with session.open() as copilot:
        judged = copilot.give_feedback(
            actor=session.actor(copilot), hypothesis_id=hypothesis_id, feedback=Feedback(feedback), notes=notes
        )
        session.show(judged, f"{judged.cause.claim} - {feedback}.")


@click.group()
def recommendations() -> None:
    """Accept or reject a recommendation, record its outcome."""


def _decide(session: Session, recommendation_id: UUID, notes: str, *, accept: bool) -> None:
    with session.open() as copilot:
        row = copilot.decide_recommendation(
            actor=session.actor(copilot), recommendation_id=recommendation_id, accept=accept, notes=notes
        )
        session.show(row, render.recommendation_table([row]))


@recommendations.command("accept")
@click.argument("recommendation_id", type=ID, metavar="RECOMMENDATION")
@click.option("--notes", default="")
@command
def accept_recommendation(session: Session, recommendation_id: UUID, notes: str) -> None:
    """Decide to do it. Nothing is executed by the copilot."""
    _decide(session, recommendation_id, notes, accept=True)


@recommendations.command("reject")
@click.argument("recommendation_id", type=ID, metavar="RECOMMENDATION")
@click.option("--notes", default="")
@command
def reject_recommendation(session: Session, recommendation_id: UUID, notes: str) -> None:
    """Decide against it."""
    _decide(session, recommendation_id, notes, accept=False)


@recommendations.command("outcome")
@click.argument("recommendation_id", type=ID, metavar="RECOMMENDATION")
@click.argument("result", type=click.Choice([value.value for value in OutcomeResult]))
@click.option("--notes", default="")
@command
def record_outcome(session: Session, recommendation_id: UUID, result: str, notes: str) -> None:
    """Say that it was carried out, and how it went."""
    with session.open() as copilot:
        row = copilot.record_outcome(
            actor=session.actor(copilot),
            recommendation_id=recommendation_id,
            result=OutcomeResult(result),
            notes=notes,
        )
        session.show(row, render.recommendation_table([row]))
