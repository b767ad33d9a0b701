"""Builders of precedents."""

from typing import Any

from sre_copilot.adapters.system import new_id
from sre_copilot.domain.hypotheses import CandidateKind
from sre_copilot.domain.precedents import Cause, JudgedCause, Place, Precedent, Role, SeenPrecedent, Symptoms
from sre_copilot.testing.clock import BEGINNING

PAYMENTS = Cause(kind=CandidateKind.SERVICE, subject="payments", place=Place.DOWNSTREAM)


def make_symptoms(**given: Any) -> Symptoms:
    """Return the symptoms of an entry that became slow with something behind it."""
    defaults = {
        "metrics": ("latency up alarm", "cpu up other"),
        "words": ("slow", "timeout"),
        "signals": ("high",),
        "role": Role.ENTRY,
    }
    return Symptoms(**{**defaults, **given})


def make_judged(**given: Any) -> JudgedCause:
    """Return what a stranger said of payments, in a hypothesis of its own."""
    defaults = {"cause": PAYMENTS, "hypothesis_id": new_id(), "user_id": new_id(), "at": BEGINNING}
    return JudgedCause(**{**defaults, **given})


def make_precedent(**given: Any) -> Precedent:
    """Return a precedent that blames payments."""
    defaults = {
        "id": new_id(),
        "incident_id": new_id(),
        "title": "Checkout is slow",
        "symptoms": make_symptoms(),
        "learned_at": BEGINNING,
        "confirmed": make_judged(),
    }
    return Precedent(**{**defaults, **given})


def make_seen(**given: Any) -> SeenPrecedent:
    """Return one as a snapshot holds it, as similar as can be."""
    defaults = {
        "id": new_id(),
        "incident_id": new_id(),
        "title": "Checkout is slow",
        "similarity": 1.0,
        "cause": PAYMENTS,
    }
    return SeenPrecedent(**{**defaults, **given})
