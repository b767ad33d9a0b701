"""What the type checker has to say about the public face; `make types` reads this file, nothing runs it.

An `ignore` that is not needed is an error under --strict, so each of them states what must be refused.
"""

from typing import assert_type
from uuid import UUID

from sre_copilot import Copilot, CopilotError, NotFound, Settings, hookimpl, open_copilot
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.deliveries import Delivery, Parsed, Receipt
from sre_copilot.domain.incidents import Incident
from sre_copilot.domain.integrations import Integration
from sre_copilot.hookspecs import IntegrationPlugin, ParsesDeliveries


def the_facade_is_typed(actor: Actor, incident_id: UUID, delivery: Delivery) -> None:
    with open_copilot(Settings(data_folder="somewhere")) as copilot:
        assert_type(copilot, Copilot)
        assert_type(copilot.acknowledge(actor=actor, incident_id=incident_id), Incident)
        assert_type(copilot.ingest(actor=actor, integration_id=incident_id, delivery=delivery), Receipt)
        copilot.acknowledge(incident_id=incident_id)  # type: ignore[call-arg]
        copilot.acknowledge(actor, incident_id)  # type: ignore[call-arg]
        copilot.acknowledge(actor=actor, incident_id="not an id")  # type: ignore[arg-type]
        copilot.resolve(actor=actor, incident_id=incident_id, reson="a typo")  # type: ignore[call-arg]


def settings_and_errors_are_typed(settings: Settings, error: CopilotError) -> None:
    assert_type(settings.database_url, str | None)
    assert_type(error.code, str)
    assert_type(NotFound().code, str)
    settings.database_url = None  # type: ignore[misc]
    Settings(database="a typo")  # type: ignore[call-arg]


class APlugin:
    """Any class of the right shape is a plugin; nothing has to be inherited."""

    type = "acme"
    title = "Acme"

    def parse(self, integration: Integration, payload: object, delivery: Delivery) -> Parsed:
        return Parsed(drafts=())


class NoPlugin:
    """Its `parse` gives the wrong thing back."""

    def parse(self, integration: Integration, payload: object, delivery: Delivery) -> str:
        return ""


@hookimpl
def sre_copilot_integrations() -> list[IntegrationPlugin]:
    return [APlugin()]


a_parser: ParsesDeliveries = APlugin()
no_parser: ParsesDeliveries = NoPlugin()  # type: ignore[assignment]
no_plugin: IntegrationPlugin = NoPlugin()  # type: ignore[assignment]
