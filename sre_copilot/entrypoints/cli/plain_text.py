"""Text from outside, made fit for a terminal."""

import re

# C0 and C1 controls could move the cursor or recolour the screen, the bidirectional ones could show a line reversed.
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]+")


def one_line(text: str) -> str:
    """Return the text on one line, without anything that a terminal would obey."""
    return " ".join(_UNFIT.sub(" ", text).split())


def plain_line(line: str) -> str:
    """Return a line as it is indented, without anything that a terminal would obey."""
    return _UNFIT.sub(" ", line.expandtabs(4))
