"""Could this change have done it? By its words, its time, its risk - never by its recency alone."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sre_copilot.domain.diagnosis.change_clues import change_clues
from sre_copilot.domain.diagnosis.changes import MOST_CHANGES, ChangeFit, Symptoms, fits
from sre_copilot.domain.diagnosis.scoring import Feature
from sre_copilot.domain.diagnosis.words import words
from sre_copilot.domain.snapshots import ObservedChange
from sre_copilot.testing.snapshots import ONSET, make_observed_change, make_observed_signal

COMPONENTS = frozenset({"shop", "pay", "pay-cache"})


def change(service: str = "pay", summary: str = "x", *, minutes: float = 5, **given_: Any) -> ObservedChange:
    return make_observed_change(service, summary, at=ONSET - timedelta(minutes=minutes), **given_)


def saying(*texts: str) -> Callable[[str], Symptoms]:
    return lambda subject: Symptoms(words=words(*texts))


def fit(one: ObservedChange, *others: ObservedChange, symptoms: str = "") -> ChangeFit:
    found = fits([one, *others], symptoms_of=saying(symptoms), components=COMPONENTS, began=ONSET)
    return next(each for each in found if each.change is one)


def test_the_incident_talks_by_its_titles_its_telling_labels_and_the_metrics_that_moved() -> None:
    signal = make_observed_signal("shop", "CheckoutTimeout", labels={"alertname": "QueueBacklog", "Pod": "zebra-1"})
    found = Symptoms.of([signal], ["grpc_retries"])
    assert found.words == words("checkout timeout", "queue backlog", "grpc retries")
    assert Symptoms.of([], []) == Symptoms(words=frozenset())


def test_new_lines_talk_too_but_not_by_the_words_of_every_day_unless_they_name_them() -> None:
    found = Symptoms.of(
        [], [], ["query failed: no mapping for [title]", "query of 'users' failed"], words("query users")
    )
    assert found.words == words("failed mapping title users")
    assert found.named == words("title users")


def test_what_a_line_names_counts_twice() -> None:
    one, other = change(summary="Rename title"), change(summary="Rename colour")
    named = Symptoms(words=words("title colour"), named=words("title"))
    first, second = fits([one, other], symptoms_of=lambda name: named, components=COMPONENTS, began=ONSET)
    assert (first.change, second.change) == (one, other)
    assert first.text > second.text > 0


def test_only_changes_before_the_trouble_began_are_judged() -> None:
    early, same, late = change(minutes=5), change(summary="y", minutes=0), change(summary="z", minutes=-1)
    found = fits([late, same, early], symptoms_of=saying(""), components=COMPONENTS, began=ONSET)
    assert {each.change.id for each in found} == {early.id, same.id}


def test_at_most_twenty_changes_are_kept_the_best_of_them() -> None:
    fitting = change(summary="bigger connection timeout", minutes=1000)
    many = [change(summary=f"number {n}", minutes=n, paths=("docs/a.md",)) for n in range(30)]
    found = fits([*many, fitting], symptoms_of=saying("connection timeout"), components=COMPONENTS, began=ONSET)
    assert len(found) == MOST_CHANGES == 20
    assert found[0].change is fitting
    assert fits([], symptoms_of=saying("slow"), components=COMPONENTS, began=ONSET) == ()


@pytest.mark.parametrize(
    ("minutes", "expected"), [(0, 1.0), (15, 1.0), (60 * 24, 0.0), (60 * 48, 0.0), ((15 * 60 * 24) ** 0.5, 0.5)]
)
def test_timing_is_full_for_fifteen_minutes_and_gone_after_a_day(minutes: float, expected: float) -> None:
    assert fit(change(minutes=minutes)).timing == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("service", "summary", "paths", "subject"),
    [
        ("shop", "pay", ("src/pay/a.py",), "shop"),
        ("monorepo", "tidy", ("src/pay/a.py",), "pay"),
        ("monorepo", "tidy pay", (), "pay"),
        ("monorepo", "tidy the pay cache", (), "pay-cache"),
        ("monorepo", "tidy", (), "monorepo"),
        ("monorepo", "tidy pay", ("src/shopping_cart/shop.py",), "shop"),
    ],
)
def test_a_change_is_of_the_stated_component_or_of_the_one_that_its_paths_or_its_summary_name(
    service: str, summary: str, paths: tuple[str, ...], subject: str
) -> None:
    assert fit(change(service, summary, paths=paths)).subject == subject


@pytest.mark.parametrize(
    ("diff", "risk"),
    [
        ("", 0.25),
        ("+retries = 3", 0.25),
        ("-pool = 50\n+pool = 5", 0.75),
        ("-pool = 50\n+pool = 50", 0.25),
        ("-pool = 50\n+def something(else_entirely): 5", 0.25),
        ("-return cached", 0.5),
        ("-pool = 50\n-wait = 1\n+pool = 5", 1.0),
        ("--- a/x.py\n+++ b/x.py", 0.25),
        ("-50\n+5", 0.25),
        ('-host = "a"\n+host = "b"', 0.75),
    ],
)
def test_a_replaced_value_and_lost_lines_alter_behaviour_and_lines_moved_about_do_not(diff: str, risk: float) -> None:
    assert fit(change(text=diff)).risk == risk


@pytest.mark.parametrize(
    ("paths", "harmless"),
    [
        ((), 0.0),
        (("src/a.py",), 0.0),
        (("docs/a.py", "README.md"), 1.0),
        (("tests/test_a.py", "src/a.py"), 0.5),
        (("src/a_test.go",), 1.0),
        (("go.sum", ".github/x.yaml", "CODEOWNERS"), 1.0),
        (("src/contest/a.py",), 0.0),
    ],
)
def test_what_touches_only_documents_and_tests_is_harmless(paths: tuple[str, ...], harmless: float) -> None:
    found = fit(change(paths=paths, summary="tune the timeout"), symptoms="timeout timeout")
    assert found.risk == pytest.approx(0.25 * (1 - harmless))
    assert found.misfit >= harmless
    assert (found.text > 0) is (harmless < 1)


def test_words_that_are_shared_with_the_symptoms_fit_and_the_components_own_name_does_not() -> None:
    talked = fit(change(summary="smaller checkout basket", paths=("src/pay/pay.py",)), symptoms="pay: checkout fails")
    assert talked.shared == ("checkout",)
    assert talked.text > 0
    assert fit(change(summary="pay pay pay"), symptoms="pay fails").text == 0
    assert fit(change(summary="unrelated"), symptoms="checkout").misfit == 1.0


def test_words_of_common_causes_count_half_as_much_as_those_that_are_shared() -> None:
    cause, shared = (fit(change(summary=summary), symptoms="latency checkout") for summary in ("mutex", "checkout"))
    assert 0 < cause.text < shared.text
    assert cause.shared == ("mutex",)
    assert fit(change(summary="mutex"), symptoms="checkout").text == 0
    assert fit(change(summary="nullable"), symptoms="errors").text == 0
    assert fit(change(summary="null schema"), symptoms="errors").text > 0
    assert fit(change(summary="leak"), symptoms="memory").text > 0


def test_a_word_that_every_change_says_tells_nothing() -> None:
    rare = fit(change(summary="checkout"), change(summary="other"), symptoms="checkout")
    common = fit(change(summary="checkout"), change(summary="checkout", minutes=6), symptoms="checkout")
    assert common.text < rare.text


def test_the_latest_change_is_not_first_for_being_the_latest() -> None:
    latest, fitting = change(summary="docs", minutes=1), change(summary="connection pool", minutes=300)
    found = fits([latest, fitting], symptoms_of=saying("connection pool"), components=COMPONENTS, began=ONSET)
    assert [each.change for each in found] == [fitting, latest]


texts = st.text(alphabet="-+ab=1 \n", max_size=40) | st.sampled_from(["timeout pool", "-a = 1\n+a = 2", "docs"])
changes_of_any_kind = st.lists(
    st.builds(
        change,
        st.sampled_from(["shop", "pay", "x"]),
        texts,
        minutes=st.integers(-10, 3000),
        text=texts,
        paths=st.lists(st.sampled_from(["docs/a.md", "src/pay/a.py", ""]), max_size=3).map(tuple),
    ),
    max_size=8,
)


@given(changes_of_any_kind, texts)
def test_every_factor_of_a_fit_lies_between_nought_and_one(changes: list[ObservedChange], symptoms: str) -> None:
    for found in fits(changes, symptoms_of=saying(symptoms), components=COMPONENTS, began=ONSET):
        assert all(0.0 <= value <= 1.0 for value in (found.text, found.timing, found.risk, found.misfit))
        assert len(found.shared) <= 5


@given(changes_of_any_kind, st.randoms(use_true_random=False))
def test_the_order_of_the_changes_is_irrelevant(changes: list[ObservedChange], random: Any) -> None:
    once = list({each.id: each for each in changes}.values())
    shuffled = random.sample(once, len(once))
    given_ = {"symptoms_of": saying("timeout"), "components": COMPONENTS, "began": ONSET}
    assert fits(shuffled, **given_) == fits(once, **given_)  # type: ignore[arg-type]


def test_evidence_about_a_change_refers_to_it_and_says_what_fits_and_what_does_not() -> None:
    one = change(summary="smaller pool", text="-pool = 50\n+pool = 5", paths=("src/a.py", "docs/a.md"))
    judged = ChangeFit(change=one, subject="pay", text=0.5, timing=0.25, risk=0.75, misfit=0.1, shared=("pool", "wait"))
    found = {item.feature: item for item in change_clues(judged, ONSET)}
    assert {name: item.strength for name, item in found.items()} == {
        Feature.CHANGE_TEXT: 0.5,
        Feature.CHANGE_TIMING: 0.25,
        Feature.CHANGE_RISK: 0.75,
        Feature.CHANGE_MISFIT: 0.1,
    }
    assert {(item.refers_to, item.at) for item in found.values()} == {(str(one.id), one.at)}
    assert found[Feature.CHANGE_TEXT].summary == '"smaller pool" fits the symptoms by its words (pool, wait)'
    assert found[Feature.CHANGE_TIMING].summary == '"smaller pool" came 5 min before the trouble began'


def test_a_change_that_shares_no_word_fits_by_how_such_changes_go_wrong() -> None:
    judged = ChangeFit(change=change(), subject="pay", text=0.5, timing=0.0, risk=0.0, misfit=0.0, shared=())
    (item,) = change_clues(judged, ONSET)
    assert item.summary.endswith("(how such changes go wrong)")
