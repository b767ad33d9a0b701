"""Tenants, people and integrations, and that no tenant sees or touches another's."""

from datetime import timedelta
from uuid import UUID

import attrs
import pytest

from sre_copilot.adapters.system import new_id
from sre_copilot.application.ports.deliveries import DeliveryFilter
from sre_copilot.application.ports.diagnoses import FeedbackGiven
from sre_copilot.application.ports.incidents import IncidentFilter
from sre_copilot.application.ports.tenants import Directory
from sre_copilot.application.ports.unit_of_work import UnitOfWorkFactory
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.errors import ForeignReference, NotFound
from sre_copilot.domain.hypotheses import Feedback
from sre_copilot.domain.service_graph import Call, Placement, ServiceGraph
from sre_copilot.domain.signals import Environment
from sre_copilot.domain.timeline import Note
from sre_copilot.testing.builders import (
    make_audit_entry,
    make_diagnosis,
    make_hypothesis,
    make_incident,
    make_integration,
    make_recommendation,
    make_record,
    make_runbook,
    make_signal,
    make_snapshot,
    make_user,
)
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.conformance.house import Conformance, House
from sre_copilot.testing.conformance.recording import stored_series

GRAPH = ServiceGraph(
    services=frozenset({"checkout", "payments"}),
    calls=frozenset({Call(caller="checkout", callee="payments")}),
    placements=frozenset({Placement(service="checkout", host="node-1", pod="checkout-1")}),
)


class TenancyConformance(Conformance):
    """Who there is, and who sees what."""

    def test_tenant_people_and_integrations_come_back_as_they_were(self, house: House) -> None:
        """Every field of them, people and integrations by creation."""
        later = BEGINNING + timedelta(hours=1)
        user = make_user(house.tenant.id, created_at=later, is_active=False)
        integration = make_integration(
            house.tenant.id,
            created_at=later,
            dedup_window=timedelta(minutes=90),
            environments={"prd": Environment.PRODUCTION},
        )
        with house.changing() as uow:
            uow.tenants.add_user(user)
            uow.integrations.add(integration)
        with house.reading() as uow:
            assert uow.tenants.current() == house.tenant
            assert list(uow.tenants.users()) == [house.user, user]
            assert list(uow.integrations.all()) == [house.integration, integration]
            assert uow.integrations.get(integration.id) == integration

    def test_the_directory_knows_every_tenant_and_whose_an_integration_is(
        self, house: House, units: UnitOfWorkFactory, directory: Directory
    ) -> None:
        """Before a unit of work can be bound to a tenant."""
        other = House.build(units)
        known = list(directory.tenants())
        assert [tenant for tenant in known if tenant in (house.tenant, other.tenant)] == sorted(
            [house.tenant, other.tenant], key=lambda tenant: (tenant.created_at, tenant.id)
        )
        assert directory.tenant_of_integration(house.integration.id) == house.tenant.id
        assert directory.tenant_of_integration(other.integration.id) == other.tenant.id
        assert directory.tenant_of_integration(house.tenant.id) is None

    def test_the_directory_knows_every_active_integration_of_some_types(
        self, house: House, units: UnitOfWorkFactory, directory: Directory
    ) -> None:
        """Of whichever tenant, by id."""
        other = House.build(units)
        slack = make_integration(other.tenant.id, type="slack")
        resting = make_integration(house.tenant.id, type="slack", is_active=False)
        for one in (slack, resting):
            with (other if one is slack else house).changing() as uow:
                uow.integrations.add(one)
        ours = {house.tenant.id, other.tenant.id}
        found = [row for row in directory.integrations_of(["slack", "datadog"]) if row[0] in ours]
        assert found == [(other.tenant.id, slack.id)]
        assert list(directory.integrations_of([])) == []

    def test_the_directory_knows_whose_time_has_come(
        self, house: House, units: UnitOfWorkFactory, directory: Directory
    ) -> None:
        """An end that time brings, an incident to settle, a snapshot to take: of those tenants, not of others."""
        quiet = House.build(units)
        ending = House.build(units)
        due = stored_series(ending).episode.due_at
        house.with_incident(declared=True, settle_at=BEGINNING + timedelta(minutes=5))
        unseen = House.build(units)
        unseen.with_incident()
        ours = {one.tenant.id for one in (quiet, ending, house, unseen)}

        def due_at(minutes: float) -> set[UUID]:
            return ours & set(directory.due_tenants(BEGINNING + timedelta(minutes=minutes)))

        assert due is not None
        assert due_at(4) == {unseen.tenant.id}
        assert due_at(5) == {unseen.tenant.id, house.tenant.id}
        late = (due - BEGINNING) / timedelta(minutes=1)
        assert ending.tenant.id not in due_at(late - 1)
        assert ending.tenant.id in due_at(late)
        assert unseen.tenant.id not in due_at(25 * 60)

    def test_what_waits_for_the_plans_limit_is_due_while_there_is_room(
        self, house: House, directory: Directory
    ) -> None:
        """And again from the first of the next month on, whose incidents count anew."""
        stored_series(house, waiting=True)
        soon, next_month = BEGINNING + timedelta(hours=1), BEGINNING + timedelta(days=27)
        assert house.tenant.id in directory.due_tenants(soon)
        with house.changing() as uow:
            for _ in range(house.tenant.max_incidents_per_month):
                uow.incidents.save(make_incident(house.tenant.id, declared=True))
        assert house.tenant.id not in directory.due_tenants(soon)
        assert house.tenant.id in directory.due_tenants(next_month)

    def test_no_tenant_finds_what_another_has(self, house: House, units: UnitOfWorkFactory) -> None:
        """Neither by id nor in any list."""
        incident, signal = house.with_incident(), stored_series(house).signal
        snapshot, runbook = make_snapshot(incident), make_runbook()
        diagnosis, recommendation = make_diagnosis(snapshot), make_recommendation(incident)
        hypothesis = make_hypothesis(diagnosis)
        with house.changing() as uow:
            uow.deliveries.add([make_record(house.integration)])
            uow.incidents.add_note(Note(id=new_id(), incident_id=incident.id, user_id=None, text="seen", at=BEGINNING))
            uow.services.replace(GRAPH, at=BEGINNING, limit=10)
            uow.diagnoses.add_snapshot(snapshot)
            uow.diagnoses.add(diagnosis, [hypothesis])
            uow.runbooks.save(runbook)
            uow.recommendations.add([recommendation])
            uow.audit.append(make_audit_entry(Actor.system(house.tenant.id)))
        with House.build(units).reading() as uow:
            for look in (
                lambda: uow.incidents.get(incident.id),
                lambda: uow.signals.get(signal.id),
                lambda: uow.integrations.get(house.integration.id),
                lambda: uow.diagnoses.snapshot(snapshot.id),
                lambda: uow.diagnoses.hypothesis(hypothesis.id),
                lambda: uow.runbooks.get(runbook.id),
                lambda: uow.recommendations.get(recommendation.id),
            ):
                with pytest.raises(NotFound):
                    look()
            assert not list(uow.incidents.list(IncidentFilter()))
            assert not list(uow.incidents.candidates([incident.id]))
            assert not list(uow.incidents.notes(incident.id))
            assert not list(uow.signals.of_incident(incident.id))
            assert uow.series.load([signal.fingerprint])[signal.fingerprint].facts == ()
            assert not list(uow.deliveries.list(DeliveryFilter(limit=10)))
            assert not list(uow.audit.recent(10))
            assert not list(uow.runbooks.search(runbook.title, limit=10))
            assert not list(uow.recommendations.latest(incident.id))
            assert uow.diagnoses.latest(incident.id) is None
            assert uow.services.graph() == ServiceGraph()

    def test_nothing_may_name_what_another_tenant_has(self, house: House, units: UnitOfWorkFactory) -> None:
        """Neither a person nor an incident nor a runbook nor an integration."""
        other = House.build(units)
        theirs, mine = other.with_incident(), house.with_incident()
        runbook = make_runbook()
        with other.changing() as uow:
            uow.runbooks.save(runbook)
        with pytest.raises(ForeignReference), house.changing() as uow:
            uow.incidents.save(mine.assigned(other.user.id, at=BEGINNING))
        with pytest.raises(ForeignReference), house.changing() as uow:
            uow.incidents.add_note(Note(id=new_id(), incident_id=theirs.id, user_id=None, text="hm", at=BEGINNING))
        with pytest.raises(ForeignReference), house.changing() as uow:
            uow.recommendations.add([make_recommendation(mine, runbook_id=runbook.id)])
        with pytest.raises(ForeignReference), house.changing() as uow:
            stray = attrs.evolve(make_signal(other.integration), tenant_id=house.tenant.id)
            uow.series.save([], [stray])

    def test_no_tenant_changes_what_another_has(self, house: House, units: UnitOfWorkFactory) -> None:
        """A change that names another tenant's row finds nothing to change."""
        incident = house.with_incident()
        recommendation = make_recommendation(incident)
        snapshot = make_snapshot(incident)
        diagnosis = make_diagnosis(snapshot)
        hypothesis = make_hypothesis(diagnosis)
        with house.changing() as uow:
            uow.recommendations.add([recommendation])
            uow.diagnoses.add_snapshot(snapshot)
            uow.diagnoses.add(diagnosis, [hypothesis])
        other = House.build(units)
        with other.changing() as uow:
            uow.recommendations.save(recommendation.accept(at=BEGINNING))
        with pytest.raises((ForeignReference, NotFound)), other.changing() as uow:
            judged = hypothesis.judged(Feedback.REJECTED, user_id=other.user.id, at=BEGINNING)
            given = FeedbackGiven(
                id=new_id(),
                hypothesis_id=hypothesis.id,
                user_id=other.user.id,
                feedback=Feedback.REJECTED,
                notes="",
                at=BEGINNING,
            )
            uow.diagnoses.judge(judged, given)
        with house.reading() as uow:
            assert uow.recommendations.get(recommendation.id) == recommendation
            assert uow.diagnoses.hypothesis(hypothesis.id) == hypothesis
