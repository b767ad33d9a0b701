"""Every call on a unit of work fails once, in turn: what was asked happens as a whole or not at all."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import attrs
import pytest

from sre_copilot.application.use_cases.diagnose_incident import DiagnoseIncident
from sre_copilot.application.use_cases.ingest_delivery import IngestDelivery
from sre_copilot.application.use_cases.recommend_actions import RecommendActions
from sre_copilot.application.use_cases.record_outcome import RecordOutcome
from sre_copilot.application.use_cases.run_due_timers import RunDueTimers
from sre_copilot.application.use_cases.take_detection_snapshot import TakeDetectionSnapshot
from sre_copilot.application.use_cases.transition_incident import TransitionIncident
from sre_copilot.domain.deliveries import Acknowledgement, Parsed, Receipt
from sre_copilot.domain.errors import CopilotError, DatabaseUnavailable, UnreadableDelivery
from sre_copilot.domain.incidents import Resolution
from sre_copilot.domain.lifecycle import Action
from sre_copilot.domain.outcomes import OutcomeResult
from sre_copilot.domain.signals import SignalDraft
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.faults import Fault, TappedUnits
from sre_copilot.testing.stage import alert, recovery
from sre_copilot.testing.tables import TenantTables
from tests.unit.application.scene import Database, Scene, scene
from tests.unit.application.table import AT_ONCE, CHANGES, WITHOUT_ACTOR, title

LATER = BEGINNING + timedelta(minutes=10)
ERRORS = (DatabaseUnavailable, SystemExit)
"""What a broken database raises, and what ends a worker that is told to stop."""

Given = Callable[[Scene], Mapping[str, Any]]


def delivery(*drafts: SignalDraft, **said: Any) -> Given:
    """Hand in one delivery that reads like this."""

    def given(on: Scene) -> Mapping[str, Any]:
        scripted = on.stage.script.delivery(Parsed(drafts=drafts, **said), received_at=LATER, body=b"the body")
        return {"integration_id": on.stage.integration.id, "delivery": scripted}

    return given


def known_id(*, body: bytes) -> Given:
    """Hand in a delivery under an id that came before with the bytes `the body`."""

    def given(on: Scene) -> Mapping[str, Any]:
        on.stage.send(alert("QueueGrows", "mail"), vendor_id="m-1", body=b"the body")
        parsed = Parsed(drafts=(alert("QueueGrows", "mail"),), vendor_id="m-1")
        scripted = on.stage.script.delivery(parsed, received_at=LATER, body=body)
        return {"integration_id": on.stage.integration.id, "delivery": scripted}

    return given


def unreadable(on: Scene) -> Mapping[str, Any]:
    scripted = on.stage.script.delivery(UnreadableDelivery("no alerts in it"), received_at=LATER)
    return {"integration_id": on.stage.integration.id, "delivery": scripted}


def transition(action: Action, *before: Action) -> Given:
    """Take one step, after the steps before."""

    def given(on: Scene) -> Mapping[str, Any]:
        details: dict[str, Any] = {
            "root_cause": "a leak",
            "resolution_summary": "restarted",
            "resolution": Resolution.FIXED,
        }
        for step in before:
            on.stage.copilot.transition(actor=on.stage.engineer, incident_id=on.incident, action=step, **details)
        return {"incident_id": on.incident, "action": action, **details}

    return given


def outcome(result: OutcomeResult) -> Given:
    return lambda on: {"recommendation_id": on.accepted, "result": result, "notes": "seen on the dashboard"}


def outcome_without_runbook(on: Scene) -> Mapping[str, Any]:
    on.stage.copilot.decide_recommendation(actor=on.stage.engineer, recommendation_id=on.pending, accept=True)
    return {"recommendation_id": on.pending, "result": OutcomeResult.FAILED}


def timers_of_two(on: Scene) -> Mapping[str, Any]:
    """Somebody works on the one incident, so that its end is only suggested; the other resolves by itself."""
    on.stage.copilot.investigate(actor=on.stage.engineer, incident_id=on.incident)
    on.stage.send(alert("QueueGrows", "mail"))
    return {"now": BEGINNING + timedelta(hours=13)}


STORIES: dict[str, tuple[type[Any], Given]] = {
    "ingest what opens two incidents and joins one": (
        IngestDelivery,
        delivery(alert("HighErrorRate"), alert("DiskFull", "billing"), alert("QueueGrows", "mail"), vendor_id="m-1"),
    ),
    "ingest a duplicate": (IngestDelivery, delivery(alert(occurred_at=LATER))),
    "ingest a repeat": (IngestDelivery, delivery(alert(occurred_at=BEGINNING))),
    "ingest a resolve": (IngestDelivery, delivery(recovery())),
    "ingest a new episode with its end before": (
        IngestDelivery,
        delivery(recovery(occurred_at=BEGINNING + timedelta(minutes=3)), alert(occurred_at=LATER)),
    ),
    "ingest an acknowledgement": (
        IngestDelivery,
        delivery(
            alert("QueueGrows", "mail", vendor_key="key-1"), acknowledgements=(Acknowledgement(vendor_key="key-1"),)
        ),
    ),
    "ingest a redelivery": (IngestDelivery, known_id(body=b"the body")),
    "ingest other bytes under a known id": (IngestDelivery, known_id(body=b"other bytes")),
    "ingest the unreadable": (IngestDelivery, unreadable),
    "acknowledge": (TransitionIncident, transition(Action.ACKNOWLEDGE)),
    "investigate": (TransitionIncident, transition(Action.INVESTIGATE)),
    "mitigate": (TransitionIncident, transition(Action.MITIGATE)),
    "resolve": (TransitionIncident, transition(Action.RESOLVE)),
    "conclude": (TransitionIncident, transition(Action.CONCLUDE, Action.INVESTIGATE)),
    "learn": (TransitionIncident, transition(Action.LEARN, Action.RESOLVE)),
    "reopen": (TransitionIncident, transition(Action.REOPEN, Action.RESOLVE)),
    "diagnose": (DiagnoseIncident, lambda on: {"incident_id": on.incident}),
    "diagnose what was declared": (DiagnoseIncident, lambda on: {"incident_id": on.declared}),
    "recommend": (RecommendActions, lambda on: {"incident_id": on.incident}),
    **{f"record that it {result.value}": (RecordOutcome, outcome(result)) for result in OutcomeResult},
    "record the outcome of what had no runbook": (RecordOutcome, outcome_without_runbook),
    "run the timers of two incidents": (RunDueTimers, timers_of_two),
    **{f"the table's {title(asked)}": (asked[0], row.given) for asked, row in AT_ONCE.items()},
    **{f"the table's {title(asked)}": (asked[0], row.given) for asked, row in WITHOUT_ACTOR.items() if row.leaves},
}


@attrs.frozen(kw_only=True)
class Trial:
    """One use case that is asked the same again and again, each time from the same beginning."""

    on: Scene
    kind: type[Any]
    given: Mapping[str, Any]
    beginning: Database

    @classmethod
    def of(cls, story: str) -> "Trial":
        """Set the scene for a story."""
        on, (kind, given) = scene(), STORIES[story]
        what = {**given(on), **who_asks(on, kind)}
        return cls(on=on, kind=kind, given=what, beginning=on.database())

    def ask(self, fault: Fault) -> Database:
        """Ask it from the beginning, with this fault, and return what is stored afterwards."""
        self.on.restore(self.beginning)
        self.on.part(self.kind, TappedUnits(self.on.stage.units, fault))(**self.given)
        return self.on.database()


def who_asks(on: Scene, kind: type[Any]) -> Mapping[str, Any]:
    row = next((row for asked, row in CHANGES.items() if asked[0] is kind), None)
    return {"actor": on.actor(min(row.permitted))} if row is not None else {}


def faults(calls: Sequence[str]) -> Iterator[Fault]:
    """Every way in which these calls can fail, one at a time."""
    for number, call in enumerate(calls, 1):
        for late in (False,) if call in ("enter", "exit") else (False, True):
            yield from (Fault(at=number, late=late, error=error()) for error in ERRORS)


def rows(database: Database) -> Counter[str]:
    """How many rows each table has."""
    names = [field.name for field in attrs.fields(TenantTables)]
    return Counter({name: sum(len(getattr(tables, name)) for tables in database.values()) for name in names})


@pytest.mark.parametrize("story", STORIES)
def test_whichever_call_fails_nothing_half_written_is_left_and_the_same_again_succeeds(story: str) -> None:
    trial, watch = Trial.of(story), Fault()
    whole = trial.ask(watch)
    assert whole != trial.beginning
    for fault in faults(watch.calls):
        with pytest.raises(ERRORS) as struck:
            trial.ask(fault)
        assert struck.value is fault.error
        assert trial.on.database() == trial.beginning, f"{fault.calls[-1]} left something behind"
        assert trial.on.stage.units.open is None
    assert rows(trial.ask(Fault())) == rows(whole)


def test_what_fails_after_a_delivery_is_durable_leaves_the_delivery_whole_and_a_redelivery_makes_up_for_it() -> None:
    on, watch = scene(), Fault()
    arrival = delivery(alert("DiskFull", "billing"), alert("QueueGrows", "mail"), vendor_id="m-1")(on)
    beginning = on.database()

    def ingest(fault: Fault) -> Receipt:
        units = TappedUnits(on.stage.units, fault)
        kinds = {"ingest_delivery": IngestDelivery, "take_detection_snapshot": TakeDetectionSnapshot}
        facade = attrs.evolve(on.stage.copilot, **{name: on.part(kind, units) for name, kind in kinds.items()})
        return facade.ingest(actor=on.stage.sender, **arrival)

    ingest(watch)
    whole = rows(on.database())
    after_each_unit = [rows(beginning), *(whole - Counter(snapshots=lacking, audit=lacking) for lacking in (2, 1))]
    for fault in faults(watch.calls):
        on.restore(beginning)
        units = sum(pair == ("commit", "exit") for pair in pairwise(watch.calls[: fault.at - 1]))
        if units and isinstance(fault.error, CopilotError):
            # The sender is told that it was taken in; the other incident's snapshot is taken all the same.
            assert len(ingest(fault).opened) == 2
            assert rows(on.database()) == after_each_unit[2]
        else:
            with pytest.raises(ERRORS):
                ingest(fault)
            assert rows(on.database()) == after_each_unit[units]
        assert ingest(Fault()).redelivered is (units > 0)
        # The redelivery is remembered as one more sighting of its signals, and as nothing else.
        assert rows(on.database()) - Counter(sightings=2) == whole
