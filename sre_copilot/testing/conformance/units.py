"""Units of work: everything or nothing, joined or refused."""

import pytest

from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.domain.errors import AlreadyExists, ForeignReference, NotFound
from sre_copilot.testing.builders import make_incident, make_integration, make_tenant, make_user
from sre_copilot.testing.conformance.house import Conformance, House


class Unforeseen(Exception):
    """What goes wrong in the middle of a unit of work."""


class UnitOfWorkConformance(Conformance):
    """Commit, rollback and nesting."""

    def test_what_is_committed_stays(self, house: House) -> None:
        """A later unit of work sees it."""
        incident = house.with_incident()
        with house.reading() as uow:
            assert uow.incidents.get(incident.id) == incident

    def test_a_unit_sees_what_it_wrote_itself(self, house: House) -> None:
        """Before the commit, too."""
        incident = make_incident(house.tenant.id)
        with house.reading() as uow:
            uow.incidents.save(incident)
            assert uow.incidents.get(incident.id) == incident

    def test_without_a_commit_nothing_remains(self, house: House) -> None:
        """Leaving the block is not enough."""
        incident = make_incident(house.tenant.id)
        with house.reading() as uow:
            uow.incidents.save(incident)
        with house.reading() as uow, pytest.raises(NotFound):
            uow.incidents.get(incident.id)

    def test_an_error_undoes_everything_even_after_the_commit(self, house: House) -> None:
        """What was raised inside comes out unchanged, and nothing remains."""
        incident = make_incident(house.tenant.id)
        with pytest.raises(Unforeseen), house.reading() as uow:
            uow.incidents.save(incident)
            uow.commit()
            raise Unforeseen
        with house.reading() as uow, pytest.raises(NotFound):
            uow.incidents.get(incident.id)

    def test_what_is_saved_again_is_changed(self, house: House) -> None:
        """Saving is by id."""
        incident = house.with_incident()
        assigned = incident.assigned(house.user.id, at=incident.created_at)
        with house.changing() as uow:
            uow.incidents.save(assigned)
        with house.reading() as uow:
            assert uow.incidents.get(incident.id) == assigned

    def test_a_joined_unit_is_kept_with_the_outer_one(self, house: House) -> None:
        """The inner one needs no commit of its own for that."""
        first, second = make_incident(house.tenant.id), make_incident(house.tenant.id)
        with house.changing() as outer:
            outer.incidents.save(first)
            with house.reading() as inner:
                assert inner.incidents.get(first.id) == first
                inner.incidents.save(second)
            assert outer.incidents.get(second.id) == second
        with house.reading() as uow:
            assert uow.incidents.get(second.id) == second

    def test_a_joined_unit_goes_with_the_outer_one_whatever_it_committed(self, house: House) -> None:
        """Only the outer commit makes anything durable."""
        incident = make_incident(house.tenant.id)
        with house.reading(), house.changing() as inner:
            inner.incidents.save(incident)
        with house.reading() as uow, pytest.raises(NotFound):
            uow.incidents.get(incident.id)

    def test_a_unit_of_another_tenant_inside_is_refused(self, house: House, units: UnitOfWorkFactory) -> None:
        """And the outer one goes on as if nothing had happened."""
        other, incident = House.build(units), make_incident(house.tenant.id)
        with house.changing() as uow:
            with pytest.raises(RuntimeError), other.reading():
                raise AssertionError("never entered")
            uow.incidents.save(incident)
        with house.reading() as uow:
            assert uow.incidents.get(incident.id) == incident

    def test_one_object_can_be_entered_again(self, house: House) -> None:
        """The second time begins anew: the commit of the first doesn't count."""
        unit, incident = house.units(house.tenant.id), make_incident(house.tenant.id)
        with unit:
            unit.commit()
        with unit:
            unit.incidents.save(incident)
        with house.reading() as uow, pytest.raises(NotFound):
            uow.incidents.get(incident.id)

    def test_a_taken_slug_is_refused_in_every_tenant(self, house: House, units: UnitOfWorkFactory) -> None:
        """And nothing of the unit remains."""
        thief = make_tenant(slug=house.tenant.slug)
        with pytest.raises(AlreadyExists), units(thief.id) as uow:
            uow.tenants.add(thief)
            uow.commit()
        with units(thief.id) as uow, pytest.raises(NotFound):
            uow.tenants.current()

    def test_a_taken_email_is_refused_in_every_tenant(self, house: House, units: UnitOfWorkFactory) -> None:
        """People are told apart by their address."""
        other = House.build(units)
        with pytest.raises(AlreadyExists), other.changing() as uow:
            uow.tenants.add_user(make_user(other.tenant.id, email=house.user.email))

    def test_a_name_of_an_integration_is_taken_in_its_tenant_only(self, house: House, units: UnitOfWorkFactory) -> None:
        """Two tenants may both have a "production"."""
        other = House.build(units)
        with other.changing() as uow:
            uow.integrations.add(make_integration(other.tenant.id, name=house.integration.name))
        with pytest.raises(AlreadyExists), house.changing() as uow:
            uow.integrations.add(make_integration(house.tenant.id, name=house.integration.name))

    def test_a_reference_to_nothing_is_refused_by_the_commit(self, house: House) -> None:
        """At the latest there, and nothing of the unit remains."""
        incident = make_incident(house.tenant.id, assigned_to=house.tenant.id)
        with pytest.raises(ForeignReference), house.changing() as uow:
            uow.incidents.save(incident)
        with house.reading() as uow, pytest.raises(NotFound):
            uow.incidents.get(incident.id)

    def test_a_failed_unit_leaves_the_next_one_unharmed(self, house: House) -> None:
        """On the same thread, right afterwards."""
        with pytest.raises(AlreadyExists), house.changing() as uow:
            uow.tenants.add_user(make_user(house.tenant.id, email=house.user.email))
        incident = house.with_incident()
        with house.reading() as uow:
            assert uow.incidents.get(incident.id) == incident
