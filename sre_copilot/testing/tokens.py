"""API tokens in memory, and keys that are the same in every run."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import count
from uuid import UUID

import attrs

from sre_copilot.domain.errors import AlreadyExists, NotFound
from sre_copilot.domain.tokens import ApiToken
from sre_copilot.testing.tables import TenantTables


@attrs.frozen
class InMemoryTokens:
    """The tenant's API tokens."""

    tables: TenantTables

    def add(self, token: ApiToken) -> None:
        """Store a new token. Raises AlreadyExists."""
        if any(other.hash == token.hash or other.id == token.id for other in self.tables.tokens.values()):
            raise AlreadyExists(token=token.id)
        self.tables.tokens[token.id] = token

    def get(self, token_id: UUID) -> ApiToken:
        """One token. Raises NotFound."""
        if token_id not in self.tables.tokens:
            raise NotFound(token=token_id)
        return self.tables.tokens[token_id]

    def all(self) -> Sequence[ApiToken]:
        """Every token, by creation."""
        return sorted(self.tables.tokens.values(), key=lambda token: (token.created_at, token.id))

    def used(self, token_id: UUID, at: datetime) -> None:
        """Note that a token was used."""
        if token_id in self.tables.tokens:
            self.tables.tokens[token_id] = attrs.evolve(self.tables.tokens[token_id], last_used_at=at)

    def revoke(self, token_id: UUID, at: datetime) -> None:
        """Make a token useless from now on."""
        token = self.tables.tokens.get(token_id)
        if token is not None and token.revoked_at is None:
            self.tables.tokens[token_id] = attrs.evolve(token, revoked_at=at)


@attrs.frozen
class CountedKeys:
    """Keys that anybody could guess: they count."""

    _numbers: Iterator[int] = attrs.field(factory=lambda: count(1), init=False, eq=False, repr=False)

    def new(self, prefix: str) -> str:
        """Return the prefix and a number of 43 digits."""
        return f"{prefix}{next(self._numbers):043}"

    def new_secret(self, prefix: str) -> str:
        """Return the prefix and a number of 44 digits, which is base64."""
        return f"{prefix}{next(self._numbers):044}"
