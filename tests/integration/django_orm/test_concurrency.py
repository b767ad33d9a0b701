"""What people do at the same moment comes out as if one had been first. Real threads, real connections."""

from datetime import timedelta
from functools import partial

import attrs
import pytest

from sre_copilot.adapters.django_orm import models
from sre_copilot.adapters.django_orm.constraints import translated
from sre_copilot.adapters.django_orm.routing import ALIAS
from sre_copilot.adapters.django_orm.unit_of_work import DjangoUnitOfWorkFactory
from sre_copilot.adapters.system import SystemClock, TimeOrderedIds, new_id
from sre_copilot.application.use_cases.declare_incident import DeclareIncident
from sre_copilot.application.use_cases.edit_incident import EditIncident
from sre_copilot.application.use_cases.transition_incident import TransitionIncident
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.edits import Edit
from sre_copilot.domain.errors import AlreadyExists, ConcurrentTransition, InvalidTransition
from sre_copilot.domain.incidents import Incident
from sre_copilot.domain.lifecycle import Action
from sre_copilot.domain.service_graph import Call, ServiceGraph
from sre_copilot.domain.tenants import Tenant
from sre_copilot.testing.clock import BEGINNING
from tests.integration.threads import at_once, in_rounds

ROUNDS = 50


@attrs.frozen
class House:
    """The use cases of these tests on the database."""

    units: DjangoUnitOfWorkFactory
    actor: Actor

    def declared(self) -> Incident:
        declare = DeclareIncident(units=self.units, clock=SystemClock(), ids=TimeOrderedIds())
        return declare(actor=self.actor, title="Checkout fails", service="checkout")

    def transition(self, incident: Incident, action: Action, expected_version: int | None = None) -> Incident:
        transition = TransitionIncident(units=self.units, clock=SystemClock(), ids=TimeOrderedIds())
        return transition(actor=self.actor, incident_id=incident.id, action=action, expected_version=expected_version)

    def rename(self, incident: Incident, title: str) -> Incident:
        edit = EditIncident(units=self.units, clock=SystemClock(), ids=TimeOrderedIds())
        return edit(
            actor=self.actor, incident_id=incident.id, edit=Edit(title=title), expected_version=incident.version
        )


@pytest.fixture
def house(units: DjangoUnitOfWorkFactory, engineer: Actor) -> House:
    return House(units, engineer)


def test_of_eight_who_acknowledge_at_once_exactly_one_does(house: House) -> None:
    incidents = [house.declared() for _ in range(ROUNDS)]
    rounds = in_rounds(ROUNDS, [lambda number: house.transition(incidents[number], Action.ACKNOWLEDGE)] * 8)
    for incident, outcomes in zip(incidents, rounds, strict=True):
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Incident"] + ["InvalidTransition"] * 7
        with house.units(incident.tenant_id) as unit:
            log = unit.incidents.transitions(incident.id)
        assert [(one.sequence, one.to_state) for one in log] == [(1, "detected"), (2, "acknowledged")]
    with house.units(incidents[0].tenant_id) as unit:
        entries = [entry.event_type for entry in unit.audit.recent(10 * ROUNDS)]
    assert entries.count("incident.acknowledged") == ROUNDS


def test_of_eight_who_acknowledge_the_same_version_at_once_exactly_one_does(house: House) -> None:
    incident = house.declared()
    outcomes = at_once(*[lambda: house.transition(incident, Action.ACKNOWLEDGE, incident.version)] * 8)
    refused = [outcome for outcome in outcomes if not isinstance(outcome, Incident)]
    assert len(refused) == 7
    assert all(isinstance(outcome, InvalidTransition | ConcurrentTransition) for outcome in refused)


def test_of_two_who_edit_the_version_they_saw_the_later_one_is_told(house: House) -> None:
    seen = house.declared()
    outcomes = at_once(lambda: house.rename(seen, "first"), lambda: house.rename(seen, "second"))
    (kept,) = (outcome for outcome in outcomes if isinstance(outcome, Incident))
    (told,) = (outcome for outcome in outcomes if not isinstance(outcome, Incident))
    assert isinstance(told, ConcurrentTransition)
    with house.units(seen.tenant_id) as unit:
        stored = unit.incidents.get(seen.id)
    assert (stored.title, stored.version) == (kept.title, seen.version + 1)


def test_who_resolves_what_another_has_changed_since_is_told(house: House) -> None:
    seen = house.declared()
    house.transition(seen, Action.ACKNOWLEDGE, expected_version=seen.version)
    with pytest.raises(ConcurrentTransition):
        house.transition(seen, Action.RESOLVE, expected_version=seen.version)


def test_of_graphs_that_are_imported_at_once_one_is_there_whole_and_the_limit_is_kept(house: House) -> None:
    graphs = [
        ServiceGraph(services=frozenset(names), calls=frozenset({Call(caller=names[0], callee=names[1])}))
        for names in (("a", "b", "c"), ("a", "b", "d"), ("a", "b", "e"))
    ]
    limit = 4

    def replace(graph: ServiceGraph, _: int) -> None:
        with house.units(house.actor.tenant_id) as unit:
            unit.services.replace(graph, at=BEGINNING, limit=limit)
            unit.commit()

    for outcomes in in_rounds(10, [partial(replace, graph) for graph in graphs]):
        assert list(outcomes) == [None] * len(graphs)
        with house.units(house.actor.tenant_id) as unit:
            assert unit.services.graph() in graphs
            assert len(unit.services.over_limit()) == len("abcde") - limit


def test_a_sequence_that_is_taken_in_the_log_is_a_concurrent_transition(house: House) -> None:
    incident = house.declared()
    with house.units(incident.tenant_id) as unit:
        (first,) = unit.incidents.transitions(incident.id)
        with pytest.raises(ConcurrentTransition):
            unit.incidents.log(attrs.evolve(first, id=new_id()))


def test_a_series_has_at_most_one_open_episode(units: DjangoUnitOfWorkFactory, tenant: Tenant) -> None:
    now = SystemClock().now()

    def episode(**more: object) -> models.Episode:
        rows = models.Episode.objects.using(ALIAS)
        return rows.create(
            tenant_id=tenant.id, fingerprint="f", original_id=new_id(), started_at=now, last_seen_at=now, **more
        )

    with units(tenant.id):
        episode(ended_at=now + timedelta(minutes=1))
        episode()
        with pytest.raises(AlreadyExists), translated():
            episode()


def test_only_one_of_eight_opens_the_episode_of_a_series(units: DjangoUnitOfWorkFactory, tenant: Tenant) -> None:
    now = SystemClock().now()

    def open_one() -> str:
        with units(tenant.id) as unit, translated():
            models.Episode.objects.using(ALIAS).create(
                tenant_id=tenant.id, fingerprint="f", original_id=new_id(), started_at=now, last_seen_at=now
            )
            unit.commit()
        return "opened"

    outcomes = at_once(*[open_one] * 8)
    assert sorted(str(getattr(outcome, "code", outcome)) for outcome in outcomes) == ["already_exists"] * 7 + ["opened"]
