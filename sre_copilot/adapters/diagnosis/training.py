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
    blocks = [(frozenset(block["kinds"]), block) for block in _document("calibration.json")["by_kinds"]]
    return Calibration(
        cases=tuple(
            CalibrationCase(margin=float(margin), right=bool(right), kinds=kinds)
            for kinds, block in blocks
            for margin, right in block["cases"]
        ),
        slopes={kinds: float(block["slope"]) for kinds, block in blocks},
    )


def _document(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(files("sre_copilot.adapters.diagnosis").joinpath(name).read_text("utf-8"))
    return document
