"""What was found in a text, and how overlapping findings become one."""

import re
from collections.abc import Iterable, Sequence

import attrs

PLACEHOLDER = re.compile(r"\[hidden(?::[a-z0-9-]{1,40}:[0-9a-f]{8})?\]")
"""What stands in a redacted text where something was; it is never a finding itself."""


@attrs.frozen
class Finding:
    """A stretch of a text that has to go: characters `start` to `end` (exclusive), and the value that they spell.

    `layers` counts the encodings that were undone to read it.
    """

    start: int
    end: int
    kind: str
    value: str = attrs.field(repr=False)
    layers: int = 0


def merged(findings: Iterable[Finding], text: str) -> Sequence[Finding]:
    """Return findings that don't overlap, by place: each the union of those that did.

    One that covers the whole union gives it its kind and value (of several, the most decoded, then the first found); else the leftmost gives its
    kind, and the value is what stands there. So the same secret has the same value wherever something covers it exactly.
    """
    ranked = sorted(enumerate(findings), key=lambda item: (item[1].start, -item[1].end, -item[1].layers, item[0]))
    unions: list[Finding] = []
    for _, one in ranked:
        if one.start >= one.end:
            continue
        last = unions[-1] if unions else None
        if last is None or one.start >= last.end:
            unions.append(one)
        elif one.end > last.end:
            unions[-1] = Finding(last.start, one.end, last.kind, text[last.start : one.end])
    return unions
