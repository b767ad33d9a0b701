"""The conformance kit passes every built-in integration, and fails each broken plugin for what is broken."""

import re
from pathlib import Path

import pytest

from sre_copilot.testing.conformance.plugins.checks import CHECKS
from sre_copilot.testing.conformance.plugins.subject import NotApplicable, Subject, Violation, readers
from sre_copilot.testing.doors import plugin_manager
from tests.unit.testing.broken_plugins import BROKEN, Sound

BUILT_IN = plugin_manager()
PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "write-an-integration.md"


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("kind", readers(BUILT_IN))
def test_a_built_in_passes(kind: str, check: str) -> None:
    try:
        CHECKS[check](Subject(kind=kind, manager=BUILT_IN, points=(), thorough=False))
    except NotApplicable as why:
        assert str(why)


def failed_checks(plugin: Sound) -> dict[str, str]:
    """The checks that a plugin fails, each with what it is told."""
    manager = plugin_manager(plugin)
    told: dict[str, str] = {}
    for name, check in CHECKS.items():
        subject = Subject(kind="acme", manager=manager, points=(), thorough=False)
        try:
            check(subject)
        except Violation as violation:
            told[name] = str(violation)
        except NotApplicable:
            continue
    return told


def test_a_sound_plugin_passes_every_check() -> None:
    assert failed_checks(Sound()) == {}


def test_every_check_has_a_plugin_that_only_it_finds_broken() -> None:
    assert set(BROKEN) == set(CHECKS)


def test_every_check_is_documented() -> None:
    assert re.findall(r"^\| `(\w+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE) == list(CHECKS)


@pytest.mark.parametrize("check", BROKEN)
def test_a_broken_plugin_is_failed_by_exactly_the_check_that_is_for_it(check: str) -> None:
    told = failed_checks(BROKEN[check]())
    assert set(told) == {check}, told
