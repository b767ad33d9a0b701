"""A diagnosis told again with what an advisor added: the same causes in the engine's order, with cited words and shares of the cost."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import attrs

from sre_copilot.domain.advice import Question
from sre_copilot.domain.consultations import Consultation, shares
from sre_copilot.domain.diagnosis.advised import Counsel
from sre_copilot.domain.hypotheses import CandidateKind, Diagnosis, Hypothesis, RankedCause, Verdict


def retold(
    diagnosis: Diagnosis,
    hypotheses: Sequence[Hypothesis],
    verdict: Verdict | None,
    kept: Counsel,
    asked: Question,
    consultation: Consultation,
    *,
    ids: Sequence[UUID],
    at: datetime,
) -> tuple[Diagnosis, tuple[Hypothesis, ...]]:
    """Return the diagnosis that comes of a consultation, with its hypotheses.

    `verdict` is the engine's with the evidence that was added, None where none was: then every number stays. Only
    descriptions are the advisor's; claims stay ours. Tokens and cost are shared among the hypotheses that it spoke of, all
    of them where there are none. `ids` are as many as needed: one, and one for each cause.
    """
    causes = verdict.causes if verdict else tuple(row.cause for row in hypotheses)
    words = {(one.kind, one.subject, one.change_id): kept.words.get(one.key) for one in asked.options}
    spoken = {added.about for added in kept.added} | {about for about, text in words.items() if text}
    advised = [place for place, cause in enumerate(causes) if _about(cause) in spoken] or list(range(len(causes)))
    usage = consultation.usage
    given, said, cost = (
        dict(zip(advised, shares(total, len(advised)), strict=True))
        for total in (usage.prompt, usage.completion, consultation.cost_microdollars)
    )
    engine = (verdict.engine_version if verdict else diagnosis.engine_version).partition("+")[0]
    again = attrs.evolve(
        diagnosis,
        id=ids[0],
        engine_version=f"{engine}+{consultation.prompt}",
        at=at,
        convincing=verdict.convincing if verdict else diagnosis.convincing,
        next_evidence=verdict.next_evidence if verdict else diagnosis.next_evidence,
    )
    rows = []
    for place, cause in enumerate(causes):
        text = words.get(_about(cause)) if cause.kind is not CandidateKind.OTHERS else None
        rows.append(
            Hypothesis(
                id=ids[place + 1],
                incident_id=diagnosis.incident_id,
                diagnosis_id=again.id,
                rank=place + 1,
                cause=attrs.evolve(cause, description=text) if text else cause,
                created_at=at,
                llm_model=consultation.model if place in given else "none",
                llm_prompt_tokens=given.get(place),
                llm_completion_tokens=said.get(place),
                llm_cost_microdollars=cost.get(place),
            )
        )
    return again, tuple(rows)


def _about(cause: RankedCause) -> tuple[CandidateKind, str, UUID | None]:
    return cause.kind, cause.subject, cause.change_id
