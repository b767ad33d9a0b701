"""The entry: a text or a JSON-like document in, the same without secrets and personal data out, with a report in hashes."""

import hashlib
import hmac
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import attrs

from sre_copilot.domain.redaction import keys
from sre_copilot.domain.redaction.findings import Finding
from sre_copilot.domain.redaction.reading import Reading
from sre_copilot.domain.redaction.values import says_nothing

MOST_CHARACTERS = 1_000_000
"""Of all texts of a document; what is beyond is left out."""
MOST_FINDINGS = 10_000
"""In one text; from the next one on its rest is one finding."""
MOST_LISTED = 1_000
"""Different values in a report; kinds are counted in full."""
DEEPEST = 64
"""Levels of a document; what is deeper is left out."""
LEFT_OUT = "[left out]"

_SHORTEST_NUMBER = 10**8


@attrs.frozen(kw_only=True)
class HiddenValue:
    """One value that was hidden: how often, and the keyed SHA-256 (64 lower-case hex characters) that stands for it."""

    kind: str
    sha256: str
    count: int


@attrs.frozen(kw_only=True)
class RedactionReport:
    """What was hidden; it holds no value and may be logged.

    `kinds` counts what was hidden by kind. `values` has the first 1,000 different ones by kind and hash. `left_out` counts
    characters beyond the limits.
    """

    kinds: Mapping[str, int]
    values: Sequence[HiddenValue]
    left_out: int = 0

    @property
    def total(self) -> int:
        """How many stretches were hidden."""
        return sum(self.kinds.values())


@attrs.frozen(kw_only=True)
class Redacted:
    """A document of the same shape, and the report about it."""

    document: Any
    report: RedactionReport


def redaction_key(secret: bytes, tenant_id: UUID) -> bytes:
    """Return the tenant's own key for `redact`: 32 bytes, HMAC-SHA256 of the tenant's id under the installation's secret.

    Raises ValueError for a secret of less than 16 bytes.
    """
    if len(secret) < 16:
        raise ValueError("The secret that keys for redaction are made of needs at least 16 bytes.")
    return hmac.digest(secret, b"sre-copilot redaction 1:" + tenant_id.bytes, "sha256")


def keyed_sha256(key: bytes, text: str) -> str:
    """Return the HMAC-SHA256 of a text as 64 lower-case hex characters: what is logged of what left, in its place.

    Without the key nobody can find out a text by hashing guesses, and two tenants' hashes of the same text differ.
    """
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def redact(document: Any, *, key: bytes) -> Redacted:
    """Return a text or JSON-like document without secrets and personal data, and the report about them.

    `document` is a str, or what JSON can say (dict with str keys, list or tuple, str, int, float, bool, None); texts, names
    of fields and long numbers are looked at. What is hidden becomes `[hidden:KIND:XXXXXXXX]`, where the eight hex digits
    begin the keyed SHA-256 of the value: the same value gives the same placeholder in every call with the same key, also
    where it is encoded, so that a reader can still tell that two are one. Nothing else changes, and what was redacted
    before stays as it is. `key` is the tenant's (`redaction_key`) of at least 16 bytes.

    Pure and deterministic, in time linear in the input: at most 1,000,000 characters are read, at most 10,000 stretches of a
    text are hidden one by one, and 64 levels; what is beyond is left out, which the report counts. Raises TypeError for what
    JSON can't say, ValueError for a short key.
    """
    if len(key) < 16:
        raise ValueError("The key for redaction needs at least 16 bytes.")
    run = _Run(key=key)
    redacted = run.document(document, None, DEEPEST)
    return Redacted(document=redacted, report=run.report())


@attrs.define(kw_only=True)
class _Run:
    """The redaction of one document, which counts as it goes."""

    key: bytes = attrs.field(repr=False)
    reading: Reading = attrs.field(factory=lambda: Reading(2 * MOST_CHARACTERS))
    characters_left: int = MOST_CHARACTERS
    left_out: int = 0
    hashes: dict[str, str] = attrs.field(factory=dict, repr=False)
    counts: Counter[tuple[str, str]] = attrs.field(factory=Counter)

    def document(self, value: Any, kind: str | None, depth: int) -> Any:
        """`kind` is that of the name above, if it tells of secrets or people."""
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return self._named(value, kind) if kind else self.text(value)
        if isinstance(value, int | float):
            return self._number(value, kind)
        if not isinstance(value, Mapping | list | tuple):
            raise TypeError(f"A {type(value).__name__} can't be redacted.")
        if depth <= 0:
            self.left_out += 1
            return LEFT_OUT
        if isinstance(value, Mapping):
            return self._object(value, kind, depth)
        return self._list(value, kind, depth)

    def text(self, text: str) -> str:
        """One text without anything around it."""
        (redacted,) = self._texts([text])
        return redacted

    def report(self) -> RedactionReport:
        kinds: Counter[str] = Counter()
        for (kind, _), count in self.counts.items():
            kinds[kind] += count
        values = [
            HiddenValue(kind=kind, sha256=digest, count=count)
            for (kind, digest), count in sorted(self.counts.items())[:MOST_LISTED]
        ]
        return RedactionReport(kinds=dict(sorted(kinds.items())), values=values, left_out=self.left_out)

    def _object(self, value: Mapping[str, Any], kind: str | None, depth: int) -> dict[str, Any]:
        is_secret = value.get("kind") == "Secret"
        pair = {str(name).lower(): name for name in value}
        spoken = value.get(pair.get("name", pair.get("key", "")))
        told = keys.kind_of(spoken[:200]) if isinstance(spoken, str) and "value" in pair else None
        found: dict[str, Any] = {}
        for name, item in value.items():
            if not isinstance(name, str):
                raise TypeError("A field's name has to be a text.")
            own = keys.kind_of(name[:200])
            if own is None and (kind in keys.SECRETS or (kind == keys.NAME and name.lower() == "name")):
                own = kind
            if (told and name.lower() == "value") or (is_secret and name.lower() in ("data", "stringdata")):
                own = told or keys.SECRET
            found[_new_name(self.text(name), found)] = self.document(item, own, depth - 1)
        return found

    def _list(self, value: Sequence[Any], kind: str | None, depth: int) -> list[Any]:
        if all(isinstance(item, str) for item in value) and kind is None:
            told = keys.kind_of(value[0][:200]) if len(value) == 2 else None
            return [self.text(value[0]), self._named(value[1], told)] if told else self._texts(value)
        return [self.document(item, kind, depth - 1) for item in value]

    def _named(self, text: str, kind: str) -> str:
        """A text under a telling name: a secret is hidden whole, and a person's data if it is one's."""
        # The name is told once more, so that what follows it is read by the same rules as in a text.
        is_hidden = not says_nothing(text, kind) if kind in keys.SECRETS else keys.is_persons(kind, text)
        if not is_hidden or not text.strip():
            return self.text(text)
        self.characters_left -= min(self.characters_left, len(text))
        return self._placeholder(kind, text)

    def _number(self, value: int | float, kind: str | None) -> Any:
        if kind is not None or abs(value) >= _SHORTEST_NUMBER:
            text = str(value)
            redacted = self._named(text, kind) if kind else self.text(text)
            return value if redacted == text else redacted
        return value

    def _texts(self, texts: Sequence[str]) -> list[str]:
        """Texts that follow each other, as the lines of a log do: a secret may go over several."""
        kept = [self._within_limit(text) for text in texts]
        whole = "\n".join(kept)
        found = self._bounded(self.reading.findings(whole), whole)
        redacted, start = [], 0
        waiting = iter(found)
        one = next(waiting, None)
        for text in kept:
            end = start + len(text)
            parts: list[str] = []
            read = start
            while one is not None and one.start < end:
                parts += (whole[read : max(read, one.start)], self._placeholder(one.kind, one.value))
                read = min(end, one.end)
                if one.end > end:
                    break
                one = next(waiting, None)
            redacted.append("".join([*parts, whole[read:end]]))
            start = end + 1
            while one is not None and one.end <= start:
                one = next(waiting, None)
        return redacted

    def _within_limit(self, text: str) -> str:
        if len(text) <= self.characters_left:
            self.characters_left -= len(text)
            return text
        # A secret that is cut in two would not be known; so it ends with a line or a word.
        end = max(0, self.characters_left)
        end = max(text.rfind("\n", max(0, end - 8192), end), text.rfind(" ", max(0, end - 256), end), 0)
        self.left_out += len(text) - end
        self.characters_left = 0
        return text[:end] + LEFT_OUT

    def _bounded(self, found: Sequence[Finding], text: str) -> Sequence[Finding]:
        if len(found) <= MOST_FINDINGS:
            return found
        rest = found[MOST_FINDINGS].start
        return [*found[:MOST_FINDINGS], Finding(rest, len(text), "rest", text[rest:])]

    def _placeholder(self, kind: str, value: str) -> str:
        if value not in self.hashes:
            self.hashes[value] = keyed_sha256(self.key, value)
        digest = self.hashes[value]
        self.counts[kind, digest] += 1
        return f"[hidden:{kind}:{digest[:8]}]"


def _new_name(name: str, taken: Mapping[str, Any]) -> str:
    """Two names of which the same was hidden stay two."""
    return next(one for one in _numbered(name) if one not in taken)


def _numbered(name: str) -> Iterator[str]:
    yield name
    count = 2
    while True:
        yield f"{name} {count}"
        count += 1
