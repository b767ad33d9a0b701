"""Patterns of names and paths."""

from time import perf_counter

import pytest

from sre_copilot.domain.patterns import LONGEST, name_matches, path_matches


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("*deploy*", "Deploy to production", True),
        ("*deploy*", "redeploy", True),
        ("*deploy*", "tests", False),
        ("deploy", "Deploy", True),
        ("deploy", "deploy it", False),
        (" deploy ", "deploy", True),
        ("re?ease-*", "release-1", True),
        ("re?ease-*", "rease-1", False),
        ("a*b*c", "a b b c", True),
        ("a*b*c", "a c b", False),
        ("**", "x", True),
        ("*", "", False),
        ("", "x", False),
        ("a.c", "abc", False),
        ("[a-c]", "b", False),
        ("*", "x" * LONGEST, True),
        ("*", "x" * (LONGEST + 1), False),
        ("*", "two\nlines", True),
    ],
)
def test_a_star_in_a_name_is_any_text_and_case_does_not_matter(pattern: str, name: str, fits: bool) -> None:
    assert name_matches([pattern], name) is fits


def test_one_pattern_and_one_name_that_fit_are_enough() -> None:
    assert name_matches(["a", "b"], "x", "b")
    assert not name_matches([], "x")
    assert not name_matches(["a"])


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("config.yaml", "config.yaml", True),
        ("config.yaml", "a/config.yaml", False),
        ("/config.yaml", "config.yaml", True),
        ("*.yaml", "config.yaml", True),
        ("*.yaml", "config/a.yaml", False),
        ("config/*.yaml", "config/a.yaml", True),
        ("config/*.yaml", "config/a/b.yaml", False),
        ("config/**", "config/a/b.yaml", True),
        ("config/", "config/a/b.yaml", True),
        ("config/", "configs/a", False),
        ("**/values.yaml", "values.yaml", True),
        ("**/values.yaml", "a/b/values.yaml", True),
        ("**/values.yaml", "a/b/myvalues.yaml", False),
        ("a/**/z/*.y?ml", "a/z/x.yaml", True),
        ("a/**/z/*.y?ml", "a/b/z/c/z/x.yaml", True),
        ("a/**/z/*.y?ml", "a/b/x.yaml", False),
        ("Config/*", "config/a", False),
        ("**", "a/b", True),
        ("**", "", False),
    ],
)
def test_a_path_fits_from_the_top_and_with_its_case(pattern: str, path: str, fits: bool) -> None:
    assert path_matches([pattern], path) is fits


def test_near_misses_by_the_thousand_cost_no_time() -> None:
    began = perf_counter()
    assert not name_matches(["*a" * 20 + "b"], "a" * LONGEST)
    assert not path_matches(["**/a/" * 20 + "b"], "a/" * (LONGEST // 2))
    assert perf_counter() - began < 5
