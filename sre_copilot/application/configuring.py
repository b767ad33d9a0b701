"""What is configured of an integration: settings and secrets, sealed in one envelope per integration."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs

from sre_copilot.application.ports.sealing import Place, Sealer
from sre_copilot.application.ports.tokens import Keys
from sre_copilot.domain.errors import InvalidInput
from sre_copilot.domain.integrations import Feature, Integration, Secrets, Setting, SettingKind
from sre_copilot.domain.text import checked_text

MOST_ITEMS = 200
LONGEST_VALUE = 10_000
SHORTEST, LONGEST = timedelta(seconds=5), timedelta(days=1)
LONGEST_OVERLAP = timedelta(days=30)


@attrs.frozen(kw_only=True)
class StoredSecret:
    """One value of a secret; `until` is when it stops being valid, None for the current one."""

    value: str = attrs.field(repr=False)
    until: datetime | None = None


@attrs.frozen(kw_only=True)
class Configuration:
    """The content of an integration's envelope."""

    settings: Mapping[str, Any] = attrs.field(factory=dict)
    secrets: Mapping[str, tuple[StoredSecret, ...]] = attrs.field(factory=dict, repr=False)

    def valid(self, now: datetime) -> Secrets:
        """The secrets that are valid at a time, the current ones first."""
        return Secrets(
            {
                name: tuple(one.value for one in values if one.until is None or now < one.until)
                for name, values in self.secrets.items()
            }
        )

    def with_secret(self, name: str, value: str, *, until: datetime) -> "Configuration":
        """Return it with a new current value of a secret; the one before stays valid until then."""
        before = self.secrets.get(name, ())[:1]
        values = (StoredSecret(value=value), *(attrs.evolve(one, until=until) for one in before))
        return attrs.evolve(self, secrets={**self.secrets, name: values})

    def as_bytes(self) -> bytes:
        """JSON, to be sealed."""
        secrets = {
            name: [{"value": one.value, "until": one.until.isoformat() if one.until else None} for one in values]
            for name, values in self.secrets.items()
        }
        return json.dumps({"settings": dict(self.settings), "secrets": secrets}).encode()

    @classmethod
    def of(cls, content: bytes) -> "Configuration":
        """Return what the bytes say."""
        document = json.loads(content)
        secrets = {
            name: tuple(
                StoredSecret(value=one["value"], until=datetime.fromisoformat(one["until"]) if one["until"] else None)
                for one in values
            )
            for name, values in document["secrets"].items()
        }
        return cls(settings=document["settings"], secrets=secrets)


def unsealed(sealer: Sealer, integration: Integration) -> Configuration:
    """Return what is configured. Raises SealBroken and KeyRingUnusable."""
    if not integration.sealed:
        return Configuration()
    return Configuration.of(
        sealer.open(integration.sealed, Place.of_integration(integration.tenant_id, integration.id))
    )


def opened(sealer: Sealer, integration: Integration, now: datetime) -> tuple[Integration, Secrets]:
    """Return the integration with its settings, and the secrets that are valid now. Raises SealBroken and KeyRingUnusable."""
    configuration = unsealed(sealer, integration)
    return attrs.evolve(integration, settings=configuration.settings), configuration.valid(now)


def sealed(sealer: Sealer, integration: Integration, configuration: Configuration) -> Integration:
    """Return the integration with this configuration in its envelope. Raises KeyRingUnusable."""
    if not (configuration.settings or configuration.secrets):
        return attrs.evolve(integration, sealed={}, settings={})
    envelope = sealer.seal(configuration.as_bytes(), Place.of_integration(integration.tenant_id, integration.id))
    return attrs.evolve(integration, sealed=envelope, settings=configuration.settings)


def configured(
    known: Sequence[Setting], before: Configuration, given: Mapping[str, Any], *, until: datetime
) -> Configuration:
    """Return the configuration after people gave these settings and secrets; None takes one back.

    A secret that is replaced stays valid until then. Where an address changes, the secrets that are sent there are given
    again: nobody may learn what they can't read by having it sent to another place.

    Raises InvalidInput for an unknown name, a wrong kind, a required setting that is missing, and an address without
    its secrets.
    """
    specs = {setting.name: setting for setting in known}
    after = before
    for name, value in given.items():
        if name not in specs:
            known_names = ", ".join(specs) or "none"
            raise InvalidInput(f"There is no setting {name!r} of this integration type; its settings: {known_names}.")
        after = _with(after, specs[name], value, until)
    missing = [
        name
        for name, setting in specs.items()
        if setting.required and not (after.secrets.get(name) if setting.secret else after.settings.get(name))
    ]
    if missing:
        raise InvalidInput(f"This integration type needs {', '.join(missing)}; give a value.")
    astray = [
        name
        for name, setting in specs.items()
        if before.secrets.get(name) and name not in given and _moved(setting.sent_to, before, after)
    ]
    if astray:
        raise InvalidInput(f"The address changes, so give again what is sent there: {', '.join(astray)}.")
    return after


def _moved(address: str, before: Configuration, after: Configuration) -> bool:
    return before.settings.get(address) != after.settings.get(address)


def generated(
    known: Sequence[Setting], before: Configuration, keys: Keys, *, until: datetime, only_missing: bool
) -> tuple[Configuration, dict[str, str]]:
    """Return the configuration with new values of the secrets that the copilot makes, and those values, to be shown once."""
    made: dict[str, str] = {}
    for setting in known:
        if setting.generated and not (only_missing and before.secrets.get(setting.name)):
            made[setting.name] = keys.new_secret(setting.generated)
            before = before.with_secret(setting.name, made[setting.name], until=until)
    return before, made


def check_times(dedup_window: timedelta, sync_interval: timedelta, expected_every: timedelta | None) -> None:
    """Raise InvalidInput for a time that an integration can't have."""
    if dedup_window <= timedelta(0):
        raise InvalidInput("A dedup window must be longer than nothing; the default is 12 hours.")
    if not SHORTEST <= sync_interval <= LONGEST:
        raise InvalidInput("An integration can be polled every 5 seconds to every day; the default is 30 seconds.")
    if expected_every is not None and not SHORTEST <= expected_every <= 30 * LONGEST:
        raise InvalidInput("A delivery can be expected every 5 seconds to every 30 days.")


def check_overlap(overlap: timedelta) -> None:
    """Raise InvalidInput for a time that keys and secrets can't stay valid for once there are others."""
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise InvalidInput("The keys and secrets before can stay valid for at most 30 days.")


def checked_features(kind: str, wanted: Collection[Feature], able: frozenset[Feature]) -> frozenset[Feature]:
    """Return what is wanted of a type. Raises InvalidInput for what it can't do."""
    beyond = sorted(set(wanted) - able)
    if beyond:
        can = ", ".join(sorted(able)) or "nothing but take in deliveries"
        raise InvalidInput(f"The type {kind} can't {', '.join(beyond)}; it can: {can}.")
    return frozenset(wanted)


def _with(before: Configuration, setting: Setting, value: Any, until: datetime) -> Configuration:
    if setting.secret:
        if value is None:
            kept = {name: values for name, values in before.secrets.items() if name != setting.name}
            return attrs.evolve(before, secrets=kept)
        return before.with_secret(setting.name, _text(setting, value), until=until)
    if value is None:
        kept = {name: other for name, other in before.settings.items() if name != setting.name}
        return attrs.evolve(before, settings=kept)
    return attrs.evolve(before, settings={**before.settings, setting.name: _value(setting, value)})


def _value(setting: Setting, value: Any) -> Any:
    if setting.kind is SettingKind.FLAG and isinstance(value, bool):
        return value
    if setting.kind is SettingKind.NUMBER and isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if setting.kind is SettingKind.LIST and isinstance(value, list | tuple) and len(value) <= MOST_ITEMS:
        return [_text(setting, item) for item in value]
    if setting.kind is SettingKind.TEXT:
        return _text(setting, value)
    raise InvalidInput(f"The setting {setting.name} must be a {setting.kind.value}.")


def _text(setting: Setting, value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_VALUE:
        raise InvalidInput(f"The setting {setting.name} must be a text of 1 to {LONGEST_VALUE} characters.")
    return checked_text(f"The setting {setting.name}", value)
