"""What speaks for and against a change as the cause."""

from collections.abc import Sequence
from datetime import datetime

from sre_copilot.domain.diagnosis.changes import ChangeFit
from sre_copilot.domain.diagnosis.clues import clue, gather
from sre_copilot.domain.diagnosis.drift import strongest
from sre_copilot.domain.diagnosis.scoring import Feature
from sre_copilot.domain.diagnosis.shifts import Shift
from sre_copilot.domain.hypotheses import Evidence, EvidenceKind


def change_clues(
    fit: ChangeFit, began: datetime, own: Sequence[Shift] = (), outside: Evidence | None = None
) -> tuple[Evidence, ...]:
    """Evidence about one change: text, timing, risk and what crept since for it, harmlessness and the outside against it.

    `own` are the shifts of the component that was changed, `outside` is the strongest sign of a cause outside.
    """
    change = fit.change
    minutes = (began - change.at).total_seconds() / 60.0
    about = ", ".join(fit.shared) or "how such changes go wrong"
    sentences = (
        (Feature.CHANGE_TEXT, fit.text, f'"{change.summary}" fits the symptoms by its words ({about})'),
        (Feature.CHANGE_TIMING, fit.timing, f'"{change.summary}" came {minutes:.0f} min before the trouble began'),
        (Feature.CHANGE_RISK, fit.risk, f'"{change.summary}" is of a kind that alters behaviour'),
        (Feature.CHANGE_MISFIT, fit.misfit, f'"{change.summary}" touches little that could do this'),
    )
    return gather(
        *(
            clue(
                feature,
                value,
                subject=fit.subject,
                kind=EvidenceKind.CHANGE,
                refers_to=str(change.id),
                summary=sentence,
                at=change.at,
            )
            for feature, value, sentence in sentences
        ),
        _drift(fit, began, own),
        _outside(fit, outside),
    )


def _drift(fit: ChangeFit, began: datetime, own: Sequence[Shift]) -> list[Evidence]:
    value, series = strongest((shift.series for shift in own), fit.change.at, began)
    shift = next((shift for shift in own if shift.series is series), None)
    if shift is None:
        return []
    return clue(
        Feature.CHANGE_DRIFT,
        value,
        subject=str(fit.change.id),
        kind=EvidenceKind.METRIC,
        refers_to=shift.reference,
        summary=f'{shift.series.name} of {fit.subject} has been creeping ever since "{fit.change.summary}"',
        at=fit.change.at,
    )


def _outside(fit: ChangeFit, outside: Evidence | None) -> list[Evidence]:
    """What speaks for a cause outside speaks against every change."""
    if outside is None:
        return []
    return clue(
        Feature.OUTSIDE_INSTEAD,
        outside.strength,
        subject=str(fit.change.id),
        kind=outside.kind,
        refers_to=outside.refers_to,
        summary=f"Something outside may have done it rather than a change: {outside.summary}",
        at=outside.at,
    )
