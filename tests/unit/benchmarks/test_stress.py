"""What is taken from labelled cases before anybody sees them is taken whole, and what counts as their past is past."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from benchmarks.diagnosis.past import as_past
from benchmarks.diagnosis.stress import BY_CHANCE, FEW, STRESS, Document

MIDNIGHT = datetime.fromisoformat("2026-03-01T00:00:00+00:00")


def at(minutes: int) -> str:
    return (MIDNIGHT + timedelta(minutes=minutes)).isoformat()


def series(minutes: int, count: int, step: int = 60) -> Document:
    values: list[Any] = [float(place) for place in range(count)]
    return {"component": "shop", "metric": "latency", "start": at(minutes), "step_seconds": step, "values": values}


def day() -> Document:
    """An hour on the clock of the case that begins ten minutes after it."""
    return {
        "clock": "same",
        "window": {"start": at(0), "end": at(60)},
        "series": [series(0, 60)],
        "operations": [],
        "edges": [],
        "logs": [{"component": "shop", "template": "Slow", "minutes": [5, 15, 40], "counts": [1, 2, 3]}],
        "coverage": {"logs": list(range(60))},
    }


def case(step: int = 60) -> Document:
    return {
        "window": {"start": at(10), "end": at(30)},
        "assumed_start": at(20),
        "detected_at": at(22),
        "alarm": {"component": "shop"},
        "calls": [{"caller": "shop", "callee": name} for name in "abcdefghij"],
        "series": [series(10, 20, step)],
        "logs": [{"component": "shop", "template": "Slow", "minutes": [2], "counts": [9]}],
        "coverage": {"logs": [2]},
        "background": "day",
    }


def test_a_short_past_takes_the_rest_of_the_day_unless_that_is_forbidden() -> None:
    moved, strict = (as_past(case(), day(), strict=strict) for strict in (False, True))
    assert moved is not None
    assert strict is not None
    assert datetime.fromisoformat(moved["window"]["end"]) <= MIDNIGHT + timedelta(minutes=10)
    assert strict["window"] == day()["window"]
    assert moved["logs"][0]["counts"] == [1, 3]


def test_what_is_lost_is_lost_in_the_past_as_well() -> None:
    document = case()
    STRESS["no-logs"](document, Random(0))
    past = as_past(document, day())
    assert past is not None
    assert (document["logs"], document["coverage"]["logs"], past["logs"]) == ([], [], [])
    assert past["series"]
    assert day()["logs"]


def test_only_the_first_samples_of_an_incident_are_left_where_they_are_minutes_apart() -> None:
    coarse, fine = case(step=300), case()
    for document in (coarse, fine):
        STRESS["first-rows"](document, Random(0))
    assert len(coarse["series"][0]["values"]) == 2 + FEW
    assert len(fine["series"][0]["values"]) == 20


def test_an_onset_moves_by_what_its_name_says() -> None:
    for name, seconds in {"onset-120": -120, "onset-60": -60, "onset+60": 60, "onset+120": 120}.items():
        document = case()
        STRESS[name](document, Random(0))
        assert datetime.fromisoformat(document["assumed_start"]) - datetime.fromisoformat(at(20)) == timedelta(
            seconds=seconds
        )


@pytest.mark.parametrize("name", STRESS)
def test_the_same_seed_takes_the_same_and_another_one_only_where_chance_decides(name: str) -> None:
    taken = []
    for seed in (1, 1, 2):
        document = case()
        STRESS[name](document, Random(seed))
        taken.append(document)
    assert taken[0] == taken[1]
    assert (taken[0] != taken[2]) == (name in BY_CHANCE)
