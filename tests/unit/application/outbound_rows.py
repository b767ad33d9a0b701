"""Rows of the table: telling people what happens."""

from uuid import UUID

from sre_copilot.application.queries.outbound import OutboundQueries
from sre_copilot.application.use_cases.add_route import AddRoute
from sre_copilot.application.use_cases.change_route import ChangeRoute
from sre_copilot.application.use_cases.dispatch_messages import DispatchMessages
from sre_copilot.application.use_cases.remove_route import RemoveRoute
from sre_copilot.application.use_cases.retry_message import RetryMessage
from sre_copilot.domain.outbound import Event, facts_of
from sre_copilot.testing.builders import make_incident
from tests.unit.application.row import ADMINISTRATORS, AUTOMATION, READERS, RESPONDERS, Asked, Row

CHANGES: dict[Asked, Row] = {
    (AddRoute, "__call__"): Row(
        given=lambda on: {"name": "nights", "integration_id": on.stage.integration.id, "address": "#nights"},
        permitted=ADMINISTRATORS,
        leaves=("route.added",),
    ),
    (ChangeRoute, "__call__"): Row(
        given=lambda on: {"rule_id": on.route, "is_active": False},
        permitted=ADMINISTRATORS,
        leaves=("route.changed",),
    ),
    (RemoveRoute, "__call__"): Row(
        given=lambda on: {"rule_id": on.route}, permitted=ADMINISTRATORS, leaves=("route.removed",)
    ),
    (RetryMessage, "__call__"): Row(
        given=lambda on: {"message_id": on.dead_message}, permitted=RESPONDERS, leaves=("message.retried",)
    ),
    (DispatchMessages, "__call__"): Row(
        given=lambda on: {"integration_id": on.stage.integration.id},
        permitted=AUTOMATION,
        leaves=("message.sent",),
        finds=False,
        in_steps=True,
    ),
}

READS: dict[Asked, Row] = {
    (OutboundQueries, "rules"): Row(given=lambda on: {}, permitted=READERS, finds=False),
    (OutboundQueries, "dry_run"): Row(
        given=lambda on: {"event": Event.OPENED, "incident": facts_of(make_incident(UUID(int=1)))},
        permitted=READERS,
        finds=False,
    ),
    (OutboundQueries, "dry_run_of"): Row(
        given=lambda on: {"event": Event.NOTED, "incident_id": on.incident}, permitted=READERS
    ),
    (OutboundQueries, "messages"): Row(given=lambda on: {}, permitted=READERS, finds=False),
    (OutboundQueries, "message"): Row(given=lambda on: {"message_id": on.dead_message}, permitted=READERS),
}
