"""Words of alerts, changes and metric names, made comparable: split at case and punctuation, lightly stemmed."""

import re


def _listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_STOP = _listed(
    "a all an and any are as at be but by can for from has have if in into is it its new no not of off on one or out "
    "over per so than that the then this to too up use used using via was were when will with without add adds added "
    "deploy deployed release rollout production prod staging version update updated src app main "
    "service services server config yaml yml json py go js ts java rb org com www http https true false"
)
_ENDINGS = ("ations", "ation", "ings", "ing", "edly", "ies", "ied", "ed", "es", "ers", "er", "s", "e", "y")


def words(*texts: str) -> frozenset[str]:
    """The stems of the words in `texts` that carry meaning: three letters or more, no stop words, no numbers."""
    return frozenset(spoken(*texts))


def spoken(*texts: str) -> dict[str, str]:
    """The same stems, each with the word that it was first seen as."""
    found: dict[str, str] = {}
    for text in texts:
        for match in _WORD.finditer(text):
            word = match.group().lower()
            if len(word) >= 3 and word not in _STOP:
                found.setdefault(stem(word), word)
    return found


def stem(word: str) -> str:
    """Cut one common English ending, as long as four letters stay."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


def stems(listed: str) -> frozenset[str]:
    """The stems of lower-case words, given with spaces between them."""
    return frozenset(stem(word) for word in listed.split())


SLOW = stems("latency slow delay duration timeout time lag wait deadline")
FAILING = stems("error errors fail failed failing exception availability unavailable down crash abort")
FULL = stems("memory disk connections pool queue backlog saturation exhausted limit capacity")

CAUSES_OF_SLOW = stems(
    "timeout deadline retry retries pool pooled lock mutex query select limit index join batch cache sleep wait "
    "sync blocking sequential thread concurrency scan sort order client connection poll"
)
CAUSES_OF_FAILING = stems(
    "null nil none optional exception throw rename field column migration parse type cast "
    "validate required auth token permission header endpoint url host timeout deadline pool connection client guard check"
)
CAUSES_OF_FULL = stems(
    "cache size buffer limit pool leak close connection session queue batch memory thread retention replica resource request"
)
EXTERNAL = stems("dns tls thirdparty vendor outage region zone network isp cdn ddos")
"""What tells of the world outside. Not "upstream": every caller says so of what it calls."""

LISTS = {
    "slow": SLOW,
    "failing": FAILING,
    "full": FULL,
    "causes of slow": CAUSES_OF_SLOW,
    "causes of failing": CAUSES_OF_FAILING,
    "causes of full": CAUSES_OF_FULL,
    "external": EXTERNAL,
}
"""All lists by name. None holds a word that one labelled case alone has: `benchmarks/diagnosis/keywords.py` looks."""
