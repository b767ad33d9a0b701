"""Evidence items: made in one place, with ids that are the same for the same fact in the same snapshot."""

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256

import attrs

from sre_copilot.domain.diagnosis.scoring import COMPONENTS, Feature, polarity
from sre_copilot.domain.diagnosis.shifts import Shift
from sre_copilot.domain.diagnosis.wording import brief, moved
from sre_copilot.domain.hypotheses import CandidateKind, Evidence, EvidenceKind
from sre_copilot.domain.snapshots import ObservedChange

FAINT = 1e-3
"""Values below this are not worth an evidence item."""


@attrs.frozen(kw_only=True)
class Candidate:
    """One possible cause with what speaks for and against it."""

    kind: CandidateKind
    subject: str
    evidence: tuple[Evidence, ...] = ()
    change: ObservedChange | None = None

    def with_evidence(self, *items: Evidence) -> "Candidate":
        """Return the candidate with these items added; an item it already has (by id) is not added again."""
        known = {item.id for item in self.evidence}
        return attrs.evolve(self, evidence=self.evidence + tuple(item for item in items if item.id not in known))


def clue(
    feature: Feature,
    value: float,
    *,
    subject: str,
    kind: EvidenceKind,
    refers_to: str,
    summary: str,
    at: datetime | None = None,
) -> list[Evidence]:
    """Return one evidence item of `value` in [0, 1] (clipped), or none if it is too faint to show."""
    if not value > FAINT:
        return []
    identity = "\0".join((feature.value, subject, kind.value, refers_to))
    return [
        Evidence(
            id=sha256(identity.encode()).hexdigest()[:16],
            kind=kind,
            polarity=polarity(feature),
            component=COMPONENTS[feature],
            strength=min(1.0, value),
            refers_to=refers_to,
            summary=summary,
            at=at,
            feature=feature.value,
        )
    ]


def metric_clue(feature: Feature, value: float, shift: Shift, *, subject: str, note: str = "") -> list[Evidence]:
    """An evidence item about a measured series: what it did, or `note` on why that matters with what it did in brief."""
    return clue(
        feature,
        value,
        subject=subject,
        kind=EvidenceKind.METRIC,
        refers_to=shift.reference,
        summary=f"{note} ({brief(shift)})" if note else moved(shift),
        at=shift.onset,
    )


def gather(*groups: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """All items of the groups, each id once."""
    found: dict[str, Evidence] = {}
    for group in groups:
        for item in group:
            found.setdefault(item.id, item)
    return tuple(found.values())
