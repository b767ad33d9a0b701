"""What an advisor may read with: four tools about one incident of one tenant, none of which writes."""

from datetime import datetime, timedelta
from uuid import UUID

import attrs
import pytest

from sre_copilot.adapters.system import new_id
from sre_copilot.application.ports.advisor import LONGEST_READING
from sre_copilot.application.ports.diagnoses import MetricContext
from sre_copilot.application.reading import NOTHING, Reading
from sre_copilot.domain.advice import Exhibit, Question
from sre_copilot.domain.errors import ContextUnavailable
from sre_copilot.domain.hypotheses import EvidenceKind
from sre_copilot.domain.incidents import Resolution
from sre_copilot.domain.snapshots import ContextSnapshot, MetricSeries, ObservedChange
from sre_copilot.domain.telemetry import Telemetry
from sre_copilot.testing.builders import make_runbook, make_snapshot
from sre_copilot.testing.diagnoses import FixedMetrics
from sre_copilot.testing.stage import Stage, alert, stage


class Unreachable:
    """A metrics store that doesn't answer."""

    def series(self, *, tenant_id: UUID, start: datetime, end: datetime) -> list[MetricSeries]:
        """Raises ContextUnavailable."""
        raise ContextUnavailable("The metrics store does not answer.")

    def telemetry(self, *, tenant_id: UUID, start: datetime, end: datetime) -> Telemetry | None:
        """Nothing."""
        return None


def scene(metrics: MetricContext | None = None) -> tuple[Stage, Reading]:
    """An open incident of checkout half an hour after a deploy that the question names e1, and its tools."""
    here = stage()
    here.send(alert("OldAlert", "checkout"))
    (old,) = here.copilot.incidents.list(actor=here.engineer)
    here.copilot.resolve(actor=here.engineer, incident_id=old.id, resolution=Resolution.FIXED, root_cause="A full disk")
    here.clock.advance(timedelta(days=1))
    (incident_id,) = here.send(alert()).opened
    incident = here.copilot.incidents.get(actor=here.engineer, incident_id=incident_id)
    change = ObservedChange(
        id=new_id(),
        service="checkout",
        kind="deploy",
        summary="Deploy of checkout",
        at=incident.detected_at - timedelta(minutes=30),
        paths=("cart.py",),
        text="+ timeout = 1\n" * 600,
    )
    snapshot: ContextSnapshot = make_snapshot(incident, changes=(change,))
    exhibit = Exhibit(
        key="e1", kind=EvidenceKind.CHANGE, refers_to=str(change.id), subject="checkout", summary="A deploy"
    )
    question = Question(title="t", alarm="checkout", onset=snapshot.onset, options=(), exhibits=(exhibit,))
    reading = Reading(
        units=here.units,
        metrics=metrics or FixedMetrics(),
        tenant_id=here.tenant.id,
        snapshot=snapshot,
        question=question,
    )
    return here, reading


def test_every_tool_says_what_it_wants_and_answers_even_where_nothing_is_given() -> None:
    _, reading = scene()
    tools = {tool.name: tool for tool in reading.tools()}
    assert set(tools) == {"read_diff", "read_metrics", "past_incidents", "search_runbooks"}
    assert {tool.read({}) for tool in tools.values()} == {NOTHING}


def test_a_diff_comes_in_parts_that_join_to_the_whole() -> None:
    _, reading = scene()
    (change,) = reading.snapshot.changes
    parts = [reading.diff({"evidence": "e1", "part": str(number)}) for number in (1, 2, 3)]
    assert "".join(parts) == f"{change.summary}\ncart.py\n{change.text}"
    assert {len(part) for part in parts[:2]} == {LONGEST_READING}
    assert reading.diff({"evidence": "e1"}) == parts[0]
    assert reading.diff({"evidence": "e1", "part": "4"}) == "There is no such part."


@pytest.mark.parametrize("part", ["-1", "0", "x", "²", "99999"])
def test_a_part_that_is_no_number_is_the_first(part: str) -> None:
    _, reading = scene()
    assert reading.diff({"evidence": "e1", "part": part}) == reading.diff({"evidence": "e1"})


def test_what_the_question_does_not_name_can_not_be_read() -> None:
    _, reading = scene()
    other = Exhibit(
        key="e2", kind=EvidenceKind.CHANGE, refers_to=str(new_id()), subject="x", summary="Of somebody else"
    )
    more = attrs.evolve(reading.question, exhibits=(*reading.question.exhibits, other))
    assert attrs.evolve(reading, question=more).diff({"evidence": "e2"}) == NOTHING
    assert reading.diff({"evidence": "e9"}) == NOTHING


def test_metrics_are_told_before_and_since_the_first_signal() -> None:
    _, reading = scene()
    said = reading.series({"component": "checkout"})
    assert said.startswith("latency_p99 of checkout in s: median before 0.2, since 2.625; one sample every 30 s")
    assert said.endswith(": 0.2 - 2.5 2.75")


def test_a_call_names_both_ends_and_what_was_not_measured_is_said() -> None:
    _, reading = scene()
    (known,) = reading.snapshot.metrics
    call = attrs.evolve(known, callee="bank", unit="", start=reading.snapshot.onset, values=(1.0,))
    said = attrs.evolve(reading, snapshot=attrs.evolve(reading.snapshot, metrics=(call,))).series(
        {"component": "checkout"}
    )
    assert said.startswith("latency_p99 of checkout calling bank in its own unit: median before not measured, since 1;")


def test_hours_before_ask_the_store_for_as_many_and_six_at_most() -> None:
    _, reading = scene()
    (known,) = reading.snapshot.metrics
    early = attrs.evolve(
        known, start=reading.snapshot.onset - timedelta(hours=24), values=(1.0,) * 24, step_seconds=3600.0
    )
    asked = attrs.evolve(reading, metrics=FixedMetrics((early,)))
    assert asked.series({"component": "checkout", "hours_before": "2"}).endswith(": 1 1")
    assert asked.series({"component": "checkout", "hours_before": "900"}).endswith(": 1 1 1 1 1 1")


def test_a_store_that_does_not_answer_is_said_to() -> None:
    _, reading = scene(Unreachable())
    assert reading.series({"component": "checkout", "hours_before": "1"}) == "No metrics store answers."


def test_past_incidents_of_a_service_say_how_they_ended() -> None:
    _, reading = scene()
    said = reading.incidents({"service": "checkout"})
    assert said.endswith("Ended: fixed. Root cause: A full disk")
    assert "HighLatency" not in said
    assert reading.incidents({"service": "search"}) == NOTHING


def test_runbooks_are_found_by_words_and_cut() -> None:
    here, reading = scene()
    with here.units(here.tenant.id) as uow:
        uow.runbooks.save(make_runbook(title="Cart is slow", content="Look at the cart. " * 200))
        uow.commit()
    said = reading.runbooks({"words": "slow cart"})
    assert said.startswith("Cart is slow\nLook at the cart.")
    assert len(said) < 1_300
    assert reading.runbooks({"words": "..."}) == NOTHING
