"""Configuring a source of deliveries."""

from datetime import timedelta

import pytest

from sre_copilot.domain.actors import Actor, Role
from sre_copilot.domain.deliveries import Parsed
from sre_copilot.domain.episodes import DEDUP_WINDOW
from sre_copilot.domain.errors import AlreadyExists, InvalidInput, UnknownIntegrationType
from sre_copilot.domain.signals import Environment
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.stage import Stage, alert, stage


def admin(here: Stage) -> Actor:
    return here.person(Role.ADMIN)


def test_an_integration_is_stored_as_it_was_described() -> None:
    here = stage()
    made = here.copilot.create_integration(
        actor=admin(here),
        type="generic",
        name="Berlin",
        dedup_window=timedelta(hours=2),
        environments={"live": Environment.PRODUCTION},
    ).integration
    assert here.tables.integrations[made.id] == made
    assert (made.tenant_id, made.type, made.name, made.is_active) == (here.tenant.id, "generic", "Berlin", True)
    assert (made.created_at, made.dedup_window) == (BEGINNING, timedelta(hours=2))
    assert made.environment_of("LIVE") is Environment.PRODUCTION
    entry = list(here.tables.audit.values())[-1]
    assert (entry.resource_id, dict(entry.details)) == (made.id, {"type": "generic", "name": "Berlin"})


def test_without_more_words_it_is_called_by_its_type_and_waits_twelve_hours() -> None:
    here = stage()
    made = here.copilot.create_integration(actor=admin(here), type="generic").integration
    assert (made.name, made.dedup_window, dict(made.environments)) == ("generic", DEDUP_WINDOW, {})
    assert made.dedup_window == timedelta(hours=12)


def test_it_can_be_sent_to_at_once() -> None:
    here = stage()
    made = here.copilot.create_integration(actor=admin(here), type="generic", name="Berlin").integration
    delivery = here.script.delivery(Parsed(drafts=(alert(),)), received_at=BEGINNING)
    sender = Actor.integration(here.tenant.id, made.id)
    receipt = here.copilot.ingest(actor=sender, integration_id=made.id, delivery=delivery)
    assert receipt.accepted == 1
    assert [signal.integration_id for signal in here.tables.signals.values()] == [made.id]


def test_a_type_without_a_plugin_is_refused_with_those_that_there_are() -> None:
    here = stage()
    before = here.tables.copy()
    with pytest.raises(UnknownIntegrationType) as refused:
        here.copilot.create_integration(actor=admin(here), type="carrier-pigeon")
    assert (refused.value.data["type"], refused.value.data["installed"]) == ("carrier-pigeon", ["generic"])
    assert here.tables == before


@pytest.mark.parametrize("window", [timedelta(0), timedelta(seconds=-1)])
def test_a_dedup_window_of_nothing_is_refused(window: timedelta) -> None:
    here = stage()
    before = here.tables.copy()
    with pytest.raises(InvalidInput, match="12 hours"):
        here.copilot.create_integration(actor=admin(here), type="generic", dedup_window=window)
    assert here.tables == before


def test_a_name_is_taken_once_in_a_tenant_and_free_in_another() -> None:
    here = stage()
    there = stage(units=here.units)
    here.copilot.create_integration(actor=admin(here), type="generic", name="Berlin")
    there.copilot.create_integration(actor=admin(there), type="generic", name="Berlin")
    before = here.tables.copy()
    with pytest.raises(AlreadyExists):
        here.copilot.create_integration(actor=admin(here), type="generic", name="Berlin")
    assert here.tables == before


@pytest.mark.parametrize("name", [" ", "n" * 256, "n\0", "n\ud800"])
def test_a_name_that_cannot_be_stored_is_refused(name: str) -> None:
    here = stage()
    before = here.tables.copy()
    with pytest.raises(InvalidInput, match="The name"):
        here.copilot.create_integration(actor=admin(here), type="generic", name=name)
    assert here.tables == before


@pytest.mark.parametrize("word", ["live\0", "live\ud800"])
def test_a_word_for_an_environment_that_cannot_be_stored_is_refused(word: str) -> None:
    here = stage()
    with pytest.raises(InvalidInput, match="environment"):
        here.copilot.create_integration(
            actor=admin(here), type="generic", name="Berlin", environments={word: Environment.PRODUCTION}
        )
