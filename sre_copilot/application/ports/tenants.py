"""Tenants and people, and the one way in before a tenant is known."""

from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sre_copilot.domain.integrations import Health, Integration
from sre_copilot.domain.tenants import Tenant, User


class Directory(Protocol):
    """Finds what must be known before a unit of work can be bound to a tenant. Exact name in, little out."""

    @abstractmethod
    def tenants(self) -> Sequence[Tenant]:
        """Every tenant, by creation."""

    @abstractmethod
    def tenant_of_integration(self, integration_id: UUID) -> UUID | None:
        """The tenant that an integration belongs to, or None."""

    @abstractmethod
    def due_tenants(self, now: datetime) -> Sequence[UUID]:
        """Ids of the tenants whose timers have something to do, sorted.

        An incident to be settled, an episode that time ends, a detection snapshot still to be taken, an episode that
        waits for the plan's limit while there is room, or an outgoing message that is due and that nobody has.
        """

    @abstractmethod
    def integration_of_key(self, key_hash: str) -> tuple[UUID, UUID] | None:
        """Tenant and id of the integration whose door this key opens, or once opened; None where there is none."""

    @abstractmethod
    def due_polls(self, now: datetime) -> Sequence[tuple[UUID, UUID]]:
        """Tenant and id of every active integration whose poll is due, the longest due first."""

    @abstractmethod
    def changed_silences(self, now: datetime) -> Sequence[tuple[UUID, UUID]]:
        """Tenant and id of every active integration that has been silent for too long, or was and isn't any more."""

    @abstractmethod
    def integrations_of(self, kinds: Collection[str]) -> Sequence[tuple[UUID, UUID]]:
        """Tenant and id of every active integration of these types."""

    @abstractmethod
    def token_of_hash(self, token_hash: str) -> tuple[UUID, UUID] | None:
        """Tenant and id of the API token with this hash, valid or not, or None."""


class Tenants(Protocol):
    """The tenant of the unit of work, and its people."""

    @abstractmethod
    def current(self) -> Tenant:
        """The tenant that the unit of work is bound to. Raises NotFound."""

    @abstractmethod
    def add(self, tenant: Tenant) -> None:
        """Store a new tenant with the unit's own id. Raises AlreadyExists where the slug is taken by any tenant."""

    @abstractmethod
    def users(self) -> Sequence[User]:
        """The tenant's people, by creation."""

    @abstractmethod
    def add_user(self, user: User) -> None:
        """Store a new user. Raises AlreadyExists where the e-mail is taken by anybody."""

    @abstractmethod
    def save_user(self, user: User) -> None:
        """Store what changed of a user: name, role, whether active, who it is in Slack. Raises NotFound."""


class Integrations(Protocol):
    """The configured sources of the tenant."""

    @abstractmethod
    def get(self, integration_id: UUID) -> Integration:
        """One integration. Raises NotFound."""

    @abstractmethod
    def marks(self, integration_ids: Collection[UUID]) -> Mapping[UUID, str]:
        """A mark of each of these integrations that changes whenever its row or the tenant's does."""

    @abstractmethod
    def all(self) -> Sequence[Integration]:
        """Every integration, by creation."""

    @abstractmethod
    def add(self, integration: Integration) -> None:
        """Store a new integration. Raises AlreadyExists where the name is taken in the tenant."""

    @abstractmethod
    def save(self, integration: Integration) -> None:
        """Store what people changed: name, window, environments, key, sealed values, interval, silence, whether active.

        Health and cursor stay. Raises NotFound, AlreadyExists.
        """

    @abstractmethod
    def lock(self, integration_id: UUID) -> Integration:
        """One integration that nobody else changes before the unit of work ends. Raises NotFound."""

    @abstractmethod
    def begin_poll(self, integration_id: UUID, *, now: datetime, until: datetime) -> bool:
        """Whether the integration's poll is due at `now` and nobody's; then it is the caller's until that moment."""

    @abstractmethod
    def end_poll(self, integration_id: UUID, *, cursor: Mapping[str, Any], next_at: datetime) -> None:
        """Store how far a poll came, and when the next one is due."""

    @abstractmethod
    def heard(self, integration_id: UUID, at: datetime) -> None:
        """Note a heartbeat."""

    @abstractmethod
    def silence(self, integration_id: UUID, noticed_at: datetime | None) -> None:
        """Note since when an alarm of its silence stands, None for none."""

    @abstractmethod
    def note(self, integration_id: UUID, health: Health) -> None:
        """Store how an integration is doing. Of an unknown one nothing is kept."""

    @abstractmethod
    def sealed(self) -> Sequence[tuple[UUID, Mapping[str, Any]]]:
        """The id and the envelope of every integration that has something sealed, by id."""

    @abstractmethod
    def replace_sealed(self, integration_id: UUID, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
        """Store another envelope and return True; False where it is not `before` any more, or nothing is known by that id."""
