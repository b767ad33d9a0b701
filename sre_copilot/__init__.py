"""SRE Copilot: from the first alert to ranked causes with evidence, and to what to do about them."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sre_copilot.application.copilot import Copilot as Copilot
    from sre_copilot.bootstrap import bootstrap as open_copilot
    from sre_copilot.domain.errors import AlreadyExists as AlreadyExists
    from sre_copilot.domain.errors import ConcurrentTransition as ConcurrentTransition
    from sre_copilot.domain.errors import ContextUnavailable as ContextUnavailable
    from sre_copilot.domain.errors import CopilotError as CopilotError
    from sre_copilot.domain.errors import CredentialsRefused as CredentialsRefused
    from sre_copilot.domain.errors import DatabaseNotReady as DatabaseNotReady
    from sre_copilot.domain.errors import DatabaseUnavailable as DatabaseUnavailable
    from sre_copilot.domain.errors import DeliveryTooDeep as DeliveryTooDeep
    from sre_copilot.domain.errors import DeliveryTooLarge as DeliveryTooLarge
    from sre_copilot.domain.errors import EmbeddedDatabaseFailed as EmbeddedDatabaseFailed
    from sre_copilot.domain.errors import EnvironmentFault as EnvironmentFault
    from sre_copilot.domain.errors import ForeignReference as ForeignReference
    from sre_copilot.domain.errors import ImmutableRecord as ImmutableRecord
    from sre_copilot.domain.errors import IntegrationChanged as IntegrationChanged
    from sre_copilot.domain.errors import IntegrationDisabled as IntegrationDisabled
    from sre_copilot.domain.errors import InvalidInput as InvalidInput
    from sre_copilot.domain.errors import InvalidSettings as InvalidSettings
    from sre_copilot.domain.errors import InvalidTransition as InvalidTransition
    from sre_copilot.domain.errors import KeyInUse as KeyInUse
    from sre_copilot.domain.errors import KeyRingUnusable as KeyRingUnusable
    from sre_copilot.domain.errors import MalformedDelivery as MalformedDelivery
    from sre_copilot.domain.errors import MissingConclusion as MissingConclusion
    from sre_copilot.domain.errors import NotAuthentic as NotAuthentic
    from sre_copilot.domain.errors import NotDead as NotDead
    from sre_copilot.domain.errors import NotFound as NotFound
    from sre_copilot.domain.errors import NotifyLater as NotifyLater
    from sre_copilot.domain.errors import NotifyRefused as NotifyRefused
    from sre_copilot.domain.errors import NotPermitted as NotPermitted
    from sre_copilot.domain.errors import NotQuarantined as NotQuarantined
    from sre_copilot.domain.errors import OutgoingFailed as OutgoingFailed
    from sre_copilot.domain.errors import OutgoingRefused as OutgoingRefused
    from sre_copilot.domain.errors import PluginBusy as PluginBusy
    from sre_copilot.domain.errors import PluginFailed as PluginFailed
    from sre_copilot.domain.errors import RecommendationDecided as RecommendationDecided
    from sre_copilot.domain.errors import RefusedByRule as RefusedByRule
    from sre_copilot.domain.errors import RunbookDeleted as RunbookDeleted
    from sre_copilot.domain.errors import SealBroken as SealBroken
    from sre_copilot.domain.errors import TenantBusy as TenantBusy
    from sre_copilot.domain.errors import TenantInactive as TenantInactive
    from sre_copilot.domain.errors import TooManySilences as TooManySilences
    from sre_copilot.domain.errors import UnfoundedEvidence as UnfoundedEvidence
    from sre_copilot.domain.errors import UnknownIntegrationType as UnknownIntegrationType
    from sre_copilot.domain.errors import UnreadableCertificate as UnreadableCertificate
    from sre_copilot.domain.errors import UnreadableDelivery as UnreadableDelivery
    from sre_copilot.domain.errors import UnsafeDatabaseRole as UnsafeDatabaseRole
    from sre_copilot.domain.errors import WriteConflict as WriteConflict
    from sre_copilot.hookspecs import hookimpl as hookimpl
    from sre_copilot.settings import Settings as Settings

__all__ = [
    "AlreadyExists",
    "ConcurrentTransition",
    "ContextUnavailable",
    "Copilot",
    "CopilotError",
    "CredentialsRefused",
    "DatabaseNotReady",
    "DatabaseUnavailable",
    "DeliveryTooDeep",
    "DeliveryTooLarge",
    "EmbeddedDatabaseFailed",
    "EnvironmentFault",
    "ForeignReference",
    "ImmutableRecord",
    "IntegrationChanged",
    "IntegrationDisabled",
    "InvalidInput",
    "InvalidSettings",
    "InvalidTransition",
    "KeyInUse",
    "KeyRingUnusable",
    "MalformedDelivery",
    "MissingConclusion",
    "NotAuthentic",
    "NotDead",
    "NotFound",
    "NotPermitted",
    "NotQuarantined",
    "NotifyLater",
    "NotifyRefused",
    "OutgoingFailed",
    "OutgoingRefused",
    "PluginBusy",
    "PluginFailed",
    "RecommendationDecided",
    "RefusedByRule",
    "RunbookDeleted",
    "SealBroken",
    "Settings",
    "TenantBusy",
    "TenantInactive",
    "TooManySilences",
    "UnfoundedEvidence",
    "UnknownIntegrationType",
    "UnreadableCertificate",
    "UnreadableDelivery",
    "UnsafeDatabaseRole",
    "WriteConflict",
    "hookimpl",
    "open_copilot",
]

_HOMES = {
    **{name: ("sre_copilot.domain.errors", name) for name in __all__},
    "Copilot": ("sre_copilot.application.copilot", "Copilot"),
    "Settings": ("sre_copilot.settings", "Settings"),
    "hookimpl": ("sre_copilot.hookspecs", "hookimpl"),
    # Not by its own name, which is that of its module: whichever is imported first would hide the other.
    "open_copilot": ("sre_copilot.bootstrap", "bootstrap"),
}


def __getattr__(name: str) -> Any:
    """Load the public names on first use, so that importing the package stays cheap."""
    if name in _HOMES:
        module, attribute = _HOMES[name]
        return getattr(importlib.import_module(module), attribute)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
