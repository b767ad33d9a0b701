"""The plugin under test: its samples, and the ways to hand something to it."""

import hashlib
import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

import attrs

from sre_copilot.adapters.integrations.gateway import PluginGateway, PluginTypes
from sre_copilot.adapters.integrations.isolation import Isolation
from sre_copilot.adapters.integrations.manager import PluginManager
from sre_copilot.domain.deliveries import Delivery, Parsed, Sample
from sre_copilot.domain.errors import CopilotError, MalformedDelivery, PluginFailed, UnreadableDelivery
from sre_copilot.domain.fingerprint import fingerprint
from sre_copilot.domain.integrations import Integration, Secrets, Setting, SettingKind
from sre_copilot.domain.signals import SignalDraft
from sre_copilot.domain.strict_json import read_json
from sre_copilot.hookspecs import (
    IdentifiesDeliveries,
    IntegrationPlugin,
    ParsesDeliveries,
    ProvidesSamples,
    ReadsBodies,
    SignsSamples,
)
from sre_copilot.testing.doors import plugin_gateway, plugin_manager, toolbox

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
"""The present of the kit, a Sunday noon."""
LATER = NOW + timedelta(hours=1)
PAYLOADS = "conformance_payloads"


class Violation(AssertionError):
    """A plugin does not do what the contract says; the message says what was tried and what came of it."""


class NotApplicable(Exception):
    """The check says nothing about this plugin; the message says why."""


@attrs.frozen
class PayloadReader:
    """A plugin that is handed payloads as JSON, where the one behind it reads bodies of another form.

    So that payloads can be changed without knowing the form.
    """

    plugin: ParsesDeliveries
    type: str = PAYLOADS
    title: str = "Payloads"

    def delivery_id(self, payload: Any, delivery: Delivery) -> str | None:
        """Let the other one tell."""
        return self.plugin.delivery_id(payload, delivery) if isinstance(self.plugin, IdentifiesDeliveries) else None

    def parse(self, integration: Integration, payload: Any, delivery: Delivery) -> Parsed:
        """Let the other one parse."""
        return self.plugin.parse(attrs.evolve(integration, type=self.plugin.type), payload, delivery)


@attrs.frozen
class Payload:
    """A sample as JSON that can be changed, and the delivery that it came in."""

    sample: Sample
    value: Any
    delivery: Delivery

    def changed(self, value: Any) -> "Payload":
        """Return it with another value."""
        return attrs.evolve(self, value=value)


@attrs.frozen(kw_only=True, slots=False)
class Subject:
    """One integration type of an installation.

    `points` are name and value of the entry points by which another process finds the plugins, None for those that are
    installed. `now` is when the samples are made and come in.
    """

    kind: str
    manager: PluginManager = attrs.field(factory=PluginManager)
    points: tuple[tuple[str, str], ...] | None = None
    now: datetime = NOW
    thorough: bool = True
    """Whether what takes long is done with every sample, and not only with the first."""

    @property
    def plugin(self) -> IntegrationPlugin:
        """The plugin itself."""
        return self.manager.plugins[self.kind]

    @cached_property
    def gateway(self) -> PluginGateway:
        """The way to it that production has."""
        return plugin_gateway(self.manager)

    @cached_property
    def types(self) -> PluginTypes:
        """What production asks it besides deliveries."""
        return PluginTypes(self.manager, Isolation(), toolbox())

    @cached_property
    def samples(self) -> Sequence[Sample]:
        """Its samples as of `now`. Raises Violation where it has none, or fails to make them."""
        if not isinstance(self.plugin, ProvidesSamples):
            raise Violation(
                "It has no samples; the kit works with them, and so does `integrations test`. Add `samples`."
            )
        try:
            found = self.types.samples(self.kind, self.now)
        except PluginFailed as failed:
            raise Violation(f"Its samples can't be made: {failed}") from None
        if not found:
            raise Violation("It has no samples: `samples` returned nothing.")
        return found

    @property
    def settings(self) -> Sequence[Setting]:
        """What can be set of it."""
        return self.manager.traits[self.kind].settings

    def integration(self, *, configured: bool = False) -> Integration:
        """An integration of it with only what is required set, or with everything."""
        values = {one.name: _value(one) for one in self.settings if not one.secret and (configured or one.required)}
        return Integration(
            id=UUID(int=1),
            tenant_id=UUID(int=2),
            type=self.kind,
            name="conformance",
            created_at=self.now,
            settings=values,
        )

    def secrets(self, word: str = "current", *names: str) -> Secrets:
        """Values for its secret settings (or those named), others for another `word`."""
        known = [one for one in self.settings if one.secret and (not names or one.name in names)]
        return Secrets({one.name: (secret_of(one, word),) for one in known})

    def parse(self, delivery: Delivery, *, configured: bool = False) -> Parsed:
        """Strip and parse a delivery as production does. Raises what the gateway raises."""
        integration = self.integration(configured=configured)
        return self.gateway.parse(integration, self.gateway.strip(integration, delivery))

    def read(self, sample: Sample) -> Parsed:
        """What a sample says. Raises Violation where it can't be read."""
        try:
            return self.parse(sample.delivery(self.now))
        except CopilotError as error:
            raise Violation(f"Its sample {sample.name!r} can't be read: {error}") from None

    def parsed(self, delivery: Delivery, *, configured: bool = False) -> Parsed | None:
        """What a delivery says, None where it is refused as deliveries may be. Raises PluginFailed."""
        try:
            return self.parse(delivery, configured=configured)
        except (UnreadableDelivery, MalformedDelivery):
            return None

    def signed(
        self, delivery: Delivery, secrets: Secrets | None = None, now: datetime | None = None
    ) -> Delivery | None:
        """A delivery as the vendor signs it, by default with every secret; None where the plugin can't sign."""
        if not isinstance(self.plugin, SignsSamples):
            return None
        return self.types.sign(self.integration(), secrets or self.secrets(), delivery, now or self.now)

    def delivered(self, payload: Payload) -> Delivery | None:
        """A changed payload as it comes in; None where its form isn't JSON."""
        if isinstance(self.plugin, ReadsBodies):
            return None
        return attrs.evolve(payload.delivery, body=json.dumps(payload.value).encode())

    def payload(self, sample: Sample) -> Payload:
        """A sample as JSON, in whatever form it comes."""
        delivery = self.gateway.strip(self.integration(), sample.delivery(self.now))
        plugin = self.plugin
        try:
            value = plugin.read(delivery) if isinstance(plugin, ReadsBodies) else read_json(delivery.body)
        except CopilotError as error:
            raise Violation(f"The body of its sample {sample.name!r} can't be read: {error}") from None
        return Payload(sample, value, delivery)

    def parse_payload(self, payload: Payload, *, configured: bool = False) -> Parsed:
        """Parse a sample with another payload. Raises what the gateway raises."""
        delivery = attrs.evolve(payload.delivery, body=json.dumps(payload.value).encode())
        integration = self.integration(configured=configured)
        if not isinstance(self.plugin, ReadsBodies):
            return self.gateway.parse(integration, delivery)
        return self._payloads.parse(attrs.evolve(integration, type=PAYLOADS), delivery)

    def read_payload(self, payload: Payload) -> Parsed | None:
        """What a sample with another payload says, None where it is refused as deliveries may be."""
        try:
            return self.parse_payload(payload)
        except (UnreadableDelivery, MalformedDelivery):
            return None

    def series(self, parsed: Parsed) -> list[str]:
        """The fingerprints of the signals, in their order."""
        return [fingerprint(self.integration().id, draft) for draft in parsed.drafts]

    @cached_property
    def _payloads(self) -> PluginGateway:
        plugin = self.plugin
        if not isinstance(plugin, ParsesDeliveries):
            raise NotApplicable("It reads no deliveries.")
        return plugin_gateway(plugin_manager(PayloadReader(plugin)))


def is_told_by_raw_data(draft: SignalDraft, parsed: Parsed) -> bool:
    """Whether the vendor gave nothing to tell the series by, so that the delivery's own words do."""
    made_up = draft.vendor_key is not None and draft.vendor_key == parsed.assigned_key
    return made_up or (draft.vendor_key is None and not draft.identity)


def secret_of(setting: Setting, word: str) -> str:
    """A value of a secret setting that nobody else has: its prefix and 44 characters of base64."""
    return f"{setting.generated}{b64encode(hashlib.sha256(f'{setting.name} {word}'.encode()).digest()).decode()}"


def _value(setting: Setting) -> str | int | bool | list[str]:
    if setting.kind is SettingKind.FLAG:
        return True
    if isinstance(setting.default, tuple):
        return [*setting.default, "conformance"]
    if setting.default is not None:
        return setting.default
    by_kind: Mapping[SettingKind, str | int | list[str]] = {SettingKind.NUMBER: 5, SettingKind.LIST: ["conformance"]}
    return by_kind.get(setting.kind, "conformance")


def readers(manager: PluginManager | None = None) -> list[str]:
    """The types whose plugins read deliveries, sorted; by default of every installed plugin."""
    plugins = (manager or PluginManager()).plugins
    return sorted(kind for kind, plugin in plugins.items() if isinstance(plugin, ParsesDeliveries))
