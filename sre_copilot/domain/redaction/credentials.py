"""Credentials that are known by their looks: vendors' tokens, private keys, password hashes, and what looks like any key."""

import math
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator

from sre_copilot.domain.redaction.findings import Finding

LONGEST_KEY = 20_000
"""Characters between the first and the last line of a private key in PEM."""
NEARBY = 400
"""Characters after an AWS access key within which its secret is sought."""

_W = r"(?<![A-Za-z0-9])"
# Kind, what it can't be without, and the whole. What has to follow a run of any length is bounded, so that no start in a
# long run costs more than its bound.
_SHAPES: tuple[tuple[str, tuple[str, ...], re.Pattern[str]], ...] = tuple(
    (kind, tuple(hints.split()), re.compile(shape))
    for kind, hints, shape in (
        ("aws-key", "AKIA ASIA ABIA ACCA", rf"{_W}(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{{16}}(?![A-Za-z0-9])"),
        ("github-token", "gh github", rf"{_W}gh[pousr]_[A-Za-z0-9]{{20,}}|{_W}github_pat_[A-Za-z0-9_]{{20,}}"),
        (
            "gitlab-token",
            "gl GR13",
            rf"{_W}gl(?:pat|dt|rt|ptt|ft|cbt|oas|imt|agent|soat|ffct)-[A-Za-z0-9_.-]{{20,}}|{_W}GR1348941[A-Za-z0-9_-]{{20,}}",
        ),
        ("slack-token", "xox xapp-", rf"{_W}xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{{10,}}|{_W}xapp-[A-Za-z0-9-]{{10,}}"),
        (
            "stripe-key",
            "k_ whsec_",
            rf"{_W}[srp]k_(?:live|test|prod)_[A-Za-z0-9]{{10,}}|{_W}whsec_[A-Za-z0-9+/=]{{16,}}",
        ),
        ("twilio-key", "SK AC", rf"{_W}(?:SK|AC)[0-9a-f]{{32}}(?![0-9a-zA-Z])"),
        ("sendgrid-key", "SG.", rf"{_W}SG\.[A-Za-z0-9_-]{{16,64}}\.[A-Za-z0-9_-]{{16,}}"),
        ("npm-token", "npm_", rf"{_W}npm_[A-Za-z0-9]{{30,}}"),
        ("pypi-token", "pypi-", rf"{_W}pypi-[A-Za-z0-9_-]{{50,}}"),
        (
            "llm-key",
            "sk- gsk_ xai- pplx- hf_ r8_",
            rf"{_W}(?:sk-[A-Za-z0-9_-]{{20,}}|(?:gsk_|xai-|pplx-|hf_|r8_)[A-Za-z0-9]{{20,}})",
        ),
        (
            "google-key",
            "AIza ya29. GOCSPX- 1//0",
            rf"{_W}(?:AIza[A-Za-z0-9_-]{{30,}}|ya29\.[A-Za-z0-9_.-]{{20,}}|GOCSPX-[A-Za-z0-9_-]{{20,}}|1//0[A-Za-z0-9_-]{{20,}})",
        ),
        ("azure-secret", "Q~", r"(?<![A-Za-z0-9_~.-])[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}"),
        (
            "vault-token",
            "hvs. hvb. hvr. s.",
            rf"{_W}hv[sbr]\.[A-Za-z0-9_-]{{20,}}|(?<![A-Za-z0-9_.-])s\.[A-Za-z0-9]{{24}}(?![A-Za-z0-9.])",
        ),
        ("grafana-token", "glsa_ glc_", rf"{_W}(?:glsa|glc)_[A-Za-z0-9+/=_]{{20,}}"),
        ("sentry-token", "sntry", rf"{_W}sntry[a-z]_[A-Za-z0-9+/=_-]{{20,}}"),
        ("docker-token", "dckr_", rf"{_W}dckr_[a-z]{{3}}_[A-Za-z0-9_-]{{20,}}"),
        ("terraform-token", ".atlasv1.", r"(?<![A-Za-z0-9])[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{40,}"),
        ("telegram-token", ":AA", r"(?<![0-9])[0-9]{8,10}:AA[A-Za-z0-9_-]{32,}"),
        ("mailchimp-key", "-us", r"(?<![0-9a-f])[0-9a-f]{32}-us[0-9]{1,2}(?![0-9])"),
        (
            "webhook-url",
            "hook",
            r"(?<=hooks\.slack\.com/)(?:services|workflows|triggers)/[A-Za-z0-9/_+-]{20,}|(?<=/api/webhooks/)[0-9]{10,20}/[A-Za-z0-9_-]{40,}|(?<=\.webhook\.office\.com/)webhookb2/[A-Za-z0-9@/-]{20,}",
        ),
        (
            "vendor-token",
            "_ - . dapi AKCp ATATT3 ATBB EAA",
            (
                rf"{_W}(?:do[opr]_v1_[0-9a-f]{{40,}}|HRKU-[A-Za-z0-9_-]{{30,}}|NR[A-Z]{{2}}-[A-Za-z0-9-]{{20,}}|dapi[0-9a-f]{{32}}(?:-[0-9])?"
                r"|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|sq0[a-z]{3}-[A-Za-z0-9_-]{20,}|key-[0-9a-f]{32}(?![0-9a-z])|lin_(?:api|oauth)_[A-Za-z0-9]{30,}"
                r"|ntn_[A-Za-z0-9]{30,}|secret_[A-Za-z0-9]{40,}|sbp_[0-9a-f]{40}|pul-[0-9a-f]{40}|AGE-SECRET-KEY-1[A-Z0-9]{50,}"
                r"|rubygems_[0-9a-f]{40,}|dp\.(?:pt|st|ct|sa)\.[A-Za-z0-9._-]{30,}|PMAK-[A-Za-z0-9-]{40,}|AKCp[A-Za-z0-9]{60,}|ATATT3[A-Za-z0-9_=-]{60,}"
                r"|ATBB[A-Za-z0-9]{28,}|pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.-]{30,}|dt0[a-z]01\.[A-Z0-9]{20,30}\.[A-Z0-9]{60,}|(?:sdk|api|mob)-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"
                r"|EAA[A-Za-z0-9]{60,}|tskey-[a-z]{3,10}-[A-Za-z0-9-]{20,}|figd_[A-Za-z0-9_-]{30,}|fo1_[A-Za-z0-9_-]{30,}|ops_eyJ[A-Za-z0-9_-]{40,}"
                r"|phc_[A-Za-z0-9]{30,}|nvapi-[A-Za-z0-9_-]{40,}|cfut_[A-Za-z0-9]{30,})"
            ),
        ),
        ("jwt", "eyJ", r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,20000}(?:\.[A-Za-z0-9_-]{0,20000}){1,4}"),
        (
            "password-hash",
            "$ {",
            r"\$(?:1|2[abxy]?|5|6|7|y|gy|apr1|argon2(?:id|i|d)|scrypt|pbkdf2[a-z0-9-]{0,10})\$[A-Za-z0-9./+=,$-]{20,}|\{(?:SSHA|SHA|SMD5|CRYPT)[0-9]{0,3}\}[A-Za-z0-9./+=$]{16,}",
        ),
        # A private key that lost its first line: what PKCS#8, PKCS#1, SEC 1 and OpenSSH begin with.
        (
            "private-key",
            "IBA MHcCAQEE MIG b3BlbnNzaC1rZXktdjE",
            r"(?<![A-Za-z0-9+/])(?:MII[A-Za-z0-9+/]{2}[A-Za-z0-9+/]{0,2}IBA(?:DAN|AKC)|MHcCAQEE|MIG[A-Za-z0-9]AgEA|b3BlbnNzaC1rZXktdjE)[A-Za-z0-9+/=\s\\-]{20,}",
        ),
    )
)
_KEY_BEGINS = re.compile(
    r"-{3,5} ?BEGIN (?:[A-Z0-9]{1,12} ){0,4}(?:PRIVATE KEY|SECRET KEY)(?: BLOCK)? ?-{3,5}|PuTTY-User-Key-File-[0-9]"
)
_KEY_ENDS = re.compile(
    r"-{3,5} ?END (?:[A-Z0-9]{1,12} ){0,4}(?:PRIVATE KEY|SECRET KEY)(?: BLOCK)? ?-{3,5}|Private-MAC: [0-9a-f]{20,}"
)
_KEY_LINES = re.compile(
    r"(?:[ \t]{0,40}(?:[A-Za-z0-9+/=]{1,100}|[A-Za-z-]{1,20}: [^\n]{0,100})?[ \t\\rn]{0,8}(?:\r?\n|$)?){1,600}"
)
_AWS_SECRET = re.compile(r"(?<![A-Za-z0-9/+=])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])")
_ANY_KEY = re.compile(r"(?<![A-Za-z0-9_+/=.%@:-])[A-Za-z0-9_+-]{32,256}={0,2}(?![A-Za-z0-9_+/=.-])")
_INTEGRITY = re.compile("sha(?:256|384|512)-")
_NAME_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+|[_+-]+")
_RUNS = re.compile(r"[a-z]+|[A-Z]+|[0-9]+|[_+-]+")


def credentials(text: str) -> Iterator[Finding]:
    """Yield what is a credential by its looks, whatever stands around it."""
    yield from _private_keys(text)
    for kind, hints, shape in _SHAPES:
        if any(hint in text for hint in hints):
            for match in shape.finditer(text):
                yield Finding(*match.span(), kind, match[0])
                if kind == "aws-key":
                    yield from _secrets_after(text, match.end())
    for match in _ANY_KEY.finditer(text):
        if looks_random(match[0]) and not _INTEGRITY.match(match[0]):
            yield Finding(*match.span(), "unknown-key", match[0])


def looks_random(word: str) -> bool:
    """Whether 32 characters or more look drawn at random from upper, lower and digits; no hash in hex and no name does."""
    if sum(map(str.isupper, word)) < 4 or sum(map(str.islower, word)) < 4:
        return False
    # Names change from small to capital or digit once a word, random letters at two of three places. Where digits don't
    # tell, a capital and what follows it count as one, because names of short words come near.
    is_told = sum(map(str.isdigit, word)) >= 2
    if len((_RUNS if is_told else _NAME_PARTS).findall(word)) < (0.4 if is_told else 0.36) * len(word):
        return False
    shares = [count / len(word) for count in Counter(word).values()]
    return -sum(share * math.log2(share) for share in shares) >= 3.9


def _secrets_after(text: str, place: int) -> Iterator[Finding]:
    for match in _AWS_SECRET.finditer(text, place, place + NEARBY):
        if any(map(str.isupper, match[0])) and any(map(str.islower, match[0])):
            yield Finding(*match.span(), "aws-secret", match[0])


def _private_keys(text: str) -> Iterator[Finding]:
    if "BEGIN" not in text and "PuTTY" not in text:
        return
    ends = [match.end() for match in _KEY_ENDS.finditer(text)]
    done = 0
    for match in _KEY_BEGINS.finditer(text):
        if match.start() < done:
            continue
        index = bisect_left(ends, match.end())
        done = ends[index] if index < len(ends) else len(text)
        if done - match.end() > LONGEST_KEY or index == len(ends):
            lines = _KEY_LINES.match(text, match.end())
            done = lines.end() if lines else match.end()
        yield Finding(match.start(), done, "private-key", text[match.start() : done])
