"""Credentials that are known by their looks, planted."""

import base64
import json
import random

from sre_copilot.testing.redaction.planted import (
    ALNUM,
    BASE64,
    DIGITS,
    HEX,
    LOWER,
    UPPER,
    URL_SAFE,
    Plant,
    Planted,
    drawn,
    in_line,
)


def _token(prefix: str, letters: str, *lengths: int, joint: str = "") -> Plant:
    """A bare token in a line: the prefix in two parts, so that the source holds none."""

    def plant(rng: random.Random) -> Planted:
        secret = joint.join([drawn(rng, letters, length) for length in lengths])
        word = rng.choice(("using", "rejected", "response for", "with", "got"))
        return Planted(in_line(rng, f"{word} {prefix}{secret} now"), (secret,))

    return plant


def _aws_pair(rng: random.Random) -> Planted:
    access, secret = "AK" + "IA" + drawn(rng, UPPER + "234567", 16), drawn(rng, BASE64, 37) + "aZ9"
    text = rng.choice(
        (
            "aws_access_key_id = {}\naws_secret_access_key = {}",
            "AWS_ACCESS_KEY_ID={} AWS_SECRET_ACCESS_KEY={} aws s3 ls",
            '{{"AccessKeyId": "{}", "SecretAccessKey": "{}"}}',
            "credentials {} / {} rejected by STS",
        )
    ).format(access, secret)
    return Planted(text, (access, secret))


def _aws_session(rng: random.Random) -> Planted:
    secret = drawn(rng, BASE64, 180)
    return Planted(in_line(rng, f"AWS_SESSION_TOKEN={secret}"), (secret,))


def _gcp_account(rng: random.Random) -> Planted:
    body = [drawn(rng, BASE64, 64) for _ in range(6)]
    begin, end = ("-----" + word + " PRIVATE" + " KEY-----" for word in ("BEGIN", "END"))
    key_id = drawn(rng, HEX, 40)
    account = {
        "type": "service_account",
        "project_id": "shop",
        "private_key_id": key_id,
        "private_key": "\n".join([begin, *body, end, ""]),
    }
    return Planted(json.dumps(account, indent=rng.choice((None, 2))), (key_id, *body))


def _azure(rng: random.Random) -> Planted:
    key = base64.b64encode(rng.randbytes(64)).decode()
    text = rng.choice(
        (
            f"DefaultEndpointsProtocol=https;AccountName=shop;AccountKey={key};EndpointSuffix=core.windows.net",
            f"Endpoint=sb://shop.servicebus.windows.net/;SharedAccessKeyName=root;SharedAccessKey={key}",
            f"AccountEndpoint=https://shop.documents.azure.com:443/;AccountKey={key};",
        )
    )
    return Planted(in_line(rng, text), (key,))


def _azure_signature(rng: random.Random) -> Planted:
    signature = drawn(rng, ALNUM, 40) + "%3D"
    return Planted(
        in_line(
            rng, f"GET https://shop.blob.core.windows.net/c/b.gz?sv=2022-11-02&se=2026-11-28&sr=b&sp=r&sig={signature}"
        ),
        (signature,),
    )


def _jwt(rng: random.Random) -> Planted:
    head, body = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in ({"alg": "RS256"}, {"sub": drawn(rng, LOWER, 9), "exp": 1795767322})
    )
    signature = drawn(rng, URL_SAFE, 86)
    return Planted(in_line(rng, f"verify {head}.{body}.{signature} failed"), (head, body, signature))


def _pem(rng: random.Random, *, newline: str, prefix: str = "") -> Planted:
    name = rng.choice(("RSA ", "EC ", "OPENSSH ", "ENCRYPTED ", ""))
    begin, end = (f"-----{word} {name}PRIVATE" + " KEY-----" for word in ("BEGIN", "END"))
    body = [drawn(rng, BASE64, 64) for _ in range(8)] + [drawn(rng, BASE64, 30)]
    return Planted(newline.join(f"{prefix}{line}" for line in [begin, *body, end]), tuple(body))


def _cut_pem(rng: random.Random) -> Planted:
    whole = _pem(rng, newline="\n")
    lines = whole.text.split("\n")[:-2]
    return Planted("\n".join(["loading key", *lines]), tuple(lines[1:]))


def _hash(rng: random.Random) -> Planted:
    secret = drawn(rng, ALNUM + "./", 53)
    return Planted(in_line(rng, f"deploy:${rng.choice(('2y', '2b'))}$10${secret}"), (secret,))


def _slack_hook(rng: random.Random) -> Planted:
    secret = f"T{drawn(rng, UPPER + DIGITS, 9)}/B{drawn(rng, UPPER + DIGITS, 9)}/{drawn(rng, ALNUM, 24)}"
    return Planted(in_line(rng, f"POST https://hooks.slack.com/services/{secret} 404"), (secret,))


VENDORS: dict[str, Plant] = {
    "AWS access key and secret": _aws_pair,
    "AWS session token": _aws_session,
    "GCP service account": _gcp_account,
    "Google API key": _token("AI" + "za", URL_SAFE, 35),
    "Azure connection string": _azure,
    "Azure shared access signature": _azure_signature,
    "GitHub token": _token("gh" + "p_", ALNUM, 36),
    "GitHub fine-grained token": _token("github" + "_pat_", ALNUM, 22, 59, joint="_"),
    "GitLab token": _token("gl" + "pat-", URL_SAFE, 20),
    "Slack token": _token("xo" + "xb-", DIGITS, 11, 12, 24, joint="-"),
    "Slack webhook": _slack_hook,
    "Stripe key": _token("sk" + "_live_", ALNUM, 24),
    "Twilio key": _token("S" + "K", HEX, 32),
    "SendGrid key": _token("S" + "G.", URL_SAFE, 22, 43, joint="."),
    "npm token": _token("np" + "m_", ALNUM, 36),
    "PyPI token": _token("pypi" + "-AgEIcHlwaS5vcmc", URL_SAFE, 120),
    "OpenAI key": _token("s" + "k-proj-", ALNUM, 48),
    "Anthropic key": _token("s" + "k-ant-api03-", URL_SAFE, 93),
    "Vault token": _token("hv" + "s.", ALNUM, 24),
    "DigitalOcean token": _token("dop" + "_v1_", HEX, 64),
    "Grafana token": _token("gl" + "sa_", ALNUM, 32, 8, joint="_"),
    "Telegram token": _token("8123456789:" + "AA", URL_SAFE, 33),
    "unknown vendor's token": _token("", ALNUM, 44),
    "JWT": _jwt,
    "PEM key over lines": lambda rng: _pem(rng, newline="\n"),
    "PEM key with literal \\n": lambda rng: _pem(rng, newline="\\n"),
    "PEM key in a log with prefixes": lambda rng: _pem(rng, newline="\n", prefix="Nov 27 08:14:03 web-3 app[4213]: "),
    "PEM key that is cut off": _cut_pem,
    "password hash": _hash,
}
"""By their looks."""
