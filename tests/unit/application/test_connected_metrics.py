"""Metrics, logs and traces around an incident, from every store that is connected."""

from datetime import timedelta
from typing import Any

import attrs
import pytest

from sre_copilot.application.connected_metrics import ConnectedMetrics
from sre_copilot.domain.errors import ContextUnavailable, OutgoingFailed
from sre_copilot.domain.integrations import Feature, Integration
from sre_copilot.domain.snapshots import MetricKind, MetricSeries
from sre_copilot.domain.telemetry import Telemetry
from sre_copilot.testing.builders import make_integration
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.deliveries import ScriptedSource
from sre_copilot.testing.sealing import make_sealer
from sre_copilot.testing.snapshots import make_notice
from sre_copilot.testing.stage import Stage, stage

SERIES = MetricSeries(
    component="checkout",
    name="error_ratio",
    kind=MetricKind.ERROR_RATE,
    unit="ratio",
    start=BEGINNING,
    step_seconds=15,
    values=(0.1,),
)


def asked(here: Stage, source: ScriptedSource) -> list[MetricSeries]:
    metrics = ConnectedMetrics(units=here.units, source=source, sealer=make_sealer(), clock=here.clock)
    return list(metrics.series(tenant_id=here.tenant.id, start=BEGINNING, end=BEGINNING + timedelta(hours=1)))


def connect(here: Stage, **given: Any) -> Integration:
    store = make_integration(here.tenant.id, **{"features": frozenset({Feature.CONTEXT}), **given})
    with here.units(here.tenant.id) as uow:
        uow.integrations.add(store)
        uow.commit()
    return store


def test_every_connected_store_is_asked_and_no_other() -> None:
    here = stage()
    connect(here, features=frozenset({Feature.PULL}))
    connect(here, is_active=False)
    assert asked(here, ScriptedSource(series=[SERIES])) == []
    connect(here)
    connect(here)
    assert asked(here, ScriptedSource(series=[SERIES])) == [SERIES, SERIES]


def test_where_no_store_answers_that_is_said() -> None:
    here = stage()
    store = connect(here)
    with pytest.raises(ContextUnavailable, match=store.name):
        asked(here, ScriptedSource(series=OutgoingFailed("It did not answer.")))


@attrs.define
class Moody(ScriptedSource):
    """Fails the first time."""

    def metrics(self, *given: Any) -> Any:
        if not self.asked:
            self.asked.append({})
            raise OutgoingFailed("It did not answer.")
        return [SERIES]


def test_what_one_store_can_not_give_the_others_do() -> None:
    here = stage()
    connect(here)
    connect(here)
    assert asked(here, Moody()) == [SERIES]


def told(here: Stage, source: ScriptedSource) -> Telemetry | None:
    connected = ConnectedMetrics(units=here.units, source=source, sealer=make_sealer(), clock=here.clock)
    return connected.telemetry(tenant_id=here.tenant.id, start=BEGINNING, end=BEGINNING + timedelta(hours=1))


def test_logs_and_traces_are_asked_of_those_who_count_them_and_joined() -> None:
    here = stage()
    connect(here)
    notice = make_notice(at=BEGINNING)
    assert told(here, ScriptedSource(told=Telemetry(notices=(notice,)))) is None
    connect(here, features=frozenset({Feature.TELEMETRY}))
    connect(here, features=frozenset({Feature.TELEMETRY}))
    assert told(here, ScriptedSource(told=Telemetry(notices=(notice,)))) == Telemetry(notices=(notice, notice))


def test_where_nobody_who_counts_them_answers_that_is_said() -> None:
    here = stage()
    store = connect(here, features=frozenset({Feature.TELEMETRY}))
    with pytest.raises(ContextUnavailable, match=store.name):
        told(here, ScriptedSource(told=OutgoingFailed("It did not answer.")))
