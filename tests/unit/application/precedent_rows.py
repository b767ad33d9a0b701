"""Rows of the table: precedents, calibration, drafts of runbooks."""

from sre_copilot.application.queries.calibration import CalibrationQueries
from sre_copilot.application.queries.drafts import DraftQueries
from sre_copilot.application.queries.precedents import PrecedentQueries
from sre_copilot.application.use_cases.forget_precedent import ForgetPrecedent
from sre_copilot.application.use_cases.restore_precedent import RestorePrecedent
from tests.unit.application.row import READERS, RESPONDERS, Asked, Row

CHANGES: dict[Asked, Row] = {
    (ForgetPrecedent, "__call__"): Row(
        given=lambda on: {"precedent_id": on.precedent}, permitted=RESPONDERS, leaves=("precedent.forgotten",)
    ),
    (RestorePrecedent, "__call__"): Row(
        given=lambda on: {"precedent_id": on.forgotten}, permitted=RESPONDERS, leaves=("precedent.restored",)
    ),
}

READS: dict[Asked, Row] = {
    (CalibrationQueries, "report"): Row(given=lambda on: {}, permitted=READERS, finds=False),
    (PrecedentQueries, "list"): Row(given=lambda on: {}, permitted=READERS, finds=False),
    (PrecedentQueries, "get"): Row(given=lambda on: {"precedent_id": on.precedent}, permitted=READERS),
    (DraftQueries, "runbook"): Row(given=lambda on: {"incident_id": on.incident}, permitted=READERS),
}
