"""What speaks for and against a change as the cause."""

from datetime import datetime

from sre_copilot.domain.diagnosis.changes import ChangeFit
from sre_copilot.domain.diagnosis.clues import clue, gather
from sre_copilot.domain.diagnosis.scoring import Feature
from sre_copilot.domain.hypotheses import Evidence, EvidenceKind


def change_clues(fit: ChangeFit, began: datetime) -> tuple[Evidence, ...]:
    """Evidence about one change: text, timing and risk for it, harmlessness against it."""
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
        )
    )
