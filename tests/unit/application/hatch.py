"""A stage on which batches of deliveries are handed in."""

from datetime import timedelta

import attrs

from sre_copilot.application.ports.intake import Arrived
from sre_copilot.application.taking_in import Outcome, TakeIn
from sre_copilot.domain.decisions import Decision
from sre_copilot.domain.deliveries import Parsed, Receipt, Verdict
from sre_copilot.domain.errors import (
    CopilotError,
)
from sre_copilot.domain.signals import SignalDraft
from sre_copilot.testing.clock import BEGINNING
from sre_copilot.testing.deliveries import ScriptedGateway
from sre_copilot.testing.faults import TappedUnits
from sre_copilot.testing.ids import SequentialIds
from sre_copilot.testing.stage import Stage, stage

SECOND = timedelta(seconds=1)
IDS = 10_000_000


@attrs.define
class Failing:
    """A tap that lets a call fail several times."""

    call: str
    times: int
    error: CopilotError
    calls: list[str] = attrs.field(factory=list)

    def before(self, call: str) -> None:
        self.calls.append(call)
        if call == self.call and self.calls.count(call) <= self.times:
            raise self.error

    def after(self, call: str) -> None:
        """Nothing."""


@attrs.frozen
class Hatch:
    """A stage on which batches are handed in."""

    here: Stage = attrs.field(factory=stage)
    tap: Failing = attrs.field(factory=lambda: Failing("none", 0, CopilotError()))
    ids: SequentialIds = attrs.field(factory=lambda: SequentialIds(first=IDS))

    def arrived(
        self,
        *drafts: SignalDraft,
        after: int = 0,
        body: bytes | None = None,
        fails: CopilotError | None = None,
        mark: str | None = None,
        vendor_id: str | None = None,
    ) -> Arrived:
        answer = fails or Parsed(drafts=drafts, vendor_id=vendor_id)
        bare = Arrived(
            actor=self.here.sender,
            integration=self.here.integration,
            delivery=self.here.script.delivery(answer, received_at=BEGINNING + after * SECOND, body=body),
            verdict=Verdict.KEY,
            mark=mark,
        )
        return bare.read_by(ScriptedGateway(readers={self.here.integration.type: self.here.script.read}))

    def take_in(self, *batch: Arrived) -> list[Outcome]:
        return TakeIn(units=TappedUnits(self.here.units, self.tap), ids=self.ids)(self.here.tenant.id, batch)

    def receipts(self, *batch: Arrived) -> list[Receipt]:
        outcomes = self.take_in(*batch)
        receipts = [one for one in outcomes if isinstance(one, Receipt)]
        assert len(receipts) == len(batch), outcomes
        return receipts

    def mark(self) -> str:
        mine = self.here.integration.id
        with self.here.units(self.here.tenant.id) as uow:
            return uow.integrations.marks([mine])[mine]

    @property
    def decisions(self) -> list[Decision]:
        rows = sorted(self.here.tables.signals.values(), key=lambda signal: signal.id)
        return [signal.decision for signal in rows]
