"""The offline engine behind the application's port: the pure domain with the shipped weights and calibration."""

from collections.abc import Sequence

import attrs

from sre_copilot.adapters.diagnosis.training import load_calibration, load_weights
from sre_copilot.domain.diagnosis.confidence import Calibration
from sre_copilot.domain.diagnosis.engine import diagnose
from sre_copilot.domain.diagnosis.scoring import Weights
from sre_copilot.domain.hypotheses import AddedEvidence, Verdict
from sre_copilot.domain.snapshots import ContextSnapshot


@attrs.frozen(kw_only=True)
class OfflineEngine:
    """Ranks causes without any network. Deterministic and thread-safe."""

    weights: Weights = attrs.field(factory=load_weights)
    calibration: Calibration = attrs.field(factory=load_calibration)

    def diagnose(self, snapshot: ContextSnapshot, *, added: Sequence[AddedEvidence] = ()) -> Verdict:
        """Return the ranked causes of the incident in `snapshot`; primaries sum to 1."""
        return diagnose(snapshot, weights=self.weights, calibration=self.calibration, added=added)
