"""The gateway to plugins: a delivery is verified, stripped of credentials and read, each in isolation, the answer checked."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import attrs

from sre_copilot.adapters.integrations.answers import checked_answer, checked_id
from sre_copilot.adapters.integrations.isolation import Isolation, Unfit, contained
from sre_copilot.adapters.integrations.manager import PluginManager
from sre_copilot.application.ports.deliveries import DeliveryGateway, IntegrationTypes
from sre_copilot.application.ports.outgoing import Outgoing
from sre_copilot.application.ports.signatures import Signatures
from sre_copilot.domain.deliveries import MAX_BODY_BYTES, Delivery, Parsed, Sample
from sre_copilot.domain.errors import (
    DeliveryTooLarge,
    MalformedDelivery,
    NotAuthentic,
    OutgoingFailed,
    OutgoingRefused,
    PluginFailed,
    UnknownIntegrationType,
    UnreadableDelivery,
)
from sre_copilot.domain.integrations import Integration, Secrets, Setting
from sre_copilot.domain.strict_json import read_json
from sre_copilot.hookspecs import (
    ChecksHealth,
    HasSettings,
    HidesCredentials,
    IdentifiesDeliveries,
    IntegrationPlugin,
    KeepsHeaders,
    LimitsBodies,
    ParsesDeliveries,
    ProvidesSamples,
    ReadsBodies,
    SignsSamples,
    TakesTemplates,
    Tools,
    VerifiesDeliveries,
)


@attrs.frozen
class PluginGateway(DeliveryGateway):
    """Verifies and reads deliveries through plugins. Thread-safe."""

    manager: PluginManager
    isolation: Isolation
    outgoing: Outgoing
    signatures: Signatures

    def verify(self, integration: Integration, secrets: Secrets, delivery: Delivery, now: datetime) -> bool:
        """Whether the vendor's signature proves the sender; see the port for what is raised."""
        plugin = self._plugin(integration.type)
        if len(delivery.body) > _body_limit(plugin):
            raise DeliveryTooLarge(f"The body has {len(delivery.body)} bytes; at most {_body_limit(plugin)} are taken.")
        if not isinstance(plugin, VerifiesDeliveries):
            return False
        passing = (NotAuthentic, MalformedDelivery, OutgoingFailed, OutgoingRefused)
        tools = Tools(now=now, http=self.outgoing, signatures=self.signatures)

        def answer() -> bool:
            proven: object = contained(lambda: plugin.verify(integration, secrets, delivery, tools), passing=passing)
            if not isinstance(proven, bool):
                raise Unfit(f"it is {type(proven).__name__}, not bool")
            return proven

        return self.isolation.run(integration.type, answer, passing)

    def strip(self, integration: Integration, delivery: Delivery) -> Delivery:
        """The delivery without credentials; see the port for what is raised."""
        plugin = self._plugin(integration.type)
        kept: Collection[str] = plugin.kept_headers if isinstance(plugin, KeepsHeaders) else ()
        stripped = delivery.without_credentials(kept)
        if not isinstance(plugin, HidesCredentials):
            return stripped

        def answer() -> bytes:
            body: object = contained(lambda: plugin.without_credentials(delivery.body))
            if not isinstance(body, bytes):
                raise Unfit(f"it is {type(body).__name__}, not bytes")
            return body

        return attrs.evolve(stripped, body=self.isolation.run(integration.type, answer))

    def parse(self, integration: Integration, delivery: Delivery) -> Parsed:
        """What the delivery says; see the port for what is raised."""
        plugin = self._plugin(integration.type)
        if not isinstance(plugin, ParsesDeliveries):
            raise UnknownIntegrationType(type=integration.type, installed=self._parsing())
        known: list[str | None] = [None]
        passing = (UnreadableDelivery, MalformedDelivery)

        def answer() -> Parsed:
            payload = contained(lambda: _payload(plugin, delivery), passing=passing)
            known[0] = contained(lambda: _id(plugin, payload, delivery), passing=(UnreadableDelivery, Unfit))
            given = contained(lambda: plugin.parse(integration, payload, delivery), passing=(UnreadableDelivery,))
            return attrs.evolve(checked_answer(given, delivery.received_at), vendor_id=known[0])

        try:
            return self.isolation.run(integration.type, answer, passing)
        except DeliveryTooLarge:
            raise
        except MalformedDelivery as error:
            if isinstance(plugin, TakesTemplates):
                raise UnreadableDelivery(str(error)) from error
            raise
        except (UnreadableDelivery, PluginFailed) as error:
            error.vendor_id = known[0]
            raise

    def _parsing(self) -> list[str]:
        return sorted(name for name, one in self.manager.plugins.items() if isinstance(one, ParsesDeliveries))

    def _plugin(self, kind: str) -> IntegrationPlugin:
        return installed(self.manager, kind)


def installed(manager: PluginManager, kind: str) -> IntegrationPlugin:
    """The plugin of a type. Raises UnknownIntegrationType."""
    plugin = manager.plugins.get(kind)
    if plugin is None:
        raise UnknownIntegrationType(type=kind, installed=sorted(manager.plugins))
    return plugin


def _body_limit(plugin: object) -> int:
    return min(plugin.max_body_bytes, MAX_BODY_BYTES) if isinstance(plugin, LimitsBodies) else MAX_BODY_BYTES


def _payload(plugin: object, delivery: Delivery) -> Any:
    if isinstance(plugin, ReadsBodies):
        return plugin.read(delivery)
    return read_json(delivery.body, max_bytes=_body_limit(plugin))


def _id(plugin: object, payload: Any, delivery: Delivery) -> str | None:
    return checked_id(plugin.delivery_id(payload, delivery)) if isinstance(plugin, IdentifiesDeliveries) else None


@attrs.frozen
class PluginTypes(IntegrationTypes):
    """What the installed plugins offer. Thread-safe."""

    manager: PluginManager
    isolation: Isolation
    outgoing: Outgoing
    signatures: Signatures

    def types(self) -> Sequence[str]:
        """The installed integration types, sorted."""
        return sorted(self.manager.plugins)

    def settings(self, kind: str) -> Sequence[Setting]:
        """What can be set of a type; see the port for what is raised."""
        plugin = installed(self.manager, kind)
        return tuple(plugin.settings) if isinstance(plugin, HasSettings) else ()

    def samples(self, kind: str, now: datetime) -> Sequence[Sample]:
        """What the vendor sends; see the port for what is raised."""
        plugin = installed(self.manager, kind)
        if not isinstance(plugin, ProvidesSamples):
            return ()
        return self.isolation.run(kind, lambda: tuple(contained(lambda: plugin.samples(now))))

    def sign(self, integration: Integration, secrets: Secrets, delivery: Delivery, now: datetime) -> Delivery:
        """The delivery as the vendor would sign it; see the port for what is raised."""
        plugin = installed(self.manager, integration.type)
        if not isinstance(plugin, SignsSamples):
            return delivery
        return self.isolation.run(integration.type, lambda: contained(lambda: plugin.sign(secrets, delivery, now)))

    def check(self, integration: Integration, secrets: Secrets, now: datetime) -> str | None:
        """What works, None where the plugin can't tell; see the port for what is raised."""
        plugin = installed(self.manager, integration.type)
        if not isinstance(plugin, ChecksHealth):
            return None
        tools = Tools(now=now, http=self.outgoing, signatures=self.signatures)
        passing = (OutgoingFailed, OutgoingRefused, NotAuthentic)
        return self.isolation.run(
            integration.type,
            lambda: contained(lambda: plugin.check(integration, secrets, tools), passing=passing),
            passing,
        )
