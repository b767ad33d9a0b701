"""What speaks for a cause outside of everything known."""

from datetime import timedelta
from typing import Any

import pytest

from sre_copilot.domain.diagnosis.candidates import candidates
from sre_copilot.domain.diagnosis.coverage import complaints
from sre_copilot.domain.diagnosis.outside_clues import outside_clues
from sre_copilot.domain.diagnosis.scoring import Feature
from sre_copilot.domain.diagnosis.shifts import Shift
from sre_copilot.domain.diagnosis.telemetry_clues import TelemetryReadings
from sre_copilot.domain.diagnosis.windows import incident_window
from sre_copilot.domain.hypotheses import CandidateKind, Evidence, EvidenceKind
from sre_copilot.domain.snapshots import MetricKind, ObservedSignal
from sre_copilot.domain.telemetry import Telemetry
from sre_copilot.testing.snapshots import (
    END,
    ONSET,
    SAMPLES,
    make_context,
    make_graph,
    make_log,
    make_notice,
    make_observed_change,
    make_observed_signal,
    make_series,
)
from tests.unit.domain.diagnosis.measured import make_readings, make_shift, traffic

SHOP = make_observed_signal("shop")
MINUTE = timedelta(minutes=1)


def outside(*shifts: Shift, signals: tuple[ObservedSignal, ...] = (SHOP,), **given: Any) -> dict[str, Evidence]:
    context = make_context(signals=signals, **given)
    told = TelemetryReadings.of(context.telemetry, incident_window(context))
    found = outside_clues(context, complaints(signals), make_readings(*shifts), told)
    return {item.feature: item for item in found}


def signs(*logs: Any, **given: Any) -> list[Evidence]:
    """The signs of the outside in lines, beside a shop that calls pay."""
    context = make_context(telemetry=Telemetry(logs=logs), graph=make_graph([("shop", "pay")]), **given)
    (none,) = (one for one in candidates(context) if one.kind is CandidateKind.NONE_OF_THESE)
    return [item for item in none.evidence if item.feature == Feature.EXTERNAL]


def test_a_cause_outside_is_always_possible() -> None:
    assert {name: item.strength for name, item in outside().items()} == {Feature.UNSEEN: 1.0}
    assert outside()[Feature.UNSEEN].refers_to == str(SHOP.id)
    assert outside(signals=())[Feature.UNSEEN].refers_to == str(make_context().id)


def test_surging_demand_speaks_for_the_outside_and_falling_demand_does_not() -> None:
    assert outside(make_shift("shop"), traffic_of(10.0, 90.0))[Feature.SURGE].strength == 1.0
    assert outside(traffic_of(10.0, 90.0))[Feature.SURGE].summary.startswith("Demand rose; nothing inside has to be")
    assert Feature.SURGE not in outside(traffic_of(90.0, 10.0))
    assert Feature.SURGE not in outside(traffic("pay", 10.0, 90.0))


def traffic_of(before: float, after: float) -> Shift:
    found = traffic("shop", before, after)
    return make_shift("shop", before, after, kind=found.series.kind, unit=found.series.unit)


@pytest.mark.parametrize(
    ("title", "strength"),
    [("shop is slow", None), ("DNS lookup fails", 0.5), ("TLS of the CDN fails", 0.75), ("DNS, TLS, CDN", 0.875)],
)
def test_words_that_name_the_outside_speak_for_it(title: str, strength: float | None) -> None:
    signal = make_observed_signal("shop", title)
    found = outside(signals=(signal,)).get(Feature.EXTERNAL)
    assert (found.strength if found else None) == strength
    if found:
        assert found.summary.startswith(f'"{title}" speaks of something outside (')
        assert (found.refers_to, found.at) == (str(signal.id), ONSET)


def test_a_notice_counts_while_the_incident_went_on_and_half_an_hour_before() -> None:
    def heard(**given: Any) -> bool:
        return Feature.EXTERNAL in outside(telemetry=Telemetry(notices=(make_notice(**given),)))

    assert heard()
    assert heard(at=ONSET + MINUTE)
    assert not heard(at=ONSET - 31 * MINUTE)
    assert not heard(at=END + MINUTE)
    assert not heard(at=ONSET - 20 * MINUTE, ended_at=ONSET - MINUTE)
    assert heard(at=ONSET - 20 * MINUTE, ended_at=ONSET + MINUTE)
    item = outside(telemetry=Telemetry(notices=(make_notice("Cards fail"),)))[Feature.EXTERNAL]
    assert (item.kind, item.strength) == (EvidenceKind.NOTICE, 1.0)
    assert item.summary == 'vendor says of itself: "Cards fail"'


def test_new_lines_that_name_the_outside_speak_for_it_and_those_of_every_day_do_not() -> None:
    (item,) = signs(make_log("shop", 0, 40, "tls error"))
    assert item.kind is EvidenceKind.LOG_TEMPLATE
    assert 0.4 < item.strength <= 0.5
    assert signs(make_log("shop", 40, 40, "tls error")) == []
    assert signs(make_log("shop", 0, 40, "tls error", level="INFO")) == []
    assert signs(make_log("shop", 0, 40, "cart is empty")) == []


def test_what_no_call_leads_to_telling_of_another_such_speaks_for_the_outside() -> None:
    node = make_series("node-7", [1.0] * SAMPLES, kind=MetricKind.CPU)
    (item,) = signs(
        make_log("kubelet", 0, 40, "node-7 is full"), make_log("kubelet", 9, 9, "all is well"), metrics=(node,)
    )
    assert item.strength > 0.5
    assert item.summary == '"node-7 is full" of kubelet is new and tells of what is beside all services'
    assert signs(make_log("cart", 0, 40, "shop is slow"), metrics=(node,)) == []
    assert signs(make_log("pay", 0, 40, "node-7 is full"), metrics=(node,)) == []


def test_where_no_call_is_known_nothing_is_beside_the_services() -> None:
    node = make_series("node-7", [1.0] * SAMPLES, kind=MetricKind.CPU)
    logs = (make_log("kubelet", 0, 40, "node-7 is full"),)
    found = candidates(make_context(telemetry=Telemetry(logs=logs), metrics=(node,)))
    assert all(item.feature != Feature.EXTERNAL for one in found for item in one.evidence)


def test_a_countdown_that_ran_out_speaks_for_the_outside() -> None:
    until = make_series(
        "pay", [float(SAMPLES * 3 // 4 - i) for i in range(SAMPLES)], kind=MetricKind.OTHER, name="left"
    )
    (item,) = signs(metrics=(until,))
    assert (item.kind, item.strength) == (EvidenceKind.METRIC, 1.0)
    assert item.summary.startswith("left of pay had been counting down and ran out at ")


def test_what_speaks_for_the_outside_speaks_against_every_change() -> None:
    change = make_observed_change("shop", "Lower the timeout", at=ONSET - 5 * MINUTE)
    context = make_context(changes=(change,), telemetry=Telemetry(notices=(make_notice(),)))
    (changed,) = (one for one in candidates(context) if one.kind is CandidateKind.CHANGE)
    (item,) = (item for item in changed.evidence if item.feature == Feature.OUTSIDE_INSTEAD)
    assert (item.strength, item.kind) == (1.0, EvidenceKind.NOTICE)
    calm = make_context(changes=(change,))
    (changed,) = (one for one in candidates(calm) if one.kind is CandidateKind.CHANGE)
    assert all(item.feature != Feature.OUTSIDE_INSTEAD for item in changed.evidence)
