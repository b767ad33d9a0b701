"""What the keys seal, by tenant."""

import attrs

from sre_copilot.testing.stage import stage
from tests.unit.application.scene import scene


def test_values_are_counted_by_the_key_that_seals_them() -> None:
    here = scene().stage
    query = here.copilot.key_ring
    assert query.sealed(actor=here.system) == {"key-1": 1}
    here.copilot.reseal_secrets(actor=here.system)
    assert query.sealed(actor=here.system) == {"key-2": 1}


def test_the_values_of_other_tenants_and_those_without_anything_sealed_are_not_counted() -> None:
    on = scene()
    other = stage(units=on.stage.units)
    assert on.stage.copilot.key_ring.sealed(actor=other.system) == {}


def test_what_is_no_envelope_is_counted_too() -> None:
    here = scene().stage
    known = here.tables.integrations[here.integration.id]
    here.tables.integrations[known.id] = attrs.evolve(known, sealed={"api_key": "plain"})
    assert here.copilot.key_ring.sealed(actor=here.system) == {"": 1}


def test_the_keys_are_listed_oldest_first_with_the_current_one() -> None:
    here = stage()
    here.copilot.add_key()
    assert [(key.id, key.is_current) for key in here.copilot.key_ring.all()] == [("key-1", False), ("key-2", True)]
