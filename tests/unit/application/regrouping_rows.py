"""Rows of the table: merging, splitting, moving."""

from uuid import UUID

from sre_copilot.application.use_cases.merge_incidents import MergeIncidents
from sre_copilot.application.use_cases.move_signal import MoveSignal
from sre_copilot.application.use_cases.split_incident import SplitIncident
from tests.unit.application.row import RESPONDERS, Asked, Row
from tests.unit.application.scene import Scene


def signal_of(on: Scene) -> UUID:
    """The signal that opened the scene's incident."""
    return next(one.id for one in on.stage.tables.signals.values() if one.incident_id == on.incident)


CHANGES: dict[Asked, Row] = {
    (MergeIncidents, "__call__"): Row(
        given=lambda on: {"incident_id": on.declared, "other_id": on.incident},
        permitted=RESPONDERS,
        leaves=("incident.merged",),
    ),
    (SplitIncident, "__call__"): Row(
        given=lambda on: {"incident_id": on.incident, "signal_ids": [on.companion]},
        permitted=RESPONDERS,
        leaves=("signal.split",),
    ),
    (MoveSignal, "__call__"): Row(
        given=lambda on: {"signal_id": signal_of(on), "into_id": on.declared},
        permitted=RESPONDERS,
        leaves=("signal.moved",),
    ),
}
