"""What is done for a job, by its kind. Another kind is another line in the list; each must bear repetition."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from sre_copilot.application.announcing import DISPATCH
from sre_copilot.application.copilot import Copilot
from sre_copilot.application.ports.clock import Clock
from sre_copilot.application.ports.jobs import Handler, Job
from sre_copilot.application.schedule import ADVISE, POLL, WATCH
from sre_copilot.domain.actors import Actor
from sre_copilot.domain.hypotheses import Hypothesis
from sre_copilot.domain.recommendations import RecommendationStatus


def run_timers(copilot: Copilot, clock: Clock, job: Job) -> None:
    """Do what the clock demands of the tenant."""
    copilot.run_due_timers(actor=_worker(job), now=clock.now())


def diagnose(copilot: Copilot, clock: Clock, job: Job) -> None:
    """Rank the causes of an incident and recommend what to do, unless somebody has, or it is over.

    Where a job says as of when, both are done anew that are as old as that.
    """
    actor, incident_id = _worker(job), UUID(str(job.arguments["incident_id"]))
    if not copilot.incidents.get(actor=actor, incident_id=incident_id).state.is_open:
        return
    as_of = datetime.fromisoformat(str(job.arguments["as_of"])) if "as_of" in job.arguments else None
    latest = copilot.incidents.diagnosis(actor=actor, incident_id=incident_id)
    if latest is None or (as_of is not None and latest[0].at <= as_of):
        copilot.diagnose(actor=actor, incident_id=incident_id)
    proposed = copilot.incidents.recommendations(actor=actor, incident_id=incident_id)
    if not proposed or (as_of is not None and proposed[0].created_at <= as_of):
        copilot.recommend(actor=actor, incident_id=incident_id)


def advise(copilot: Copilot, clock: Clock, job: Job) -> None:
    """Have the advisor read along, and recommend anew where that changed what to do and nobody has decided yet."""
    actor, incident_id = _worker(job), UUID(str(job.arguments["incident_id"]))
    if not copilot.incidents.get(actor=actor, incident_id=incident_id).state.is_open:
        return
    by_person = bool(job.arguments.get("asked_by_person"))
    before = copilot.incidents.diagnosis(actor=actor, incident_id=incident_id)
    copilot.advise(actor=actor, incident_id=incident_id, asked_by_person=by_person)
    after = copilot.incidents.diagnosis(actor=actor, incident_id=incident_id)
    if before is None or after is None or _order(before[1]) == _order(after[1]):
        return
    standing = copilot.incidents.recommendations(actor=actor, incident_id=incident_id)
    if all(row.status is RecommendationStatus.PENDING for row in standing):
        copilot.recommend(actor=actor, incident_id=incident_id)


def _order(hypotheses: Sequence[Hypothesis]) -> list[tuple[str, UUID | None]]:
    return [(row.cause.subject, row.cause.change_id) for row in hypotheses[:3]]


def dispatch(copilot: Copilot, clock: Clock, job: Job) -> None:
    """Send what waits for one integration."""
    copilot.dispatch(actor=_worker(job), integration_id=UUID(str(job.arguments["integration_id"])))


def poll(copilot: Copilot, clock: Clock, job: Job) -> None:
    """Ask a vendor for what is new, where that is due and nobody else does it."""
    copilot.poll(tenant_id=job.tenant_id, integration_id=UUID(str(job.arguments["integration_id"])))


def watch(copilot: Copilot, clock: Clock, job: Job) -> None:
    """Raise or end the alarm that an integration is silent."""
    copilot.watch(tenant_id=job.tenant_id, integration_id=UUID(str(job.arguments["integration_id"])))


def _worker(job: Job) -> Actor:
    return Actor.system(job.tenant_id, origin="worker")


KINDS: Mapping[str, Callable[[Copilot, Clock, Job], None]] = {
    "timers": run_timers,
    "diagnose": diagnose,
    DISPATCH: dispatch,
    ADVISE: advise,
    POLL: poll,
    WATCH: watch,
}
LANES: Mapping[str, frozenset[str]] = {
    "quick": frozenset(KINDS) - {POLL, DISPATCH, ADVISE},
    "telling": frozenset({DISPATCH}),
    "slow": frozenset({POLL}),
    "advising": frozenset({ADVISE}),
}
"""Who waits for somebody else has threads of its own: slow vendors hold up nothing but polls, slow targets no timers,
a slow model no diagnosis."""


def handlers(copilot: Copilot, clock: Clock) -> dict[str, Handler]:
    """Every kind with what does it."""
    return {kind: partial(do, copilot, clock) for kind, do in KINDS.items()}


def lanes(*, with_model: bool) -> Mapping[str, frozenset[str]]:
    """The lanes of a worker: where no model is configured nobody waits for one, so that needs no lane of its own."""
    if with_model:
        return LANES
    rest = {name: kinds for name, kinds in LANES.items() if name != "advising"}
    return {**rest, "quick": rest["quick"] | LANES["advising"]}
