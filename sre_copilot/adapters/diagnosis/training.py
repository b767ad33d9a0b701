"""Reads the shipped weights and calibration. Both files are written by `benchmarks/diagnosis/fit.py`."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from sre_copilot.domain.diagnosis.confidence import Calibration, CalibrationCase
from sre_copilot.domain.diagnosis.scoring import Feature, Weights


@cache
def load_weights() -> Weights:
    """The weights that ship with this version; the same object on every call."""
    document = _document("weights.json")
    return Weights(
        version=document["version"],
        features={Feature(name): float(weight) for name, weight in document["features"].items()},
    )


@cache
def load_calibration() -> Calibration:
    """The labelled cases behind the intervals; the same object on every call."""
    document = _document("calibration.json")
    return Calibration(
        cases=tuple(CalibrationCase(margin=float(margin), right=bool(right)) for margin, right in document["cases"])
    )


def _document(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(files("sre_copilot.adapters.diagnosis").joinpath(name).read_text("utf-8"))
    return document
