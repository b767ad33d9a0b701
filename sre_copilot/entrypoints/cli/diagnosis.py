"""`sre-copilot diagnose`, `hypotheses`, `recommendations`."""

from uuid import UUID

import click

from sre_copilot.domain.hypotheses import Feedback
from sre_copilot.domain.outcomes import OutcomeResult
from sre_copilot.entrypoints.cli.causes import diagnosis_page, recommendation_list
from sre_copilot.entrypoints.cli.groups import InOrder, choice
from sre_copilot.entrypoints.cli.ids import ID, incident_argument
from sre_copilot.entrypoints.cli.render import words
from sre_copilot.entrypoints.cli.session import Session, command, waiting

notes_option = click.option("--notes", default="", metavar="TEXT", help="Why; kept for the record. [default: none]")


@click.command()
@click.option("--all", "whole", is_flag=True, help="Leave nothing out: every hypothesis and every reason.")
@click.option("--offline", is_flag=True, help="Ask no language model, even if one is configured.")
@incident_argument
@command
def diagnose(session: Session, incident: UUID | str, whole: bool, offline: bool) -> None:
    """Rank the causes of an incident from what is known now, and recommend what to do.

    Confidences are shown in per cent, with the interval that they lie in. A language model reads along where one is
    configured, which takes a minute at most; it adds evidence and words, and computes no number.
    """
    with session.open() as copilot:
        actor = session.actor(copilot)
        incident_id = session.find(copilot, actor, incident)
        with waiting("Diagnosing"):
            diagnosis, found = copilot.diagnose(actor=actor, incident_id=incident_id, advise_later=False)
            consulted = None if offline else copilot.advise(actor=actor, incident_id=incident_id)
            if consulted is not None and consulted.advised_id is not None:
                latest = copilot.incidents.diagnosis(actor=actor, incident_id=incident_id)
                diagnosis, found = (latest[0], tuple(latest[1])) if latest else (diagnosis, found)
            rows = copilot.recommend(actor=actor, incident_id=incident_id)
        told = {"diagnosis": diagnosis, "hypotheses": found, "recommendations": rows}
        if consulted is not None:
            told["consultation"] = consulted
        session.show(told, diagnosis_page(diagnosis, found, rows, consultation=consulted, whole=whole))


@click.group(cls=InOrder)
def hypotheses() -> None:
    """Say what you think of a hypothesis."""


@hypotheses.command("feedback")
@click.argument("hypothesis_id", type=ID, metavar="HYPOTHESIS")
@click.argument("feedback", type=choice(Feedback), metavar="FEEDBACK")
@notes_option
@command
def give_feedback(session: Session, hypothesis_id: UUID, feedback: str, notes: str) -> None:
    """Accept or reject a hypothesis, or say that you are uncertain.

    HYPOTHESIS is its id, as `incidents show` and `diagnose` print it; FEEDBACK is accepted, rejected or uncertain.
    """
    with session.open() as copilot:
        judged = copilot.give_feedback(
            actor=session.actor(copilot), hypothesis_id=hypothesis_id, feedback=Feedback(feedback), notes=notes
        )
        session.show(judged, words(f"{feedback.capitalize()}: {judged.cause.claim}"))


@click.group(cls=InOrder)
def recommendations() -> None:
    """Accept or reject a recommendation, record its outcome. Nothing is ever executed."""


def _decide(session: Session, recommendation_id: UUID, notes: str, *, accept: bool) -> None:
    with session.open() as copilot:
        row = copilot.decide_recommendation(
            actor=session.actor(copilot), recommendation_id=recommendation_id, accept=accept, notes=notes
        )
        session.show(row, recommendation_list([row]))


@recommendations.command("accept")
@click.argument("recommendation_id", type=ID, metavar="RECOMMENDATION")
@notes_option
@command
def accept_recommendation(session: Session, recommendation_id: UUID, notes: str) -> None:
    """Decide to do it. Nothing is executed by the copilot.

    RECOMMENDATION is its id, as `incidents show` and `diagnose` print it.
    """
    _decide(session, recommendation_id, notes, accept=True)


@recommendations.command("reject")
@click.argument("recommendation_id", type=ID, metavar="RECOMMENDATION")
@notes_option
@command
def reject_recommendation(session: Session, recommendation_id: UUID, notes: str) -> None:
    """Decide against it.

    RECOMMENDATION is its id, as `incidents show` and `diagnose` print it.
    """
    _decide(session, recommendation_id, notes, accept=False)


@recommendations.command("outcome")
@click.argument("recommendation_id", type=ID, metavar="RECOMMENDATION")
@click.argument("result", type=choice(OutcomeResult), metavar="RESULT")
@notes_option
@command
def record_outcome(session: Session, recommendation_id: UUID, result: str, notes: str) -> None:
    """Say that an accepted one was carried out, and how it went. Its runbook's record grows by that.

    RECOMMENDATION is its id, as `incidents show` and `diagnose` print it; RESULT is worked, failed or unclear.
    """
    with session.open() as copilot:
        row = copilot.record_outcome(
            actor=session.actor(copilot), recommendation_id=recommendation_id, result=OutcomeResult(result), notes=notes
        )
        session.show(row, recommendation_list([row]))
