"""`/users` and `/tokens`: who may do what, and the keys to this API."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router
from pydantic import Field, StrictBool

from sre_copilot.domain.actors import Permission, Role
from sre_copilot.domain.tenants import User
from sre_copilot.domain.tokens import ApiToken
from sre_copilot.entrypoints.http.api.incidents import Person, person_of
from sre_copilot.entrypoints.http.api.shapes import Asked, Shape, list_shape, shape
from sre_copilot.entrypoints.http.authentication import actor_of
from sre_copilot.entrypoints.http.problems import Refused
from sre_copilot.entrypoints.http.running import copilot

router = Router(tags=["people"])
UserShape = shape(User)
TokenShape = shape(ApiToken, "Token", frozenset({"hash"}))


class TokenShown(Shape):
    """A new token. `secret` is the token itself, and shown once."""

    token: TokenShape  # type: ignore[valid-type]
    secret: str


class UserAdded(Asked):
    """A new person of the tenant."""

    email: str
    role: Role
    full_name: str = ""
    slack_user_id: str = ""


class UserChanged(Asked):
    """What to change of a person; what is left out or null stays."""

    role: Role | None = None
    full_name: str | None = None
    is_active: StrictBool | None = None
    slack_user_id: str | None = None


class TokenWanted(Asked):
    """A new token: its bearer may do what the lower of its role and the person's allows, within the scopes."""

    name: str
    role: Role
    user: Person = "me"
    scopes: list[Permission] = Field([], description="Permissions; none for everything that the role may.")
    days: Annotated[int | None, Field(strict=True, ge=1, le=366, description="How long it lives; null for ever.")] = 90


@router.get("/users", response=list_shape(UserShape))
def list_users(request: HttpRequest) -> dict[str, Any]:
    """The tenant's people, by creation."""
    return {"items": list(copilot().administration.users(actor=actor_of(request)))}


@router.post("/users", response={201: UserShape})
def add_user(request: HttpRequest, body: UserAdded) -> User:
    """Add a person."""
    return copilot().add_user(actor=actor_of(request), **body.model_dump())


@router.patch("/users/{uuid:user_id}", response=UserShape)
def change_user(request: HttpRequest, user_id: UUID, body: UserChanged) -> User:
    """Change role, name or Slack id; a person who is deactivated is out at the next request."""
    return copilot().change_user(actor=actor_of(request), user_id=user_id, **body.model_dump())


@router.get("/tokens", response=list_shape(TokenShape))
def list_tokens(request: HttpRequest) -> dict[str, Any]:
    """The tenant's tokens, by creation; of each only its beginning."""
    return {"items": list(copilot().administration.tokens(actor=actor_of(request)))}


@router.post("/tokens", response={201: TokenShown})
def create_token(request: HttpRequest, body: TokenWanted) -> dict[str, Any]:
    """Create a token. It is shown in this answer and never again."""
    actor = actor_of(request)
    user_id = person_of(body.user, actor)
    if user_id is None:
        raise Refused(422, "invalid_input", "A token speaks for a person; name one with `user`.")
    made = copilot().create_token(
        actor=actor,
        user_id=user_id,
        name=body.name,
        role=body.role,
        scopes=[scope.value for scope in body.scopes],
        lifetime=None if body.days is None else timedelta(days=body.days),
    )
    return {"token": made.token, "secret": made.secret}


@router.delete("/tokens/{uuid:token_id}", response=TokenShape)
def revoke_token(request: HttpRequest, token_id: UUID) -> ApiToken:
    """Revoke a token; it is out at the next request."""
    return copilot().revoke_token(actor=actor_of(request), token_id=token_id)
