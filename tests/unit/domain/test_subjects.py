"""Subjects: what correlation looks at, and what it must not take for said."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from sre_copilot.domain.incidents import Incident
from sre_copilot.domain.signals import Environment, Severity, SignalDraft
from sre_copilot.domain.subjects import Subject, declared, signalled

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize(("word", "environment"), [("prod", Environment.PRODUCTION), ("", None)])
def test_an_episode_is_where_its_signal_says_and_an_environment_that_nobody_said_is_unknown(
    word: str, environment: Environment | None
) -> None:
    draft = SignalDraft(
        name="HighLatency",
        title="Shop is slow",
        service="shop",
        severity=Severity.LOW,
        environment=Environment.PRODUCTION,
        environment_word=word,
        labels={"region": "eu"},
    )
    assert signalled(draft, NOW) == Subject(
        service="shop",
        started_at=NOW,
        severity=Severity.LOW,
        environment=environment,
        labels={"region": "eu"},
        text="HighLatency Shop is slow",
    )


def test_a_declared_incident_is_where_people_say() -> None:
    incident = Incident(
        id=UUID(int=1),
        tenant_id=UUID(int=2),
        title="Shop is slow",
        service="shop",
        environment=Environment.STAGING,
        severity=Severity.HIGH,
        detected_at=NOW,
        created_at=NOW,
        updated_at=NOW,
    )
    assert declared(incident) == Subject(
        service="shop",
        started_at=NOW,
        severity=Severity.HIGH,
        environment=Environment.STAGING,
        labels={},
        text="Shop is slow",
    )
