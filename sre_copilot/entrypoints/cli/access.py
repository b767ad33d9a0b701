"""`sre-copilot users` and `sre-copilot tokens`: who may do what, in person and through the API."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import click

from sre_copilot.application.copilot import Copilot
from sre_copilot.domain.actors import Actor, Permission, Role
from sre_copilot.domain.errors import NotFound
from sre_copilot.domain.tenants import User
from sre_copilot.domain.tokens import LONGEST
from sre_copilot.entrypoints.cli.groups import InOrder, choice
from sre_copilot.entrypoints.cli.ids import ID
from sre_copilot.entrypoints.cli.names import NAME
from sre_copilot.entrypoints.cli.render import grid, table, when, words
from sre_copilot.entrypoints.cli.session import Session, command


@click.group(cls=InOrder)
def users() -> None:
    """Add people, change their roles, deactivate them."""


@users.command("add")
@click.argument("address", metavar="EMAIL")
@click.option(
    "--role", type=choice(Role), default=Role.ENGINEER.value, show_default=True, help="What the person may do."
)
@click.option("--name", type=NAME, metavar="NAME", help="The person's name. [default: the address]")
@click.option("--slack-id", default="", metavar="ID", help="The member id in Slack, such as U012AB3CD. [default: none]")
@command
def add_user(session: Session, address: str, role: str, name: str | None, slack_id: str) -> None:
    """Add a person to the tenant."""
    with session.open() as copilot:
        made = copilot.add_user(
            actor=session.actor(copilot), email=address, role=Role(role), full_name=name or "", slack_user_id=slack_id
        )
        session.show(made, words(f"{made.email} is {made.role.value} now."))


@users.command("list")
@command
def list_users(session: Session) -> None:
    """List the tenant's people."""
    with session.open() as copilot:
        found = copilot.administration.users(actor=session.actor(copilot))
        rows = table("E-mail", "Name", "Role", "Active", "Slack", "Added (UTC)")
        for user in found:
            active = "yes" if user.is_active else words("no", "yellow")
            rows.add_row(
                words(user.email),
                words(user.full_name),
                user.role.value,
                active,
                words(user.slack_user_id or "–"),
                when(user.created_at),
            )
        session.show({"users": found}, rows)


@users.command("change")
@click.argument("address", metavar="EMAIL")
@click.option("--role", type=choice(Role), help="What the person may do from now on. [default: as before]")
@click.option("--name", type=NAME, metavar="NAME", help="The person's name. [default: as before]")
@click.option(
    "--slack-id", metavar="ID", help="The member id in Slack; an empty one takes it back. [default: as before]"
)
@click.option(
    "--active/--inactive",
    "is_active",
    default=None,
    help="A deactivated person is out at the next request. [default: as before]",
)
@command
def change_user(
    session: Session, address: str, role: str | None, name: str | None, slack_id: str | None, is_active: bool | None
) -> None:
    """Change a person; only what is given changes."""
    with session.open() as copilot:
        actor = session.actor(copilot)
        after = copilot.change_user(
            actor=actor,
            user_id=_person(copilot, actor, address).id,
            role=Role(role) if role else None,
            full_name=name,
            is_active=is_active,
            slack_user_id=slack_id,
        )
        state = "active" if after.is_active else "deactivated"
        session.show(after, words(f"{after.email} is {after.role.value}, {state}."))


@click.group(cls=InOrder)
def tokens() -> None:
    """Create, list and revoke tokens for the API."""


@tokens.command("create")
@click.argument("name", type=NAME, metavar="NAME")
@click.option("--for", "address", metavar="EMAIL", help="Whose token it is. [default: the person who acts]")
@click.option(
    "--role", type=choice(Role), default=Role.ENGINEER.value, show_default=True, help="At most what its owner may."
)
@click.option(
    "--scope",
    "scopes",
    type=choice(Permission),
    multiple=True,
    help="Only this; may be given several times. [default: all of the role]",
)
@click.option(
    "--days", type=click.IntRange(1, LONGEST.days), default=90, show_default=True, help="How long it is valid."
)
@click.option("--forever", is_flag=True, help="It never expires.")
@command
def create_token(
    session: Session, name: str, address: str | None, role: str, scopes: tuple[str, ...], days: int, forever: bool
) -> None:
    """Create a token for the API, called NAME. It is shown once."""
    with session.open() as copilot:
        actor = session.actor(copilot)
        owner = _person(copilot, actor, address).id if address else actor.id
        assert owner is not None
        made = copilot.create_token(
            actor=actor,
            user_id=owner,
            name=name,
            role=Role(role),
            scopes=scopes,
            lifetime=None if forever else timedelta(days=days),
        )
        rows = grid()
        rows.add_row(words("Token", "dim"), words(made.secret, "bold"))
        rows.add_row(words("Expires (UTC)", "dim"), words(when(made.token.expires_at)))
        kept = words("Keep it now: it is not shown again.", "yellow")
        session.show({"id": made.token.id, "token": made.secret, "expires_at": made.token.expires_at}, rows, kept)


@tokens.command("list")
@command
def list_tokens(session: Session) -> None:
    """List the tenant's API tokens; none of them can be read."""
    with session.open() as copilot:
        actor = session.actor(copilot)
        people = {user.id: user.email for user in copilot.administration.users(actor=actor)}
        found = copilot.administration.tokens(actor=actor)
        now = datetime.now(UTC)
        rows = table("Id", "Name", "Begins", "Of", "Role", "Scopes", "State", "Last used (UTC)", "Expires (UTC)")
        for token in found:
            rows.add_row(
                str(token.id),
                words(token.name),
                token.hint,
                words(people.get(token.user_id, "")),
                token.role.value,
                ", ".join(sorted(token.scopes)) or "all",
                words(token.state(now), "green" if token.state(now) == "active" else "dim"),
                when(token.last_used_at),
                when(token.expires_at),
            )
        told = [
            {
                "id": token.id,
                "name": token.name,
                "begins": token.hint,
                "user_id": token.user_id,
                "role": token.role,
                "scopes": token.scopes,
                "state": token.state(now),
                "last_used_at": token.last_used_at,
                "expires_at": token.expires_at,
            }
            for token in found
        ]
        session.show({"tokens": told}, rows if found else "There is no token yet; `tokens create NAME` makes one.")


@tokens.command("revoke")
@click.argument("token", type=ID, metavar="TOKEN")
@command
def revoke_token(session: Session, token: UUID) -> None:
    """Make a token useless; its next request is refused."""
    with session.open() as copilot:
        after = copilot.revoke_token(actor=session.actor(copilot), token_id=token)
        told = {"id": after.id, "name": after.name, "revoked_at": after.revoked_at}
        session.show(told, words(f"The token {after.name} ({after.hint}...) is revoked."))


def _person(copilot: Copilot, actor: Actor, address: str) -> User:
    people = copilot.administration.users(actor=actor)
    found = next((user for user in people if user.email == address.strip().lower()), None)
    if found is None:
        raise NotFound(f"Nobody of the tenant has the address {address}; `sre-copilot users list` shows them.")
    return found
