"""Subjects: what correlation looks at, in the original of an episode or in an incident that people declared."""

from collections.abc import Mapping
from datetime import datetime

import attrs

from sre_copilot.domain.incidents import Incident
from sre_copilot.domain.signals import Environment, Severity, SignalDraft


@attrs.frozen(kw_only=True)
class Subject:
    """Where, when, how badly and in which words. `environment` is None where nobody said it: a guess must not separate."""

    service: str
    started_at: datetime
    severity: Severity
    environment: Environment | None = None
    labels: Mapping[str, str] = attrs.field(factory=dict)
    text: str = ""


def signalled(draft: SignalDraft, started_at: datetime) -> Subject:
    """The subject of an episode that began at `started_at` with this signal."""
    return Subject(
        service=draft.service,
        started_at=started_at,
        severity=draft.severity,
        environment=draft.environment if draft.environment_word else None,
        labels=draft.labels,
        text=f"{draft.name} {draft.title}",
    )


def declared(incident: Incident) -> Subject:
    """The subject of an incident that no signal opened."""
    return Subject(
        service=incident.service,
        started_at=incident.detected_at,
        severity=incident.severity,
        environment=incident.environment,
        text=incident.title,
    )
