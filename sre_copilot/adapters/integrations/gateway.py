"""The gateway to plugins: a delivery is verified, stripped of credentials and read, each in isolation, the answer checked."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import attrs

from sre_copilot.adapters.integrations.abilities import Abilities
from sre_copilot.adapters.integrations.answers import (
    checked_answer,
    checked_body,
    checked_id,
    checked_reply,
    checked_samples,
)
from sre_copilot.adapters.integrations.isolation import Isolation, Unfit, contained
from sre_copilot.adapters.integrations.manager import PluginManager
from sre_copilot.adapters.integrations.toolbox import Toolbox
from sre_copilot.application.ports.deliveries import DeliveryGateway, IntegrationTypes
from sre_copilot.domain.commands import Command, Response
from sre_copilot.domain.deliveries import Delivery, Parsed, Reply, Sample
from sre_copilot.domain.errors import (
    DeliveryTooDeep,
    DeliveryTooLarge,
    MalformedDelivery,
    NotAuthentic,
    OutgoingFailed,
    OutgoingRefused,
    PluginFailed,
    UnknownIntegrationType,
    UnreadableDelivery,
)
from sre_copilot.domain.integrations import ERROR_LENGTH, Feature, Integration, Secrets, Setting
from sre_copilot.domain.strict_json import read_json
from sre_copilot.hookspecs import (
    ChecksHealth,
    IntegrationPlugin,
    ParsesDeliveries,
    ProvidesContext,
    ProvidesSamples,
    ProvidesTelemetry,
    PullsSignals,
    SignsSamples,
)


@attrs.frozen
class PluginGateway(DeliveryGateway):
    """Verifies and reads deliveries through plugins. Thread-safe."""

    manager: PluginManager
    isolation: Isolation
    toolbox: Toolbox
    _abilities: dict[str, Abilities] = attrs.field(factory=dict, init=False, repr=False)

    def verify(self, integration: Integration, secrets: Secrets, delivery: Delivery, now: datetime) -> bool:
        """Whether the vendor's signature proves the sender; see the port for what is raised."""
        able = self._able(integration.type)
        limit, plugin = able.traits.body_limit, able.verifies
        if len(delivery.body) > limit:
            raise DeliveryTooLarge(f"The body has {len(delivery.body)} bytes; at most {limit} are taken.")
        if plugin is None:
            return False
        passing = (NotAuthentic, MalformedDelivery, OutgoingFailed, OutgoingRefused)
        tools = self.toolbox.at(now)

        def answer() -> bool:
            proven: object = contained(lambda: plugin.verify(integration, secrets, delivery, tools), passing=passing)
            if not isinstance(proven, bool):
                raise Unfit(f"it is {type(proven).__name__}, not bool")
            return proven

        return self.isolation.run(integration.type, answer, passing)

    def strip(self, integration: Integration, delivery: Delivery) -> Delivery:
        """The delivery without credentials; see the port for what is raised."""
        able = self._able(integration.type)
        stripped, plugin = delivery.without_credentials(able.traits.kept_headers), able.hides
        if plugin is None:
            return stripped

        def answer() -> bytes:
            return checked_body(contained(lambda: plugin.without_credentials(delivery.body)))

        return attrs.evolve(stripped, body=self.isolation.run(integration.type, answer))

    def heeds_429(self, integration: Integration) -> bool:
        """Whether the vendor's sender repeats what was answered with 429."""
        return self._able(integration.type).traits.heeds_429

    def parse(self, integration: Integration, delivery: Delivery) -> Parsed:
        """What the delivery says; see the port for what is raised."""
        able = self._able(integration.type)
        plugin = able.parses
        if plugin is None:
            raise UnknownIntegrationType(type=integration.type, installed=self._parsing())
        known: list[str | None] = [None]
        passing = (UnreadableDelivery, MalformedDelivery)

        def answer() -> Parsed:
            payload = contained(lambda: _payload(able, delivery), passing=passing)
            known[0] = contained(lambda: _id(able, payload, delivery), passing=(UnreadableDelivery, Unfit))
            given = contained(lambda: plugin.parse(integration, payload, delivery), passing=(UnreadableDelivery,))
            checked = checked_answer(given, delivery)
            return checked if checked.vendor_id is known[0] else attrs.evolve(checked, vendor_id=known[0])

        try:
            return self.isolation.run(integration.type, answer, passing, here=able.traits.is_own)
        except (DeliveryTooDeep, DeliveryTooLarge):
            # Refused for everyone, templates included.
            raise
        except MalformedDelivery as error:
            if able.traits.takes_templates:
                raise UnreadableDelivery(str(error)) from error
            raise
        except (UnreadableDelivery, PluginFailed) as error:
            error.vendor_id = known[0]
            raise

    def answer(self, integration: Integration, command: Command, response: Response) -> Reply | None:
        """What the vendor is answered to a command; see the port for what is raised."""
        plugin = self._able(integration.type).answers
        if plugin is None:
            return None

        def answer() -> Reply:
            return checked_reply(contained(lambda: plugin.answer(command, response)))

        return self.isolation.run(integration.type, answer)

    def _parsing(self) -> list[str]:
        return sorted(name for name, one in self.manager.plugins.items() if isinstance(one, ParsesDeliveries))

    def _able(self, kind: str) -> Abilities:
        known = self._abilities.get(kind)
        if known is None:
            plugin, traits = installed(self.manager, kind), self.manager.traits[kind]

            def answer() -> Abilities:
                # To ask an object what it has may run code of its own as well.
                return contained(lambda: Abilities.of(plugin, traits))

            known = self._abilities[kind] = self.isolation.run(kind, answer, here=traits.is_own)
        return known


def installed(manager: PluginManager, kind: str) -> IntegrationPlugin:
    """The plugin of a type. Raises UnknownIntegrationType."""
    plugin = manager.plugins.get(kind)
    if plugin is None:
        raise UnknownIntegrationType(type=kind, installed=sorted(manager.plugins))
    return plugin


def _payload(able: Abilities, delivery: Delivery) -> Any:
    if able.reads is not None:
        return able.reads.read(delivery)
    return read_json(delivery.body, max_bytes=able.traits.body_limit)


def _id(able: Abilities, payload: Any, delivery: Delivery) -> str | None:
    return checked_id(able.identifies.delivery_id(payload, delivery)) if able.identifies is not None else None


@attrs.frozen
class PluginTypes(IntegrationTypes):
    """What the installed plugins offer. Thread-safe."""

    manager: PluginManager
    isolation: Isolation
    toolbox: Toolbox

    def types(self) -> Sequence[str]:
        """The installed integration types, sorted."""
        return sorted(self.manager.plugins)

    def features(self, kind: str) -> frozenset[Feature]:
        """What a type can do besides taking in; see the port for what is raised."""
        plugin = installed(self.manager, kind)
        able = {
            Feature.PULL: isinstance(plugin, PullsSignals),
            Feature.CONTEXT: isinstance(plugin, ProvidesContext),
            Feature.TELEMETRY: isinstance(plugin, ProvidesTelemetry),
        }
        return frozenset(feature for feature, is_able in able.items() if is_able)

    def settings(self, kind: str) -> Sequence[Setting]:
        """What can be set of a type; see the port for what is raised."""
        installed(self.manager, kind)
        return self.manager.traits[kind].settings

    def samples(self, kind: str, now: datetime) -> Sequence[Sample]:
        """What the vendor sends; see the port for what is raised."""
        plugin = installed(self.manager, kind)
        if not isinstance(plugin, ProvidesSamples):
            return ()
        return self.isolation.run(
            kind, lambda: contained(lambda: checked_samples(plugin.samples(now)), passing=(Unfit,))
        )

    def sign(self, integration: Integration, secrets: Secrets, delivery: Delivery, now: datetime) -> Delivery:
        """The delivery as the vendor would sign it; see the port for what is raised."""
        plugin = installed(self.manager, integration.type)
        if not isinstance(plugin, SignsSamples):
            return delivery

        def answer() -> Delivery:
            signed: object = contained(lambda: plugin.sign(secrets, delivery, now))
            if not isinstance(signed, Delivery):
                raise Unfit(f"it is {type(signed).__name__}, not Delivery")
            return signed

        return self.isolation.run(integration.type, answer)

    def check(self, integration: Integration, secrets: Secrets, now: datetime) -> str | None:
        """What works, None where the plugin can't tell; see the port for what is raised."""
        plugin = installed(self.manager, integration.type)
        if not isinstance(plugin, ChecksHealth):
            return None
        tools = self.toolbox.at(now)
        passing = (OutgoingFailed, OutgoingRefused)

        def answer() -> str:
            works: object = contained(lambda: plugin.check(integration, secrets, tools), passing=passing)
            if not isinstance(works, str):
                raise Unfit(f"it is {type(works).__name__}, not a sentence")
            return works[:ERROR_LENGTH]

        return self.isolation.run(integration.type, answer, passing)
