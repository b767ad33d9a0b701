"""What is sealed moves to the current key: all of it, once, beside edits, and from wherever it was stopped."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import attrs
import pytest

from sre_copilot.application.ports.sealing import Place
from sre_copilot.application.use_cases.reseal_secrets import Resealed, ResealSecrets
from sre_copilot.domain.errors import KeyRingUnusable, WriteConflict
from sre_copilot.testing.builders import make_integration
from sre_copilot.testing.faults import Fault, TappedUnits
from sre_copilot.testing.stage import Stage, stage

CANARY = b"planted-canary"


@attrs.frozen
class Safe:
    """A tenant with integrations that have something sealed, in a copilot with `key-1`."""

    here: Stage
    ids: list[UUID]

    @classmethod
    def of(cls, count: int) -> "Safe":
        """Seal a value of its own for each of so many integrations."""
        safe = cls(stage(), [])
        for number in range(count):
            integration = make_integration(safe.here.tenant.id, name=f"integration {number}")
            with safe.here.units(safe.here.tenant.id) as uow:
                uow.integrations.add(attrs.evolve(integration, sealed=safe.seal(integration.id)))
                uow.commit()
            safe.ids.append(integration.id)
        safe.ids.sort()
        return safe

    @property
    def use_case(self) -> ResealSecrets:
        """The one under test."""
        return self.here.copilot.reseal_secrets

    def place(self, integration_id: UUID) -> Place:
        """Where its value lives."""
        return Place.of_integration(self.here.tenant.id, integration_id)

    def seal(self, integration_id: UUID, more: bytes = b"") -> Mapping[str, Any]:
        """Its value under the current key."""
        return self.use_case.sealer.seal(CANARY + integration_id.bytes + more, self.place(integration_id))

    def put(self, integration_id: UUID, envelope: Mapping[str, Any]) -> None:
        """Store an envelope, whatever was there."""
        known = self.here.tables.integrations[integration_id]
        self.here.tables.integrations[integration_id] = attrs.evolve(known, sealed=envelope)

    def envelope(self, integration_id: UUID) -> Mapping[str, Any]:
        """What is stored."""
        return self.here.tables.integrations[integration_id].sealed

    def keys(self) -> list[str]:
        """The key of each value."""
        return [str(self.envelope(one)["key_id"]) for one in self.ids]

    def values(self) -> list[bytes]:
        """Each value, opened."""
        return [self.use_case.sealer.open(self.envelope(one), self.place(one)) for one in self.ids]

    def reseal(self, use_case: ResealSecrets | None = None, **given: Any) -> Resealed:
        """Take one step."""
        return (use_case or self.use_case)(actor=self.here.system, **given)

    def reseal_all(self, use_case: ResealSecrets | None = None, limit: int = 200) -> list[Resealed]:
        """Take all steps."""
        steps = [self.reseal(use_case, limit=limit)]
        while steps[-1].last is not None:
            steps.append(self.reseal(use_case, after=steps[-1].last, limit=limit))
        return steps

    def entries(self) -> list[dict[str, Any]]:
        """What the audit trail says of it."""
        return [dict(row.details) for row in self.here.tables.audit.values() if row.event_type == "secrets.resealed"]


def test_every_value_moves_to_the_current_key_and_opens_without_the_old_one() -> None:
    safe = Safe.of(3)
    before = safe.values()
    safe.here.copilot.add_key()
    assert safe.reseal() == Resealed(moved=3, broken=(), last=None)
    assert safe.keys() == ["key-2"] * 3
    safe.here.copilot.retire_key.ring.retire("key-1")
    assert safe.values() == before


def test_a_rotation_leaves_one_audit_entry_with_the_count_and_the_key_and_without_anything_secret() -> None:
    safe = Safe.of(3)
    safe.here.copilot.add_key()
    safe.reseal()
    assert safe.entries() == [{"count": 3, "key": "key-2"}]
    (entry,) = [row for row in safe.here.tables.audit.values() if row.event_type == "secrets.resealed"]
    assert (entry.resource_type, entry.resource_id) == ("tenant", safe.here.tenant.id)
    assert "planted-canary" not in repr(entry)


def test_what_is_under_the_current_key_already_is_left_alone_and_leaves_no_entry() -> None:
    safe = Safe.of(3)
    before = [safe.envelope(one) for one in safe.ids]
    assert safe.reseal() == Resealed(moved=0, broken=(), last=None)
    assert [safe.envelope(one) for one in safe.ids] == before
    assert safe.entries() == []


def test_a_tenant_with_nothing_sealed_has_nothing_to_move() -> None:
    safe = Safe.of(0)
    safe.here.copilot.add_key()
    assert safe.reseal() == Resealed(moved=0, broken=(), last=None)
    assert safe.here.tables.integrations[safe.here.integration.id].sealed == {}


def test_values_of_several_keys_move_together() -> None:
    safe = Safe.of(3)
    for one in safe.ids[1:]:
        safe.here.copilot.add_key()
        safe.put(one, safe.seal(one))
    assert safe.keys() == ["key-1", "key-2", "key-3"]
    assert safe.reseal().moved == 2
    assert safe.keys() == ["key-3"] * 3


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 6])
def test_in_steps_of_any_size_every_value_moves_once(limit: int) -> None:
    safe = Safe.of(5)
    safe.here.copilot.add_key()
    steps = safe.reseal_all(limit=limit)
    assert sum(step.moved for step in steps) == 5
    assert max(step.moved for step in steps) <= limit
    assert safe.keys() == ["key-2"] * 5
    assert [entry["count"] for entry in safe.entries()] == [step.moved for step in steps if step.moved]


def test_what_does_not_open_is_named_and_stays_and_holds_nothing_up() -> None:
    safe = Safe.of(4)
    altered = {**safe.envelope(safe.ids[0]), "nonce": safe.envelope(safe.ids[1])["nonce"]}
    strange = {**safe.envelope(safe.ids[2]), "key_id": "lost"}
    safe.put(safe.ids[0], altered)
    safe.put(safe.ids[2], strange)
    safe.here.copilot.add_key()
    for _ in range(2):
        steps = safe.reseal_all(limit=1)
        assert [one for step in steps for one in step.broken] == [safe.ids[0], safe.ids[2]]
    assert (safe.envelope(safe.ids[0]), safe.envelope(safe.ids[2])) == (altered, strange)
    assert safe.keys() == ["key-1", "key-2", "lost", "key-2"]


@attrs.frozen
class Edit:
    """Somebody who changes a value between a rotation's reading and its writing."""

    safe: Safe
    at: str

    def before(self, call: str) -> None:
        """Change it right before the call."""
        if call == self.at:
            one = self.safe.ids[0]
            self.safe.put(one, self.safe.seal(one, b" edited"))

    def after(self, call: str) -> None:
        """Nothing."""


def test_an_edit_during_a_rotation_wins() -> None:
    safe = Safe.of(2)
    safe.here.copilot.add_key()
    edit = Edit(safe, "integrations.replace_sealed")
    step = safe.reseal(attrs.evolve(safe.use_case, units=TappedUnits(safe.here.units, edit)))
    assert step == Resealed(moved=1, broken=(), last=None)
    assert safe.values()[0].endswith(b" edited")
    assert safe.keys() == ["key-2"] * 2
    assert safe.entries() == [{"count": 1, "key": "key-2"}]


@pytest.mark.parametrize("limit", [1, 2, 200])
def test_wherever_it_is_stopped_everything_opens_and_the_same_again_completes_it(limit: int) -> None:
    watch = Fault()
    safe = Safe.of(3)
    safe.here.copilot.add_key()
    safe.reseal_all(attrs.evolve(safe.use_case, units=TappedUnits(safe.here.units, watch)), limit=limit)
    for number in range(1, len(watch.calls) + 1):
        safe = Safe.of(3)
        before = safe.values()
        safe.here.copilot.add_key()
        tapped = TappedUnits(safe.here.units, Fault(at=number, error=KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            safe.reseal_all(attrs.evolve(safe.use_case, units=tapped), limit=limit)
        assert safe.values() == before
        assert sum(entry["count"] for entry in safe.entries()) == safe.keys().count("key-2")
        safe.reseal_all(limit=limit)
        assert safe.keys() == ["key-2"] * 3
        assert safe.values() == before
        assert sum(entry["count"] for entry in safe.entries()) == 3


def test_it_tries_again_where_it_had_to_give_way() -> None:
    safe = Safe.of(2)
    safe.here.copilot.add_key()
    tapped = TappedUnits(safe.here.units, Fault(at=5, error=WriteConflict()))
    assert safe.reseal(attrs.evolve(safe.use_case, units=tapped)).moved == 2
    assert safe.keys() == ["key-2"] * 2


class NoRing:
    """Where the key file was lost."""

    def ring(self, *, needing: str | None = None) -> None:
        raise KeyRingUnusable

    def made_ring(self) -> None:
        raise KeyRingUnusable


def test_without_a_key_ring_nothing_is_called_broken() -> None:
    safe = Safe.of(1)
    sealer = attrs.evolve(safe.use_case.sealer, source=NoRing())  # type: ignore[misc]  # a sealer of the keyring
    with pytest.raises(KeyRingUnusable):
        safe.reseal(attrs.evolve(safe.use_case, sealer=sealer))


def test_a_copied_envelope_is_broken_for_whoever_it_was_copied_to() -> None:
    safe = Safe.of(2)
    safe.put(safe.ids[0], safe.envelope(safe.ids[1]))
    safe.here.copilot.add_key()
    assert safe.reseal() == Resealed(moved=1, broken=(safe.ids[0],), last=None)
