"""The real gateway to plugins for tests, with a way out that leads nowhere unless a test says where."""

from importlib.metadata import EntryPoint

import attrs

from sre_copilot.adapters.intake.group_commit import GroupCommit
from sre_copilot.adapters.integrations.calls import CallsHere
from sre_copilot.adapters.integrations.gateway import PluginGateway
from sre_copilot.adapters.integrations.isolation import DEADLINE, Isolation
from sre_copilot.adapters.integrations.manager import PluginManager
from sre_copilot.adapters.integrations.notifying import PluginNotifiers
from sre_copilot.adapters.integrations.toolbox import Toolbox
from sre_copilot.adapters.keyring.signatures import CertificateSignatures
from sre_copilot.adapters.system import TimeOrderedIds
from sre_copilot.application.doors import Doors
from sre_copilot.application.ports.deliveries import DeliveryGateway
from sre_copilot.application.ports.mail import Mail
from sre_copilot.application.ports.outgoing import Outgoing
from sre_copilot.application.ports.signatures import Signatures
from sre_copilot.application.ports.tenants import Directory
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.application.taking_in import TakeIn
from sre_copilot.application.use_cases.ingest_delivery import IngestDelivery
from sre_copilot.hookspecs import ENTRY_POINT_GROUP, IntegrationPlugin, hookimpl
from sre_copilot.testing.mail import RecordedMail
from sre_copilot.testing.outgoing import ScriptedOutgoing
from sre_copilot.testing.sealing import InMemoryKeyRing, make_sealer


@attrs.frozen
class Bringing:
    """A plugin that registers these integrations."""

    plugins: tuple[IntegrationPlugin, ...]

    @hookimpl
    def sre_copilot_integrations(self) -> list[IntegrationPlugin]:
        """Return them."""
        return list(self.plugins)


class LoadedEntryPoint(EntryPoint):
    """An entry point of something that is here already."""

    def __init__(self, name: str, loaded: object) -> None:
        super().__init__(name=name, value=name, group=ENTRY_POINT_GROUP)
        vars(self)["_loaded"] = loaded

    def load(self) -> object:
        """Return it."""
        return vars(self)["_loaded"]


def plugin_manager(*plugins: IntegrationPlugin) -> PluginManager:
    """Return a manager with the built-in integrations and these, which need not be installed."""
    return PluginManager([LoadedEntryPoint("given", Bringing(plugins))] if plugins else [])


def plugin_gateway(
    manager: PluginManager | None = None,
    *,
    outgoing: Outgoing | None = None,
    signatures: Signatures | None = None,
    deadline: float = DEADLINE,
) -> PluginGateway:
    """Return a gateway to these plugins, by default the built-in ones; `deadline` in seconds."""
    return PluginGateway(
        manager or plugin_manager(),
        Isolation(deadline),
        toolbox(outgoing=outgoing, signatures=signatures),
    )


def plugin_notifiers(
    manager: PluginManager | None = None,
    *,
    outgoing: Outgoing | None = None,
    mail: Mail | None = None,
    deadline: float = DEADLINE,
) -> PluginNotifiers:
    """Return what sends through these plugins, by default the built-in ones."""
    known, isolation = manager or plugin_manager(), Isolation(deadline)
    return PluginNotifiers(known, isolation, CallsHere(known, isolation, toolbox(outgoing=outgoing, mail=mail)))


def toolbox(
    *, outgoing: Outgoing | None = None, mail: Mail | None = None, signatures: Signatures | None = None
) -> Toolbox:
    """Return tools, each replaceable: servers that can't be reached, mail that nobody reads, real checks of signatures."""
    return Toolbox(
        outgoing=outgoing or ScriptedOutgoing(),
        mail=mail or RecordedMail(),
        signatures=signatures or CertificateSignatures(),
    )


def ingesting(units: UnitOfWorkFactory, directory: Directory, gateway: DeliveryGateway | None = None) -> IngestDelivery:
    """Return the use case on these units of work, by default with the built-in plugins."""
    return IngestDelivery(
        doors=Doors(units=units, directory=directory, sealer=make_sealer(InMemoryKeyRing())),
        gateway=gateway or plugin_gateway(),
        outgoing=ScriptedOutgoing(),
        intake=GroupCommit(TakeIn(units=units, ids=TimeOrderedIds())),
    )
