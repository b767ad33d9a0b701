"""The words by which runbooks are found."""

import re
from collections.abc import Collection, Iterable
from itertools import islice

MAX_QUERY_WORDS = 128
"""A search text longer than this finds everything and slows the search."""

_NOISE_TEXT = """
a above after all alert also an and any are as at be been before below but by can could did do does during
fire fired firing for from had has have in into is it its itself more most near no
not of off often on one or our out over own said says seen since so some than that the their then
there these they this those to too under until up very was were what when where which while who with
"""
NOISE = frozenset(_NOISE_TEXT.split())
"""Words that stand in most alerts and say nothing about the trouble.

"High", "low" and the names of systems do say something: where they don't, because all runbooks are about the same system, they are
not rare, and the search makes little of them.
"""

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_LETTERS_THEN_NUMBER = re.compile(r"(?<=[^\W\d_]{2})(?=\d)")
_WORD = re.compile(r"[^\W_]+")
_HTTP_STATUS = re.compile(r"[1-5]\d\d")


def symptom_query(texts: Iterable[str], *, names: Collection[str] = ()) -> str:
    """Return the words to search runbooks by, made of alert titles, alert names and claims.

    Camel case and punctuation are split ("CPUThrottlingHigh" gives "cpu throttling high"), the tenant's own `names`
    (services, hosts, pods) and noise are dropped. The rest comes as often and in the order in which it is said, in lower case, at
    most MAX_QUERY_WORDS words, each text once: what is repeated and what stands together says more. Words like "p99", "5xx" and
    "503" stay whole. Stemming is left to the search. The result is empty where nothing but names was given.
    """
    said = (word for text in dict.fromkeys(texts) for word in _words(_without(text, names)) if word not in NOISE)
    return " ".join(islice(said, MAX_QUERY_WORDS))


def search_words(text: str) -> tuple[str, ...]:
    """Return the words of a text as a search sees them: split and in lower case as in `symptom_query`."""
    return tuple(_words(text))


def _without(text: str, names: Collection[str]) -> str:
    # Longest first, so that "payments-db-1" goes as a whole before "payments" can tear it apart.
    known = sorted((name for name in names if name), key=lambda name: (-len(name), name))
    if not known:
        return text
    pattern = "|".join(re.escape(name) for name in known)
    return re.sub(rf"(?<![\w-])(?:{pattern})(?![\w-])", " ", text, flags=re.IGNORECASE)


def _words(text: str) -> Iterable[str]:
    # In two passes: "LatencyP99" has to fall apart before the P can be seen to stand alone with its number.
    spaced = _LETTERS_THEN_NUMBER.sub(" ", _CAMEL.sub(" ", text))
    for match in _WORD.finditer(spaced):
        word = match.group().lower()
        if len(word) > 1 and (not word.isdigit() or _HTTP_STATUS.fullmatch(word)):
            yield word
