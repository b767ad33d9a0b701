"""Sealed values: listed per tenant, and replaced only where nobody changed them."""

from collections.abc import Mapping
from typing import Any

import attrs
import pytest

from sre_copilot.adapters.system import new_id
from sre_copilot.application.ports.sealing import Place
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.domain.integrations import Integration
from sre_copilot.testing.builders import make_integration
from sre_copilot.testing.conformance.house import Conformance, House
from sre_copilot.testing.sealing import make_sealer

SEALER = make_sealer()


def envelope(integration: Integration, value: bytes = b"secret") -> Mapping[str, Any]:
    """Something sealed for an integration."""
    return SEALER.seal(value, Place.of_integration(integration.tenant_id, integration.id))


def with_sealed(house: House, **given: Any) -> Integration:
    """Store and return an integration that has something sealed."""
    bare = make_integration(house.tenant.id, name=f"integration {new_id()}", **given)
    integration = attrs.evolve(bare, sealed=envelope(bare))
    with house.changing() as uow:
        uow.integrations.add(integration)
    return integration


class SealedConformance(Conformance):
    """The envelopes of integrations."""

    def test_what_is_sealed_comes_back_as_it_was_and_opens(self, house: House) -> None:
        """To the byte, since one bit decides."""
        integration = with_sealed(house)
        with house.reading() as uow:
            stored = uow.integrations.get(integration.id)
        assert stored.sealed == integration.sealed
        assert SEALER.open(stored.sealed, Place.of_integration(house.tenant.id, stored.id)) == b"secret"

    def test_every_integration_with_something_sealed_is_listed_by_id_and_no_other(self, house: House) -> None:
        """An inactive one too; the one of the house has nothing."""
        made = [with_sealed(house), with_sealed(house, is_active=False), with_sealed(house)]
        with house.reading() as uow:
            listed = list(uow.integrations.sealed())
        assert listed == sorted((one.id, one.sealed) for one in made)

    def test_no_tenant_lists_or_replaces_what_another_has_sealed(self, house: House, units: UnitOfWorkFactory) -> None:
        """Even where it knows all of it."""
        integration, other = with_sealed(house), House.build(units)
        with other.changing() as uow:
            assert list(uow.integrations.sealed()) == []
            assert not uow.integrations.replace_sealed(integration.id, integration.sealed, {})
        with house.reading() as uow:
            assert list(uow.integrations.sealed()) == [(integration.id, integration.sealed)]

    def test_a_replaced_envelope_is_the_only_thing_that_changes(self, house: House) -> None:
        """Everything else of the integration stays."""
        integration = with_sealed(house)
        after = envelope(integration)
        with house.changing() as uow:
            assert uow.integrations.replace_sealed(integration.id, integration.sealed, after)
        with house.reading() as uow:
            assert uow.integrations.get(integration.id) == attrs.evolve(integration, sealed=after)

    def test_an_envelope_that_somebody_replaced_meanwhile_stays(self, house: House) -> None:
        """The edit wins over the rotation that read before it."""
        integration = with_sealed(house)
        edited = envelope(integration, b"another secret")
        with house.changing() as uow:
            assert uow.integrations.replace_sealed(integration.id, integration.sealed, edited)
        with house.changing() as uow:
            assert not uow.integrations.replace_sealed(integration.id, integration.sealed, envelope(integration))
        with house.reading() as uow:
            assert list(uow.integrations.sealed()) == [(integration.id, edited)]

    @pytest.mark.parametrize("name", ["v", "key_id", "wrapped_key", "nonce", "ciphertext"])
    def test_an_envelope_that_differs_in_one_field_is_another_one(self, house: House, name: str) -> None:
        """Compared as a whole."""
        integration = with_sealed(house)
        other = {**integration.sealed, name: "another"}
        with house.changing() as uow:
            assert not uow.integrations.replace_sealed(integration.id, other, envelope(integration))

    def test_nothing_sealed_is_replaced_like_anything_else(self, house: House) -> None:
        """From nothing, and back to nothing."""
        sealed = envelope(house.integration)
        with house.changing() as uow:
            assert uow.integrations.replace_sealed(house.integration.id, {}, sealed)
            assert not uow.integrations.replace_sealed(house.integration.id, {}, sealed)
            assert list(uow.integrations.sealed()) == [(house.integration.id, sealed)]
            assert uow.integrations.replace_sealed(house.integration.id, sealed, {})
            assert list(uow.integrations.sealed()) == []

    def test_nothing_is_replaced_of_an_integration_that_is_not_there(self, house: House) -> None:
        """Neither made nor refused."""
        with house.changing() as uow:
            assert not uow.integrations.replace_sealed(new_id(), {}, envelope(house.integration))
            assert list(uow.integrations.sealed()) == []
