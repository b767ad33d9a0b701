"""From a context snapshot to ranked causes: gather evidence, weigh it, say how sure that is."""

from collections.abc import Sequence

import attrs

from sre_copilot.domain.diagnosis.candidates import candidates
from sre_copilot.domain.diagnosis.clues import Candidate
from sre_copilot.domain.diagnosis.confidence import Calibration, combined, confidence, margins, softmax
from sre_copilot.domain.diagnosis.kinds import NOTHING_KNOWN, Known, known_of
from sre_copilot.domain.diagnosis.next_evidence import next_evidence
from sre_copilot.domain.diagnosis.precedent_clues import supporting_precedents
from sre_copilot.domain.diagnosis.scoring import ADVISED, Feature, Weights, weigh
from sre_copilot.domain.diagnosis.wording import claim
from sre_copilot.domain.hypotheses import (
    AddedEvidence,
    CandidateKind,
    Component,
    ComponentScore,
    Confidence,
    Evidence,
    Polarity,
    RankedCause,
    Verdict,
)
from sre_copilot.domain.precedents import SeenPrecedent
from sre_copilot.domain.recalibration import Recalibration
from sre_copilot.domain.snapshots import ContextSnapshot

ENGINE = "offline-1"
KEPT = 0.01
SENTENCES = 3
CONVINCING = 0.5
AS_SHIPPED = Recalibration()


def diagnose(
    snapshot: ContextSnapshot,
    *,
    weights: Weights,
    calibration: Calibration | None,
    added: Sequence[AddedEvidence] = (),
) -> Verdict:
    """Rank the causes of the incident in `snapshot`. Pure and deterministic; needs no LLM.

    The score is a conditional logit over the candidates: primaries are its softmax and sum to 1, the
    row "others" included. `calibration` turns them into intervals; without it every interval is [0, 1].
    `added` is what an advisor read, of which only candidates take note that are named; the table of its weights is ours.
    """
    found = candidates(snapshot)
    if added:
        found = tuple(_with_added(item, added) for item in found)
        weights = attrs.evolve(weights, features={**weights.features, **ADVISED})
    return rank(
        found,
        weights=weights,
        calibration=calibration,
        known=known_of(snapshot),
        precedents=snapshot.precedents,
        own=snapshot.recalibration or AS_SHIPPED,
    )


def _with_added(item: Candidate, added: Sequence[AddedEvidence]) -> Candidate:
    change_id = item.change.id if item.change else None
    return item.with_evidence(*(one.evidence for one in added if one.about == (item.kind, item.subject, change_id)))


def rank(
    found: Sequence[Candidate],
    *,
    weights: Weights,
    calibration: Calibration | None,
    known: Known = NOTHING_KNOWN,
    precedents: Sequence[SeenPrecedent] = (),
    own: Recalibration = AS_SHIPPED,
) -> Verdict:
    """Score `found` by its evidence and return the verdict, best first; ties break by subject, then change.

    Primaries are the softmax of slope x score, where the slope is the calibration's for what is `known`, times that of
    the tenant's `own` recalibration. Intervals go by the scores alone.
    Candidates with a primary of at least 0.01 and none-of-these are rows of their own, the rest one row.
    """
    scored = sorted(((*weigh(item.evidence, weights), item) for item in found), key=_order)
    scores = [score for score, _, _ in scored]
    slope = own.slope * (calibration.slope(known) if calibration else 1.0)
    rows: list[RankedCause] = []
    rest: list[RankedCause] = []
    for primary, margin, (score, components, item) in zip(
        softmax([slope * score for score in scores]), margins(scores), scored, strict=True
    ):
        row = _row(item, score, components, weights, confidence(primary, margin, calibration=calibration, known=known))
        row = attrs.evolve(row, similar_incidents=supporting_precedents(row.supporting, precedents))
        kept = primary >= KEPT or item.kind is CandidateKind.NONE_OF_THESE
        (rows if kept else rest).append(row)
    if rest:
        rows.append(_others(rest))
    convincing = _convincing(rows)
    return Verdict(
        causes=tuple(rows),
        convincing=convincing,
        next_evidence=() if convincing else next_evidence([item for _, _, item in scored], weights),
        engine_version=f"{ENGINE}/{weights.version}",
        calibration=_calibrated_by(weights, calibration, own),
        slope=own.slope,
        similar=tuple(seen.shown for seen in precedents),
    )


def _calibrated_by(weights: Weights, calibration: Calibration | None, own: Recalibration) -> str:
    """For example "shipped 2026-11 (279 labelled cases), slope 0.83 from 31 incidents of this tenant"."""
    shipped = f"shipped {weights.version} ({len(calibration.cases) if calibration else 0} labelled cases)"
    return f"{shipped}, slope {own.slope:g} from {own.cases} incidents of this tenant" if own.cases else shipped


def _order(scored: tuple[float, object, Candidate]) -> tuple[float, str, str, str]:
    score, _, item = scored
    return -score, item.kind.value, item.subject, str(item.change.id) if item.change else ""


def _row(
    item: Candidate,
    score: float,
    components: dict[Component, ComponentScore],
    weights: Weights,
    sure: Confidence,
) -> RankedCause:
    strongest = sorted(
        item.evidence, key=lambda evidence: (-abs(weights.of(evidence)), -evidence.strength, evidence.id)
    )
    supporting = tuple(evidence for evidence in strongest if evidence.polarity is Polarity.SUPPORTS)
    contradicting = tuple(evidence for evidence in strongest if evidence.polarity is Polarity.CONTRADICTS)
    change = item.change
    return RankedCause(
        kind=item.kind,
        subject=item.subject,
        claim=claim(item.kind, item.subject, change),
        description=_described(supporting),
        score=score,
        confidence=sure,
        components=components,
        supporting=supporting,
        contradicting=contradicting,
        change_id=change.id if change else None,
        change_summary=change.summary if change else None,
    )


def _described(supporting: Sequence[Evidence]) -> str:
    """What moved, what the change has to do with it, then the weightiest evidence, in a few sentences: one per thing that it points at."""
    told_first = {Feature.SYMPTOM.value: 0, Feature.CHANGE_TEXT.value: 1}
    about: dict[tuple[str, bool], str] = {}
    for evidence in sorted(supporting, key=lambda evidence: told_first.get(evidence.feature, 2)):
        about.setdefault((evidence.refers_to, evidence.feature in told_first), _sentence(evidence.summary))
    return " ".join(list(about.values())[:SENTENCES])


def _sentence(text: str) -> str:
    return text.rstrip(".") + "."


def _others(rest: Sequence[RankedCause]) -> RankedCause:
    names = ", ".join(dict.fromkeys(row.subject for row in rest[:5]))
    more = " ..." if len(rest) > 5 else "."
    return RankedCause(
        kind=CandidateKind.OTHERS,
        subject="",
        claim=claim(CandidateKind.OTHERS, "", None),
        description=f"{len(rest)} candidates with less than 1 % each: {names}{more}",
        score=max(row.score for row in rest),
        confidence=combined(row.confidence for row in rest),
        components=max(rest, key=lambda row: row.score).components,
    )


def _convincing(rows: Sequence[RankedCause]) -> bool:
    """Whether the first row names something that is more likely than not, by the softmax and by the labelled cases.

    A component and its changes convince together. Of the labelled cases the middle of the interval counts: a
    candidate that leads only because nothing is known of its rivals has a low one.
    """
    first = rows[0] if rows else None
    if first is None or first.kind in (CandidateKind.NONE_OF_THESE, CandidateKind.OTHERS):
        return False
    sure = [row.confidence for row in rows if row.subject == first.subject]
    middle = sum((each.lower + each.upper) / 2 for each in sure)
    return sum(each.primary for each in sure) >= CONVINCING and middle >= CONVINCING
