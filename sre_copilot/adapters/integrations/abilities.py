"""What an installed plugin does for deliveries: found out once, because to ask an object for a protocol takes longer than a call."""

import attrs

from sre_copilot.adapters.integrations.manager import Traits
from sre_copilot.hookspecs import (
    AnswersCommands,
    HidesCredentials,
    IdentifiesDeliveries,
    IntegrationPlugin,
    ParsesDeliveries,
    ReadsBodies,
    VerifiesDeliveries,
)


@attrs.frozen(kw_only=True)
class Abilities:
    """One plugin as each of what it can do; None for what it can't."""

    traits: Traits
    verifies: VerifiesDeliveries | None
    hides: HidesCredentials | None
    reads: ReadsBodies | None
    identifies: IdentifiesDeliveries | None
    parses: ParsesDeliveries | None
    answers: AnswersCommands | None

    @classmethod
    def of(cls, plugin: IntegrationPlugin, traits: Traits) -> "Abilities":
        """Find out."""
        return cls(
            traits=traits,
            verifies=plugin if isinstance(plugin, VerifiesDeliveries) else None,
            hides=plugin if isinstance(plugin, HidesCredentials) else None,
            reads=plugin if isinstance(plugin, ReadsBodies) else None,
            identifies=plugin if isinstance(plugin, IdentifiesDeliveries) else None,
            parses=plugin if isinstance(plugin, ParsesDeliveries) else None,
            answers=plugin if isinstance(plugin, AnswersCommands) else None,
        )
