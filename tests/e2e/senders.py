"""Vendors that prove who they are: where each puts its signature, and how to sign as it does."""

import os
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

import attrs

from sre_copilot.adapters.integrations.manager import PluginManager
from sre_copilot.adapters.system import SystemClock
from sre_copilot.domain.deliveries import Sample
from sre_copilot.domain.integrations import Secrets
from sre_copilot.domain.signatures import hmac_hex
from sre_copilot.hookspecs import ProvidesSamples, SignsSamples

PLUGINS = PluginManager([]).plugins
LONG = timedelta(minutes=10)
"""Further from now than any of these vendors' signatures may be."""


@attrs.frozen(kw_only=True)
class Vendor:
    """How deliveries of one integration type are signed. Headers are in lower case."""

    kind: str
    secret: str
    """The setting that holds the secret."""
    header: str
    """The header with the signature."""
    stamp: str = ""
    """The header with the time that is signed as well, "" where none is."""
    separator: str = ""
    """What stands between several signatures in the header, "" where there is only ever one."""
    covers_body: bool = True
    is_made_here: bool = False
    """Whether the copilot makes the secret, instead of the vendor."""
    settings: Mapping[str, object] = attrs.field(factory=dict)
    signs: Callable[[str, bytes, datetime], Mapping[str, str]] | None = None
    """The headers of a signed body, where the plugin's own `sign` knows only another way."""

    def __str__(self) -> str:
        return f"{self.kind} by {self.secret}{' and time' if self.stamp else ''}"

    def signed(self, secret: str, sample: Sample, now: datetime) -> dict[str, str]:
        """The headers of the sample as the vendor sends it at that time."""
        if self.signs is not None:
            return {**sample.headers, **self.signs(secret, sample.body, now)}
        plugin = PLUGINS[self.kind]
        assert isinstance(plugin, SignsSamples)
        headers = plugin.sign(Secrets({self.secret: (secret,)}), sample.delivery(now), now).headers
        return {name.lower(): text for name, text in headers.items()}


@attrs.frozen(kw_only=True)
class Sent:
    """What is sent to a door, and what is wrong with it."""

    name: str = ""
    headers: Mapping[str, str]
    body: bytes = attrs.field(repr=False)


def sample_of(kind: str, now: datetime) -> Sample:
    """The first sample of a type that comes by the door for all."""
    plugin = PLUGINS[kind]
    assert isinstance(plugin, ProvidesSamples)
    return next(sample for sample in plugin.samples(now) if not sample.path)


def new_secret() -> str:
    """A secret that every vendor could have made: to most it is a text, to some base64 after a prefix."""
    return f"whsec_{b64encode(os.urandom(32)).decode()}"


def _with_time(secret: str, body: bytes, now: datetime) -> Mapping[str, str]:
    stamp = str(int(now.timestamp()))
    signature = hmac_hex(secret, f"{stamp}:".encode() + body)
    return {"x-grafana-alerting-signature": signature, "x-grafana-alerting-timestamp": stamp}


VENDORS = (
    Vendor(
        kind="generic",
        secret="signing_secret",
        header="webhook-signature",
        stamp="webhook-timestamp",
        separator=" ",
        is_made_here=True,
    ),
    Vendor(kind="github", secret="signing_secret", header="x-hub-signature-256", is_made_here=True),
    Vendor(kind="gitlab", secret="secret_token", header="x-gitlab-token", covers_body=False, is_made_here=True),
    Vendor(
        kind="gitlab",
        secret="signing_token",
        header="webhook-signature",
        stamp="webhook-timestamp",
        separator=" ",
    ),
    Vendor(kind="grafana", secret="signing_secret", header="x-grafana-alerting-signature"),
    Vendor(
        kind="grafana",
        secret="signing_secret",
        header="x-grafana-alerting-signature",
        stamp="x-grafana-alerting-timestamp",
        settings={"timestamp_header": "X-Grafana-Alerting-Timestamp"},
        signs=_with_time,
    ),
    Vendor(kind="jenkins", secret="signing_secret", header="x-jenkins-signature"),
    Vendor(kind="pagerduty", secret="signing_secret", header="x-pagerduty-signature", separator=","),
    Vendor(kind="sentry", secret="client_secret", header="sentry-hook-signature"),
    Vendor(kind="slack", secret="signing_secret", header="x-slack-signature", stamp="x-slack-request-timestamp"),
)
"""Every vendor that signs by a shared secret; Amazon SNS signs by a certificate."""


def valid(vendor: Vendor, secret: str) -> Sent:
    """A delivery as the vendor sends it now."""
    now = SystemClock().now()
    sample = sample_of(vendor.kind, now)
    return Sent(headers=vendor.signed(secret, sample, now), body=sample.body)


def with_several(vendor: Vendor, secret: str) -> Iterator[Sent]:
    """Deliveries with several signatures of which one is right, as during a rotation at the vendor."""
    right, wrong = valid(vendor, secret), valid(vendor, new_secret())
    both = [right.headers[vendor.header], wrong.headers[vendor.header]]
    for shown in (both, both[::-1]):
        yield attrs.evolve(right, headers={**right.headers, vendor.header: vendor.separator.join(shown)})


def forged(vendor: Vendor, secret: str, key: str) -> Iterator[Sent]:
    """Deliveries that must be refused, by an integration with this secret and this key of its own."""
    yield from _with_headers(vendor, secret, key)
    if vendor.stamp:
        yield from _out_of_time(vendor, secret)
    if vendor.covers_body:
        right = valid(vendor, secret)
        body, middle = right.body, len(right.body) // 2
        for place in (0, middle, len(body) - 1):
            changed = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
            yield attrs.evolve(right, name=f"byte {place} changed", body=changed)
        for name, changed in {"a space more": body + b" ", "a byte less": body[:-1], "no body": b""}.items():
            yield attrs.evolve(right, name=name, body=changed)


def _with_headers(vendor: Vendor, secret: str, key: str) -> Iterator[Sent]:
    right, wrong = valid(vendor, secret), valid(vendor, new_secret())
    signature, other = right.headers[vendor.header], wrong.headers[vendor.header]
    unsigned = {name: text for name, text in right.headers.items() if name != vendor.header}
    yield Sent(name="missing", headers=unsigned, body=right.body)
    basic = b64encode(f"user:{key}".encode()).decode()
    for scheme in (f"Bearer {key}", f"Basic {basic}"):
        headers = {**unsigned, "authorization": scheme}
        yield Sent(name=f"the integration's key instead: {scheme[:6]}", headers=headers, body=right.body)
    separator = vendor.separator or ","
    shown = {
        "empty": "",
        "wrong": other,
        "too short": signature[:-1],
        "half": signature[: len(signature) // 2],
        "too long": f"{signature}0",
        "much too long": signature * 20,
        "twice without anything between": signature * 2,
        "the last character changed": signature[:-1] + ("0" if signature[-1] != "0" else "1"),
        "not ASCII, in Latin-1": signature[:-1] + "é",
        "not ASCII, in UTF-8": signature[:-1] + "é".encode().decode("latin-1"),
        "nothing of it ASCII": "é" * len(signature),
        "several, none right": separator.join([other, other[::-1], other]),
        "the right one after ten": separator.join([other] * 10 + [signature]),
        "only separators": separator * 3,
    }
    if not vendor.separator:
        shown["several where there is only ever one"] = f"{other},{signature}"
    for name, text in shown.items():
        yield attrs.evolve(right, name=name, headers={**right.headers, vendor.header: text})


def _out_of_time(vendor: Vendor, secret: str) -> Iterator[Sent]:
    now = SystemClock().now()
    sample = sample_of(vendor.kind, now)
    for name, at in {"stale": now - LONG, "future": now + LONG}.items():
        yield Sent(name=name, headers=vendor.signed(secret, sample, at), body=sample.body)
    captured, stamp = vendor.signed(secret, sample, now - LONG), str(int(now.timestamp()))
    times = {
        "replayed with the time of now": stamp,
        "without a time": "",
        "with two times": f"{stamp},{captured[vendor.stamp]}",
        "with a time before its beginning": f"-{stamp}",
        "with a fraction of a second": f"{stamp}.5",
        "with a time that is no number": "now",
        "with a time in another script": "".join(chr(0x660 + int(digit)) for digit in stamp).encode().decode("latin-1"),
        "with a time of 5,000 digits": "9" * 5_000,
    }
    for name, text in times.items():
        yield Sent(name=name, headers={**captured, vendor.stamp: text}, body=sample.body)
