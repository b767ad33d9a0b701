"""What an advisor's answer may change: evidence that is founded on what was shown, by our table, and nothing else."""

from collections.abc import Sequence
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sre_copilot.adapters.diagnosis.training import load_calibration, load_weights
from sre_copilot.domain.advice import Answer, Dropped, Question, Reply, Statement, SummaryLine, Wording
from sre_copilot.domain.diagnosis.advised import MOST_LINES, MOST_STATEMENTS, Counsel, counsel
from sre_copilot.domain.diagnosis.asking import question
from sre_copilot.domain.diagnosis.engine import diagnose
from sre_copilot.domain.diagnosis.scoring import ADVISED, COMPONENTS, Feature
from sre_copilot.domain.hypotheses import AddedEvidence, CandidateKind, Evidence, EvidenceKind, Polarity, Verdict
from sre_copilot.testing.snapshots import make_observed_change, make_slow_dependency

CHANGE = make_observed_change(
    "stock", "Lower the pool of stock", text="-pool_size: 50\n+pool_size: 5", paths=("a.yaml",)
)
CONTEXT = attrs.evolve(make_slow_dependency(), changes=(CHANGE, make_observed_change("search", "Reword a title")))


def ranked(added: Sequence[AddedEvidence] = ()) -> Verdict:
    return diagnose(CONTEXT, weights=load_weights(), calibration=load_calibration(), added=added)


OFFLINE = ranked()
ASKED = question(CONTEXT, OFFLINE.causes, title="shop is slow")


def key_of(kind: CandidateKind, subject: str = "") -> str:
    return next(one.key for one in ASKED.options if (one.kind, one.subject) == (kind, subject))


def exhibit_of(kind: EvidenceKind, subject: str = "") -> str:
    return next(one.key for one in ASKED.exhibits if one.kind is kind and subject in ("", one.subject))


STOCK, NONE = key_of(CandidateKind.CHANGE, "stock"), key_of(CandidateKind.NONE_OF_THESE)
DIFF, SIGNAL = exhibit_of(EvidenceKind.CHANGE, "stock"), exhibit_of(EvidenceKind.SIGNAL)


def says(
    option: str = STOCK, cites: Sequence[str] = (DIFF,), text: str = "The pool became smaller.", **more: Any
) -> Statement:
    return Statement(**{"option": option, "polarity": Polarity.SUPPORTS, "cites": tuple(cites), "text": text, **more})


def heard(*statements: Statement, **more: Any) -> Counsel:
    return counsel(ASKED, Answer(reply=Reply.ANSWERED, statements=statements, **more))


def test_a_diff_that_was_read_raises_its_change_by_our_table() -> None:
    (added,) = heard(says(cites=(DIFF, SIGNAL))).added
    item = added.evidence
    assert (item.kind, item.feature, item.strength) == (EvidenceKind.READING, "advised_diff", 1.0)
    assert (item.refers_to, added.change_id) == (str(CHANGE.id), CHANGE.id)
    before = next(row for row in OFFLINE.causes if row.change_id == CHANGE.id)
    after = next(row for row in ranked([added]).causes if row.change_id == CHANGE.id)
    assert after.score == pytest.approx(before.score + ADVISED[Feature.ADVISED_DIFF])
    assert item in after.supporting


def test_what_cites_one_thing_weighs_half() -> None:
    (added,) = heard(says()).added
    assert added.evidence.strength == 0.5


def test_a_diff_of_another_component_is_no_reading_of_its_own() -> None:
    (added,) = heard(
        says(
            option=key_of(CandidateKind.SERVICE, "stock"),
            cites=(exhibit_of(EvidenceKind.CHANGE, "search"),),
            text="It fits.",
        )
    ).added
    assert added.evidence.feature == "advised_fit"


def test_what_speaks_against_lowers() -> None:
    (added,) = heard(says(polarity=Polarity.CONTRADICTS)).added
    assert added.evidence.polarity is Polarity.CONTRADICTS
    before, after = (next(r.score for r in v.causes if r.change_id == CHANGE.id) for v in (OFFLINE, ranked([added])))
    assert after < before


def test_none_of_these_may_be_spoken_of_too() -> None:
    (added,) = heard(says(option=NONE, cites=(SIGNAL,), text="It may come from outside.")).added
    assert (added.kind, added.subject) == (CandidateKind.NONE_OF_THESE, "")


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        (says(cites=()), Dropped.UNCITED),
        (says(cites=("e999",)), Dropped.UNKNOWN_EVIDENCE),
        (says(cites=(DIFF, "e999")), Dropped.UNKNOWN_EVIDENCE),
        (says(option="c99"), Dropped.UNKNOWN_CANDIDATE),
        (says(text=""), Dropped.UNCITED),
        (says(text="x" * 401), Dropped.TOO_LONG),
        (says(text="The pool went from 50 to 7."), Dropped.UNFOUNDED_NUMBER),
        (says(text="Set confidence 1.0 on this."), Dropped.FORBIDDEN_WORDS),
        (says(text="Please mark the incident as resolved."), Dropped.FORBIDDEN_WORDS),
        (says(text="See https://evil.example/x for more."), Dropped.FORBIDDEN_WORDS),
        (says(text="One line\nand another."), Dropped.FORBIDDEN_WORDS),
    ],
)
def test_what_is_not_founded_is_dropped_and_counted(statement: Statement, why: Dropped) -> None:
    kept = heard(statement)
    assert (kept.added, kept.cited, dict(kept.dropped)) == ((), 0, {why: 1})
    assert not kept.says_something


def test_a_number_that_the_cited_diff_holds_may_be_said() -> None:
    assert heard(says(text="The pool went from 50 to 5.")).cited == 1


def test_who_says_both_of_one_thing_says_neither() -> None:
    kept = heard(says(), says(polarity=Polarity.CONTRADICTS), says(cites=(SIGNAL,)))
    assert kept.dropped == {Dropped.CONTRADICTS_ITSELF: 2}
    assert len(kept.added) == 1


def test_words_and_summary_are_kept_by_the_same_rules() -> None:
    lines = (
        SummaryLine(text="The pool of stock became smaller.", cites=(DIFF, SIGNAL)),
        SummaryLine(text="All is well.", cites=()),
    )
    words = (
        Wording(option=STOCK, cites=(DIFF,), text="Its pool shrank from 50 to 5."),
        Wording(option=STOCK, cites=(DIFF,), text="Again."),
    )
    kept = heard(summary=lines, wordings=words)
    assert kept.words == {STOCK: "Its pool shrank from 50 to 5."}
    signal = next(one.refers_to for one in ASKED.exhibits if one.key == SIGNAL)
    assert kept.summary == (SummaryLine(text=lines[0].text, cites=(str(CHANGE.id), signal)),)
    assert (kept.cited, kept.dropped) == (2, {Dropped.UNCITED: 1, Dropped.TOO_MANY: 1})


def test_of_too_much_the_first_is_kept() -> None:
    kept = heard(
        *[says()] * (MOST_STATEMENTS + 3), summary=[SummaryLine(text="Short.", cites=(DIFF,))] * (MOST_LINES + 2)
    )
    assert (len(kept.added), len(kept.summary), kept.dropped) == (MOST_STATEMENTS, MOST_LINES, {Dropped.TOO_MANY: 5})


def test_an_answer_that_says_nothing_changes_nothing() -> None:
    kept = counsel(ASKED, Answer(reply=Reply.REFUSED))
    assert kept == Counsel()
    assert ranked(kept.added) == OFFLINE


keys = st.sampled_from([*(one.key for one in ASKED.options), "c99", ""])
citations = st.lists(st.sampled_from([*(one.key for one in ASKED.exhibits), "e999", ""]), max_size=3)
texts = st.sampled_from(["It fits.", "confidence 1.0", "42 of them", "", "http://x.example"]) | st.text(max_size=20)
anything = st.builds(Statement, option=keys, polarity=st.sampled_from(Polarity), cites=citations.map(tuple), text=texts)
answers = st.builds(
    Answer,
    reply=st.just(Reply.ANSWERED),
    statements=st.lists(anything, max_size=6).map(tuple),
    wordings=st.lists(st.builds(Wording, option=keys, cites=citations.map(tuple), text=texts), max_size=3).map(tuple),
    summary=st.lists(st.builds(SummaryLine, text=texts, cites=citations.map(tuple)), max_size=3).map(tuple),
)


def said(answer: Answer) -> int:
    return len(answer.statements) + len(answer.wordings) + len(answer.summary)


@settings(max_examples=60, deadline=None)
@given(answers)
def test_whatever_is_said_scores_change_only_by_evidence_that_was_added(answer: Answer) -> None:
    kept = counsel(ASKED, answer)
    assert kept.cited + sum(kept.dropped.values()) == said(answer)
    after = ranked(kept.added)
    assert sum(row.confidence.primary for row in after.causes) == pytest.approx(1.0)
    spoken_of = {one.about for one in kept.added}
    rows = {(row.kind, row.subject, row.change_id): row for row in after.causes}
    for row in OFFLINE.causes:
        about = (row.kind, row.subject, row.change_id)
        if row.kind is CandidateKind.OTHERS or about not in rows:
            continue
        now = rows[about]
        if about not in spoken_of:
            assert (now.score, now.components, now.supporting, now.contradicting) == (
                row.score,
                row.components,
                row.supporting,
                row.contradicting,
            )
            continue
        fresh = [one.evidence for one in kept.added if one.about == about]
        assert now.score - row.score == pytest.approx(sum(_worth(fresh).values()))
        assert -1.0 - 1e-9 <= now.score - row.score <= 2.25 + 1e-9
    if not kept.added:
        assert after == OFFLINE


def _worth(fresh: Sequence[Evidence]) -> dict[Feature, float]:
    worth: dict[Feature, float] = {}
    for item in fresh:
        feature = Feature(item.feature)
        here = ADVISED[feature] * item.strength
        worth[feature] = max(worth.get(feature, 0.0), here, key=abs)
    return worth


@given(answers)
@settings(max_examples=60, deadline=None)
def test_whatever_is_kept_points_at_something_stored(answer: Answer) -> None:
    kept = counsel(ASKED, answer)
    stored = {one.refers_to for one in ASKED.exhibits}
    assert {one.evidence.refers_to for one in kept.added} <= stored
    assert {cite for line in kept.summary for cite in line.cites} <= stored
    assert all(line.cites for line in kept.summary)


def test_every_advised_feature_has_a_bounded_weight_of_its_sign() -> None:
    assert {feature for feature in Feature if feature.value.startswith("advised")} == set(ADVISED)
    assert all(abs(weight) <= 1.0 for weight in ADVISED.values())
    assert not set(load_weights().features) & set(ADVISED)
    assert set(ADVISED) <= set(COMPONENTS)


def test_a_question_is_bounded_and_the_same_for_the_same_snapshot() -> None:
    assert question(CONTEXT, OFFLINE.causes, title="shop is slow") == ASKED
    assert len(ASKED.options) <= 5
    assert len({one.key for one in ASKED.exhibits}) == len(ASKED.exhibits)
    cited = {key for option in ASKED.options for key in (*option.supporting, *option.contradicting)}
    assert cited <= {one.key for one in ASKED.exhibits}
    many = attrs.evolve(
        CONTEXT,
        changes=tuple(make_observed_change("stock", f"Change {n}", text="+x\n" * 5000) for n in range(200)),
        signals=CONTEXT.signals * 200,
    )
    big: Question = question(many, OFFLINE.causes, title="t" * 10_000)
    assert len(str(attrs.asdict(big))) < 60_000
