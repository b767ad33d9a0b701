"""Personal data that is known by its looks: addresses, numbers with a check digit, and where logs name who it was.

An IP address is a person's only where a client is named by it: under a client's name (see `keys`), and first in a line of
an access log. There, addresses that nobody on the internet can have (private, documentation) stay.
"""

import re
from collections.abc import Callable, Iterator
from ipaddress import ip_address

from sre_copilot.domain.redaction import checksums, keys, words
from sre_copilot.domain.redaction.findings import Finding

_MAIL_DOMAIN = re.compile(r"@((?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}([^\W\d_]{2,24}|xn--[a-z0-9-]{2,30}))(?![\w-])")
_SPELLED_MAIL = re.compile(
    r"(?i)(?<![\w.+-])[\w.+-]{1,64} ?[\[({]at[\])}] ?[\w-]{1,63}(?: ?[\[({]dot[\])}] ?[\w-]{1,63}|\.[\w-]{1,63}){1,4}"
)
_LOCAL_PART = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}\Z")
_CARD = re.compile(
    r"(?<![\w.#-])[2-6](?:[0-9]{12,18}|[0-9]{3}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{1,7}|[0-9]{3}([ -])[0-9]{6}\2[0-9]{4,5})(?![\w-])(?!\.[0-9])"
)
_IBAN = re.compile(
    r"(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}(?:[ -]?[A-Za-z0-9]{4}){2,7}(?:[ -]?[A-Za-z0-9]{1,4})?(?![A-Za-z0-9])"
)
_PHONE = re.compile(
    r"(?<![\w+.:/=-])(?:\+|00)[1-9](?:[ ./-]{0,2}\(?[0-9]\)?){6,14}(?![\w-])(?!\.[0-9])"
    r"|(?<![\w+./:-])(?:\+?1[ .-])?(?:\([2-9][0-9]{2}\)[ -]?|[2-9][0-9]{2}-)[0-9]{3}[-. ][0-9]{4}(?![\w-])(?!\.[0-9])"
    r"|(?<![\w+./:-])(?:\+?1\.)?[2-9][0-9]{2}\.[2-9][0-9]{2}\.[0-9]{4}(?![\w.-])"
    r"|(?<=tel:)\+?[0-9][0-9() .-]{5,20}[0-9]"
)
_DECIMAL = re.compile(r"[+-]?[0-9]+\.[0-9]+")
_SPOKEN_PHONE = re.compile(
    r"(?i)\b(?:phone|telephone|tel|mobile|cell|fax|call|dial|sms to|text|whatsapp)\b(?: number| no)?(?:[.:= ]| at | is | me at ){1,4}(\(?\+?[0-9][0-9() ./-]{5,20}[0-9])(?![\w-])"
)
_IDENTITIES: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
    ("us-ssn", re.compile(r"(?<![\w.-])[0-9]{3}([- ])[0-9]{2}\1[0-9]{4}(?![\w-])(?!\.[0-9])"), checksums.is_us_social_security),
    ("br-cpf", re.compile(r"(?<![\w.-])[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}(?![\w-])"), checksums.is_cpf),
    ("fr-nir", re.compile(r"(?<![\w.-])[12] ?[0-9]{2} ?(?:0[1-9]|1[0-2]) ?[0-9]{2} ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}(?![\w-])"), checksums.is_nir),
    ("es-dni", re.compile(r"(?<![\w.-])[XYZ]?[0-9]{7,8}-?[A-HJ-NP-TV-Z](?![\w-])"), checksums.is_dni),
    ("it-codice-fiscale", re.compile(r"(?<![\w-])[A-Z]{6}[0-9]{2}[A-EHLMPRST][0-9]{2}[A-Z][0-9]{3}[A-Z](?![\w-])"), checksums.is_codice_fiscale),
    ("cn-identity", re.compile(r"(?<![\w.-])[1-9][0-9]{5}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])[0-3][0-9]{4}[0-9Xx](?![\w-])"), checksums.is_resident_identity),
    ("in-aadhaar", re.compile(r"(?<![\w.-])[2-9][0-9]{3}([ -])[0-9]{4}\1[0-9]{4}(?![\w-])(?![ -][0-9])"), checksums.is_aadhaar),
    ("fi-hetu", re.compile(r"(?<![\w.-])[0-3][0-9][01][0-9]{3}[-+ABCDEFYXWVU][0-9]{3}[0-9A-FHJ-NPR-Y](?![\w-])"), checksums.is_hetu),
    ("se-personnummer", re.compile(r"(?<![\w.-])(?:19|20)?[0-9]{2}(?:0[1-9]|1[0-2])[0-3][0-9][-+][0-9]{4}(?![\w-])"), lambda digits: checksums.passes_luhn(digits[-10:])),
    ("gb-nino", re.compile(r"(?<![\w-])[ABCEGHJ-PRSTW-Z][ABCEGHJ-NPRSTW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D](?![\w-])"), lambda text: True),
)  # fmt: skip
_NAMED_PERSON = re.compile(
    r"(?:(?i:\b(?:user|username|customer|account|login|author|operator|engineer)) (?:name )?[\"'`]([^\"'`\n]{2,60})[\"'`]"
    r"|\b(?:password|publickey|keyboard-interactive/pam|gssapi-with-mic) for (?:invalid user )?([A-Za-z][\w.-]{1,40}) from "
    r"|\b[Ii]nvalid user ([A-Za-z][\w.-]{1,40}) from |\bsession (?:opened|closed) for user ([A-Za-z][\w.-]{1,40})"
    r"|(?<![\w.-])(?:/home|/Users|[A-Z]:\\{1,2}Users)[/\\]{1,2}([A-Za-z][\w.-]{1,40})(?=[/\\]|\b)|:user/([\w+=,.@-]{2,64})"
    r"|(?i:\b(?:signed[- ]off[- ]by|co-authored-by|acked-by|reviewed-by|acknowledged by|approved by|triggered by|deployed by|merged by|assigned to|paged|author:))[: ]{1,2}"
    r"([A-Z][\w'-]{1,30}(?: [A-Z][\w'-]{1,30}){1,2}))"
)
_NESTED_NAME = re.compile(
    r"[\"']([A-Za-z_]{3,30})[\"']\s{0,4}:\s{0,4}\{[^{}]{0,300}?[\"'](?:name|login|nick|display_?name|full_?name)[\"']\s{0,4}:\s{0,4}[\"']([^\"'\n]{2,60})[\"']",
    re.IGNORECASE,
)
_ACCESS_LINE = re.compile(
    r"(?m)^(?:\S{1,100} )?([0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f:]{6,39}) (?:-|\S{1,64}) (-|\S{1,64}) \[[^\]\n]{10,40}\] \""
)


def people(text: str) -> Iterator[Finding]:
    """Yield what identifies people, whatever stands around it."""
    yield from _mail(text)
    for kind, shape, is_valid in _IDENTITIES:
        for match in shape.finditer(text):
            if is_valid(re.sub(r"[ .-]", "", match[0]) if kind != "fi-hetu" else match[0]):
                yield Finding(*match.span(), kind, match[0])
    for match in _CARD.finditer(text):
        if checksums.is_card(re.sub("[ -]", "", match[0])):
            yield Finding(*match.span(), "card", match[0])
    for match in _IBAN.finditer(text):
        yield from _account(match)
    for match in _PHONE.finditer(text):
        if 7 <= sum(map(str.isdigit, match[0])) <= 15 and not _DECIMAL.fullmatch(match[0]):
            yield Finding(*match.span(), keys.PHONE, match[0])
    for match in _SPOKEN_PHONE.finditer(text):
        if 7 <= sum(map(str.isdigit, match[1])) <= 15:
            yield Finding(*match.span(1), keys.PHONE, match[1])
    for match in _SPELLED_MAIL.finditer(text):
        yield Finding(*match.span(), "email", match[0])
    yield from _named(text)


def _mail(text: str) -> Iterator[Finding]:
    for match in _MAIL_DOMAIN.finditer(text):
        if match[2].lower() in words.NOT_MAIL:
            continue
        begin = max(0, match.start() - 64)
        local = _LOCAL_PART.search(text[begin : match.start()])
        if local is None:
            continue
        name = local[0].lstrip("./='{|`?&!#*$")
        # Paths, parameters and the like may stand right before it.
        for sign in "/=&?|":
            name = name.rsplit(sign, 1)[-1]
        if name and name.lower() != "git" and text[match.start() - len(name) : match.start()] == name:
            yield Finding(match.start() - len(name), match.end(), "email", f"{name}{match[0]}".lower())


def _account(match: re.Match[str]) -> Iterator[Finding]:
    text = match[0]
    # What follows may be an ordinary word, so that the whole is too long.
    for end in sorted({len(text), *(space.start() for space in re.finditer("[ -]", text))}, reverse=True):
        if checksums.is_iban(re.sub("[ -]", "", text[:end]).upper()):
            yield Finding(match.start(), match.start() + end, "iban", text[:end])
            return


def _named(text: str) -> Iterator[Finding]:
    for match in _NAMED_PERSON.finditer(text):
        group = match.lastindex or 1
        if keys.is_persons_name(match[group]) and match[group].lower() not in words.MACHINE_HOMES:
            yield Finding(*match.span(group), keys.NAME, match[group])
    for match in _NESTED_NAME.finditer(text):
        if keys.kind_of(match[1]) == keys.NAME and keys.is_persons_name(match[2]):
            yield Finding(*match.span(2), keys.NAME, match[2])
    for match in _ACCESS_LINE.finditer(text):
        try:
            is_persons = ip_address(match[1]).is_global
        except ValueError:
            continue
        if is_persons:
            yield Finding(*match.span(1), keys.ADDRESS_IP, match[1])
        if keys.is_persons_name(match[2]):
            yield Finding(*match.span(2), keys.NAME, match[2])
