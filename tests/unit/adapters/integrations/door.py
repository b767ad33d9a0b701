"""One plugin behind the real gateway: what the tests of a vendor's integration knock at."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import attrs

from sre_copilot.adapters.integrations.gateway import PluginGateway
from sre_copilot.adapters.integrations.manager import PluginManager
from sre_copilot.adapters.keyring.signatures import CertificateSignatures
from sre_copilot.application.ports.outgoing import Outgoing
from sre_copilot.application.ports.signatures import Signatures
from sre_copilot.domain.deliveries import Delivery, Parsed
from sre_copilot.domain.fingerprint import fingerprint
from sre_copilot.domain.integrations import Integration, Secrets
from sre_copilot.domain.signals import Environment, SignalDraft
from sre_copilot.testing.doors import plugin_gateway
from sre_copilot.testing.outgoing import ScriptedOutgoing

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MANAGER = PluginManager([])


@attrs.frozen(kw_only=True)
class Door:
    """An integration of one type, and what comes to its door."""

    type: str
    settings: Mapping[str, Any] = attrs.field(factory=dict)
    secrets: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)
    environments: Mapping[str, Environment] = attrs.field(factory=dict)
    outgoing: Outgoing = attrs.field(factory=ScriptedOutgoing)
    signatures: Signatures = attrs.field(factory=CertificateSignatures)
    now: datetime = NOW

    @property
    def integration(self) -> Integration:
        return Integration(
            id=UUID(int=1),
            tenant_id=UUID(int=2),
            type=self.type,
            name="source",
            created_at=NOW,
            settings=self.settings,
            environments=self.environments,
        )

    @property
    def gateway(self) -> PluginGateway:
        return plugin_gateway(MANAGER, outgoing=self.outgoing, signatures=self.signatures)

    def delivery(self, body: Any, headers: Mapping[str, str] | None = None, path: str = "") -> Delivery:
        """A delivery of these bytes, or of this JSON."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Delivery(body=content, headers=headers or {}, path=path, received_at=self.now)

    def read(self, body: Any, headers: Mapping[str, str] | None = None, path: str = "") -> Parsed:
        """What a delivery says once it is stripped of credentials."""
        stripped = self.gateway.strip(self.integration, self.delivery(body, headers, path))
        return self.gateway.parse(self.integration, stripped)

    def signal(self, body: Any, headers: Mapping[str, str] | None = None, path: str = "") -> SignalDraft:
        """The only signal of a delivery."""
        (draft,) = self.read(body, headers, path).drafts
        return draft

    def series(self, body: Any, headers: Mapping[str, str] | None = None, path: str = "") -> str:
        """The fingerprint of a delivery's only signal."""
        return fingerprint(self.integration.id, self.signal(body, headers, path))

    def verify(self, body: Any, headers: Mapping[str, str] | None = None, path: str = "") -> bool:
        """Whether a signature proves the sender; raises NotAuthentic."""
        return self.gateway.verify(
            self.integration, Secrets(self.secrets), self.delivery(body, headers, path), self.now
        )
