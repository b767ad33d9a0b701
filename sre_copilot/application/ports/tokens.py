"""API tokens."""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sre_copilot.domain.tokens import ApiToken


class Tokens(Protocol):
    """The tenant's API tokens."""

    @abstractmethod
    def add(self, token: ApiToken) -> None:
        """Store a new token. Raises AlreadyExists."""

    @abstractmethod
    def get(self, token_id: UUID) -> ApiToken:
        """One token. Raises NotFound."""

    @abstractmethod
    def all(self) -> Sequence[ApiToken]:
        """Every token, by creation."""

    @abstractmethod
    def used(self, token_id: UUID, at: datetime) -> None:
        """Note that a token was used."""

    @abstractmethod
    def revoke(self, token_id: UUID, at: datetime) -> None:
        """Make a token useless from now on; one that is revoked already stays as it is."""


class Keys(Protocol):
    """Makes keys that nobody can guess. Thread-safe."""

    @abstractmethod
    def new(self, prefix: str) -> str:
        """Return `prefix` and 32 random bytes in URL-safe base64 without padding: 43 characters."""

    @abstractmethod
    def new_secret(self, prefix: str) -> str:
        """Return `prefix` and 32 random bytes in base64 with padding, as Standard Webhooks has its secrets."""
