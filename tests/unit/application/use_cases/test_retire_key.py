"""A key goes when nothing needs it any more, and not before."""

from datetime import timedelta
from uuid import UUID

import pytest

from sre_copilot.application.ports.sealing import Place
from sre_copilot.application.use_cases.retire_key import SETTLING
from sre_copilot.domain.errors import KeyInUse, NotFound
from sre_copilot.testing.stage import Stage, stage


def sealed(here: Stage) -> None:
    """Seal something for the stage's integration with the current key."""
    place = Place.of_integration(here.tenant.id, here.integration.id)
    envelope = here.copilot.reseal_secrets.sealer.seal(b"secret", place)
    with here.units(here.tenant.id) as uow:
        before = uow.integrations.get(here.integration.id).sealed
        uow.integrations.replace_sealed(here.integration.id, before, envelope)
        uow.commit()


def keys(here: Stage) -> list[str]:
    """The ids of the keys on the ring."""
    return [key.id for key in here.copilot.key_ring.all()]


def refused(here: Stage, key_id: str) -> KeyInUse:
    """The error with which a key stays."""
    before = keys(here)
    with pytest.raises(KeyInUse) as caught:
        here.copilot.retire_key(key_id=key_id)
    assert keys(here) == before
    return caught.value


def test_a_key_that_seals_nothing_goes_once_the_rotation_has_settled() -> None:
    here = stage()
    here.copilot.add_key()
    here.clock.advance(SETTLING - timedelta(microseconds=1))
    error = refused(here, "key-1")
    assert error.data["free_at"] == here.clock.now() + timedelta(microseconds=1)
    here.clock.advance(timedelta(microseconds=1))
    here.copilot.retire_key(key_id="key-1")
    assert keys(here) == ["key-2"]


def test_a_key_that_seals_a_value_stays_and_it_is_said_how_many() -> None:
    here = stage()
    sealed(here)
    here.copilot.add_key()
    here.clock.advance(SETTLING)
    error = refused(here, "key-1")
    assert "key-1 (1)" in str(error)
    assert "free_at" not in error.data
    here.copilot.reseal_secrets(actor=here.system)
    here.copilot.retire_key(key_id="key-1")
    assert keys(here) == ["key-2"]


def test_a_key_that_seals_a_value_of_another_tenant_stays() -> None:
    here = stage()
    other = stage(units=here.units)
    # Of the other tenant, sealed with the key of the same name.
    sealed(other)
    here.copilot.add_key()
    here.clock.advance(SETTLING)
    assert "key-1 (1)" in str(refused(here, "key-1"))


def test_the_current_key_stays_whatever_it_seals() -> None:
    here = stage()
    here.clock.advance(SETTLING)
    assert "free_at" not in refused(here, "key-1").data


@pytest.mark.parametrize("key_id", ["", "key-2", str(UUID(int=1))])
def test_a_key_that_is_not_on_the_ring_is_not_found(key_id: str) -> None:
    here = stage()
    with pytest.raises(NotFound):
        here.copilot.retire_key(key_id=key_id)
    assert keys(here) == ["key-1"]
