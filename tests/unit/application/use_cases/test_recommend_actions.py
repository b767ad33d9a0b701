"""Recommending: runbooks by the symptoms and by each likely cause, undoing by the change that a cause names."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import attrs
import pytest

from sre_copilot.domain.actions import ActionType
from sre_copilot.domain.errors import NotFound
from sre_copilot.domain.hypotheses import CandidateKind, Confidence, RankedCause, Verdict
from sre_copilot.domain.outcomes import Outcome, OutcomeResult
from sre_copilot.domain.recommendations import Recommendation, RecommendationStatus
from sre_copilot.domain.runbooks import Runbook, RunbookAction
from sre_copilot.domain.service_graph import Placement, ServiceGraph
from sre_copilot.domain.signals import ChangeDetails, SignalDraft
from sre_copilot.domain.snapshots import ContextSnapshot
from sre_copilot.testing.builders import make_cause, make_recommendation, make_runbook
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.diagnoses import FixedEngine
from sre_copilot.testing.ids import SequentialIds
from sre_copilot.testing.stage import Stage, alert, deploy, stage

EVEN = Confidence(lower=0.1, primary=0.25, upper=0.5)


def cause(subject: str, kind: CandidateKind = CandidateKind.SERVICE) -> RankedCause:
    """A cause as likely as any other, without evidence."""
    return make_cause(kind=kind, subject=subject, claim=f"{subject} is it", confidence=EVEN, supporting=())


def diagnosed(
    *causes: RankedCause, runbooks: Sequence[Runbook] = (), firing: SignalDraft | None = None, convincing: bool = True
) -> Stage:
    """A stage with these runbooks, on which an alert opened an incident that was diagnosed as having these causes."""
    here = stage(engine=FixedEngine(Verdict(causes=causes, convincing=convincing)))
    with here.units(here.tenant.id) as uow:
        for runbook in runbooks:
            uow.runbooks.save(runbook)
        uow.commit()
    here.send(firing or alert())
    here.copilot.diagnose(actor=here.engineer, incident_id=the_incident(here))
    return here


def the_incident(here: Stage) -> UUID:
    (incident_id,) = here.tables.incidents
    return incident_id


def recommended(here: Stage, *, limit: int = 5) -> tuple[Recommendation, ...]:
    return here.copilot.recommend(actor=here.engineer, incident_id=the_incident(here), limit=limit)


def runbook(title: str, *actions: ActionType) -> Runbook:
    steps = tuple(RunbookAction(action_type=one, description=f"{one.value} it") for one in actions)
    return make_runbook(title=title, tags=(), description="", content="", actions=steps)


def test_before_a_first_diagnosis_nothing_is_recommended_and_nothing_stored() -> None:
    here = stage()
    here.send(alert())
    before = here.tables.copy()
    assert recommended(here) == ()
    assert here.tables == before


def test_an_unknown_incident_is_not_found() -> None:
    here = stage()
    with pytest.raises(NotFound):
        here.copilot.recommend(actor=here.engineer, incident_id=here.tenant.id)


def test_what_is_recommended_is_stored_by_rank_with_its_runbook_and_hypothesis() -> None:
    slow = runbook("Latency is high", ActionType.SCALE_OUT, ActionType.RESTART)
    here = diagnosed(cause("checkout"), runbooks=[slow])
    rows = recommended(here)
    (hypothesis,) = here.tables.hypotheses.values()
    assert [row.rank for row in rows] == [1, 2]
    assert [row.action_type for row in rows] == [ActionType.SCALE_OUT, ActionType.RESTART]
    assert {(row.runbook_id, row.hypothesis_id, row.status) for row in rows} == {
        (slow.id, hypothesis.id, RecommendationStatus.PENDING)
    }
    assert list(here.tables.recommendations.values()) == list(rows)


def test_at_most_as_many_as_asked_for_are_recommended() -> None:
    here = diagnosed(cause("checkout"), runbooks=[runbook("Latency is high", ActionType.SCALE_OUT, ActionType.RESTART)])
    assert [row.action_type for row in recommended(here, limit=1)] == [ActionType.SCALE_OUT]


def test_a_runbook_that_only_fits_the_incident_as_a_whole_belongs_to_no_hypothesis() -> None:
    disks = runbook("Filesystem almost full", ActionType.CLEAR_DISK)
    firing = alert(title="Filesystem almost full")
    here = diagnosed(cause("cache"), runbooks=[disks], firing=firing, convincing=False)
    (row,) = recommended(here)
    assert (row.runbook_id, row.hypothesis_id) == (disks.id, None)


def test_the_names_of_the_tenants_own_services_find_no_runbook() -> None:
    here = diagnosed(cause("checkout"), runbooks=[runbook("Replacing checkout", ActionType.RESTART)])
    assert recommended(here) == ()


def test_a_host_is_searched_for_by_the_signals_that_name_it_and_gets_what_suits_hosts() -> None:
    here = stage(engine=FixedEngine(Verdict(causes=(cause("node-1", CandidateKind.HOST),), convincing=True)))
    placements = frozenset({Placement(service="checkout", host="node-1")})
    graph = ServiceGraph(services=frozenset({"checkout"}), placements=placements)
    here.copilot.import_services(actor=here.engineer, graph=graph)
    disks = runbook("Filesystem almost full", ActionType.FAILOVER, ActionType.DRAIN_NODE)
    with here.units(here.tenant.id) as uow:
        uow.runbooks.save(disks)
        uow.commit()
    here.send(alert(title="Filesystem almost full", labels={"instance": "node-1:9100"}))
    here.copilot.diagnose(actor=here.engineer, incident_id=the_incident(here))
    by_host = [row for row in recommended(here) if row.hypothesis_id is not None]
    assert [(row.action_type, row.runbook_id) for row in by_host] == [(ActionType.DRAIN_NODE, disks.id)]


@pytest.mark.parametrize(("place", "is_found"), [(3, True), (4, False)])
def test_runbooks_are_searched_for_the_first_three_hypotheses(place: int, is_found: bool) -> None:
    causes = [cause(f"service-{number}") for number in range(1, 5)]
    causes[place - 1] = cause("checkout")
    slow = runbook("Latency is high", ActionType.SCALE_OUT)
    here = diagnosed(*causes, runbooks=[slow])
    hypotheses = {row.id: row.rank for row in here.tables.hypotheses.values()}
    found = [hypotheses[row.hypothesis_id] for row in recommended(here) if row.hypothesis_id is not None]
    assert found == ([place] if is_found else [])


def test_none_of_these_leads_to_the_provider_and_to_no_runbook() -> None:
    nothing = cause("", CandidateKind.NONE_OF_THESE)
    here = diagnosed(nothing, runbooks=[runbook("None of these", ActionType.RESTART)])
    assert [row.action_type for row in recommended(here)] == [ActionType.CONTACT_PROVIDER, ActionType.OBSERVE]


@attrs.frozen
class BlamesTheChange:
    """Blames the one change of the snapshot."""

    def diagnose(self, snapshot: ContextSnapshot) -> Verdict:
        (change,) = snapshot.changes
        blamed = make_cause(kind=CandidateKind.CHANGE, change_id=change.id, change_summary=change.summary)
        return Verdict(causes=(blamed,), convincing=True)


@pytest.mark.parametrize(
    ("kind", "undone_by"),
    [
        ("deploy", ActionType.ROLLBACK),
        ("flag", ActionType.DISABLE_FLAG),
        ("config", ActionType.REVERT_CONFIG),
    ],
)
def test_a_change_is_undone_the_way_its_kind_is(kind: str, undone_by: ActionType) -> None:
    here = stage(engine=BlamesTheChange())
    here.send(deploy(change=ChangeDetails(kind=kind, summary="new prices")), at=BEGINNING - timedelta(minutes=5))
    here.send(alert())
    here.copilot.diagnose(actor=here.engineer, incident_id=the_incident(here))
    (row,) = recommended(here)
    assert row.action_type is undone_by
    assert "new prices" in row.description


def test_what_did_not_work_before_comes_after_what_was_never_tried() -> None:
    first, second = (
        attrs.evolve(runbook("Latency is high", action), slug=slug)
        for slug, action in (("a", ActionType.SCALE_OUT), ("b", ActionType.RESTART))
    )
    here = diagnosed(cause("checkout"), runbooks=[first, second])
    assert [row.runbook_id for row in recommended(here)] == [first.id, second.id]
    with here.units(here.tenant.id) as uow:
        old = make_recommendation(here.tables.incidents[the_incident(here)], runbook_id=first.id)
        uow.recommendations.add([old])
        for _ in range(5):
            outcome = Outcome(
                id=ids.new(),
                recommendation_id=old.id,
                incident_id=old.incident_id,
                runbook_id=first.id,
                result=OutcomeResult.FAILED,
                at=BEGINNING,
            )
            uow.recommendations.record_outcome(outcome)
        uow.commit()
    assert [row.runbook_id for row in recommended(here)] == [second.id, first.id]


ids = SequentialIds(first=10_000)


@attrs.define
class Ticking:
    """A clock that goes on between two looks, as the real one does."""

    at: datetime = BEGINNING

    def now(self) -> datetime:
        self.at += timedelta(microseconds=1)
        return self.at


def test_what_was_recommended_at_once_is_shown_as_a_whole_though_the_clock_goes_on() -> None:
    here = diagnosed(cause("checkout"), runbooks=[runbook("Latency is high", ActionType.SCALE_OUT, ActionType.RESTART)])
    recommend = attrs.evolve(here.copilot.recommend, clock=Ticking())
    rows = recommend(actor=here.engineer, incident_id=the_incident(here))
    shown = here.copilot.incidents.show(actor=here.engineer, incident_id=the_incident(here))
    assert shown.recommendations == rows
    assert len(rows) == 2


def test_recommending_again_shows_the_new_ones_and_keeps_the_old() -> None:
    here = diagnosed(cause("checkout"), runbooks=[runbook("Latency is high", ActionType.SCALE_OUT)])
    old = recommended(here)
    here.clock.advance(timedelta(minutes=1))
    new = recommended(here)
    shown = here.copilot.incidents.show(actor=here.engineer, incident_id=the_incident(here))
    assert shown.recommendations == new
    assert set(here.tables.recommendations) == {row.id for row in (*old, *new)}
