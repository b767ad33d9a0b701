"""Names and values: `key=value`, JSON, YAML, headers, flags, query parameters, XML, tuples, and pairs of name and value."""

import re
from collections.abc import Iterator

from sre_copilot.domain.hidden_values import value_places
from sre_copilot.domain.redaction import keys
from sre_copilot.domain.redaction.findings import Finding
from sre_copilot.domain.redaction.values import LONGEST, block_after, rest_of_line, says_nothing, value_after

_PAIR = re.compile(
    # A hyphen before it is a flag's, or of a diff that takes the line out.
    r"(?<![\w$.-])[.-]{0,2}([\w$][\w.$-]*+)(?:\\{0,3}[\"'`]|\]){0,3}[ \t]{0,8}(=>|:=|={1,2}(?!=)|:(?![:/]))[ \t]{0,8}"
)
_SPOKEN_NAME = re.compile(r"([A-Za-z]{2,20}(?:[ -][A-Za-z]{2,20}){0,2})[ -]\Z")
_LINE_START = re.compile(r"(?:\A|\n)[ \t]*(?:- )?[\"']?\Z")
_FLAG = re.compile(r"(?<![\w-])--?([A-Za-z][\w-]{1,60})[\"']?[ \t,]{1,8}(?=[^\s-])")
_SET = re.compile(r"(?i:\bset|\badd)\s{1,3}(?:[^\s=]{0,200}[:/])?([A-Za-z_][\w.-]{1,80})\s{1,3}(?=[^\s=:])")
_MORE_NAMES = re.compile(r"(?: [A-Z][\w'-]{1,30}){0,3}")
_NAMED = re.compile(
    r"[\"']?\b(?:name|key|Name|Key|header)\b[\"']?\s{0,4}[:=]\s{0,4}[\"']?([\w.-]{1,100})[\"']?[\s,;]{1,80}(?:- )?[\"']?\b[vV]alue[\"']?\s{0,4}[:=]\s{0,4}"
)
_NAMED_AFTER = re.compile(
    r"\b[vV]alue[\"']?\s{0,4}[:=]\s{0,4}(?:\"([^\"\n]{1,4096})\"|'([^'\n]{1,4096})'|([^\s,\"']{1,4096}))[\s,]{1,80}[\"']?\b(?:name|key|Name|Key)[\"']?\s{0,4}[:=]\s{0,4}[\"']?([\w.-]{1,100})"
)
_TUPLE = re.compile(r"[\"']([A-Za-z_][\w.-]{1,100})[\"']\s{0,4},\s{0,4}b?(?=[\"'])")
_TAG = re.compile(r"<([A-Za-z][\w:.-]{0,80})(?:\s[^<>]{0,200})?>([^<>]{1,4096})</")
_PARAMETER = re.compile(
    r"(?<=[?&;])(code|key|auth|t|sig|state|session|assertion|hash|signature|token|samlresponse|client_assertion)=([^\s&\"'<>;]{8,4096})",
    re.IGNORECASE,
)
_COOKIES = re.compile(
    r"\b((?:set-)?cookie)[\"'\]]{0,2}[ \t]{0,4}[:=,][ \t]{0,4}[\[\"']{0,2}([^\r\n\"']{1,8192})", re.IGNORECASE
)
_COOKIE = re.compile("cookies?$", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"(?:path|domain|expires|max-age|samesite|priority|version)=[^;]*|secure|httponly|partitioned", re.IGNORECASE
)
_DIGIT = re.compile(r"[0-9!@#$%^&*+=]")
_SAID = re.compile(
    r"\b(password|passwd|passphrase|passcode|pin|pwd|secret|token|api key|access key)\s{1,3}(?:is|was|has been set to|set to|changed to|reset to|now)\s{1,3}(?:now )?[\"'`]?([^\s\"'`,;]{4,256})",
    re.IGNORECASE,
)
_SAID_FOR = re.compile(
    r"\b(?:password|passwd|passphrase|token|secret)\s{1,2}(?:for|of)\s{1,2}(?:user\s{1,2})?[\"'`]?[\w.@-]{1,60}[\"'`]?\s{0,2}(?:is\b|:|=)\s{0,3}[\"'`]?([^\s\"'`,;]{4,256})",
    re.IGNORECASE,
)
_OPENED = re.compile(r"([\"'])([A-Za-z_][\w.-]{1,200}+)\1[ \t]{0,8}:\s{0,8}[\[{]")
_IS_SECRET = re.compile(r"\bkind[\"']?[ \t]*:[ \t]*[\"']?Secret(?:List)?\b")
_DATA = ("data", "stringData")
_DATA_BLOCK = re.compile(r"(?m)^([ \t]*)(?:data|stringData):[ \t]*\n((?:\1[ \t]+[^\n]*\n?){1,1000})")
_DATA_LINE = re.compile(r"(?m)^[ \t]+[\w./-]{1,253}:[ \t]*[\"']?([^\s\"'|>][^\n\"']*)|^[ \t]+([^\s:]{8,})$")
_MAY_BE_JSON = re.compile(r"[\"'][ \t]*:[ \t\r\n]*[\[{]")


def pairs(text: str) -> Iterator[Finding]:
    """Yield the values of which a name says that they are secret or a person's."""
    yield from _plain_pairs(text)
    for match in _FLAG.finditer(text):
        yield from _valued(text, match[1], match.end(), is_prose=False, only=keys.SECRETS)
    for match in _SET.finditer(text):
        yield from _valued(text, match[1], match.end(), is_prose=True, only=keys.SECRETS)
    for match in _NAMED.finditer(text):
        yield from _valued(text, match[1], match.end(), is_prose=False)
    for match in _NAMED_AFTER.finditer(text):
        group = 1 if match[1] else 2 if match[2] else 3
        yield from _judged(text, match[4], *match.span(group))
    for match in _TUPLE.finditer(text):
        # `"kind": "Secret", "apiVersion": ...` has one too, which is none.
        if keys.kind_of(match[1]) and not text[max(0, match.start() - 4) : match.start()].rstrip().endswith(":"):
            value = value_after(text, match.end())
            if (
                value
                and not keys.kind_of(text[value[0] : value[1]])
                and not text[value[1] + 1 :][:4].lstrip().startswith(":")
            ):
                yield from _judged(text, match[1], value[0], value[1])
    if "</" in text:
        for match in _TAG.finditer(text):
            yield from _judged(text, match[1].rsplit(":", 1)[-1], *match.span(2))
    for match in _PARAMETER.finditer(text):
        if not says_nothing(match[2], keys.AUTH) and len(match[2]) >= 16:
            yield Finding(*match.span(2), "query-parameter", match[2])
    for said in (_SAID, _SAID_FOR):
        for match in said.finditer(text):
            word = match[said.groups]
            if _DIGIT.search(word) and not says_nothing(word, keys.PASSWORD, is_prose=True):
                yield Finding(*match.span(said.groups), keys.PASSWORD, word)
    yield from _cookies(text)
    yield from _nested(text)


def _plain_pairs(text: str) -> Iterator[Finding]:
    place = 0
    while match := _PAIR.search(text, place):
        place = match.end()
        name = match[1][-200:]
        # A word for anything, such as `key`, says more together with the words before it.
        if keys.kind_of(name) is None and name.lower() in (
            "key",
            "string",
            "id",
            "code",
            "number",
            "name",
            "phrase",
            "by",
        ):
            spoken = _SPOKEN_NAME.search(text[max(0, match.start() - 44) : match.start()])
            name = f"{spoken[1]} {name}" if spoken else name
        is_yaml = match[2] == ":" and _LINE_START.search(text[max(0, match.start() - 80) : match.start()]) is not None
        is_prose = match[2] == ":" and not is_yaml and not text[match.end() - 1].isalnum()
        if text[match.start() - 1 : match.start()] == "/" and keys.kind_of(name) not in keys.SECRETS:
            continue
        for found in _valued(text, name, match.end(), is_prose=is_prose, is_yaml=is_yaml):
            place = max(place, found.end)
            yield found


def _valued(
    text: str,
    name: str,
    place: int,
    *,
    is_prose: bool,
    is_yaml: bool = False,
    only: frozenset[str] | None = None,
) -> Iterator[Finding]:
    kind = keys.kind_of(name)
    if kind is None or (only is not None and kind not in only) or _COOKIE.search(name):
        return
    block = block_after(text, place) if is_yaml and text[place : place + 1] in ("|", ">") else None
    value = (*block, True) if block else value_after(text, place)
    if value is None:
        return
    begin, end, is_quoted = value
    if is_yaml and not is_quoted and kind in (keys.PASSWORD, keys.NAME, keys.POSTAL, keys.PHONE, keys.IDENTITY):
        end = max(end, rest_of_line(text, begin))
    if kind == keys.NAME and not is_quoted and text[begin : begin + 1].isupper():
        more = _MORE_NAMES.match(text, end)
        end = more.end() if more else end
    yield from _judged(
        text, name, begin, end, is_prose=not is_quoted and (is_prose or (is_yaml and " " in text[begin:end]))
    )


def _judged(text: str, name: str, start: int, end: int, *, is_prose: bool = False) -> Iterator[Finding]:
    kind, value = keys.kind_of(name), text[start:end]
    if kind is None or not value.strip():
        return
    if kind in keys.SECRETS:
        if not says_nothing(value, kind, is_prose=is_prose) and not _is_ordinary(name, kind, value):
            yield Finding(start, end, kind, value)
    elif not says_nothing(value, kind, is_prose=is_prose) and keys.is_persons(kind, value):
        yield Finding(start, end, kind, value)


def _is_ordinary(name: str, kind: str, value: str) -> bool:
    """Values that occur under such names in logs all the time and open nothing."""
    lower = name.lower()
    if kind == keys.PASSWORD:
        return (lower in ("pass", "pw") and value.isdigit()) or (lower == "pwd" and value.startswith(("/", "~")))
    if lower.replace("_", "").endswith("routingkey"):
        return len(value) < 20 or not value.isalnum()
    if kind == keys.SESSION:
        return value.startswith("0x") or len(value) < 16
    if lower in ("auth", "signature", "sig", "credentials", "creds", "token", "tokens", "cred", "authorization"):
        return value.isalpha() and len(value) < 16 and not any(map(str.isupper, value[1:]))
    return kind == keys.SHORT_CODE and value.isalpha()


def _cookies(text: str) -> Iterator[Finding]:
    for match in _COOKIES.finditer(text):
        start = match.start(2)
        for part in match[2].split(";"):
            _, is_pair, value = part.strip().partition("=")
            if (
                not is_pair
                and match[2] == part
                and len(part.strip()) >= 8
                and not says_nothing(part.strip(), keys.AUTH, is_prose=True)
            ):
                yield Finding(start, start + len(part.rstrip()), "cookie", part.rstrip())
            if is_pair and value and not _ATTRIBUTE.fullmatch(part.strip()) and not says_nothing(value, keys.PASSWORD):
                begin = start + part.index("=") + 1
                yield Finding(begin, start + len(part.rstrip()), "cookie", text[begin : start + len(part.rstrip())])
            start += len(part) + 1


def _nested(text: str) -> Iterator[Finding]:
    """Lists and objects under a secret's name, in what is JSON or nearly so, and the data of Kubernetes' secrets."""
    is_secret = _IS_SECRET.search(text) is not None
    if is_secret:
        yield from _secret_data(text)
    if not _MAY_BE_JSON.search(text):
        return
    # One byte a character, so that places in one are places in the other.
    body = text.encode("ascii", "replace")
    yield from _places(text, body, 0, is_secret=is_secret)
    done = 0
    for match in _OPENED.finditer(text):
        # JSON that was written within JSON is read from its own name on, because the quotes around it mislead.
        if match.start() >= done and keys.kind_of(match[2][-200:]) in keys.SECRETS:
            done = match.start() + LONGEST
            yield from _places(text, body[match.start() : done], match.start(), is_secret=is_secret)


def _places(text: str, body: bytes, origin: int, *, is_secret: bool) -> Iterator[Finding]:
    for start, end in value_places(
        body, lambda name: keys.kind_of(name[:200]) in keys.SECRETS or (is_secret and name in _DATA)
    ):
        start, end = origin + start, origin + end
        if text[start] == '"' and end - start > 2 and not says_nothing(text[start + 1 : end - 1], keys.SECRET):
            end -= text[end - 1] == '"'
            yield Finding(start + 1, end, keys.SECRET, text[start + 1 : end])


def _secret_data(text: str) -> Iterator[Finding]:
    end = -1
    # Other documents of the same stream, such as ConfigMaps, keep their data.
    for document in text.split("\n---"):
        start, end = end + 1, end + 1 + len(document) + len("\n--")
        if not _IS_SECRET.search(document):
            continue
        for block in _DATA_BLOCK.finditer(document):
            for line in _DATA_LINE.finditer(document, *block.span(2)):
                group = line.lastindex or 1
                if not says_nothing(line[group], keys.SECRET):
                    yield Finding(start + line.start(group), start + line.end(group), keys.SECRET, line[group])
