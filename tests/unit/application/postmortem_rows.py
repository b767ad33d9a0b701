"""Rows of the table: postmortems."""

from sre_copilot.application.queries.drafts import DraftQueries
from sre_copilot.application.use_cases.publish_postmortem import PublishPostmortem
from tests.unit.application.row import READERS, RESPONDERS, Asked, Row

CHANGES: dict[Asked, Row] = {
    (PublishPostmortem, "__call__"): Row(
        given=lambda on: {"incident_id": on.incident, "url": "https://wiki.example.com/42"},
        permitted=RESPONDERS,
        leaves=("incident.postmortem_published",),
    ),
}

READS: dict[Asked, Row] = {
    (DraftQueries, "postmortem"): Row(given=lambda on: {"incident_id": on.incident}, permitted=READERS),
}
