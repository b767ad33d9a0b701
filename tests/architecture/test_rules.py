"""The tree obeys the rules; tests/architecture/test_planted_violations.py shows that each of them can fail."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.architecture.rules import STATIC_RULES
from tests.architecture.running import findings_of

CHECKOUT = Path(__file__).parents[2]


@pytest.mark.parametrize("rule", STATIC_RULES, ids=lambda rule: rule.__name__)
def test_the_sources_obey_the_rule(rule: Callable[[Path], list[str]]) -> None:
    assert rule(CHECKOUT) == []


def test_contracts_cycles_start_up_and_exit_codes_are_in_order() -> None:
    assert findings_of(CHECKOUT) == {}
