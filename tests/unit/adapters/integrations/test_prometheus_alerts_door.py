"""What Prometheus tells its Alertmanager, which we are at the door /api/v2/alerts."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.deliveries import Parsed
from sre_copilot.domain.errors import MalformedDelivery, UnreadableDelivery
from sre_copilot.domain.signals import Environment, Severity, SignalDraft, SignalStatus, SignalType
from tests.unit.adapters.integrations.door import NOW, Door

PATH = "/api/v2/alerts"
DOOR = Door(type="prometheus")
START = datetime(2026, 3, 1, 11, 50, 5, 108_000, tzinfo=UTC)
LABELS = {
    "alertname": "NodeFilesystemAlmostFull",
    "device": "/dev/nvme0n1p1",
    "env": "production",
    "instance": "10.0.3.17:9100",
    "job": "node",
    "service": "orders-db",
    "severity": "warning",
}
ALERT: dict[str, Any] = {
    "annotations": {"summary": "Less than 5 % of /var is free", "description": "3.2 % left on 10.0.3.17."},
    "endsAt": "2026-03-01T12:03:50.108Z",
    "startsAt": "2026-03-01T11:50:05.108Z",
    "generatorURL": "http://prom-0:9090/graph?g0.expr=node_filesystem_avail_bytes&g0.tab=1",
    "labels": LABELS,
}
# As amtool writes what it was not told.
UNTOLD = "0001-01-01T00:00:00.000Z"


def parse(*alerts: Any, at: datetime = NOW) -> Parsed:
    return Door(type="prometheus", now=at).read(list(alerts), path=PATH)


def one(at: datetime = NOW, **changes: Any) -> SignalDraft:
    (draft,) = parse({**ALERT, **changes}, at=at).drafts
    return draft


def series(body: Any, path: str) -> str:
    return DOOR.series(body, path=path)


def test_an_alert_whose_end_is_to_come_fires_from_its_start_and_expires_at_its_end() -> None:
    draft = one()
    assert (draft.signal_type, draft.status) == (SignalType.ALERT, SignalStatus.FIRING)
    assert (draft.severity, draft.severity_word) == (Severity.MEDIUM, "warning")
    assert (draft.service, draft.environment, draft.environment_word) == (
        "orders-db",
        Environment.PRODUCTION,
        "production",
    )
    assert draft.identity == draft.labels == LABELS
    assert draft.occurred_at == draft.episode_started_at == START
    assert draft.expires_at == datetime(2026, 3, 1, 12, 3, 50, 108_000, tzinfo=UTC)
    assert (draft.name, draft.title) == ("NodeFilesystemAlmostFull", "Less than 5 % of /var is free")
    assert (draft.vendor_key, draft.vendor_id) == (None, None)
    assert draft.links == (ALERT["generatorURL"],)
    assert draft.raw == ALERT


def test_an_alert_whose_end_has_passed_is_resolved_at_it() -> None:
    draft = one(endsAt="2026-03-01T11:59:20Z")
    assert draft.status is SignalStatus.RESOLVED
    assert draft.occurred_at == datetime(2026, 3, 1, 11, 59, 20, tzinfo=UTC)
    assert draft.episode_started_at == START
    assert draft.expires_at is None


@pytest.mark.parametrize(
    ("end", "status"),
    [
        (NOW - timedelta(microseconds=1), SignalStatus.RESOLVED),
        (NOW, SignalStatus.RESOLVED),
        (NOW + timedelta(microseconds=1), SignalStatus.FIRING),
    ],
)
def test_resolved_means_an_end_not_after_the_receive_time(end: datetime, status: SignalStatus) -> None:
    assert one(endsAt=end.isoformat()).status is status


@pytest.mark.parametrize("end", [None, "", UNTOLD, "0001-01-01T00:00:00Z"])
def test_without_an_end_an_alert_fires_for_five_minutes(end: str | None) -> None:
    assert one(endsAt=end).expires_at == NOW + timedelta(minutes=5)


@pytest.mark.parametrize("start", [None, "", UNTOLD])
def test_without_a_start_an_alert_began_when_it_came_and_states_no_run(start: str | None) -> None:
    draft = one(startsAt=start)
    assert (draft.occurred_at, draft.episode_started_at) == (None, None)


def test_an_end_without_a_start_ends_whatever_run_there_is() -> None:
    draft = one(startsAt=UNTOLD, endsAt="2026-03-01T11:59:00Z")
    assert draft.status is SignalStatus.RESOLVED
    assert draft.occurred_at == datetime(2026, 3, 1, 11, 59, tzinfo=UTC)
    assert draft.episode_started_at is None


@pytest.mark.parametrize("end", ["2026-03-05T12:00:00Z", "9999-12-31T23:59:59-14:00"])
def test_an_end_far_ahead_is_read_as_a_day_ahead(end: str) -> None:
    # A rule that is evaluated every 24 hours: Prometheus says that it holds for four days.
    assert one(endsAt=end).expires_at == NOW + timedelta(hours=24)


def test_a_resend_is_a_repeat_that_only_moves_the_expiry() -> None:
    later = NOW + timedelta(minutes=1)
    first, again = one(), one(at=later, endsAt="2026-03-01T12:05:05.108Z", annotations={"summary": "4 %"})
    assert (first.status, first.occurred_at, first.episode_started_at) == (
        again.status,
        again.occurred_at,
        again.episode_started_at,
    )
    assert first.expires_at is not None
    assert again.expires_at is not None
    assert first.expires_at < again.expires_at


def test_the_resends_of_a_resolved_alert_are_repeats() -> None:
    ended = "2026-03-01T11:59:20.108Z"
    told = [one(at=NOW + timedelta(minutes=minutes), endsAt=ended) for minutes in range(0, 16, 5)]
    assert len({(draft.status, draft.occurred_at, draft.episode_started_at) for draft in told}) == 1


def test_the_same_alert_is_the_same_series_at_both_doors() -> None:
    webhook = {"version": "4", "alerts": [{**ALERT, "status": "firing", "fingerprint": "a1b2", "endsAt": UNTOLD}]}
    assert series(webhook, "") == series([ALERT], PATH)
    assert DOOR.signal(webhook).occurred_at == one().occurred_at
    assert DOOR.signal(webhook).episode_started_at == one().episode_started_at


def test_empty_labels_are_dropped_and_no_identity() -> None:
    assert one(labels={**LABELS, "pod": "", "": ""}).labels == LABELS
    assert series([{**ALERT, "labels": {**LABELS, "pod": ""}}], PATH) == series([ALERT], PATH)
    assert series([{**ALERT, "labels": {**LABELS, "pod": "a"}}], PATH) != series([ALERT], PATH)


def test_a_watchdog_is_a_heartbeat_here_too() -> None:
    assert one(labels={"alertname": "Watchdog"}).is_heartbeat


def test_a_list_is_for_an_alertmanager_at_whatever_door() -> None:
    assert DOOR.read([ALERT], path="") == DOOR.read([ALERT], path=PATH)
    assert DOOR.read([], path=PATH) == Parsed()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"labels": {}}, r"\[0\].labels must have at least one label"),
        ({"labels": {"alertname": ""}}, r"\[0\].labels must have at least one label"),
        ({"labels": {"severity": 1}}, r"\[0\].labels.severity must be a string, not a number"),
        ({"labels": []}, r"\[0\].labels must be an object, not a list"),
        ({"startsAt": "soon"}, r"\[0\].startsAt must be an RFC 3339 time"),
        ({"startsAt": 5}, r"\[0\].startsAt must be a string, not a number"),
        ({"startsAt": "2026-03-09T00:00:00Z"}, r"\[0\].startsAt lies more than 24 hours"),
        ({"endsAt": 5}, r"\[0\].endsAt must be a string, not a number"),
        ({"endsAt": "2026-03-01T12:00:00"}, r"\[0\].endsAt must be a time with a zone"),
        ({"endsAt": "1999-03-01T12:00:00Z"}, r"\[0\].endsAt lies before the year 2000"),
        ({"endsAt": "2026-03-01T11:50:05Z"}, r"\[0\].endsAt must not lie before startsAt"),
        ({"annotations": 1}, r"\[0\].annotations must be an object, not a number"),
    ],
)
def test_a_wrong_field_is_named(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(UnreadableDelivery, match=f"^{words}"):
        one(**changes)


def test_a_bad_alert_is_refused_and_the_good_ones_beside_it_are_taken() -> None:
    parsed = parse(ALERT, {**ALERT, "labels": {}}, {**ALERT, "labels": {"alertname": "B"}}, 7)
    assert [draft.name for draft in parsed.drafts] == ["NodeFilesystemAlmostFull", "B"]
    assert parsed.reply is not None
    assert (parsed.reply.status, parsed.reply.content_type) == (400, "application/json")
    assert json.loads(parsed.reply.body) == (
        "[1].labels must have at least one label that is not empty. [3] must be an object, not a number."
    )


def test_of_many_bad_alerts_ten_are_named_and_the_rest_counted() -> None:
    reply = parse(ALERT, *[{}] * 4_000).reply
    assert reply is not None
    assert reply.body.count("must have") == 10
    assert reply.body.endswith('And 3990 more."')


@pytest.mark.parametrize("body", [{}, {"alerts": [ALERT]}, None, "alerts", 5])
def test_anything_but_a_list_is_unreadable(body: Any) -> None:
    with pytest.raises(UnreadableDelivery, match="must be a list of alerts"):
        DOOR.read(body, path=PATH)


def test_five_thousand_alerts_are_taken_and_one_more_is_too_much() -> None:
    assert len(parse(*[{"labels": {"a": "b"}}] * 5_000).drafts) == 5_000
    with pytest.raises(MalformedDelivery, match="5000 signals"):
        parse(*[{"labels": {"a": "b"}}] * 5_001)


@pytest.mark.parametrize("place", ["alert", "labels_beside", "annotations"])
def test_an_unknown_field_changes_nothing(place: str) -> None:
    additions: dict[str, dict[str, Any]] = {
        "alert": {"newField": {"deep": [1]}},
        "labels_beside": {"status": "resolved", "fingerprint": 5},
        "annotations": {"annotations": {**ALERT["annotations"], "more": "x"}},
    }
    draft, plain = one(**additions[place]), one()
    for name in ("status", "occurred_at", "expires_at", "identity", "severity", "service", "title", "links"):
        assert getattr(draft, name) == getattr(plain, name)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(JSON | st.dictionaries(st.sampled_from(list(ALERT)), JSON).map(lambda some: {**ALERT, **some})))
def test_any_list_is_taken_in_part_or_refused_and_nothing_else_happens(alerts: list[Any]) -> None:
    try:
        parsed = parse(*alerts)
    except UnreadableDelivery:
        return
    assert (parsed.reply is None) == (len(parsed.drafts) == len(alerts))
