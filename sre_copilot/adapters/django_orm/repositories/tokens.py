"""API tokens."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import attrs
from django.db.models import QuerySet

from sre_copilot.adapters.django_orm import models
from sre_copilot.adapters.django_orm.constraints import translated
from sre_copilot.adapters.django_orm.routing import ALIAS
from sre_copilot.domain.actors import Role
from sre_copilot.domain.errors import NotFound
from sre_copilot.domain.tokens import ApiToken, scopes_of


@attrs.frozen
class DjangoTokens:
    """The tenant's API tokens."""

    tenant_id: UUID

    def add(self, token: ApiToken) -> None:
        """Store a new token. Raises AlreadyExists."""
        with translated():
            self._rows().create(
                id=token.id,
                tenant_id=self.tenant_id,
                user_id=token.user_id,
                name=token.name,
                token_hash=token.hash,
                hint=token.hint,
                role=token.role.value,
                scopes=sorted(token.scopes),
                created_at=token.created_at,
                expires_at=token.expires_at,
                last_used_at=token.last_used_at,
                revoked_at=token.revoked_at,
            )

    def get(self, token_id: UUID) -> ApiToken:
        """One token. Raises NotFound."""
        row = self._rows().filter(id=token_id).first()
        if row is None:
            raise NotFound(token=token_id)
        return _token(row)

    def all(self) -> Sequence[ApiToken]:
        """Every token, by creation."""
        return [_token(row) for row in self._rows().order_by("created_at", "id")]

    def used(self, token_id: UUID, at: datetime) -> None:
        """Note that a token was used."""
        with translated():
            self._rows().filter(id=token_id).update(last_used_at=at)

    def revoke(self, token_id: UUID, at: datetime) -> None:
        """Make a token useless from now on."""
        with translated():
            self._rows().filter(id=token_id, revoked_at__isnull=True).update(revoked_at=at)

    def _rows(self) -> QuerySet[models.ApiToken]:
        return models.ApiToken.objects.using(ALIAS).filter(tenant_id=self.tenant_id)


def _token(row: models.ApiToken) -> ApiToken:
    return ApiToken(
        id=row.id,
        tenant_id=row.tenant_id,
        user_id=row.user_id,
        name=row.name,
        hash=row.token_hash,
        hint=row.hint,
        role=Role(row.role),
        scopes=scopes_of(row.scopes),
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )
