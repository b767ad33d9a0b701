"""Could this change have done it? By what it says and touches, when it came, and how risky its kind is."""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import attrs

from sre_copilot.domain.diagnosis import words as vocabulary
from sre_copilot.domain.diagnosis.words import spoken, words
from sre_copilot.domain.snapshots import ObservedChange, ObservedSignal

FRESH = timedelta(minutes=15)
FORGOTTEN = timedelta(hours=24)
MOST_CHANGES = 20
MOST_TEXT = 20_000
MOST_LINES = 100
SIMILAR = 0.6
_HARMLESS_PATH = re.compile(
    r"(^|/)(tests?|docs?|\.github|examples?)/|(_test\.\w+|(^|/)test_\w+\.\w+|\.(md|rst|txt|css|scss|svg|png|html?)|CODEOWNERS|\.lock|go\.sum)$",
    re.IGNORECASE,
)
_NAME = re.compile(r"[A-Za-z_]\w*")
_LITERAL = re.compile(r"\d+(?:\.\d+)?|\"[^\"]*\"|'[^']*'")
_NAMED = re.compile(r"[\[\"'`]([A-Za-z][\w.-]{1,60})[\]\"'`]")
_PLAIN_LABELS = frozenset(
    {"cluster", "environment", "env", "namespace", "severity", "instance", "job", "node", "pod", "service"}
)


@attrs.frozen(kw_only=True)
class ChangeFit:
    """How well one change fits the incident, each in [0, 1], and the words that it shares with the symptoms."""

    change: ObservedChange
    subject: str
    text: float
    timing: float
    risk: float
    misfit: float
    shared: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Symptoms:
    """What an incident talks about: stems of words, and those among them that lines name as what they are about."""

    words: frozenset[str]
    named: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls,
        signals: Iterable[ObservedSignal],
        metrics: Iterable[str],
        lines: Sequence[str] = (),
        usual: frozenset[str] = frozenset(),
    ) -> "Symptoms":
        """Titles and telling labels of signals, metrics that moved, and new lines less the words of `usual` ones.

        Messages put what they are about in quotes or brackets, such as `no field [title]`.
        """
        texts = list(metrics)
        for signal in signals:
            texts.append(signal.title)
            texts += [value for name, value in signal.labels.items() if name.lower() not in _PLAIN_LABELS]
        named = words(*(part for line in lines for part in _NAMED.findall(line)))
        return cls(words=words(*texts) | (words(*lines) - usual) | named, named=named)


def fits(
    changes: Sequence[ObservedChange],
    *,
    symptoms_of: Callable[[str], Symptoms],
    components: frozenset[str],
    began: datetime,
) -> tuple[ChangeFit, ...]:
    """Judge the changes that could be a cause: those not after the trouble `began`, best first, at most 20.

    `symptoms_of` gives the words of the symptoms that trouble of a component could show as. A change is
    never judged by its recency alone: timing is one of four factors, and the slowest to fall.
    """
    earlier = [change for change in changes if change.at <= began]
    texts = {change.id: spoken(change.summary, change.text[:MOST_TEXT], *change.paths) for change in earlier}
    rarity = _rarity([frozenset(said) for said in texts.values()])
    found = [_fit(change, texts[change.id], symptoms_of, rarity, components, began) for change in earlier]
    found.sort(
        key=lambda fit: (-(fit.text + fit.risk + fit.timing / 4 - fit.misfit), fit.change.at, str(fit.change.id))
    )
    return tuple(found[:MOST_CHANGES])


def _fit(
    change: ObservedChange,
    said: Mapping[str, str],
    symptoms_of: Callable[[str], Symptoms],
    rarity: Mapping[str, float],
    components: frozenset[str],
    began: datetime,
) -> ChangeFit:
    subject = _subject(change, components)
    symptoms = symptoms_of(subject)
    own_name = words(subject)
    shared = sorted(said.keys() & symptoms.words - own_name, key=lambda word: (-rarity.get(word, 0.0), word))
    causes = said.keys() & _causes(symptoms.words) - own_name
    weight = sum(rarity.get(word, 0.0) * (1 + (word in symptoms.named)) for word in shared) + 0.5 * sum(
        rarity.get(word, 0.0) for word in causes
    )
    risk, harmless = _risk(change)
    text = (1.0 - math.exp(-weight / 2.0)) * (1.0 - harmless)
    return ChangeFit(
        change=change,
        subject=subject,
        text=text,
        timing=_timing(began - change.at),
        risk=risk,
        misfit=max(harmless, 1.0 - 2.0 * text),
        shared=tuple(said[word] for word in dict.fromkeys((*shared, *sorted(causes))))[:5],
    )


def _rarity(texts: list[frozenset[str]]) -> dict[str, float]:
    """Inverse document frequency over the changes at hand, in (0, 1]: what every change says tells nothing."""
    counts: dict[str, int] = {}
    for text in texts:
        for word in text:
            counts[word] = counts.get(word, 0) + 1
    most = math.log(len(texts) + 1.0) or 1.0
    return {word: math.log((len(texts) + 1.0) / count) / most for word, count in counts.items()}


def _causes(symptoms: frozenset[str]) -> frozenset[str]:
    """Words of changes that commonly lead to symptoms of this class: slow, failing, full."""
    found: frozenset[str] = frozenset()
    for class_, causes in (
        (vocabulary.SLOW, vocabulary.CAUSES_OF_SLOW),
        (vocabulary.FAILING, vocabulary.CAUSES_OF_FAILING),
        (vocabulary.FULL, vocabulary.CAUSES_OF_FULL),
    ):
        if symptoms & class_:
            found |= causes
    return found


def _subject(change: ObservedChange, components: frozenset[str]) -> str:
    """The component that was changed: as stated, else the one whose name the paths or the summary contain."""
    if change.service in components:
        return change.service
    said = words(*change.paths) or words(change.summary)
    named = [(len(words(name)), name) for name in components if words(name) and words(name) <= said]
    return max(named)[1] if named else change.service


def _timing(before: timedelta) -> float:
    if before <= FRESH:
        return 1.0
    return max(0.0, 1.0 - math.log(before / FRESH) / math.log(FORGOTTEN / FRESH))


def _risk(change: ObservedChange) -> tuple[float, float]:
    """(how much such a change alters behaviour, how harmless what it touches is), each in [0, 1].

    A value replaced in an otherwise similar line alters behaviour more than lines moved about.
    """
    paths = change.paths
    harmless = sum(bool(_HARMLESS_PATH.search(path)) for path in paths) / len(paths) if paths else 0.0
    removed, added = _lines(change.text, "-"), _lines(change.text, "+")
    replaced = any(_same_but_value(old, new) for old in removed for new in added)
    lost = len(removed) > len(added)
    return (1.0 - harmless) * (0.25 + 0.5 * replaced + 0.25 * lost), harmless


def _lines(diff: str, sign: str) -> list[tuple[frozenset[str], tuple[str, ...]]]:
    """(words, literal values) of the first lines that a diff takes out or puts in."""
    found: list[tuple[frozenset[str], tuple[str, ...]]] = []
    for line in diff[:MOST_TEXT].splitlines():
        if line.startswith(sign) and not line.startswith(sign * 3) and len(found) < MOST_LINES:
            found.append((frozenset(_NAME.findall(_LITERAL.sub(" ", line))), tuple(_LITERAL.findall(line))))
    return found


def _same_but_value(old: tuple[frozenset[str], tuple[str, ...]], new: tuple[frozenset[str], tuple[str, ...]]) -> bool:
    if old[1] == new[1] or not old[0] | new[0]:
        return False
    return len(old[0] & new[0]) / len(old[0] | new[0]) >= SIMILAR
