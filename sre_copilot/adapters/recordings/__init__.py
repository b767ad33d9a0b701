"""Recorded incidents: one that comes with the package, and the metrics of any recording."""

from pathlib import Path


def bundled_recording() -> Path:
    """The folder of the recording that comes with the package: a bad deploy of a small shop."""
    return Path(__file__).parent / "bad_deploy"
