"""The API over a copilot in memory, and people who ask it."""

from collections.abc import Mapping
from typing import Any

import attrs

from sre_copilot.domain.actors import Role
from sre_copilot.entrypoints.http import running
from tests.unit.application.scene import Scene, scene
from tests.unit.entrypoints.http.client import Answer, ask


@attrs.frozen(kw_only=True)
class Desk:
    """A scene in the middle of an incident, and a token for each role."""

    scene: Scene
    tokens: Mapping[Role, str] = attrs.field(repr=False)

    def ask(self, method: str, path: str, body: object = None, *, role: Role = Role.ENGINEER, **more: Any) -> Answer:
        """Ask the API as a person of that role."""
        headers = {"Authorization": f"Bearer {self.tokens[role]}", **more.pop("headers", {})}
        return ask(method, f"/api/v1/{path}", json_body=body, headers=headers, **more)

    @property
    def incident(self) -> str:
        """The path of the incident that was diagnosed."""
        return f"incidents/{self.scene.incident}"


def desk() -> Desk:
    """Open the desk."""
    on = scene()
    here = on.stage
    running.use(here.copilot)
    admin = here.person(Role.ADMIN)
    tokens = {
        role: here.copilot.create_token(actor=admin, user_id=here.people[role].id, name=role.value, role=role).secret
        for role in Role
    }
    return Desk(scene=on, tokens=tokens)
