"""Who asks: the holder of an API token."""

from django.http import HttpRequest
from ninja.security import HttpBearer

from sre_copilot.domain.actors import Actor
from sre_copilot.entrypoints import logs
from sre_copilot.entrypoints.http.running import copilot


class BearerToken(HttpBearer):
    """An API token in the header `Authorization: Bearer TOKEN`."""

    def authenticate(self, request: HttpRequest, token: str) -> Actor:
        """Return who the token speaks for. Raises NotAuthentic."""
        actor = copilot().administration.actor_of_token(token.strip(), origin=origin_of(request))
        logs.bind(tenant=str(actor.tenant_id))
        return actor


def actor_of(request: HttpRequest) -> Actor:
    """Who a request that was let in comes from."""
    actor = getattr(request, "auth", None)
    assert isinstance(actor, Actor)
    return actor


def origin_of(request: HttpRequest) -> str:
    """From where a request comes, as audit entries name it."""
    return f"http {request.META.get('REMOTE_ADDR', '')}".strip()
