"""What Lighthouse says of one light."""

from collections.abc import Mapping
from datetime import datetime

from sre_copilot.domain.payloads import Fields, wrong
from sre_copilot.domain.signals import Environment, Severity, SignalDraft, SignalStatus

STATES: Mapping[str, SignalStatus] = {"out": SignalStatus.FIRING, "lit": SignalStatus.RESOLVED}
SEVERITIES: Mapping[str, Severity] = {"dark": Severity.CRITICAL, "dim": Severity.LOW}


def read_light(light: Fields, received_at: datetime, environment: Environment) -> SignalDraft:
    """Return the signal. Raises UnreadableDelivery that names the field."""
    name, state, word = light.required("id"), light.required("state"), light.text("brightness")
    if state not in STATES:
        raise wrong(light.at("state"), 'must be "out" or "lit"')
    return SignalDraft(
        status=STATES[state],
        severity=SEVERITIES.get(word, Severity.MEDIUM),
        severity_word=word,
        service=name.strip()[:255] or "unknown",
        environment=environment,
        environment_word=light.text("sea"),
        name=f"{name} is out",
        title=f"{name} is out",
        identity={"light": name},
        occurred_at=light.time("since", received_at),
        raw=light.values,
    )
