"""`sre-copilot explain`: why a signal ended up where it is."""

from collections.abc import Iterator, Mapping
from uuid import UUID

import click
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sre_copilot.application.queries.signals import Explanation
from sre_copilot.domain.correlation import CandidateScore, CorrelationDecision
from sre_copilot.domain.decisions import CorrelationOutcome, Decision
from sre_copilot.domain.signals import Signal
from sre_copilot.domain.silences import Silence
from sre_copilot.entrypoints.cli.ids import ID, short
from sre_copilot.entrypoints.cli.render import bar, grid, table, when, words
from sre_copilot.entrypoints.cli.session import Session, command

SCORE_WIDTH = 10
MEANING: Mapping[Decision, str] = {
    Decision.NEW_EPISODE: "it opened an episode and is its original",
    Decision.DUPLICATE: "another firing signal of an episode that has its original",
    Decision.REPEAT: "the same series, status and time again",
    Decision.REDELIVERY: "the same vendor id again",
    Decision.RESOLVED: "it ended an episode",
    Decision.ORPHAN_RESOLVE: "a resolve that matches no episode",
    Decision.CHANGE: "a change: context, never an incident by itself",
    Decision.HEARTBEAT: "it only says that the pipeline works; never correlated",
    Decision.SILENCED: "it opened an episode and is its original, and a silence kept it from any incident then",
}
OUTCOME: Mapping[CorrelationOutcome, str] = {
    CorrelationOutcome.JOINED: "joined the incident that scored best",
    CorrelationOutcome.OPENED: "opened an incident: no open one scored enough",
    CorrelationOutcome.OPENED_RECURRENCE: "opened an incident, linked to the closed one of the same series",
    CorrelationOutcome.CONTEXT_ONLY: "kept as context: of severity info, and no open incident scored enough",
    CorrelationOutcome.WAITING: "waits: the plan's monthly limit of incidents is reached",
    CorrelationOutcome.SILENCED: "silenced: no incident as long as the silence is in force",
    CorrelationOutcome.MOVED_BY_PERSON: "put there by a person",
}


@click.command()
@click.argument("signal_id", type=ID, metavar="SIGNAL")
@command
def explain(session: Session, signal_id: UUID) -> None:
    """Say why a signal ended up where it is: every candidate that could have been it, its score and factors, from 0 to 1.

    SIGNAL is its id, as `incidents show INCIDENT --all` prints it.
    """
    with session.open() as copilot:
        actor = session.actor(copilot)
        told = copilot.signals.explain(actor=actor, signal_id=signal_id)
        titles: dict[UUID, str] = {}
        if told.correlation is not None and not session.as_json:
            for item in told.correlation.decision.scores:
                titles[item.incident_id] = copilot.incidents.get(actor=actor, incident_id=item.incident_id).title
        session.show(told, Group(*_page(told, titles)))


def _page(told: Explanation, titles: Mapping[UUID, str]) -> Iterator[RenderableType]:
    yield _facts(told.signal)
    if told.correlation is None:
        yield Text("\nNo correlation was decided for it.")
    else:
        yield from _decided(told, told.correlation.decision, titles)
    yield from _corrections(told)


def _decided(told: Explanation, decision: CorrelationDecision, titles: Mapping[UUID, str]) -> Iterator[RenderableType]:
    if told.signal.original_id is not None:
        yield words(f"It is a duplicate: what follows was decided for its original, {told.signal.original_id}.", "dim")
    takes = f" (it takes {decision.threshold:.2f})" if told.silence is None else ""
    yield Text.assemble("\nCorrelation  ", (OUTCOME[decision.outcome], "bold"), takes)
    if told.silence is not None:
        yield from _silence(told.silence)
    elif decision.scores:
        yield _scores(decision, titles)
    if decision.ruled_out:
        others = "other open incidents" if decision.ruled_out > 1 else "other open incident"
        yield Text(f"{decision.ruled_out} {others} could not have reached it, whatever else agreed.", style="dim")
    elif not decision.scores:
        yield Text("No incident was open then.", style="dim")


def _corrections(told: Explanation) -> Iterator[RenderableType]:
    """What people did since, with this episode and with others of its series."""
    if not told.corrections:
        return
    yield Text("\nWhat people did with episodes of this series since (it decides nothing about the next one):")
    rows = table("UTC", "", "From", "To", "Scores then", "Who", "Why")
    for one in told.corrections:
        is_this = one.signal_id in (told.signal.id, told.signal.original_id)
        scores = ", ".join(f"{short(score.incident_id)} {score.score:.2f}" for score in one.scores)
        rows.add_row(
            when(one.at),
            Text(one.kind.value if is_this else f"{one.kind.value} another", style="bold" if is_this else "dim"),
            short(one.left_id) if one.left_id else "nowhere",
            short(one.joined_id),
            scores or "none",
            words(told.people.get(one.user_id, "") if one.user_id else ""),
            words(one.reason),
        )
    yield rows


def _silence(silence: Silence) -> Iterator[RenderableType]:
    """Which one, why, and until when."""
    matchers = ", ".join(map(str, silence.matchers))
    ended = f"ended early at {when(silence.ended_at)}" if silence.ended_at else f"until {when(silence.ends_at)}"
    yield words(f"Silenced by {matchers} ({silence.comment})")
    yield words(f"from {when(silence.starts_at)} {ended} UTC: sre-copilot silences show {silence.id}", "dim")


def _facts(signal: Signal) -> Table:
    facts = grid()
    for name, value in (
        ("Signal", words(f"{signal.draft.name} on {signal.draft.service}", "bold")),
        ("Title", words(signal.draft.title or "–")),
        ("At", Text(f"{when(signal.timestamp)} UTC, received {when(signal.received_at)}")),
        ("Decision", Text.assemble((signal.decision.value, "bold"), f": {MEANING[signal.decision]}")),
        ("Incident", Text(str(signal.incident_id or "none"))),
        ("Id", Text(str(signal.id), style="dim")),
    ):
        facts.add_row(Text(name, style="dim"), value)
    return facts


def _scores(decision: CorrelationDecision, titles: Mapping[UUID, str]) -> Group:
    """The candidates, best first, and below them what each score is made of."""
    rows = table("Score", "", "Incident", "")
    for item in decision.scores:
        chosen = item.incident_id == decision.incident_id
        style = "green" if item.score >= decision.threshold else "dim"
        rows.add_row(
            Text(f"{item.score:.2f}", style=style),
            bar(item.score, SCORE_WIDTH, style),
            Text.assemble((short(item.incident_id), "dim"), " ", words(titles.get(item.incident_id, ""))),
            Text("← joined", style="green") if chosen else Text(),
        )
    return Group(rows, Text(), _factors(decision.scores))


def _factors(scores: tuple[CandidateScore, ...]) -> Table:
    """One row per factor with its weight, one column per candidate."""
    shown = scores[:4]
    rows = table("Factor", "Weight", *(short(item.incident_id) for item in shown))
    for column in rows.columns[1:]:
        column.justify = "right"
    for place, factor in enumerate(shown[0].factors):
        values = [item.factors[place].value for item in shown]
        cells = ["unknown" if value is None else f"{value:.2f}" for value in values]
        rows.add_row(factor.name.replace("_", " "), f"{factor.weight:.2f}", *cells)
    return rows
