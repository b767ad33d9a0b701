"""Credentials that stand where access is asked for: in URLs and DSNs, after `Bearer` and `Basic`, in commands and key files."""

import base64
import re
from collections.abc import Iterator
from contextlib import suppress

from sre_copilot.domain.redaction import keys
from sre_copilot.domain.redaction.findings import PLACEHOLDER, Finding
from sre_copilot.domain.redaction.values import says_nothing

_URL = re.compile(r"://([^\s\"'<>`]{1,2048})")
_WEB = re.compile(r"(?:https?|wss?|ssh|git|s3|oci|file|pkg)\Z", re.IGNORECASE)
_AUTHORITY_ENDS = re.compile(r"[/?#,;]|\\")
_PORT = re.compile(r"[0-9]{1,5}(?:[/?#,;]|$)")
_BEARER = re.compile(r"\bbearer(?:[ \t:=]{1,4}|%20)[\"']?([A-Za-z0-9._~+/=|-]{8,8192})", re.IGNORECASE)
_BASIC = re.compile(r"\bbasic(?:[ \t]{1,4}|%20)[\"']?([A-Za-z0-9+/_-]{6,4096}={0,2})", re.IGNORECASE)
_PLACES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(shape))
    for kind, shape in (
        # A DSN without a scheme, as Go's MySQL driver and Oracle's clients take them.
        ("dsn-password", r"(?<![\w.-])[\w.-]{1,64}:([^\s@/\"']{1,256})@(?:tcp|unix|udp)\("),
        ("dsn-password", r"\bthin:[\w.-]{1,64}/([^\s@\"']{1,256})@"),
        (
            "dsn-password",
            r"\b(?:sqlplus|rman|expdp|impdp)\s{1,4}(?:-\w{1,10}\s{1,4}){0,3}[\w.-]{1,64}/([^\s@\"']{1,256})",
        ),
        (
            "basic-auth",
            r"\b(?:curl|wget|http|https|xh|ab)\b[^\n|;]{0,400}?\s(?:-u|--user|--proxy-user|-a|--auth|-U|-A)[ =]?[\"']?[^\s:\"'-][^\s:\"']{0,100}:([^\s\"']{1,256})",
        ),
        ("basic-auth", r"\bsmbclient\b[^\n|;]{0,200}?\s-U\s?[\"']?[^\s%\"']{1,100}%([^\s\"']{1,256})"),
        (
            "password",
            r"\b(?:mysql\w{0,10}|mariadb(?:-\w{1,10})?|mongo\w{0,10}|mysqladmin)\b[^\n|;]{0,200}?\s-p[\"']?([^\s\"'=-][^\s\"']{0,255})",
        ),
        (
            "password",
            r"\b(?:sshpass|docker login|podman login|helm registry login|mongo\w{0,10}|az login|7z|unzip|clickhouse-client|sqlcmd)\b[^\n|;]{0,200}?\s-[pP]\s{0,2}[\"']?([^\s\"'-][^\s\"']{0,255})",
        ),
        ("password", r"\b(?:redis-cli|memtier_benchmark)\b[^\n|;]{0,200}?\s-a\s{1,2}[\"']?([^\s\"'-][^\s\"']{0,255})"),
        ("password", r"\bldap\w{1,10}\b[^\n|;]{0,200}?\s-w\s{0,2}[\"']?([^\s\"'-][^\s\"']{0,255})"),
        ("password", r"\bhtpasswd\s{1,2}-\w{0,4}b\w{0,4}\s{1,2}\S{1,200}\s{1,2}\S{1,100}\s{1,2}([^\s\"']{1,255})"),
        ("password", r"(?<![\w.])pass(?:in|out)?:([^\s\"']{4,255})"),
        ("password", r"(?i)\b(?:identified\s{1,4}(?:with\s{1,4}\w{1,40}\s{1,4})?by|password)\s{1,4}'([^'\n]{1,256})'"),
        ("password", r"(?i)\blogin\s{1,8}[^\s]{1,100}\s{1,8}password\s{1,8}([^\s]{1,256})"),
        (
            "password",
            r"(?i)\brequirepass\s{1,4}[\"']?([^\s\"']{1,256})|(?i:\bmasterauth)\s{1,4}[\"']?([^\s\"']{1,256})",
        ),
        ("password", r"(?m)^[\w.*-]{1,100}:(?:[0-9]{2,5}|\*):[\w.*-]{1,64}:[\w.*-]{1,64}:([^\s:]{1,256})$"),
        ("password", r"(?i)type=[\"']?password[\"']?[^<>]{0,200}?\bvalue=[\"']?([^\s\"'<>]{1,256})"),
        ("password", r"(?i)\bsnmp[\w-]{0,20}\b[^\n]{0,100}?(?:\bcommunity[ =:]{1,3}|\s-c\s?)[\"']?([^\s\"']{1,64})"),
        ("password", r"\bAUTH\s{1,2}(?:[a-z][\w-]{0,40}\s{1,2})?[\"']?([^\s\"']{8,256})"),
    )
)


def access(text: str) -> Iterator[Finding]:
    """Yield user info of URLs, what follows `Bearer` and `Basic`, and passwords at their place in commands and files."""
    yield from _user_info(text)
    for match in _BEARER.finditer(text):
        word = match[1]
        if len(word) >= 16 or (any(map(str.isdigit, word)) and not says_nothing(word, keys.TOKEN, is_prose=True)):
            yield Finding(*match.span(1), "bearer-token", word)
    for match in _BASIC.finditer(text):
        if _is_name_and_password(match[1]):
            yield Finding(*match.span(1), "basic-auth", match[1])
    for kind, shape in _PLACES:
        for match in shape.finditer(text):
            group = match.lastindex or 1
            if not says_nothing(match[group], keys.PASSWORD):
                yield Finding(*match.span(group), kind, match[group])


def _user_info(text: str) -> Iterator[Finding]:
    for match in _URL.finditer(text):
        rest = match[1]
        if "@" not in rest:
            continue
        edge = _AUTHORITY_ENDS.search(rest)
        authority = rest[: edge.start()] if edge else rest
        end = authority.rfind("@")
        if end >= 0 and not _WEB.search(text[max(0, match.start() - 12) : match.start()]):
            # Paths of databases have no such sign, unescaped passwords do.
            end = rest.partition("?")[0].rfind("@")
        if end < 0:
            # A password with a slash or the like in it, which should have been escaped.
            name, is_pair, password = authority.partition(":")
            if not is_pair or _PORT.match(rest, len(name) + 1):
                continue
            end = rest.rfind("@")
        name, is_pair, password = rest[:end].partition(":")
        start = match.start(1)
        if is_pair and password and not says_nothing(password, keys.PASSWORD):
            yield Finding(start + len(name) + 1, start + end, "url-password", password)
        if not name or PLACEHOLDER.fullmatch(name):
            continue
        if not is_pair and (len(name) >= 16 or any(map(str.isdigit, name))):
            yield Finding(start, start + end, "url-token", name)
        elif keys.is_persons_name(name):
            yield Finding(start, start + len(name), keys.NAME, name)


def _is_name_and_password(word: str) -> bool:
    with suppress(ValueError):
        return b":" in base64.b64decode(word.replace("-", "+").replace("_", "/") + "=" * (-len(word) % 4))
    return False
