"""Why a signal ended up where it is."""

from datetime import timedelta

import pytest

from sre_copilot.application.ports.series import SignalFilter
from sre_copilot.domain.decisions import CorrelationOutcome, Decision
from sre_copilot.domain.errors import NotFound
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.stage import alert, deploy, stage


def test_an_original_is_explained_by_the_decision_on_its_episode() -> None:
    here = stage()
    (incident_id,) = here.send(alert()).opened
    here.send(alert("HighErrorRate"))
    first, second = here.tables.signals.values()
    opened = here.copilot.signals.explain(actor=here.engineer, signal_id=first.id)
    joined = here.copilot.signals.explain(actor=here.engineer, signal_id=second.id)
    assert (opened.signal, joined.signal) == (first, second)
    assert opened.correlation is not None
    assert joined.correlation is not None
    assert opened.correlation.decision.outcome is CorrelationOutcome.OPENED
    assert joined.correlation.decision.outcome is CorrelationOutcome.JOINED
    assert [score.incident_id for score in joined.correlation.decision.scores] == [incident_id]


def test_a_duplicate_is_explained_by_the_decision_on_its_original() -> None:
    here = stage()
    here.send(alert())
    here.send(alert(), at=BEGINNING + timedelta(minutes=3))
    original, duplicate = here.tables.signals.values()
    explained = here.copilot.signals.explain(actor=here.engineer, signal_id=duplicate.id)
    assert explained.signal == duplicate
    assert explained.correlation is not None
    assert explained.correlation.signal_id == original.id


def test_what_was_never_correlated_has_only_its_own_decision() -> None:
    here = stage()
    here.send(deploy())
    (signal,) = here.tables.signals.values()
    explained = here.copilot.signals.explain(actor=here.engineer, signal_id=signal.id)
    assert (explained.signal.decision, explained.correlation) == (Decision.CHANGE, None)


def test_an_unknown_signal_is_not_found() -> None:
    here = stage()
    with pytest.raises(NotFound):
        here.copilot.signals.explain(actor=here.engineer, signal_id=here.tenant.id)


def test_the_list_of_signals_is_that_of_one_incident_where_it_is_asked_for() -> None:
    here = stage()
    (incident_id,) = here.send(alert()).opened
    here.send(alert("DiskFull", "billing"), at=BEGINNING + timedelta(minutes=1))
    first, second = here.tables.signals.values()
    assert list(here.copilot.signals.list(actor=here.engineer)) == [second, first]
    narrowed = SignalFilter(incident_id=incident_id)
    assert list(here.copilot.signals.list(actor=here.engineer, narrowed=narrowed)) == [first]


def test_the_signals_of_an_unknown_incident_are_not_found() -> None:
    here = stage()
    with pytest.raises(NotFound):
        here.copilot.signals.list(actor=here.engineer, narrowed=SignalFilter(incident_id=here.tenant.id))
