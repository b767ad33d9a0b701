"""Alerts that a group tells again and again are read once."""

import copy
import json
import tracemalloc
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sre_copilot.adapters.integrations.builtin.prometheus.alerts import told_by_alertmanager
from sre_copilot.adapters.integrations.builtin.prometheus.told_before import ToldBefore
from sre_copilot.domain.errors import UnreadableDelivery
from sre_copilot.domain.integrations import Integration
from sre_copilot.domain.payloads import Fields
from sre_copilot.domain.signals import Environment, SignalDraft
from tests.unit.adapters.integrations.door import NOW, Door

ALERT: dict[str, Any] = {
    "status": "firing",
    "labels": {"alertname": "HighErrorRate", "env": "live", "service": "checkout"},
    "annotations": {"summary": "checkout answers with 5xx"},
    "startsAt": "2026-03-01T11:58:05.108Z",
}
DOOR = Door(type="prometheus")


def read(before: ToldBefore, integration: Integration = DOOR.integration, **changes: Any) -> SignalDraft:
    (draft,) = before.drafts([Fields.of(copy.deepcopy({**ALERT, **changes}))], integration, NOW)
    return draft


def test_an_alert_in_the_same_words_is_the_same_draft() -> None:
    before = ToldBefore(told_by_alertmanager)
    assert read(before) is read(before)


@pytest.mark.parametrize(
    "changes", [{"status": "resolved", "endsAt": "2026-03-01T11:59:00Z"}, {"startsAt": "2026-03-01T11:58:05.109Z"}]
)
def test_an_alert_in_other_words_is_read_anew(changes: dict[str, Any]) -> None:
    before = ToldBefore(told_by_alertmanager)
    first = read(before)
    assert read(before, **changes) == read(ToldBefore(told_by_alertmanager), **changes) != first


def test_what_an_integration_calls_its_environments_decides_how_an_alert_is_read() -> None:
    before = ToldBefore(told_by_alertmanager)
    named = Door(type="prometheus", environments={"live": Environment.PRODUCTION}).integration
    assert [read(before).environment, read(before, named).environment] == [
        Environment.DEVELOPMENT,
        Environment.PRODUCTION,
    ]


def test_the_oldest_alerts_are_forgotten_and_long_ones_are_never_kept() -> None:
    before = ToldBefore(told_by_alertmanager, most_bytes=len(json.dumps(ALERT)) * 2)
    first, second, third = (read(before, startsAt=f"2026-03-01T11:58:0{number}Z") for number in range(3))
    assert read(before, startsAt="2026-03-01T11:58:02Z") is third
    assert read(before, startsAt="2026-03-01T11:58:01Z") is second
    again = read(before, startsAt="2026-03-01T11:58:00Z")
    assert again == first
    assert again is not first
    long = {"description": "x" * 10_000}
    assert read(before, annotations=long) is not read(before, annotations=long)
    assert read(before) is read(before)


def test_many_words_for_environments_take_no_room_for_each_alert() -> None:
    words = {f"{'long' * 20}-{number}": Environment.STAGING for number in range(10_000)}
    before, named = ToldBefore(told_by_alertmanager), Door(type="prometheus", environments=words).integration
    tracemalloc.start()
    try:
        for number in range(10):
            read(before, named, startsAt=f"2026-03-01T11:58:0{number}Z")
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 500_000


def test_a_time_that_lies_ahead_is_refused_also_where_the_alert_was_told_before() -> None:
    body = {"alerts": [{**ALERT, "startsAt": (NOW + timedelta(hours=23)).isoformat()}]}
    gateway, integration = DOOR.gateway, DOOR.integration
    (first,) = gateway.parse(integration, DOOR.delivery(body)).drafts
    with pytest.raises(UnreadableDelivery, match="24 hours"):
        gateway.parse(integration, Door(type="prometheus", now=datetime(2026, 2, 28, tzinfo=UTC)).delivery(body))
    assert gateway.parse(integration, DOOR.delivery(body)).drafts == (first,)
