"""The generic integration: our own words, one signal or a list."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from sre_copilot.adapters.integrations.builtin.generic import Generic
from sre_copilot.domain.deliveries import Delivery, Integration, Parsed
from sre_copilot.domain.errors import UnreadableDelivery
from sre_copilot.domain.fingerprint import fingerprint
from sre_copilot.domain.signals import Environment, Severity, SignalDraft, SignalStatus, SignalType

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
INTEGRATION = Integration(id=UUID(int=1), tenant_id=UUID(int=2), type="generic", name="g", created_at=NOW)


def parse(payload: Any, **headers: str) -> Parsed:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Generic().parse(INTEGRATION, payload, Delivery(body=b"", received_at=NOW, headers=named))


def one(**fields: Any) -> SignalDraft:
    (draft,) = parse({"title": "Disk is full", **fields}).drafts
    return draft


def name(**fields: Any) -> str:
    return fingerprint(INTEGRATION.id, one(**fields))


def test_a_title_is_enough_and_nothing_is_invented() -> None:
    draft = one()
    assert (draft.name, draft.title, draft.description) == ("Disk is full", "Disk is full", "")
    assert draft.signal_type is SignalType.ALERT
    assert draft.status is SignalStatus.FIRING
    assert (draft.severity, draft.severity_word) == (Severity.MEDIUM, "")
    assert draft.service == "unknown"
    assert draft.environment is Environment.DEVELOPMENT
    assert draft.occurred_at is None
    assert draft.change is None


def test_every_field_finds_its_place() -> None:
    draft = one(
        dedup_key="disk/db-1",
        id="evt-1",
        description="97 %",
        type="metric_deviation",
        severity="critical",
        status="resolved",
        service="db",
        environment="production",
        occurred_at="2026-03-01T11:00:00Z",
        labels={"host": "db-1"},
        links=["https://graphs.example", "ftp://no"],
        source="cron",
        more={"kept": True},
    )
    assert (draft.vendor_key, draft.vendor_id) == ("disk/db-1", "evt-1")
    assert draft.signal_type is SignalType.METRIC_DEVIATION
    assert draft.status is SignalStatus.RESOLVED
    assert draft.severity is Severity.CRITICAL
    assert (draft.service, draft.environment) == ("db", Environment.PRODUCTION)
    assert draft.occurred_at == datetime(2026, 3, 1, 11, tzinfo=UTC)
    assert draft.labels == {"host": "db-1", "source": "cron"}
    assert draft.links == ("https://graphs.example",)
    assert draft.raw["more"] == {"kept": True}


def test_a_list_is_a_signal_each_and_the_header_names_the_delivery() -> None:
    parsed = parse([{"title": "a"}, {"title": "b"}], Webhook_Id="msg_1")
    assert [draft.name for draft in parsed.drafts] == ["a", "b"]
    assert parsed.vendor_id == "msg_1"
    assert parse([]) == Parsed()


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("critical", Severity.CRITICAL),
        ("HIGH", Severity.HIGH),
        ("error", Severity.HIGH),
        ("warning", Severity.MEDIUM),
        ("medium", Severity.MEDIUM),
        ("low", Severity.LOW),
        ("info", Severity.INFO),
        ("catastrophic", Severity.MEDIUM),
    ],
)
def test_severity_is_mapped_and_an_unknown_word_is_medium_and_kept(word: str, severity: Severity) -> None:
    draft = one(severity=word)
    assert (draft.severity, draft.severity_word) == (severity, word)


@pytest.mark.parametrize(("word", "kind"), [("deploy_event", "deploy"), ("config_change", "config")])
def test_a_change_happens_at_a_moment(word: str, kind: str) -> None:
    draft = one(type=word, labels={"version": "2", "author": "ana"}, description="why")
    assert draft.status is SignalStatus.MOMENT
    assert draft.severity is Severity.INFO
    assert draft.change is not None
    assert (draft.change.kind, draft.change.summary, draft.change.text) == (kind, "Disk is full", "why")
    assert (draft.change.version, draft.change.author) == ("2", "ana")


def test_without_a_key_title_service_source_and_labels_tell_the_series() -> None:
    assert name(status="resolved", description="x", severity="low") == name()
    series = [name(), name(service="db"), name(source="db"), name(labels={"service": "db"}), name(labels={"title": ""})]
    assert len(set(series)) == len(series)


def test_with_a_key_nothing_else_tells_the_series() -> None:
    assert name(dedup_key="k", service="a", environment="production") == name(dedup_key="k", title="other")


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ({}, "title is missing"),
        ({"title": 5}, "title must be a string, not a number"),
        ([{"title": "a"}, {"title": ""}], r"\[1\].title is missing"),
        ([{"title": "a"}, 5], r"\[1\] must be an object, not a number"),
        ("hello", "the body must be an object, not a string"),
        (None, "the body must be an object, not nothing"),
        ({"title": "a", "type": "alarm"}, "type must be one of alert,"),
        ({"title": "a", "status": "open"}, 'status must be "firing" or "resolved"'),
        ({"title": "a", "severity": 1}, "severity must be a string"),
        ({"title": "a", "labels": {"code": 503}}, "labels.code must be a string, not a number"),
        ({"title": "a", "occurred_at": "2026-03-01T11:00:00"}, "occurred_at must be a time with a zone"),
        ({"title": "a", "dedup_key": "k" * 256}, "dedup_key is longer than 255"),
    ],
)
def test_a_wrong_field_is_named(payload: Any, words: str) -> None:
    with pytest.raises(UnreadableDelivery, match=f"^{words}"):
        parse(payload)
