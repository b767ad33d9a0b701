"""What a terminal shows of a consultation."""

from typing import Any
from uuid import UUID

import attrs
from rich.console import Console

from sre_copilot.domain.advice import SummaryLine
from sre_copilot.domain.consultations import Consultation, Outcome
from sre_copilot.entrypoints.cli.causes import diagnosis_page
from sre_copilot.testing.builders import make_diagnosis, make_hypothesis, make_incident, make_snapshot
from sre_copilot.testing.clock import BEGINNING

DIAGNOSIS = make_diagnosis(make_snapshot(make_incident(UUID(int=1))))
ADVISED = Consultation(
    id=UUID(int=5),
    incident_id=DIAGNOSIS.incident_id,
    diagnosis_id=UUID(int=6),
    advised_id=DIAGNOSIS.id,
    at=BEGINNING,
    asked_by_person=True,
    model="claude-fake",
    prompt="diagnosis-1",
    outcome=Outcome.ADVISED,
    cited=1,
    dropped={"unknown_evidence": 2},
    summary=(SummaryLine(text="Undo the deploy of [red]checkout[/red].", cites=("a",)),),
)


def shown(**changed: Any) -> str:
    console = Console(width=200, record=True, file=None, quiet=False)
    with console.capture() as captured:
        console.print(
            diagnosis_page(DIAGNOSIS, [make_hypothesis(DIAGNOSIS)], [], consultation=attrs.evolve(ADVISED, **changed))
        )
    return captured.get()


def test_the_summary_comes_first_with_what_was_cited_and_dropped() -> None:
    said = shown()
    assert said.index("Undo the deploy of [red]checkout[/red].") < said.index("Hypotheses")
    assert "claude-fake read along: 1 statement cited, 2 dropped (2 unknown evidence)" in said


def test_a_summary_of_another_diagnosis_is_not_shown() -> None:
    assert "Undo" not in shown(advised_id=UUID(int=9))


def test_over_budget_is_said() -> None:
    said = shown(outcome=Outcome.OVER_BUDGET, advised_id=None, summary=(), detail="the budget is used up")
    assert "claude-fake was not asked: the budget is used up. The ranking is the offline engine's alone." in said


def test_that_it_is_still_being_asked_is_said() -> None:
    assert "is being asked" in shown(outcome=Outcome.RUNNING, advised_id=None)
