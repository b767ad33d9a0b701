"""Rows of the table: silences."""

from datetime import timedelta

from sre_copilot.application.queries.silences import SilenceQueries
from sre_copilot.application.use_cases.create_silence import CreateSilence
from sre_copilot.application.use_cases.end_silence import EndSilence
from sre_copilot.domain.silences import read_matchers
from sre_copilot.testing.clock import BEGINNING
from tests.unit.application.row import READERS, RESPONDERS, Asked, Row

CHANGES: dict[Asked, Row] = {
    (CreateSilence, "__call__"): Row(
        given=lambda on: {
            "matchers": read_matchers("service=search"),
            "ends_at": BEGINNING + timedelta(days=1),
            "comment": "known",
        },
        permitted=RESPONDERS,
        leaves=("silence.created",),
        finds=False,
    ),
    (EndSilence, "__call__"): Row(
        given=lambda on: {"silence_id": on.silence}, permitted=RESPONDERS, leaves=("silence.ended",)
    ),
}

READS: dict[Asked, Row] = {
    (SilenceQueries, "list"): Row(given=lambda on: {}, permitted=READERS, finds=False),
    (SilenceQueries, "get"): Row(given=lambda on: {"silence_id": on.silence}, permitted=READERS),
    (SilenceQueries, "preview"): Row(
        given=lambda on: {"matchers": read_matchers("service=search")}, permitted=READERS, finds=False
    ),
}
