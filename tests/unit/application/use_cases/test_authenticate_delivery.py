"""At the door: who is let in, who is not, and what is left of those who are not."""

from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import attrs
import pytest

from sre_copilot.domain.actors import ActorKind, Role
from sre_copilot.domain.deliveries import Delivery, Parsed, Verdict
from sre_copilot.domain.errors import (
    CopilotError,
    IntegrationDisabled,
    NotAuthentic,
    NotFound,
    PluginFailed,
    TenantInactive,
)
from sre_copilot.domain.integrations import Health, Integration, Secrets
from sre_copilot.testing.deliveries import ScriptedGateway
from sre_copilot.testing.stage import Stage, alert, stage


@attrs.frozen(kw_only=True)
class Doorstep:
    """A stage with an integration that has a key, and what comes to its door."""

    here: Stage
    integration_id: UUID
    key: str
    secret: str

    def delivery(self, key: str = "", **given: object) -> Delivery:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return Delivery(body=b"{}", received_at=self.here.clock.now(), headers=headers, **given)  # type: ignore[arg-type]

    def knock(self, delivery: Delivery) -> Verdict:
        admitted = self.here.copilot.authenticate_delivery(
            integration_id=self.integration_id, delivery=delivery, origin="http 192.0.2.7"
        )
        assert (admitted.actor.kind, admitted.actor.id) == (ActorKind.INTEGRATION, self.integration_id)
        return admitted.verdict

    def verified_by(self, verifier: Callable[[Secrets, Delivery], bool | CopilotError]) -> "Doorstep":
        gateway = ScriptedGateway(verifiers={"generic": verifier})
        authenticate = attrs.evolve(self.here.copilot.authenticate_delivery, gateway=gateway)
        facade = attrs.evolve(self.here.copilot, authenticate_delivery=authenticate)
        return attrs.evolve(self, here=attrs.evolve(self.here, copilot=facade))

    def refused(self, delivery: Delivery) -> str:
        with pytest.raises(NotAuthentic) as refusal:
            self.knock(delivery)
        return refusal.value.reason


@pytest.fixture
def door() -> Doorstep:
    here = stage()
    made = here.copilot.create_integration(actor=here.person(Role.ADMIN), type="generic", name="door")
    return Doorstep(here=here, integration_id=made.integration.id, key=made.key, secret=made.secrets["signing_secret"])


def test_the_key_opens_as_bearer_as_password_and_in_the_address(door: Doorstep) -> None:
    basic = b64encode(f"alertmanager:{door.key}".encode()).decode()
    assert door.knock(door.delivery(door.key)) is Verdict.KEY
    assert door.knock(attrs.evolve(door.delivery(), headers={"authorization": f"Basic {basic}"})) is Verdict.KEY
    assert door.knock(door.delivery(token=door.key)) is Verdict.KEY


@pytest.mark.parametrize("words", ["", "Bearer", "Bearer ", "Basic", "Basic !!!", "Basic /w==", "Digest x", "ü"])
def test_what_holds_no_key_is_missing_one(door: Doorstep, words: str) -> None:
    assert door.refused(attrs.evolve(door.delivery(), headers={"Authorization": words})) == "missing"


@pytest.mark.parametrize("key", ["srei_", "x" * 48, "ü", "\udcff"])
def test_another_key_is_wrong(door: Doorstep, key: str) -> None:
    assert door.refused(door.delivery(token=key)) == "wrong"


def test_an_integration_without_a_key_is_opened_by_none(door: Doorstep) -> None:
    with pytest.raises(NotAuthentic):
        door.here.copilot.authenticate_delivery(
            integration_id=door.here.integration.id, delivery=door.delivery(door.key)
        )


def test_a_signature_lets_in_without_a_key_and_is_checked_with_the_secrets_that_are_valid(door: Doorstep) -> None:
    seen: list[Secrets] = []

    def verifier(secrets: Secrets, delivery: Delivery) -> bool:
        seen.append(secrets)
        return True

    door = door.verified_by(verifier)
    assert door.knock(door.delivery()) is Verdict.SIGNATURE
    door.here.copilot.rotate_integration_key(
        actor=door.here.person(Role.ADMIN), integration_id=door.integration_id, overlap=timedelta(hours=1)
    )
    assert door.knock(door.delivery()) is Verdict.SIGNATURE
    door.here.clock.advance(timedelta(hours=1))
    assert door.knock(door.delivery()) is Verdict.SIGNATURE
    assert [len(secrets.valid("signing_secret")) for secrets in seen] == [1, 2, 1]
    assert seen[0].current("signing_secret") == door.secret == seen[1].valid("signing_secret")[1]


def test_a_key_that_was_rotated_out_opens_no_more(door: Doorstep) -> None:
    admin = door.here.person(Role.ADMIN)
    made = door.here.copilot.rotate_integration_key(actor=admin, integration_id=door.integration_id)
    assert door.refused(door.delivery(door.key)) == "wrong"
    assert door.knock(door.delivery(made.key)) is Verdict.KEY


def test_who_is_refused_leaves_one_audit_entry_for_each_reason_and_minute_and_nothing_else(door: Doorstep) -> None:
    before = door.here.tables.copy()
    for _ in range(3):
        door.refused(door.delivery())
        door.refused(door.delivery("wrong"))
    door.here.clock.advance(timedelta(minutes=1))
    door.refused(door.delivery())
    entries = [entry for id_, entry in door.here.tables.audit.items() if id_ not in before.audit]
    assert [(entry.event_type, entry.details["reason"], entry.result) for entry in entries] == [
        ("delivery.refused", "missing", "refused"),
        ("delivery.refused", "wrong", "refused"),
        ("delivery.refused", "missing", "refused"),
    ]
    assert {(entry.resource_id, entry.origin) for entry in entries} == {(door.integration_id, "http 192.0.2.7")}
    assert attrs.evolve(door.here.tables, audit=before.audit) == before


def test_where_there_is_no_such_integration_nothing_is_left(door: Doorstep) -> None:
    before = door.here.tables.copy()
    with pytest.raises(NotFound):
        door.here.copilot.authenticate_delivery(integration_id=UUID(int=0), delivery=door.delivery(door.key))
    assert door.here.tables == before


def test_only_who_proves_itself_learns_that_the_integration_is_disabled_or_the_tenant_inactive(door: Doorstep) -> None:
    admin = door.here.person(Role.ADMIN)
    door.here.copilot.configure_integration(actor=admin, integration_id=door.integration_id, is_active=False)
    assert door.refused(door.delivery("wrong")) == "wrong"
    with pytest.raises(IntegrationDisabled):
        door.knock(door.delivery(door.key))
    door.here.copilot.configure_integration(actor=admin, integration_id=door.integration_id, is_active=True)
    door.here.tables.tenants[door.here.tenant.id] = attrs.evolve(door.here.tenant, is_active=False)
    with pytest.raises(TenantInactive):
        door.knock(door.delivery(door.key))


def test_what_is_received_is_kept_without_the_key_and_with_how_it_was_proven(door: Doorstep) -> None:

    said = door.here.script.delivery(Parsed(drafts=(alert(),)), received_at=door.here.clock.now())
    headers = {"Authorization": f"Bearer {door.key}", "User-Agent": "Alertmanager/0.28"}
    receipt = door.here.copilot.receive(
        integration_id=door.integration_id, delivery=attrs.evolve(said, headers=headers, token=door.key)
    )
    record = door.here.tables.deliveries[receipt.delivery_id]
    assert (record.verdict, dict(record.delivery.headers)) == (Verdict.KEY, {"User-Agent": "Alertmanager/0.28"})
    assert door.key not in repr(record) + str(record.delivery.token)


def test_a_verifier_that_fails_is_seen_and_suspends_nothing(door: Doorstep) -> None:
    door = door.verified_by(lambda secrets, delivery: PluginFailed("The plugin failed."))
    for _ in range(6):
        with pytest.raises(PluginFailed):
            door.knock(door.delivery(door.key))
    health = door.here.tables.integrations[door.integration_id].health
    assert (health.is_healthy, health.consecutive_failures, health.last_error) == (False, 0, "The plugin failed.")
    assert not health.is_suspended
    assert not door.here.tables.deliveries


def test_a_verifier_that_fails_again_and_again_is_noted_once_and_of_a_disabled_integration_never(
    door: Doorstep,
) -> None:
    door = door.verified_by(lambda secrets, delivery: PluginFailed("The plugin failed."))

    def after_a_knock() -> Integration:
        with pytest.raises(PluginFailed):
            door.knock(door.delivery(door.key))
        return door.here.tables.integrations[door.integration_id]

    noted = after_a_knock()
    assert after_a_knock() is after_a_knock() is noted
    admin = door.here.person(Role.ADMIN)
    for is_active in (True, False):
        door.here.copilot.configure_integration(actor=admin, integration_id=door.integration_id, is_active=is_active)
    assert after_a_knock().health == Health()


def test_a_delivery_that_is_taken_in_ends_what_a_verifier_had_failed_at(door: Doorstep) -> None:
    broken = door.verified_by(lambda secrets, delivery: PluginFailed("The plugin failed."))
    with pytest.raises(PluginFailed):
        broken.knock(broken.delivery(door.key))
    said = door.here.script.delivery(Parsed(drafts=(alert(),)), received_at=door.here.clock.now())
    door.here.copilot.receive(integration_id=door.integration_id, delivery=attrs.evolve(said, token=door.key))
    assert door.here.tables.integrations[door.integration_id].health.is_healthy
