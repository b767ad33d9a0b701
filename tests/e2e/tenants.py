"""Tenants that live in an installation: people with tokens, an incident that was diagnosed, a door with its key."""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

import attrs

from sre_copilot.adapters.system import new_id
from sre_copilot.domain.actors import Role
from sre_copilot.domain.deliveries import Delivery
from sre_copilot.domain.hypotheses import Feedback
from sre_copilot.domain.runbooks import RunbookEdit
from sre_copilot.domain.silences import read_matchers
from tests.e2e.installation import Installation
from tests.e2e.server import Server


@attrs.frozen(kw_only=True)
class Resident:
    """A tenant. `ids` name something of every kind that it has, `word` is in everything that people would read."""

    slug: str
    word: str
    ids: Mapping[str, UUID]
    tokens: Mapping[Role, str] = attrs.field(repr=False)
    key: str = attrs.field(repr=False)
    signing_secret: str = attrs.field(repr=False)

    def headers(self, role: Role = Role.ADMIN) -> dict[str, str]:
        """What a person of that role sends along."""
        return {"Authorization": f"Bearer {self.tokens[role]}", "Content-Type": "application/json"}

    def everything(self, server: Server) -> list[object]:
        """What the tenant sees of its own."""
        incident = f"/api/v1/incidents/{self.ids['incident']}"
        paths = (
            "/api/v1/incidents",
            *(
                f"/api/v1/{part}"
                for part in ("services", "integrations", "users", "deliveries", "silences", "precedents", "runbooks")
            ),
            *(f"{incident}/{part}" for part in ("timeline", "hypotheses", "recommendations")),
        )
        return [server.ask("GET", path, headers=self.headers()).expect(200).document for path in paths]


def resident(installation: Installation, word: str) -> Resident:
    """Let a tenant move in."""
    slug = f"{word}-{os.getpid()}-{str(new_id())[-8:]}"
    with installation.open() as copilot:
        _, admin = copilot.create_tenant(slug=slug, admin_email=f"admin@{slug}.example.com")
        actor = admin.as_actor()
        people = {
            role: copilot.add_user(
                actor=actor, email=f"{role.value}@{slug}.example.com", full_name=f"{word} {role.value}", role=role
            )
            for role in (Role.VIEWER, Role.ENGINEER)
        } | {Role.ADMIN: admin}
        tokens = {
            role: copilot.create_token(actor=actor, user_id=user.id, name=role.value, role=role).secret
            for role, user in people.items()
        }
        spare = copilot.create_token(actor=actor, user_id=admin.id, name="spare", role=Role.VIEWER).token
        door = copilot.create_integration(actor=actor, type="generic", settings={"accept_key": True})
        body = json.dumps({"title": f"{word} answers 500", "service": word, "severity": "critical"}).encode()
        receipt = copilot.ingest(
            actor=actor, integration_id=door.integration.id, delivery=Delivery(body=body, received_at=datetime.now(UTC))
        )
        (incident,) = receipt.opened
        _, hypotheses = copilot.diagnose(actor=actor, incident_id=incident)
        copilot.give_feedback(actor=actor, hypothesis_id=hypotheses[0].id, feedback=Feedback.ACCEPTED)
        (precedent,) = copilot.precedents.list(actor=actor)
        silence = copilot.create_silence(
            actor=actor,
            matchers=read_matchers("service=nothing-that-fires"),
            ends_at=datetime.now(UTC) + timedelta(days=1),
            comment=f"{word} knows",
        )
        runbook = copilot.create_runbook(actor=actor, edit=RunbookEdit(title=f"What {word} does"))
        proposed = copilot.recommend(actor=actor, incident_id=incident)
    ids = {
        "incident": incident,
        "signal": receipt.signals[0],
        "hypothesis": hypotheses[0].id,
        "recommendation": proposed[0].id,
        "integration": door.integration.id,
        "user": admin.id,
        "delivery": receipt.delivery_id,
        "token": spare.id,
        "silence": silence.id,
        "precedent": precedent.id,
        "runbook": runbook.id,
    }
    return Resident(
        slug=slug, word=word, ids=ids, tokens=tokens, key=door.key, signing_secret=door.secrets["signing_secret"]
    )
