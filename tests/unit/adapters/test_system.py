"""The system's clock and ids."""

import time
from datetime import UTC

from sre_copilot.adapters.system import SystemClock, TimeOrderedIds, new_id


def test_ids_are_of_version_7() -> None:
    made = [new_id() for _ in range(100)]
    assert {(one.version, one.variant) for one in made} == {(7, "specified in RFC 4122")}


def test_ids_begin_with_the_milliseconds_of_their_making() -> None:
    before = time.time_ns() // 1_000_000
    made = new_id().int >> 80
    assert before <= made <= time.time_ns() // 1_000_000


def test_ids_made_in_one_millisecond_differ() -> None:
    assert len({TimeOrderedIds().new() for _ in range(1000)}) == 1000


def test_the_clock_tells_aware_utc() -> None:
    assert SystemClock().now().tzinfo is UTC
