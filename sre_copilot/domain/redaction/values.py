"""Where the value after a name ends, and whether it only says that there is none."""

import re

from sre_copilot.domain.redaction import keys, words
from sre_copilot.domain.redaction.findings import PLACEHOLDER

LONGEST = 8192
"""Characters of one value."""

_OPENING = re.compile(r"(?:[bBuUrR@$](?=[\"'`]))?(?:\\{0,3}([\"'`]))?")
_DOUBLE = re.compile(r'[^"\\\n]*+(?:\\.[^"\\\n]*+)*+')
_SINGLE = re.compile(r"[^'\\\n]*+(?:\\.[^'\\\n]*+)*+")
_TICKED = re.compile(r"[^`\n]*+")
_BARE = re.compile(
    r"(?:[^\s,;&\"'<>`]|[,;](?=[^\s,;\"'{}\[\]])(?![\w.\"-]{1,40}[=:])|&(?![\w.\[\]-]{1,60}=|amp;|[\s\"']|$)|[\"'](?=[\w!@#$%^*]))+"
)
_BLOCK = re.compile(r"[|>][+-]?[0-9]?[ \t]*\r?\n((?P<indent>[ \t]+)[^\n]*\n?(?:(?P=indent)[^\n]*\n?|[ \t]*\n){0,200})")
_SCHEME = re.compile(
    r"(?:Bearer|Basic|Token|Api-?Key|Negotiate|Splunk|GenieKey|SSWS|Key|GoogleLogin|SharedAccessSignature|SharedKey|Digest|AWS4-HMAC-SHA256|Hawk|OAuth|NTLM)"
    r"(?:[ \t]+|%20|\+)(?:(?:token|auth|apikey)=(?=[\"\w]))?",
    re.IGNORECASE,
)
_LISTED = ("digest", "aws4-hmac-sha256", "hawk", "oauth", "sharedkey")
_NONE = re.compile(
    r"(?:null|none|nil|<nil>|undefined|true|false|yes|no|empty|unset|n/?a|\(?redacted\)?|\[redacted\]|\[filtered\]|<[\w ./-]{1,40}>|[*x.•#_-]{0,64}|\[\]|\{\}"
    r"|\$\{\{?[^}:]{1,100}\}\}?|\$[A-Z_][A-Z0-9_]*|\$\([^)]{1,100}\)|\{\{.{1,100}\}\}|%\w|%\([\w]{1,40}\)s|:\w+|\?|\\n)",
    re.IGNORECASE,
)
_PATH = re.compile(r"(?:/[a-z][a-z_.-]*){2,}/?|[A-Z]:\\[\w\\.-]+")
_OBJECT_NAME = re.compile(r"[a-z][a-z-]{0,60}/[a-z0-9][a-z0-9.-]{0,120}")
_FIRST_WORD = re.compile(r"[A-Za-z']+(?![A-Za-z0-9!@#$%^&*_+=-])")


def value_after(text: str, place: int) -> tuple[int, int, bool] | None:
    """Where the value that begins at `place` starts and ends, and whether it is quoted; None where none does.

    A scheme before credentials (`Bearer`) is not part of it.
    """
    opening = _OPENING.match(text, place, place + 8)
    quote = opening[1] if opening else None
    start = opening.end() if opening else place
    if start >= len(text):
        return None
    scheme = _SCHEME.match(text, start, start + 64)
    if scheme:
        start = scheme.end()
    if quote:
        inner = {'"': _DOUBLE, "'": _SINGLE, "`": _TICKED}[quote].match(text, start, start + LONGEST)
        end = inner.end() if inner else start
        return (start, end, True) if end > start else None
    if scheme and scheme[0].lower().startswith(_LISTED):
        end = _line_end(text, start)
        return (start, end, True) if end > start else None
    return _bare(text, start)


def block_after(text: str, place: int) -> tuple[int, int] | None:
    """Where the lines of a YAML block (`|` or `>`) at `place` start and end."""
    block = _BLOCK.match(text, place, place + LONGEST)
    return (block.start(1), block.end(1)) if block else None


def rest_of_line(text: str, place: int) -> int:
    """Where a value that may have spaces ends: before a comment, a quote or the end of its line."""
    return place + len(re.split(r"\s+#|[\"'\n]", text[place : _line_end(text, place)], maxsplit=1)[0].rstrip())


def says_nothing(value: str, kind: str, *, is_prose: bool = False) -> bool:
    """Whether a value under a telling name holds nothing to hide: it is empty, masked, a reference, a path, or a sentence."""
    if PLACEHOLDER.fullmatch(value) or value.startswith("$(") or _NONE.fullmatch(value):
        return True
    if is_prose:
        word = _FIRST_WORD.match(value)
        if word and word[0].lower() in words.PROSE:
            return True
    if _PATH.fullmatch(value):
        return True
    if kind == keys.PASSWORD:
        return False
    if kind in (keys.TOKEN, keys.SECRET, keys.KEY, keys.AUTH, keys.SESSION):
        is_count = value.replace(".", "").isdigit() and len(value) < 8
        return is_count or _OBJECT_NAME.fullmatch(value) is not None or (len(value) < 4)
    return False


def _bare(text: str, start: int) -> tuple[int, int, bool] | None:
    placeholder = PLACEHOLDER.match(text, start)
    if placeholder:
        return start, placeholder.end(), False
    opened = text[start : start + 1]
    if opened in "[({":
        start += 1
        closing = text.find({"[": "]", "(": ")", "{": "}"}[opened], start, start + LONGEST)
        if opened != "[" or closing < 0:
            return None
        inner = value_after(text, start) if text[start : start + 1] in "\"'bBuN" else None
        return inner or ((start, closing, True) if closing > start else None)
    match = _BARE.match(text, start, start + LONGEST)
    if not match:
        return None
    return start, start + len(_unclosed(match[0])), False


def _unclosed(value: str) -> str:
    for opening, closing in ("()", "[]", "{}"):
        while value.endswith((closing, f"{closing}.", f"{closing}:")) and value.count(closing) > value.count(opening):
            value = value[: value.rindex(closing)]
    return value


def _line_end(text: str, place: int) -> int:
    end = text.find("\n", place, place + LONGEST)
    return min(len(text), place + LONGEST) if end < 0 else end
